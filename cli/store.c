/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward store: looked over, brought up to date, brought back, ended. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/json_write.h"
#include "cli.h"

#define ANSWER_MAX 4096

static struct {
	const char *to;
	bool yes;
	bool keep_key_file, keep_records;
} given;

const struct option_row store_options[] = {
    {"to", 0, OPTION_TEXT, &given.to, "MODULE[=OPTIONS]",
	"migrate: where the records are to lie (files: in the directory)"},
    {"yes", 0, OPTION_FLAG, &given.yes, NULL,
	"destroy: do not ask whether, also not for the key file"},
    {"keep-key-file", 0, OPTION_FLAG, &given.keep_key_file, NULL,
	"destroy: leave the key file that was made for the store"},
    {"keep-records", 0, OPTION_FLAG, &given.keep_records, NULL,
	"destroy: leave records that lie in a store module"},
    {NULL},
};

static size_t shown;

/* ---- verify ------------------------------------------------------------ */

static void
file_json(const struct tokenward_store_file *f)
{
	out_item(&shown);
	json_open(&cli.out, NULL, '{');
	json_put_str(&cli.out, "path", f->path);
	json_put_str(&cli.out, "state", f->state);
	json_put_str(&cli.out, "name", f->name);
	json_put_bool(&cli.out, "harmless", f->harmless);
	json_put_str(&cli.out, "why", f->why);
	json_put_str(&cli.out, "cure", f->cure);
	json_close(&cli.out, '}');
}

static void
file_text(const struct tokenward_store_file *f)
{
	enum colour colour = f->harmless ? COLOUR_YELLOW : COLOUR_RED;

	buf_printf(&cli.out, "%s%-10s%s %s", colour_on(colour), f->state,
	    colour_off(colour), clean(f->path));
	if (f->name)
		buf_printf(&cli.out, " (%s)", f->name);
	buf_put_str(&cli.out, "\n           ");
	str_clean(&cli.out, f->why, strlen(f->why), 1024);
	buf_put_str(&cli.out, "\n           cure: ");
	str_clean(&cli.out, f->cure, strlen(f->cure), 1024);
	buf_put_str(&cli.out, "\n");
}

static int
one_file(void *data, const struct tokenward_store_file *f)
{
	(void)data;
	if (cli.quiet && f->harmless)
		return TOKENWARD_OK;
	(cli.json ? file_json : file_text)(f);
	return out_some();
}

static int
store_verify(void)
{
	cleanup_text char *text = NULL;
	int r = tokenward_verify_store(cli.tw, one_file, NULL, &text);

	if (cli.json)
		out_items_end(shown, r);
	if (text)
		say_text(text);
	library_result(r);
	return r ? r : out_flush();
}

/* ---- adopt, upgrade ---------------------------------------------------- */

static int
one_adopted(void *data, const char *name, int adopted)
{
	const char *word = adopted ? "adopted" : "unchanged";

	(void)data;
	if (cli.json) {
		json_open(&cli.out, NULL, '{');
		json_put_str(&cli.out, "name", name);
		json_put_str(&cli.out, "result", word);
		json_close(&cli.out, '}');
		buf_put_str(&cli.out, "\n");
	} else if (adopted || !cli.quiet)
		buf_printf(&cli.out, "%-9s  %s\n", word, name);
	return out_flush();
}

static int
store_adopt(void)
{
	return library_result(
	    tokenward_adopt(cli.tw, cli.args + 1, one_adopted, NULL));
}

static int
store_upgrade(void)
{
	cleanup_text char *text = NULL;
	enum tokenward_change change;
	int r = tokenward_upgrade_store(cli.tw, &change, &text);

	if (r)
		return library_result(r);
	say_text(text);
	return out_change(
	    change == TOKENWARD_CHANGED ? "changed" : "unchanged");
}

/* ---- migrate ----------------------------------------------------------- */

static int
store_migrate(void)
{
	cleanup_text char *text = NULL;
	enum tokenward_change change;
	int r;

	if (!given.to)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "store migrate: say --to MODULE, as in --to secret-service "
		    "or --to files");
	r = tokenward_migrate_store(cli.tw, given.to, &change, &text);
	if (r)
		return library_result(r);
	if (text)
		say_text(text);
	return out_change(
	    change == TOKENWARD_CHANGED ? "changed" : "unchanged");
}

/* ---- destroy ----------------------------------------------------------- */

static int
nobody_to_ask(void)
{
	return error_set(&cli.error, TOKENWARD_LOCKED,
	    "store destroy asks first, and nobody can be asked: say --yes");
}

static int
confirm(void)
{
	const char *path = tokenward_store_path(cli.tw);
	char prompt[ANSWER_MAX + 120], answer[ANSWER_MAX];
	long n;

	snprintf(prompt, sizeof prompt,
	    "This ends the store and every secret in it. Type its path, %s, "
	    "to go on: ",
	    path);
	n = ask_openly(prompt, answer, sizeof answer);
	if (n < 0)
		return nobody_to_ask();
	if ((size_t)n == strlen(path) && memcmp(answer, path, (size_t)n) == 0)
		return TOKENWARD_OK;
	return error_set(&cli.error, TOKENWARD_USAGE,
	    "that is not the path of the store: nothing was changed");
}

static int
confirm_key_files(void)
{
	cleanup_text char *paths = NULL;
	char prompt[ANSWER_MAX + 200], answer[16];
	int r = tokenward_own_key_files(cli.tw, &paths);
	long n;

	if (r || !paths)
		return library_result(r);
	snprintf(prompt, sizeof prompt,
	    "Remove the key file that was made for it, %s, too? Another store "
	    "that uses it would never open again. [yes/no] ",
	    paths);
	n = ask_openly(prompt, answer, sizeof answer);
	if (n < 0)
		return nobody_to_ask();
	given.keep_key_file = n != 3 || memcmp(answer, "yes", 3) != 0;
	return TOKENWARD_OK;
}

static int
store_destroy(void)
{
	cleanup_text char *text = NULL;
	unsigned flags = 0;
	int r = given.yes ? TOKENWARD_OK : confirm();

	if (r == TOKENWARD_OK && !given.yes && !given.keep_key_file)
		r = confirm_key_files();
	if (r)
		return r;
	if (given.keep_key_file)
		flags |= TOKENWARD_DESTROY_KEEP_KEY_FILE;
	if (given.keep_records)
		flags |= TOKENWARD_DESTROY_KEEP_RECORDS;
	r = tokenward_destroy_store(cli.tw, flags, &text);
	if (text)
		say_text(text);
	return r ? library_result(r) : out_change("destroyed");
}

/* ---- which ------------------------------------------------------------- */

static const struct action {
	const char *name;
	int (*run)(void);
	bool takes_names;
} actions[] = {
    {"verify", store_verify, false},
    {"migrate", store_migrate, false},
    {"upgrade", store_upgrade, false},
    {"adopt", store_adopt, true},
    {"destroy", store_destroy, false},
};

int
cmd_store(void)
{
	cli.name = NULL;
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		if (strcmp(actions[i].name, cli.args[0]) != 0)
			continue;
		if (cli.args_n > 1 && !actions[i].takes_names)
			return error_set(&cli.error, TOKENWARD_USAGE,
			    "store: \"%s\" is too much: tokenward store %s",
			    clean(cli.args[1]), actions[i].name);
		return actions[i].run();
	}
	return error_set(&cli.error, TOKENWARD_USAGE,
	    "store: verify, migrate, upgrade, adopt or destroy, not \"%s\"",
	    clean(cli.args[0]));
}
