/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options that describe a credential.  The library has their table; here
 * they are remembered until there is a handle, and read back for JSON.
 */
#include <stdlib.h>
#include <string.h>
#include "base/json_write.h"
#include "cli.h"

const struct option_row version_options[] = {
    {"client-id", 0, OPTION_FIELD, (void *)"client_id", "ID",
	"the client id that goes with the secret"},
    {"issued-at", 0, OPTION_FIELD, (void *)"issued_at", "T",
	"when the secret was issued, if that is known"},
    {"expires-at", 0, OPTION_FIELD, (void *)"expires_at", "T",
	"when the secret ends"},
    {"lifetime", 0, OPTION_FIELD, (void *)"lifetime", "DUR|never",
	"how long it lives from its issue"},
    {NULL},
};

const char *
field_given(const char *field)
{
	for (size_t i = 0; i < cli.fields_n; i++)
		if (strcmp(cli.fields[i].field, field) == 0)
			return cli.fields[i].value;
	return NULL;
}

int
field_remember(const char *field, const char *value)
{
	struct field_value *more =
	    realloc(cli.fields, (cli.fields_n + 1) * sizeof *more);

	if (!more)
		return error_memory(&cli.error);
	cli.fields = more;
	more[cli.fields_n++] = (struct field_value){
	    .field = field, .value = value && *value ? value : NULL};
	return TOKENWARD_OK;
}

int
fields_apply(struct tokenward_credential *c)
{
	if (field_given("expires_at") && field_given("lifetime"))
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "--expires-at and --lifetime exclude each other");
	for (size_t i = 0; i < cli.fields_n; i++) {
		int r = tokenward_credential_set(
		    cli.tw, c, cli.fields[i].field, cli.fields[i].value);
		if (r)
			return library_result(r);
	}
	return TOKENWARD_OK;
}

int
fields_credential(struct tokenward_credential **ret)
{
	int r = tokenward_credential_new(ret);

	return r ? error_memory(&cli.error) : fields_apply(*ret);
}

static void
put_field(struct buf *b, const char *key, const struct tokenward_credential *c,
    const char *field)
{
	json_put_str(b, key, tokenward_credential_get(c, field, 0));
}

void
credential_json(struct buf *b, const struct tokenward_credential *c)
{
	static const char *const plain[] = {
	    "name", "provider", "origin", "client_id", "owner", "state"};
	int64_t version = tokenward_credential_number(c, "secret.version", 0);

	json_open(b, NULL, '{');
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		put_field(b, plain[i], c, plain[i]);
	json_open(b, "secret", '{');
	if (version > 0)
		json_put_num(b, "version", version);
	else
		json_put_null(b, "version");
	put_field(b, "issued_at", c, "secret.issued_at");
	put_field(b, "expires_at", c, "secret.expires_at");
	put_field(b, "basis", c, "secret.basis");
	json_close(b, '}');
	json_open(b, "token", '{');
	put_field(b, "expires_at", c, "token.expires_at");
	json_close(b, '}');
	json_open(b, "gate", '{');
	put_field(b, "kind", c, "gate.kind");
	put_field(b, "since", c, "gate.since");
	put_field(b, "until", c, "gate.until");
	json_close(b, '}');
	json_close(b, '}');
}

void
cleanup_credential_object(struct tokenward_credential **c)
{
	tokenward_credential_free(*c);
}

void
cleanup_text_object(char **text)
{
	tokenward_text_free(*text);
}
