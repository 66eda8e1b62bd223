/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward module: what unlocks, keeps and tells, and in which order. */
#include <string.h>
#include "base/cleanup.h"
#include "base/json_write.h"
#include "cli.h"

static struct table table;
static size_t shown;

static void
json_begin(void)
{
	out_item(&shown);
	json_open(&cli.out, NULL, '{');
}

static int
json_end(void)
{
	json_close(&cli.out, '}');
	return out_some();
}

static void
cell(enum colour colour, const char *text)
{
	table_cell(&table, colour, text);
}

/* ---- list -------------------------------------------------------------- */

static int
list_json(const struct tokenward_module_info *m)
{
	json_begin();
	json_put_str(&cli.out, "kind", m->kind);
	json_put_str(&cli.out, "name", m->name);
	json_put_str(&cli.out, "version", m->version);
	json_put_str(&cli.out, "summary", m->summary);
	json_put_str(&cli.out, "options", m->options);
	json_put_str(&cli.out, "path", m->path);
	json_put_str(&cli.out, "fault", m->fault);
	return json_end();
}

/* One option a row, below its module. */
static int
put_options(const char *lines)
{
	size_t len;
	int r = 0;

	for (; r == 0 && lines && *lines; lines += len + (lines[len] == '\n')) {
		cleanup_buf struct buf line = BUF_INIT;

		len = strcspn(lines, "\n");
		buf_put(&line, lines, len);
		cell(COLOUR_NONE, "");
		cell(COLOUR_NONE, "");
		cell(COLOUR_NONE, "");
		table_cell_buf(&table, COLOUR_DIM, &line);
		cell(COLOUR_NONE, "");
		r = table_row_end(&table);
	}
	return r;
}

static int
list_one(void *data, const struct tokenward_module_info *m)
{
	int r;

	(void)data;
	if (cli.json)
		return list_json(m);
	if (cli.quiet)
		return out_line(m->name);
	cell(COLOUR_NONE, m->fault ? "?" : m->kind);
	cell(COLOUR_BOLD, m->name);
	cell(COLOUR_NONE, m->version);
	cell(m->fault ? COLOUR_RED : COLOUR_NONE,
	    m->fault ? m->fault : m->summary);
	cell(COLOUR_DIM, m->path ? m->path : "built in");
	r = table_row_end(&table);
	return r || !cli.verbose ? r : put_options(m->options);
}

/* ---- check ------------------------------------------------------------- */

static int
check_json(const struct tokenward_stack_line *l)
{
	json_begin();
	json_put_str(&cli.out, "kind", l->kind);
	json_put_str(&cli.out, "control", l->control);
	json_put_str(&cli.out, "module", l->module);
	json_put_str(&cli.out, "options", l->options);
	json_put_str(&cli.out, "file", l->file);
	json_put_num(&cli.out, "line", l->line);
	json_put_str(&cli.out, "path", l->path);
	json_put_str(&cli.out, "fault", l->fault);
	json_put_str(&cli.out, "note", l->note);
	return json_end();
}

static int
check_one(void *data, const struct tokenward_stack_line *l)
{
	cleanup_buf struct buf where = BUF_INIT;

	(void)data;
	if (cli.json)
		return check_json(l);
	if (cli.quiet && !l->fault)
		return 0;
	if (l->line && l->file)
		buf_printf(&where, "%s:%u", l->file, l->line);
	else
		buf_put_str(&where, l->file ? l->file : "(default)");
	table_cell_buf(&table, COLOUR_DIM, &where);
	cell(COLOUR_NONE, l->kind);
	cell(COLOUR_NONE, l->control ? l->control : "?");
	cell(COLOUR_BOLD, l->module ? l->module : "?");
	cell(COLOUR_NONE, l->options);
	if (l->note && !l->fault)
		cell(COLOUR_DIM, l->note);
	else
		cell(l->fault ? COLOUR_RED : COLOUR_GREEN,
		    l->fault ? l->fault : "ok");
	return table_row_end(&table);
}

/* ---- both -------------------------------------------------------------- */

/* The rows are shown whatever is wrong with one of them. */
static int
finish(int r)
{
	int flushed;

	if (cli.json)
		out_items_end(shown, r);
	flushed = table_flush(&table);
	buf_free(&table.cells);
	if (flushed == 0)
		flushed = out_flush();
	return r ? r : flushed;
}

static int
module_list(void)
{
	table.columns = 5;
	return finish(
	    library_result(tokenward_list_modules(cli.tw, list_one, NULL)));
}

static int
module_check(void)
{
	table.columns = 6;
	return finish(
	    library_result(tokenward_check_stacks(cli.tw, check_one, NULL)));
}

int
cmd_module(void)
{
	bool list = strcmp(cli.args[0], "list") == 0;

	cli.name = NULL;
	if (!list && strcmp(cli.args[0], "check") != 0)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "module: list or check, not \"%s\"", clean(cli.args[0]));
	return list ? module_list() : module_check();
}
