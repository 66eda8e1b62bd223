/* SPDX-License-Identifier: BSD-2-Clause */
/* "token" of a provider file: what a request looks like. */
#include <string.h>

#include "base/cleanup.h"
#include "provider/doc.h"
#include "provider/reading.h"

const char *const provider_auth_words[] = {
    "client_secret_basic", "client_secret_post", "none", NULL};
const char *const provider_grant_words[] = {"client_credentials", NULL};

/* In the order of the enums of provider.h. */
static const char *const bodies[] = {"form", "json", "none", NULL};
static const char *const encodings[] = {"form", "none", "base64", NULL};
static const char *const plain_words[] = {"never", "loopback", "allowed", NULL};
static const char *const methods[] = {"POST", "GET", NULL};

/* A number stays a number in a JSON body. */
static int
read_params(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	struct provider *p = at;
	char room[160];

	(void)m;
	if (!json_object_is_type(v, json_type_object))
		return reading_fail(r, "\"token.params\" must be an object");
	json_object_object_foreach(v, name, value)
	{
		cleanup_buf struct buf text = BUF_INIT;
		size_t mark = reading_begin(r, name);

		if (*name == '\0' || !doc_text(value, &text))
			return reading_fail(r,
			    "\"%s\" must be a string, a number or a boolean",
			    reading_name(r, room));
		if (text.failed ||
		    !strmap_set(&p->params, name, buf_str(&text)))
			return error_memory(r->err);
		if (!json_object_is_type(value, json_type_string) &&
		    !strlist_add(&p->bare, name))
			return error_memory(r->err);
		reading_end(r, mark);
	}
	return TOKENWARD_OK;
}

/* What the request itself says, or another member of "token". */
static bool
is_reserved(const char *name)
{
	static const char *const reserved[] = {"host", "content-length",
	    "content-type", "accept", "user-agent", "transfer-encoding",
	    "connection", "expect", "upgrade", "te", "trailer", "cookie",
	    "accept-encoding", "proxy-authorization", "proxy-connection"};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		if (strcmp(reserved[i], name) == 0)
			return true;
	}
	return false;
}

static bool
lower_name(const char *name, char room[65])
{
	size_t len = strlen(name);

	if (len == 0 || len > 64)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-')
			return false;
		room[i] = c;
	}
	room[len] = '\0';
	return true;
}

int
read_headers(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	struct strmap given = {0}, *headers = at;
	int res = read_map(r, m, v, &given);
	char name[65];

	for (size_t i = 0; res == TOKENWARD_OK && i < given.n; i++) {
		size_t mark = reading_begin(r, given.v[i].key);

		if (!lower_name(given.v[i].key, name))
			res = reading_fail(r, "this is no name of a header");
		else if (strmap_get(headers, name))
			res = reading_fail(
			    r, "the header \"%s\" is there twice", name);
		else if (is_reserved(name))
			res = reading_fail(
			    r, "the header \"%s\" is not set here", name);
		else if (!strmap_set(headers, name, given.v[i].value))
			res = error_memory(r->err);
		if (res == TOKENWARD_OK)
			reading_end(r, mark);
	}
	strmap_free(&given);
	return res;
}

static const struct member scope_members[] = {
    {"name", read_nullable, offsetof(struct provider, scope_name)},
    {"separator", read_text, offsetof(struct provider, scope_separator)},
    {"default", read_text, offsetof(struct provider, scope_default)},
    {"required", read_flag, offsetof(struct provider, scope_required)},
    {NULL},
};

const struct member token_members[] = {
    {"url", read_text, offsetof(struct provider, url)},
    {"method", read_word_text, offsetof(struct provider, method), methods},
    {"body", read_word, offsetof(struct provider, body), bodies},
    {"content_type", read_text, offsetof(struct provider, content_type)},
    {"accept", read_text, offsetof(struct provider, accept)},
    {"user_agent", read_text, offsetof(struct provider, user_agent)},
    {"auth", read_words, offsetof(struct provider, auth), provider_auth_words},
    {"auth_default", read_word_text, offsetof(struct provider, auth_default),
	provider_auth_words},
    {"basic_encode", read_word, offsetof(struct provider, basic_encode),
	encodings},
    {"client_id", read_nullable, offsetof(struct provider, client_id_name)},
    {"client_secret", read_nullable,
	offsetof(struct provider, client_secret_name)},
    {"grant_type", read_nullable, offsetof(struct provider, grant_type_name)},
    {"grant", read_word_text, offsetof(struct provider, grant),
	provider_grant_words},
    {"params", read_params, 0},
    {"query", read_map, offsetof(struct provider, query)},
    {"headers", read_headers, offsetof(struct provider, headers)},
    {"scope", read_object, 0, scope_members},
    {"plain_http", read_word, offsetof(struct provider, plain_http),
	plain_words},
    {NULL},
};
