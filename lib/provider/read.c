/* SPDX-License-Identifier: BSD-2-Clause */
/* Provider files: text -> struct provider, with the defaults of RFC 6749. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "provider/doc.h"
#include "provider/reading.h"
#include "provider/template.h"

#define ASSUMED_LIFE 300

static int
read_schema(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	(void)m;
	(void)at;
	if (!json_object_is_type(v, json_type_int) ||
	    json_object_get_int64(v) != 1)
		return reading_fail(r, "\"schema\" must be 1, the only one "
				       "this version knows");
	return TOKENWARD_OK;
}

static int
read_id(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	int res = read_text(r, m, v, at);

	if (res == TOKENWARD_OK && !provider_is_id(*(char **)at))
		return reading_fail(r,
		    "\"id\" must be small letters, digits and -, a letter "
		    "or digit first");
	return res;
}

static const struct member members[] = {
    {"schema", read_schema, 0},
    {"id", read_id, offsetof(struct provider, id)},
    {"name", read_text, offsetof(struct provider, name)},
    {"docs", read_texts, offsetof(struct provider, docs)},
    {"verified", read_text, offsetof(struct provider, verified)},
    {"vars", read_vars, 0},
    {"secrets", read_secrets, offsetof(struct provider, secrets)},
    {"token", read_object, 0, token_members},
    {"response", read_object, 0, response_members},
    {"outcome", read_outcomes, 0},
    {"error", read_object, 0, error_members},
    {"use", read_use, 0},
    {"reissue", read_reissue, 0},
    {"secret", read_object, 0, secret_members},
    {NULL},
};

#define AT(name) offsetof(struct provider, name)
static const struct {
	size_t offset;
	const char *text;
} texts[] =
    {
	{AT(method), "POST"},
	{AT(accept), "application/json"},
	{AT(client_id_name), "client_id"},
	{AT(client_secret_name), "client_secret"},
	{AT(grant_type_name), "grant_type"},
	{AT(grant), "client_credentials"},
	{AT(scope_name), "scope"},
	{AT(scope_separator), " "},
	{AT(type_default), "Bearer"},
	{AT(use_in), "header"},
	{AT(use_name), "Authorization"},
	{AT(use_format), "Bearer {token}"},
},
  lists[] = {
      {AT(secrets), "client_secret"},
      {AT(auth), "client_secret_basic"},
      {AT(token_at), "/access_token"},
      {AT(type_at), "/token_type"},
      {AT(refresh_at), "/refresh_token"},
      {AT(scope_at), "/scope"},
      {AT(error_code_at), "/error"},
      {AT(error_message_at), "/error_description"},
};

static struct provider *
with_defaults(void)
{
	struct provider *p = calloc(1, sizeof(*p));
	bool good = p != NULL;

	for (size_t i = 0; good && i < sizeof(texts) / sizeof(*texts); i++) {
		char **at = (char **)((char *)p + texts[i].offset);

		*at = strdup(texts[i].text);
		good = *at != NULL;
	}
	for (size_t i = 0; good && i < sizeof(lists) / sizeof(*lists); i++)
		good =
		    strlist_add((struct strlist *)((char *)p + lists[i].offset),
			lists[i].text);
	if (!good) {
		provider_free(p);
		return NULL;
	}
	p->assume = ASSUMED_LIFE;
	return p;
}

/* Left out, the life is /expires_in in seconds. */
static int
default_expiry(struct reading *r)
{
	struct provider *p = r->provider;

	if (p->expires_n > 0)
		return TOKENWARD_OK;
	p->expires = calloc(1, sizeof(*p->expires));
	if (!p->expires)
		return error_memory(r->err);
	p->expires_n = 1;
	p->expires[0].as = EXPIRES_SECONDS;
	p->expires[0].at = strdup("/expires_in");
	return p->expires[0].at ? TOKENWARD_OK : error_memory(r->err);
}

static int
read_all(struct reading *r, struct json_object *root)
{
	int res;

	if (!json_object_object_get(root, "schema"))
		return reading_lacks(r, "\"schema\": 1 is missing");
	res = read_members(r, members, root, r->provider);
	if (res == TOKENWARD_OK)
		res = default_expiry(r);
	return res == TOKENWARD_OK ? read_check(r) : res;
}

int
provider_read(const char *text, size_t len, const char *label,
    struct provider **ret, struct error *err)
{
	struct reading r = {.text = text, .len = len, .label = label};
	struct json_object *root;
	struct json_fault fault = {0};
	int res;

	if (len > PROVIDER_FILE_MAX)
		return error_set(err, TOKENWARD_CONFIG,
		    "%s: a provider file has at most %u bytes", label,
		    PROVIDER_FILE_MAX);
	errno = 0;
	root = doc_parse(text, len, &fault);
	if (fault.no_memory)
		return error_memory(err);
	if (!root)
		return error_set(err, TOKENWARD_CONFIG,
		    "%s line %u: not the JSON object that a provider file "
		    "is: %s",
		    label, fault.line, fault.what);
	r.err = err;
	r.provider = with_defaults();
	res = r.provider ? read_all(&r, root) : error_memory(err);
	doc_free(root);
	buf_free(&r.path);
	if (res == TOKENWARD_OK)
		*ret = r.provider;
	else
		provider_free(r.provider);
	return res;
}
