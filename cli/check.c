/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tokenward check: whose secret ends soon.  Its exit status is that of a
 * monitoring plugin: 0 ok, 1 warning, 2 critical or expired, 3 unknown.
 */
#include <string.h>
#include "base/cleanup.h"
#include "base/json_write.h"
#include "cli.h"

static struct {
	int64_t warn;
	int64_t critical;
	const char *format;
} given = {.warn = -1, .critical = -1};

const struct option_row check_options[] = {
    {"warn", 0, OPTION_DURATION, &given.warn, "DUR",
	"warn so long before the end"},
    {"critical", 0, OPTION_DURATION, &given.critical, "DUR",
	"be critical so long before the end"},
    {"format", 0, OPTION_TEXT, &given.format, "text|json", "how to print"},
    {NULL},
};

static struct table table = {.columns = 5};
static size_t seen, shown;
static size_t counts[4];

static void
check_json(const struct tokenward_credential *c, const char *grade)
{
	static const char *const fields[] = {"name", "owner",
	    "secret.issued_at", "secret.expires_at", "secret.basis",
	    "secret.help", "warning", NULL};

	out_item(&shown);
	json_open(&cli.out, NULL, '{');
	for (size_t i = 0; fields[i]; i++) {
		const char *dot = strchr(fields[i], '.');
		json_put_str(&cli.out, dot ? dot + 1 : fields[i],
		    tokenward_credential_get(c, fields[i], 0));
	}
	json_put_str(&cli.out, "grade", grade);
	json_close(&cli.out, '}');
}

static void
check_text(const struct tokenward_credential *c, const char *grade)
{
	cleanup_buf struct buf age = BUF_INIT;

	secret_age_put(&age, c);
	table_cell(&table, colour_of_grade(grade), grade);
	table_cell(&table, COLOUR_NONE, tokenward_credential_get(c, "name", 0));
	table_cell_buf(&table, COLOUR_NONE, &age);
	table_cell(
	    &table, COLOUR_NONE, tokenward_credential_get(c, "owner", 0));
	table_cell(
	    &table, COLOUR_NONE, tokenward_credential_get(c, "secret.help", 0));
}

static int
check_one(void *data, const struct tokenward_credential *c)
{
	const char *grade = "unknown";
	const char *warning = tokenward_credential_get(c, "warning", 0);
	int g =
	    tokenward_grade_credential(c, given.warn, given.critical, &grade);

	(void)data;
	seen++;
	if (warning && !cli.json)
		say("%s: %s", tokenward_credential_get(c, "name", 0), warning);
	counts[g >= 0 && g <= 3 ? g : 3]++;
	if (cli.quiet && g == 0)
		return TOKENWARD_OK;
	if (cli.json)
		check_json(c, grade);
	else
		check_text(c, grade);
	return cli.json ? out_some() : table_row_end(&table);
}

/* Critical outweighs warning, warning outweighs not knowing. */
static int
worst(void)
{
	static const int order[] = {2, 1, 3};

	for (size_t i = 0; i < 3; i++)
		if (counts[order[i]] > 0)
			return order[i];
	return 0;
}

static int
read_format(void)
{
	if (!given.format)
		return TOKENWARD_OK;
	if (strcmp(given.format, "json") == 0)
		cli.json = true;
	else if (strcmp(given.format, "text") != 0)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "check: --format is text or json, not \"%s\"",
		    clean(given.format));
	return TOKENWARD_OK;
}

/* What was seen is shown, whatever else could not be read. */
static int
finish(int failure)
{
	int r;

	if (cli.json)
		out_items_end(shown, failure);
	r = table_flush(&table);
	buf_free(&table.cells);
	if (failure || r)
		return failure ? failure : r;
	if (seen == 0 && cli.args_n > 0)
		return error_set(&cli.error, TOKENWARD_NOT_FOUND,
		    "check: no credential has such a name");
	if (seen == 0)
		say("no credentials yet, nothing to check");
	return worst();
}

int
cmd_check(void)
{
	int r = read_format();

	if (r)
		return r;
	return finish(walk_credentials(check_one));
}
