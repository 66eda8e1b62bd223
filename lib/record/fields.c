/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one table of a credential's plain fields.  The codec, the options of
 * add and edit, show --get and the manual are made from these rows.
 */
#include <stdlib.h>
#include <string.h>
#include "record/record.h"

#define AT(member) offsetof(struct credential, member)

const struct field credential_fields[] = {
    {"provider", "provider", "ID|./FILE", FIELD_TEXT, AT(provider),
	"the provider, by id or file"},
    {"vars", "set", "VAR=VALUE", FIELD_MAP, AT(vars),
	"value of a variable of the provider file"},
    {"auth", "auth", "METHOD", FIELD_TEXT, AT(auth),
	"how the client proves itself (client_secret_basic, ...)"},
    {"scope", "scope", "S", FIELD_TEXT, AT(scope),
	"scope to ask for, space-separated"},
    {"audience", "audience", "A", FIELD_TEXT, AT(audience),
	"audience to ask for"},
    {"resources", "resource", "URI", FIELD_LIST, AT(resources),
	"resource indicator (RFC 8707)"},
    {"params", "param", "K=V", FIELD_MAP, AT(params),
	"further parameter of the token request"},
    {"token_url", "token-url", "URL", FIELD_TEXT, AT(token_url),
	"token endpoint, in place of the provider file's"},
    {"ca", "ca-file", "F", FIELD_TEXT, AT(ca),
	"PEM file of the only CAs to trust; its content is kept"},
    {"proxy", "proxy", "URL", FIELD_TEXT, AT(proxy),
	"proxy for the token request"},
    {"plain_http", "allow-plain-http", NULL, FIELD_FLAG, AT(plain_http),
	"permit http to this endpoint"},
    {"owner", "owner", "ADDR", FIELD_TEXT, AT(owner), "who is responsible"},
    {"note", "note", "TEXT", FIELD_TEXT, AT(note), "a note"},
    {"warn", "warn", "DUR", FIELD_DURATION, AT(warn),
	"warn this long before the secret's end"},
    {"critical", "critical", "DUR", FIELD_DURATION, AT(critical),
	"critical this long before the secret's end"},
    {"name", NULL, NULL, FIELD_TEXT, AT(name), NULL},
    {"origins", NULL, NULL, FIELD_LIST, AT(origins), NULL},
    {"next_number", NULL, NULL, FIELD_DURATION, AT(next_number), NULL},
    {"created_at", NULL, NULL, FIELD_TIME, AT(created_at), NULL},
    {"changed_at", NULL, NULL, FIELD_TIME, AT(changed_at), NULL},
};
const size_t credential_fields_n =
    sizeof(credential_fields) / sizeof(credential_fields[0]);

const struct field *
field_find(const char *name)
{
	size_t i;

	for (i = 0; i < credential_fields_n; i++)
		if (strcmp(credential_fields[i].name, name) == 0)
			return &credential_fields[i];
	return NULL;
}

void
field_empty(const struct field *f, void *at)
{
	if (f->kind == FIELD_TEXT) {
		free(*(char **)at);
		*(char **)at = NULL;
	} else if (f->kind == FIELD_LIST)
		strlist_free(at);
	else if (f->kind == FIELD_MAP)
		strmap_free(at);
	else if (f->kind == FIELD_FLAG)
		*(bool *)at = false;
	else
		*(int64_t *)at = 0;
}
