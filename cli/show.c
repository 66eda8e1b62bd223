/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward show: one credential, all of it but the secret. */
#include <string.h>
#include "base/cleanup.h"
#include "cli.h"

static struct {
	const char *get;
} given;

const struct option_row show_options[] = {
    {"get", 0, OPTION_TEXT, &given.get, "FIELD",
	"the value of one field alone, one a line"},
    {NULL},
};

static const char *const before[] = {
    "name", "provider", "origin", "client_id", "state", NULL};
static const char *const after[] = {"created_at", "changed_at",
    "secret.version", "secret.issued_at", "secret.expires_at", "secret.basis",
    "secret.age", "secret.grade", "secret.help", "previous.version",
    "previous.client_id", "token.expires_at", "gate.kind", "gate.since",
    "gate.until", "gate.reason", NULL};

/* Calls each for every field there is, by its name and its option's. */
static void
each_field(
    void (*each)(void *, const char *name, const char *option), void *data)
{
	for (size_t i = 0; before[i]; i++)
		each(data, before[i], NULL);
	for (const struct tokenward_field *f = tokenward_fields(); f->name; f++)
		if (strcmp(f->name, "provider") != 0)
			each(data, f->name, f->option);
	for (size_t i = 0; after[i]; i++)
		each(data, after[i], NULL);
}

static struct table table = {.columns = 2};

static void
show_field(void *data, const char *field, const char *option)
{
	const struct tokenward_credential *c = data;
	const char *value;

	(void)option;
	for (size_t i = 0;
	     (value = tokenward_credential_get(c, field, i)) != NULL; i++) {
		enum colour colour = strcmp(field, "state") == 0 ||
					     strcmp(field, "secret.grade") == 0
					 ? colour_of_grade(value)
					 : COLOUR_NONE;

		if (!*value)
			continue;
		table_cell(&table, COLOUR_DIM, i == 0 ? field : "");
		table_cell(&table, colour, value);
	}
}

static void
look(void *data, const char *field, const char *option)
{
	(void)option;
	near_try(data, field);
}

static void
equal(void *data, const char *field, const char *option)
{
	const char **known = data;

	if (strcmp(given.get, field) == 0 || str_equal(given.get, option))
		*known = field;
}

static int
get_field(const struct tokenward_credential *c)
{
	struct near n;
	const char *known = NULL, *value;
	int r = TOKENWARD_OK;

	each_field(equal, &known);
	if (!known) {
		near_begin(&n, given.get);
		each_field(look, &n);
		return error_set(&cli.error, TOKENWARD_USAGE,
		    n.best ? "show: there is no field %s; did you mean %s?"
			   : "show: there is no field %s%s",
		    clean(given.get), n.best ? n.best : "");
	}
	for (size_t i = 0;
	     r == TOKENWARD_OK &&
	     (value = tokenward_credential_get(c, known, i)) != NULL;
	     i++)
		r = out_line(value);
	return r ? r : out_flush();
}

static int
show_json(const struct tokenward_credential *c)
{
	credential_json(&cli.out, c);
	buf_put_str(&cli.out, "\n");
	return out_flush();
}

int
cmd_show(void)
{
	cleanup_object struct tokenward_credential *c = NULL;
	int r = tokenward_get_credential(cli.tw, cli.args[0], &c);

	if (r)
		return library_result(r);
	if (given.get)
		return get_field(c);
	if (cli.json)
		return show_json(c);
	each_field(show_field, c);
	r = table_flush(&table);
	buf_free(&table.cells);
	return r;
}
