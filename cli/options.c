/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line.  Every option is a row of a table; global ones may stand
 * before or after the command.  No option takes a secret as its value.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

const struct option_row global_options[] = {
    {"store", 's', OPTION_TEXT, &cli.store, "DIR", "use the store in DIR"},
    {"system", 'S', OPTION_FLAG, &cli.system, NULL, "use the system's store"},
    {"timeout", 0, OPTION_DURATION, &cli.timeout, "DUR",
	"end after DUR at the latest (30s)"},
    {"no-input", 'n', OPTION_FLAG, &cli.no_input, NULL, "never ask a human"},
    {"quiet", 'q', OPTION_FLAG, &cli.quiet, NULL, "say less"},
    {"verbose", 'v', OPTION_FLAG, &cli.verbose, NULL, "say more"},
    {"json", 0, OPTION_FLAG, &cli.json, NULL, "answers and failures as JSON"},
    {"pinentry", 0, OPTION_TEXT, &cli.pinentry, "PROGRAM",
	"ask by PROGRAM, as gpg-agent does"},
    {"askpass", 0, OPTION_TEXT, &cli.askpass, "PROGRAM",
	"ask by PROGRAM, as ssh-askpass does"},
    {"strict", 0, OPTION_FLAG, &cli.strict, NULL,
	"refuse where a protection is missing"},
    {"help", 'h', OPTION_FLAG, &cli.help, NULL, "say what the command does"},
    {"libexec-dir", 0, OPTION_TEXT, &cli.libexec_dir, "DIR", NULL},
    {"provider-dir", 0, OPTION_TEXT, &cli.provider_dir, "DIR", NULL},
    {"clock-offset", 0, OPTION_TEXT, &cli.clock_offset, "SECONDS", NULL},
    {"stack-file", 0, OPTION_TEXT, &cli.stack_file, "FILE", NULL},
    {NULL},
};

struct line { /* the walk over argv */
	int argc;
	char **argv;
	int at;
};

/* One option as it was found. */
struct found {
	const struct option_row *row; /* or: */
	const struct tokenward_field *field;
	bool off; /* --no-FIELD */
};

/* With "add: " in front once the command is known. */
static int usage_error(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
static int
usage_error(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return cli.command ? error_set(&cli.error, TOKENWARD_USAGE, "%s: %s",
				 cli.command->name, text)
			   : error_set(&cli.error, TOKENWARD_USAGE, "%s", text);
}

static const struct option_row *
find_row(const struct option_row *table, const char *name)
{
	for (; table && table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static bool
find_field(const char *name, struct found *f)
{
	const char *bare = str_prefix(name, "no-") ? name + 3 : NULL;

	if (!cli.command || !(cli.command->flags & TAKES_FIELDS))
		return false;
	for (const struct tokenward_field *t = tokenward_fields(); t->name; t++)
		if (t->option && strcmp(t->option, name) == 0) {
			f->field = t;
			return true;
		} else if (bare && t->option && !t->argument &&
			   strcmp(t->option, bare) == 0) {
			f->field = t;
			f->off = true;
			return true;
		}
	return false;
}

static bool
find_option(const char *name, struct found *f)
{
	f->row = find_row(global_options, name);
	for (int i = 0; !f->row && cli.command && i < COMMAND_TABLES; i++)
		f->row = find_row(cli.command->tables[i], name);
	return f->row || find_field(name, f);
}

static void
look_table(struct near *n, const struct option_row *table)
{
	for (; table && table->name; table++)
		if (table->help)
			near_try(n, table->name);
}

static int
unknown_option(const char *name)
{
	struct near n;

	near_begin(&n, name);
	look_table(&n, global_options);
	for (int i = 0; cli.command && i < COMMAND_TABLES; i++)
		look_table(&n, cli.command->tables[i]);
	if (cli.command && cli.command->flags & TAKES_FIELDS)
		for (const struct tokenward_field *t = tokenward_fields();
		     t->name; t++)
			if (t->option)
				near_try(&n, t->option);
	return n.best
		   ? usage_error("there is no option --%s; did you mean --%s?",
			 clean(name), n.best)
		   : usage_error("there is no option --%s", clean(name));
}

static int
store_value(const struct option_row *row, const char *value)
{
	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)row->into = true;
		return TOKENWARD_OK;
	case OPTION_TEXT:
		*(const char **)row->into = value;
		return TOKENWARD_OK;
	case OPTION_LIST:
		return strlist_add(row->into, value) ? TOKENWARD_OK
						     : error_memory(&cli.error);
	case OPTION_FIELD:
		return field_remember(row->into, value);
	case OPTION_DURATION:
		break;
	}
	if (duration_parse(value, row->into))
		return TOKENWARD_OK;
	return usage_error("--%s wants a duration such as 90s, 15m, 72h or "
			   "30d, not \"%s\"",
	    row->name, clean(value));
}

static int
store_found(const struct found *f, const char *value)
{
	if (f->row)
		return store_value(f->row, value);
	if (!f->field->argument)
		value = f->off ? NULL : "true";
	return field_remember(f->field->name, value);
}

/* value is what stands behind "=", or NULL. */
static int
take_option(struct line *l, const char *name, const char *value)
{
	struct found f = {NULL};
	const char *argument;

	if (!find_option(name, &f))
		return unknown_option(name);
	argument = f.row ? f.row->argument : f.field->argument;
	if (!argument && value)
		return usage_error("--%s takes no value", name);
	if (argument && !value) {
		if (l->at >= l->argc)
			return usage_error(
			    "--%s wants a value: %s", name, argument);
		value = l->argv[l->at++];
	}
	return store_found(&f, value);
}

static int
take_long(struct line *l, char *word)
{
	char *equals = strchr(word, '=');
	char name[64];
	size_t len = equals ? (size_t)(equals - word) : strlen(word);

	if (len >= sizeof name)
		return usage_error(
		    "there is no option --%.40s...", clean(word));
	memcpy(name, word, len);
	name[len] = '\0';
	return take_option(l, name, equals ? equals + 1 : NULL);
}

/* -q, -qv, -s DIR, -sDIR: only global options have letters. */
static int
take_letters(struct line *l, const char *letters)
{
	for (; *letters; letters++) {
		const struct option_row *row = global_options;
		char letter[2] = {*letters};
		int r;

		while (row->name && row->letter != *letters)
			row++;
		if (!row->name)
			return usage_error(
			    "there is no option -%s", clean(letter));
		if (row->argument)
			return take_option(
			    l, row->name, letters[1] ? letters + 1 : NULL);
		r = take_option(l, row->name, NULL);
		if (r)
			return r;
	}
	return TOKENWARD_OK;
}

/* The first plain word is the command, the others belong to it. */
static int
take_word(struct line *l, char *word)
{
	if (cli.command) {
		cli.args[cli.args_n++] = word;
		return TOKENWARD_OK;
	}
	cli.command = command_find(word);
	return cli.command ? TOKENWARD_OK
			   : external_run(l->argc, l->argv, l->at - 1);
}

static int
take_rest(struct line *l)
{
	if (cli.command && cli.command->flags & TAKES_COMMAND) {
		cli.has_rest = true;
		cli.rest = l->argv + l->at;
		l->at = l->argc;
		return TOKENWARD_OK;
	}
	while (l->at < l->argc) {
		int r = take_word(l, l->argv[l->at++]);
		if (r)
			return r;
	}
	return TOKENWARD_OK;
}

static int
take(struct line *l)
{
	char *word = l->argv[l->at++];

	if (word[0] != '-' || word[1] == '\0')
		return take_word(l, word);
	if (word[1] != '-')
		return take_letters(l, word + 1);
	return word[2] ? take_long(l, word + 2) : take_rest(l);
}

static int
check_words(void)
{
	const struct command *c = cli.command;

	if (!c || cli.help)
		return TOKENWARD_OK;
	if (cli.args_n < c->min)
		return usage_error(
		    "something is missing: tokenward %s %s", c->name, c->usage);
	if (c->max >= 0 && cli.args_n > c->max)
		return usage_error("\"%s\" is too much: tokenward %s",
		    clean(cli.args[c->max]), c->name);
	return TOKENWARD_OK;
}

int
options_parse(int argc, char **argv)
{
	struct line l = {.argc = argc, .argv = argv, .at = 1};
	int r = TOKENWARD_OK;

	/* Gathered where they were: the command's own name leaves room. */
	cli.args = (const char **)argv + 1;
	while (r == TOKENWARD_OK && l.at < l.argc)
		r = take(&l);
	cli.args[cli.args_n] = NULL;
	if (cli.args_n > 0)
		cli.name = cli.args[0];
	return r ? r : check_words();
}
