/* SPDX-License-Identifier: BSD-2-Clause */
/* The tokens handed out: how long they live, when one is given twice. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "tokend.h"

static struct token *first;

static bool
same(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static bool
reissue_is(const struct vendor *v, const char *kind)
{
	return same(v->set.reissue == NULL ? "new" : v->set.reissue, kind);
}

bool
token_live(const struct token *t)
{
	long long at = now();

	return !t->revoked && at < t->expires && (t->dies == 0 || at < t->dies);
}

struct token *
token_find(const struct vendor *v, const char *value)
{
	struct token *t = first;

	while (t != NULL && (t->vendor != v || strcmp(t->value, value) != 0))
		t = t->next;
	return t;
}

struct token *
token_find_refresh(const struct vendor *v, const char *value)
{
	struct token *t = first;

	while (t != NULL && (t->vendor != v || !same(t->refresh, value)))
		t = t->next;
	return t == NULL || t->revoked || now() >= t->refresh_ends ? NULL : t;
}

bool
token_revoke(const char *value)
{
	bool found = false;

	for (struct token *t = first; t != NULL; t = t->next) {
		if (same(t->value, value) || same(t->refresh, value))
			found = t->revoked = true;
	}
	return found;
}

/* The client's live token for the same request, if there is one. */
static struct token *
current(const struct vendor *v, const char *client_id, const char *scope,
    const char *resource)
{
	struct token *t = first;

	while (t != NULL && (t->vendor != v || !same(t->client_id, client_id) ||
				!same(t->scope, scope) ||
				!same(t->resource, resource) || !token_live(t)))
		t = t->next;
	return t;
}

static void
replace_others(const struct vendor *v, const char *client_id)
{
	for (struct token *t = first; t != NULL; t = t->next) {
		if (t->vendor == v && same(t->client_id, client_id) &&
		    t->dies == 0)
			t->dies = now() + v->set.grace;
	}
}

static struct token *
token_new(struct vendor *v, const char *client_id, const char *scope,
    const char *resource)
{
	struct token *t = xcalloc(1, sizeof(*t)), *old;

	t->vendor = v;
	t->client_id = xstrdup(client_id);
	t->scope = xstrdup(scope);
	t->resource = xstrdup(resource);
	t->issued = now();
	t->expires = t->issued + v->set.expires_in;
	t->value = v->set.token != NULL ? xstrdup(v->set.token) : v->mint(t);
	if (v->refresh_lifetime > 0) {
		char *hex = random_hex(15);

		t->refresh = base64_of(hex, strlen(hex), true);
		t->refresh_ends = t->issued + v->refresh_lifetime;
		free(hex);
	}
	/* A string that was revoked stays dead when it is handed out again. */
	old = token_find(v, t->value);
	t->revoked = old != NULL && old->revoked;
	t->next = first;
	first = t;
	return t;
}

struct token *
token_get(struct vendor *v, const char *client_id, const char *scope,
    const char *resource)
{
	struct token *t = current(v, client_id, scope, resource);

	count_issued(v, client_id);
	if (t != NULL && reissue_is(v, "same") &&
	    t->expires - now() > v->set.renews_below)
		return t;
	if (t != NULL && reissue_is(v, "extends")) {
		t->expires = now() + v->set.expires_in;
		return t;
	}
	if (reissue_is(v, "replaces"))
		replace_others(v, client_id);
	return token_new(v, client_id, scope, resource);
}

void
tokens_free(void)
{
	while (first != NULL) {
		struct token *t = first;

		first = t->next;
		free(t->value);
		free(t->refresh);
		free(t->client_id);
		free(t->scope);
		free(t->resource);
		free(t);
	}
}

static struct json_object *
lifetime(const struct vendor *v, const struct token *t)
{
	long long left = t->expires - now();
	struct json_object *obj;
	char *s;

	if (!v->set.expires_as_string)
		return json_object_new_int64(left);
	s = text("%lld", left);
	obj = json_object_new_string(s);
	free(s);
	return obj;
}

static void
shape(const struct settings *set, struct json_object *obj)
{
	size_t n = set->omit == NULL ? 0 : json_object_array_length(set->omit);

	for (size_t i = 0; i < n; i++)
		json_object_object_del(
		    obj, json_object_get_string(
			     json_object_array_get_idx(set->omit, i)));
	if (set->extra == NULL)
		return;
	json_object_object_foreach(set->extra, name, value)
	    json_object_object_add(obj, name, json_object_get(value));
}

struct json_object *
token_json(struct vendor *v, const struct token *t)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(
	    obj, "token_type", json_object_new_string(v->token_type));
	json_object_object_add(obj, "expires_in", lifetime(v, t));
	json_object_object_add(
	    obj, "access_token", json_object_new_string(t->value));
	if (t->refresh != NULL)
		json_object_object_add(
		    obj, "refresh_token", json_object_new_string(t->refresh));
	if (t->scope != NULL && !v->hides_scope)
		json_object_object_add(
		    obj, "scope", json_object_new_string(t->scope));
	shape(&v->set, obj);
	return obj;
}

static char *
jwt_part(struct json_object *obj)
{
	const char *s =
	    json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN);
	char *out = base64_of(s, strlen(s), true);

	json_object_put(obj);
	return out;
}

static struct json_object *
jwt_claims(const struct token *t)
{
	struct json_object *obj = json_object_new_object();
	char *id = random_hex(16);

	json_object_object_add(
	    obj, "aud", json_object_new_string(t->client_id));
	json_object_object_add(obj, "jti", json_object_new_string(id));
	json_object_object_add(obj, "iat", json_object_new_int64(t->issued));
	json_object_object_add(obj, "nbf", json_object_new_int64(t->issued));
	json_object_object_add(obj, "exp", json_object_new_int64(t->expires));
	json_object_object_add(obj, "scopes",
	    json_object_new_string(t->scope == NULL ? "" : t->scope));
	free(id);
	return obj;
}

/* Of the form of a signed one; nobody but this server has to believe it. */
char *
token_jwt(const struct token *t)
{
	struct json_object *header = json_object_new_object();
	char *head, *claims, *noise = random_hex(64), *signature, *out;

	json_object_object_add(header, "typ", json_object_new_string("JWT"));
	json_object_object_add(header, "alg", json_object_new_string("RS256"));
	head = jwt_part(header);
	claims = jwt_part(jwt_claims(t));
	signature = base64_of(noise, strlen(noise), true);
	out = text("%s.%s.%s", head, claims, signature);
	free(head);
	free(claims);
	free(noise);
	free(signature);
	return out;
}
