/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line: words with NULs between them.  What it says of a
 * credential is set as "add" and "edit" do; nothing is run.
 */
#include "cli/cli.h"
#include "core/core.h"
#include "fuzz.h"

#define WORDS_MAX 64

/* ---- options as they were before --------------------------------------- */

static void
reset_row(const struct option_row *row)
{
	if (row->kind == OPTION_FLAG)
		*(bool *)row->into = false;
	else if (row->kind == OPTION_TEXT)
		*(const char **)row->into = NULL;
	else if (row->kind == OPTION_LIST)
		strlist_free(row->into);
	else if (row->kind == OPTION_DURATION)
		*(int64_t *)row->into = 0;
}

static void
reset_all(void)
{
	for (const struct command *c = commands; c->name; c++)
		for (int i = 0; i < COMMAND_TABLES; i++)
			for (const struct option_row *row = c->tables[i];
			     row && row->name; row++)
				reset_row(row);
	free(cli.fields);
	buf_free(&cli.out);
	memset(&cli, 0, sizeof(cli));
}

/* ---- the run ----------------------------------------------------------- */

/* Files are not read: which there are is another matter. */
static void
drop_files(void)
{
	for (size_t i = 0; i < cli.fields_n; i++)
		if (strcmp(cli.fields[i].field, "ca") == 0 &&
		    cli.fields[i].value &&
		    strncmp(cli.fields[i].value, "-----", 5) != 0)
			cli.fields[i].value = NULL;
}

static void
check_words(int argc, char **argv)
{
	const struct command *c = cli.command;

	REQUIRE(cli.args_n >= 0 && cli.args_n < argc);
	if (cli.has_rest)
		REQUIRE(cli.rest >= argv && cli.rest <= argv + argc);
	if (c && !cli.help)
		REQUIRE(cli.args_n >= c->min &&
			(c->max < 0 || cli.args_n <= c->max));
}

static int
take_fields(void)
{
	static struct tokenward tw = {.mutex = PTHREAD_MUTEX_INITIALIZER};
	struct tokenward_credential *c = NULL;
	int r;

	cli.tw = &tw;
	drop_files();
	faults_on();
	r = fields_credential(&c);
	faults_off();
	if (r)
		fuzz_error(&cli.error, r);
	tokenward_credential_free(c);
	return r;
}

static int
parse(int argc, char **argv)
{
	int r;

	faults_on();
	r = options_parse(argc, argv);
	faults_off();
	if (r == TOKENWARD_USAGE && !cli.error.code)
		return r; /* no command of ours */
	if (r) {
		fuzz_error(&cli.error, r);
		return r;
	}
	check_words(argc, argv);
	return take_fields();
}

static int
once(struct input in)
{
	char *argv[WORDS_MAX + 2] = {(char *)"tokenward"};
	char *words[WORDS_MAX + 2]; /* parsing moves them about */
	int argc = 1, r;

	while (argc <= WORDS_MAX && (argv[argc] = input_until(&in, "", 1)))
		argc++;
	argv[argc] = NULL;
	memcpy(words, argv, sizeof(words));
	r = parse(argc, argv);
	reset_all();
	while (--argc > 0)
		free(words[argc]);
	return r;
}

FUZZ(options)
{
	return fuzz_run(once, data, len);
}
