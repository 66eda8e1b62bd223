/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward provider: what is known about token endpoints. */
#include <string.h>
#include "base/cleanup.h"
#include "base/json_write.h"
#include "cli.h"

static struct table table = {.columns = 3};
static size_t shown;

static int
list_one(void *data, const char *id, const char *name, const char *path)
{
	(void)data;
	if (cli.json) {
		out_item(&shown);
		json_open(&cli.out, NULL, '{');
		json_put_str(&cli.out, "id", id);
		json_put_str(&cli.out, "name", name);
		json_put_str(&cli.out, "path", path);
		json_close(&cli.out, '}');
		return out_some();
	}
	if (cli.quiet)
		return out_line(id);
	table_cell(&table, COLOUR_BOLD, id);
	table_cell(&table, COLOUR_NONE, name);
	table_cell(&table, COLOUR_DIM, path);
	return table_row_end(&table);
}

static int
provider_list(const char *unused)
{
	int r, flushed;

	(void)unused;
	r = library_result(tokenward_list_providers(cli.tw, list_one, NULL));
	if (cli.json)
		out_items_end(shown, r);
	flushed = table_flush(&table);
	buf_free(&table.cells);
	return r ? r : flushed;
}

/* A stranger's file is shown harmless; a pipe gets it as it is. */
static void
put_shown(const char *text)
{
	size_t len;

	for (; *text; text += len) {
		len = strcspn(text, "\n\t");
		str_clean(&cli.out, text, len, 4 * len);
		if (text[len])
			buf_put_byte(&cli.out, (unsigned char)text[len++]);
	}
}

static int
provider_show(const char *id)
{
	cleanup_text char *text = NULL;
	cleanup_text char *path = NULL;
	int r = tokenward_read_provider(cli.tw, id, &text, &path);

	if (r)
		return library_result(r);
	if (cli.verbose)
		say("%s", path);
	if (out_is_terminal())
		put_shown(text);
	else
		buf_put_str(&cli.out, text);
	if (cli.out.len > 0 && cli.out.data[cli.out.len - 1] != '\n')
		buf_put_str(&cli.out, "\n");
	return out_flush();
}

static int
provider_check(const char *path)
{
	int r = library_result(tokenward_check_provider(cli.tw, path));

	if (r == TOKENWARD_OK)
		say("%s: fine", path);
	return r;
}

static const struct action {
	const char *name;
	int (*run)(const char *argument);
	const char *argument;
} actions[] = {
    {"list", provider_list, NULL},
    {"show", provider_show, "ID"},
    {"check", provider_check, "FILE"},
};

static const struct action *
find_action(const char *word)
{
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (strcmp(actions[i].name, word) == 0)
			return &actions[i];
	return NULL;
}

int
cmd_provider(void)
{
	const struct action *a = find_action(cli.args[0]);

	cli.name = NULL;
	if (!a)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "provider: list, show or check, not \"%s\"",
		    clean(cli.args[0]));
	if (a->argument && cli.args_n < 2)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "provider: something is missing: tokenward provider %s %s",
		    a->name, a->argument);
	if (!a->argument && cli.args_n > 1)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "provider: \"%s\" is too much: tokenward provider %s",
		    clean(cli.args[1]), a->name);
	return a->run(cli.args[1]);
}
