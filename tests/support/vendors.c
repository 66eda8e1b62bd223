/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of vendors, their paths, and what tests may change of them with
 * POST /_/config (what is not said stays; null takes away a text or object):
 *
 *   delay_ms           every answer takes so long
 *   expires_in         the life of tokens, in the answer and at the API
 *   expires_as_string  "3600" instead of 3600
 *   token              hand out this string, always
 *   omit, extra        members left out; members replaced or added
 *   reissue            "new"; "same" (the live token as long as it has more
 *                      than renews_below seconds); "extends" (its end moves);
 *                      "replaces" (older ones die after grace seconds)
 *   keep_refresh       a refresh gives no new refresh token
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "tokend.h"

struct vendor *const vendors[] = {
    &cliquify, &myparcel, &tiki, &netwrix, &generic, NULL};

static const struct member settings_members[] = {
    {"vendor", MEMBER_TEXT, offsetof(struct settings, vendor)},
    {"delay_ms", MEMBER_INT, offsetof(struct settings, delay_ms)},
    {"expires_in", MEMBER_INT, offsetof(struct settings, expires_in)},
    {"renews_below", MEMBER_INT, offsetof(struct settings, renews_below)},
    {"grace", MEMBER_INT, offsetof(struct settings, grace)},
    {"expires_as_string", MEMBER_BOOL,
	offsetof(struct settings, expires_as_string)},
    {"keep_refresh", MEMBER_BOOL, offsetof(struct settings, keep_refresh)},
    {"reissue", MEMBER_TEXT, offsetof(struct settings, reissue)},
    {"token", MEMBER_TEXT, offsetof(struct settings, token)},
    {"omit", MEMBER_JSON, offsetof(struct settings, omit)},
    {"extra", MEMBER_JSON, offsetof(struct settings, extra)},
    {0},
};

struct vendor *
vendor_find(const char *name)
{
	for (size_t i = 0; name != NULL && vendors[i] != NULL; i++) {
		if (strcmp(vendors[i]->name, name) == 0)
			return vendors[i];
	}
	return NULL;
}

static bool
matches(const char *pattern, const char *path)
{
	size_t n = strlen(pattern);

	if (pattern[n - 1] == '*')
		return strncmp(pattern, path, n - 1) == 0;
	return strcmp(pattern, path) == 0;
}

const struct route *
route_find(const char *path, struct vendor **ret_vendor)
{
	for (size_t i = 0; vendors[i] != NULL; i++) {
		const struct route *r = vendors[i]->routes;

		for (; r->path != NULL; r++) {
			if (matches(r->path, path)) {
				*ret_vendor = vendors[i];
				return r;
			}
		}
	}
	return NULL;
}

static char *
check(const struct settings *s)
{
	if (s->reissue != NULL &&
	    !has_word("new same extends replaces", s->reissue))
		return text("\"reissue\" is new, same, extends or replaces");
	if (s->omit != NULL && !json_object_is_type(s->omit, json_type_array))
		return text("\"omit\" must be an array");
	if (s->extra != NULL &&
	    !json_object_is_type(s->extra, json_type_object))
		return text("\"extra\" must be an object");
	return NULL;
}

static void
reset(struct vendor *v)
{
	members_free(settings_members, &v->set);
	v->set = (struct settings){.expires_in = v->expires_in};
}

char *
settings_change(struct json_object *obj)
{
	struct json_object *name = json_object_object_get(obj, "vendor");
	struct vendor *v = vendor_find(json_object_get_string(name));
	char *wrong;

	if (v == NULL)
		return text("\"vendor\" must name one");
	wrong = members_read(settings_members, obj, &v->set);
	if (wrong == NULL)
		wrong = check(&v->set);
	if (wrong != NULL)
		reset(v);
	return wrong;
}

void
settings_reset(void)
{
	for (size_t i = 0; vendors[i] != NULL; i++)
		reset(vendors[i]);
}

void
answer_token(struct request *req, const struct token *t)
{
	answer_json(req, 200, token_json(req->vendor, t));
}

void
answer_hello(struct request *req, const struct token *t)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(
	    obj, "hello", json_object_new_string(t->client_id));
	json_object_object_add(
	    obj, "method", json_object_new_string(req->method));
	json_object_object_add(obj, "path", json_object_new_string(req->path));
	if (is_utf8(req->body.data, req->body.len))
		json_object_object_add(obj, "body",
		    json_object_new_string_len(
			req->body.data, (int)req->body.len));
	answer_json(req, 200, obj);
}
