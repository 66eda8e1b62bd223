/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Netwrix Access Analyzer: form bytes, whatever their label says (the
 * vendor's own sample calls them JSON); credentials in the body or Basic; an
 * opaque token for an hour and a refresh token for seven days, which needs
 * the secret too; a secret stops working at its age, 72 hours; anything that
 * fails is a 401 with nothing in it.
 */
#include <ctype.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "tokend.h"

static void
refuse(struct request *req, int status, const char *why)
{
	(void)why;
	bytes_free(&req->answer.body);
	req->answer.status = status;
}

static void
unauthorized(struct request *req)
{
	refuse(req, 401, NULL);
}

static char *
mint(const struct token *t)
{
	char *noise = random_hex(12), *out;

	(void)t;
	out = base64_of(noise, strlen(noise), false);
	free(noise);
	return out;
}

/* The documentation writes client_ID in one place and client_id in others. */
static const struct client *
authenticate(const struct request *req, const struct pairs *form)
{
	char *id = NULL, *secret = NULL;
	const struct client *c = NULL;

	if (basic_read(req, false, &id, &secret) == BASIC_NONE) {
		id = xstrdup(pairs_get_nocase(form, "client_id"));
		secret = xstrdup(pairs_get_nocase(form, "client_secret"));
	}
	if (client_check(req->vendor, id, secret, &c) != CLIENT_OK)
		c = NULL;
	free(id);
	free(secret);
	return c;
}

static void
new_token(struct request *req, const struct client *c, const char *scope)
{
	if (scope == NULL)
		scope = "create";
	if (client_may(c, scope))
		answer_token(req, token_get(req->vendor, c->id, scope, NULL));
	else
		unauthorized(req);
}

static bool
narrower(const char *want, const struct token *old)
{
	const struct client like = {.scopes = old->scope};

	return want == NULL || client_may(&like, want);
}

/* With keep_refresh no new refresh token comes and the old one stays good. */
static void
refresh(struct request *req, const struct client *c, const struct pairs *form)
{
	const char *value = pairs_get(form, "refresh_token");
	const char *scope = pairs_get(form, "scope");
	struct token *old, *t;
	struct json_object *obj;

	old = value == NULL ? NULL : token_find_refresh(req->vendor, value);
	if (old == NULL || strcmp(old->client_id, c->id) != 0 ||
	    !narrower(scope, old)) {
		unauthorized(req);
		return;
	}
	t = token_get(
	    req->vendor, c->id, scope == NULL ? old->scope : scope, NULL);
	obj = token_json(req->vendor, t);
	if (req->vendor->set.keep_refresh)
		json_object_object_del(obj, "refresh_token");
	else if (t != old)
		old->refresh_ends = 0;
	answer_json(req, 200, obj);
}

static void
grant(struct request *req, const struct pairs *form)
{
	const struct client *c = authenticate(req, form);
	const char *type = pairs_get(form, "grant_type");

	answer_header(req, "Cache-Control", "no-store");
	answer_header(req, "Pragma", "no-cache");
	if (c == NULL || type == NULL)
		unauthorized(req);
	else if (strcmp(type, "client_credentials") == 0)
		new_token(req, c, pairs_get(form, "scope"));
	else if (strcmp(type, "refresh_token") == 0)
		refresh(req, c, form);
	else
		unauthorized(req);
}

static void
token(struct request *req)
{
	struct pairs form = {0};

	if (!method_is(req, "POST"))
		return;
	if (form_read(&req->body, NULL, &form) != FORM_OK)
		unauthorized(req);
	else
		grant(req, &form);
	pairs_free(&form);
}

/* "NAME/rows", by GET or POST, or "NAME/proc", by POST; NAME not "nosuch". */
static bool
object_exists(const struct request *req)
{
	const char *name = req->path + strlen("/netwrix/api/v1/data/");
	size_t n = strcspn(name, "/");

	if (n == 0 || strncmp(name, "nosuch/", 7) == 0)
		return false;
	if (strcmp(name + n, "/rows") == 0)
		return true;
	return strcmp(name + n, "/proc") == 0 &&
	       strcmp(req->method, "POST") == 0;
}

static void
data(struct request *req)
{
	struct token *t;

	if (bearer_read(req, req->vendor, &t) != BEARER_OK)
		unauthorized(req);
	else if (!object_exists(req))
		refuse(req, 404, NULL);
	else
		answer_hello(req, t);
}

static const struct route routes[] = {
    {"/netwrix/api/v1/token", "token", token},
    {"/netwrix/api/v1/data/*", "api", data},
    {0},
};

static const struct builtin clients[] = {
    {"netwrix-demo", "netwrix-demo-secret", "any", "create"},
    {"netwrix-next", "netwrix-next-secret", "any", "create"},
    {0},
};

struct vendor netwrix = {
    .name = "netwrix",
    .token_type = "bearer",
    .expires_in = 3600,
    .refresh_lifetime = 7 * 86400,
    .secret_lifetime = 72 * 3600,
    .routes = routes,
    .clients = clients,
    .mint = mint,
    .refuse = refuse,
};
