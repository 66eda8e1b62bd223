/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward key: the ways to open the store. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/json_write.h"
#include "cli.h"

static struct {
	bool drop_others;
} given;

const struct option_row key_options[] = {
    {"drop-others", 0, OPTION_FLAG, &given.drop_others, NULL,
	"rekey: give up slots that cannot be renewed now"},
    {NULL},
};

static struct table table = {.columns = 5};
static size_t shown;

/* ---- list -------------------------------------------------------------- */

static void
list_json(const struct tokenward_key *key, const char *created)
{
	out_item(&shown);
	json_open(&cli.out, NULL, '{');
	json_put_num(&cli.out, "slot", key->slot);
	json_put_str(&cli.out, "kind", key->kind);
	json_put_str(&cli.out, "detail", key->detail);
	json_put_str(&cli.out, "created_at", created);
	json_put_bool(&cli.out, "needs_human", key->needs_human);
	json_put_str(&cli.out, "grade", key->grade);
	json_close(&cli.out, '}');
}

static int
list_one(void *data, const struct tokenward_key *key)
{
	cleanup_buf struct buf created = BUF_INIT;
	char slot[12];

	(void)data;
	snprintf(slot, sizeof slot, "%u", key->slot);
	time_put(&created, key->created_at);
	if (created.failed)
		return error_memory(&cli.error);
	if (cli.json) {
		list_json(key, buf_str(&created));
		return out_some();
	}
	if (cli.quiet)
		return out_line(slot);
	table_cell(&table, COLOUR_BOLD, slot);
	table_cell(&table, COLOUR_NONE, key->kind);
	table_cell(&table, colour_of_grade(key->grade), key->grade);
	table_cell(
	    &table, COLOUR_NONE, key->needs_human ? "asks" : "opens by itself");
	table_cell(
	    &table, COLOUR_DIM, key->detail ? key->detail : buf_str(&created));
	return table_row_end(&table);
}

static int
key_list(const char *unused)
{
	int r, flushed;

	(void)unused;
	r = library_result(tokenward_list_keys(cli.tw, list_one, NULL));
	if (cli.json)
		out_items_end(shown, r);
	flushed = table_flush(&table);
	buf_free(&table.cells);
	return r ? r : flushed;
}

/* ---- the others -------------------------------------------------------- */

static int
read_slot(const char *word, unsigned *ret)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(word, &end, 10);
	if (*end || end == word || errno || v < 1 || v > INT32_MAX ||
	    word[0] < '0' || word[0] > '9')
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "key: \"%s\" is no number of a slot; \"tokenward key "
		    "list\" shows them",
		    clean(word));
	*ret = (unsigned)v;
	return TOKENWARD_OK;
}

static int
key_add(const char *key)
{
	cleanup_text char *text = NULL;
	unsigned slot = 0;
	int r = recovery_prepare();

	if (r)
		return r;
	r = library_result(tokenward_add_key(cli.tw, key, &slot, &text));
	if (r && recovery_taken()) /* the slot is there */
		recovery_tell();
	if (r)
		return r;
	if (text && *text)
		say_text(text);
	if (cli.json)
		return recovery_print_json("created", slot);
	if (recovery_taken()) {
		say("key slot %u is this code, which is not shown again; "
		    "write it down and keep it away from this machine",
		    slot);
		return recovery_print();
	}
	buf_printf(&cli.out, "%u\n", slot);
	return out_flush();
}

static int
key_remove(const char *word)
{
	cleanup_text char *text = NULL;
	unsigned slot;
	int r = read_slot(word, &slot);

	if (r == TOKENWARD_OK)
		r = library_result(tokenward_remove_key(cli.tw, slot, &text));
	if (r == TOKENWARD_OK && text && *text)
		say_text(text);
	return r;
}

static int
key_test(const char *word)
{
	cleanup_text char *text = NULL;
	unsigned slot;
	int r = read_slot(word, &slot);

	if (r == TOKENWARD_OK)
		r = library_result(tokenward_test_key(cli.tw, slot, &text));
	if (r == TOKENWARD_OK && text)
		say_text(text);
	return r;
}

static int
key_rekey(const char *unused)
{
	cleanup_text char *text = NULL;
	int r;

	(void)unused;
	r = library_result(tokenward_rekey(cli.tw,
	    given.drop_others ? TOKENWARD_REKEY_DROP_OTHERS : 0, &text));
	if (r == TOKENWARD_OK && text)
		say_text(text);
	return r;
}

static const struct action {
	const char *name;
	int (*run)(const char *argument);
	const char *argument;
} actions[] = {
    {"list", key_list, NULL},
    {"add", key_add, "MODULE[=ARG]"},
    {"remove", key_remove, "SLOT"},
    {"test", key_test, "SLOT"},
    {"rekey", key_rekey, NULL},
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
cmd_key(void)
{
	const struct action *a = find_action(cli.args[0]);

	cli.name = NULL;
	if (!a)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "key: list, add, remove, test or rekey, not \"%s\"",
		    clean(cli.args[0]));
	if (a->argument && cli.args_n < 2)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "key: something is missing: tokenward key %s %s", a->name,
		    a->argument);
	if (!a->argument && cli.args_n > 1)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "key: \"%s\" is too much: tokenward key %s",
		    clean(cli.args[1]), a->name);
	if (given.drop_others && a->run != key_rekey)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "key: --drop-others goes with rekey");
	return a->run(cli.args[1]);
}
