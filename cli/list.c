/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward list: a line per credential. */
#include "base/cleanup.h"
#include "base/json_write.h"
#include "cli.h"

const struct option_row list_options[] = {
    {NULL},
};

static struct table table = {.columns = 6};
static size_t shown;

/* "[####------] in 2d 4h" on a terminal, the date besides it elsewhere. */
void
secret_age_put(struct buf *b, const struct tokenward_credential *c)
{
	int64_t now = tokenward_now(cli.tw);
	int64_t end = tokenward_credential_number(
	    c, "secret.expires_at", TOKENWARD_TIME_UNKNOWN);
	int64_t issued = tokenward_credential_number(c, "secret.issued_at",
	    tokenward_credential_number(
		c, "secret.added_at", TOKENWARD_TIME_UNKNOWN));

	if (out_is_terminal())
		bar_put(b, issued, end, now);
	if (b->len > 0)
		buf_put_str(b, " ");
	relative_put(b, end, now);
	if (end != TOKENWARD_TIME_UNKNOWN &&
	    str_equal(
		tokenward_credential_get(c, "secret.basis", 0), "assumed"))
		buf_put_str(b, " (assumed)");
}

static void
cell(const struct tokenward_credential *c, const char *field)
{
	table_cell(&table, COLOUR_NONE, tokenward_credential_get(c, field, 0));
}

static int
list_text(void *data, const struct tokenward_credential *c)
{
	cleanup_buf struct buf age = BUF_INIT, token = BUF_INIT;
	const char *state = tokenward_credential_get(c, "state", 0);

	(void)data;
	if (shown++ == 0) {
		static const char *const heads[] = {"NAME", "PROVIDER", "STATE",
		    "SECRET ENDS", "TOKEN ENDS", "OWNER"};
		for (size_t i = 0; i < table.columns; i++)
			table_cell(&table, COLOUR_DIM, heads[i]);
	}
	cell(c, "name");
	cell(c, "provider");
	table_cell(&table, colour_of_grade(state), state);
	secret_age_put(&age, c);
	table_cell_buf(&table, COLOUR_NONE, &age);
	relative_put(&token,
	    tokenward_credential_number(
		c, "token.expires_at", TOKENWARD_TIME_UNKNOWN),
	    tokenward_now(cli.tw));
	table_cell_buf(&table, COLOUR_NONE, &token);
	cell(c, "owner");
	return table_row_end(&table);
}

static int
list_names(void *data, const struct tokenward_credential *c)
{
	(void)data;
	shown++;
	return out_line(tokenward_credential_get(c, "name", 0));
}

static int
list_json(void *data, const struct tokenward_credential *c)
{
	(void)data;
	out_item(&shown);
	credential_json(&cli.out, c);
	return out_some();
}

/* Our own failures in the middle of a walk keep their sentence. */
int
walk_credentials(tokenward_each_fn each)
{
	return library_result(tokenward_list_credentials(
	    cli.tw, cli.args_n ? cli.args : NULL, each, NULL));
}

int
cmd_list(void)
{
	int r, flushed;

	r = walk_credentials(cli.json    ? list_json
			     : cli.quiet ? list_names
					 : list_text);
	if (cli.json)
		out_items_end(shown, r);
	flushed = table_flush(&table);
	buf_free(&table.cells);
	if (r == TOKENWARD_OK)
		r = flushed;
	if (r == TOKENWARD_OK && shown == 0 && !cli.json)
		say(cli.args_n ? "no credential has such a name"
			       : "no credentials yet; \"tokenward add\" "
				 "stores one");
	return r;
}
