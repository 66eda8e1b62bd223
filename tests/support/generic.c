/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server that takes RFC 6749 at its word: POST and form only, nothing
 * twice, nothing secret in the URL, one authentication method per request,
 * id and secret form-encoded inside Basic (2.3.1), scopes checked, resources
 * (RFC 8707) from a list; bearer use by RFC 6750, revocation by RFC 7009,
 * introspection by RFC 7662.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "tokend.h"

#define REALM "realm=\"tokend\""

static const char *const resources[] = {
    "https://api.example/", "https://other.example/data"};

/* The status and challenge an error code goes with. */
struct fault {
	const char *why;
	int status;
	bool challenge;
};

static const struct fault faults[] = {
    {"invalid_client", 401, true},
    {"invalid_request", 400, false},
    {"invalid_scope", 400, false},
    {"invalid_target", 400, false},
    {"unsupported_grant_type", 400, false},
    {"unauthorized_client", 400, false},
};

static void
challenge(struct request *req, const char *error)
{
	char *value = error == NULL
			  ? text("Bearer " REALM)
			  : text("Bearer " REALM ", error=\"%s\"", error);

	answer_header(req, "WWW-Authenticate", value);
	free(value);
}

static void
refuse(struct request *req, int status, const char *why)
{
	struct json_object *obj = json_object_new_object();
	bool api = strcmp(req->route->kind, "api") == 0;

	if (why == NULL)
		why = status != 401 ? "invalid_request"
		      : api         ? "invalid_token"
				    : "invalid_client";
	if (status == 401 && !api)
		answer_header(req, "WWW-Authenticate", "Basic " REALM);
	else if (api && (status == 401 || status == 403))
		challenge(req, why);
	json_object_object_add(obj, "error", json_object_new_string(why));
	json_object_object_add(obj, "error_description",
	    json_object_new_string("The request was not granted."));
	answer_header(req, "Cache-Control", "no-store");
	answer_json(req, status, obj);
}

static void
fail(struct request *req, const char *why)
{
	const struct fault *f = faults;

	while (strcmp(f->why, why) != 0)
		f++;
	refuse(req, f->status, why);
}

static char *
mint(const struct token *t)
{
	char *noise = random_hex(24), *out;

	(void)t;
	out = text("gt_%s", noise);
	free(noise);
	return out;
}

/* By Basic or by the body; NULL and why if neither or both or wrong. */
static const struct client *
authenticate(
    const struct request *req, const struct pairs *form, const char **why)
{
	const char *body_id = pairs_get(form, "client_id");
	const char *body_secret = pairs_get(form, "client_secret");
	char *id = NULL, *secret = NULL;
	enum basic basic = basic_read(req, true, &id, &secret);
	const char *unwanted = basic == BASIC_OK ? "post" : "basic";
	const struct client *c = NULL;

	*why = "invalid_client";
	if (basic == BASIC_BAD ||
	    (basic == BASIC_OK &&
		(body_secret != NULL ||
		    (body_id != NULL && strcmp(body_id, id) != 0))))
		*why = "invalid_request";
	else if (client_check(req->vendor, basic == BASIC_OK ? id : body_id,
		     basic == BASIC_OK ? secret : body_secret,
		     &c) != CLIENT_OK ||
		 strcmp(c->method, unwanted) == 0)
		c = NULL;
	free(id);
	free(secret);
	return c;
}

static bool
resource_known(const char *uri)
{
	for (size_t i = 0; i < sizeof(resources) / sizeof(*resources); i++) {
		if (strcmp(resources[i], uri) == 0)
			return true;
	}
	return false;
}

/* All resources joined by blanks; false if one is not known. */
static bool
read_resources(const struct pairs *form, struct bytes *ret)
{
	for (size_t i = 0; i < form->n; i++) {
		const struct pair *p = &form->item[i];

		if (strcmp(p->name, "resource") != 0 || p->len == 0)
			continue;
		if (!resource_known(p->value))
			return false;
		if (ret->len > 0)
			bytes_add(ret, " ", 1);
		bytes_add(ret, p->value, p->len);
	}
	return true;
}

static void
grant(struct request *req, const struct pairs *form)
{
	const char *type = pairs_get(form, "grant_type");
	const char *scope = pairs_get(form, "scope"), *why;
	const struct client *c = authenticate(req, form, &why);
	struct bytes resource = {0};

	if (type == NULL)
		fail(req, "invalid_request");
	else if (c == NULL)
		fail(req, why);
	else if (strcmp(type, "client_credentials") != 0)
		fail(req, "unsupported_grant_type");
	else if (scope != NULL && !client_may(c, scope))
		fail(req, "invalid_scope");
	else if (!read_resources(form, &resource))
		fail(req, "invalid_target");
	else {
		answer_header(req, "Cache-Control", "no-store");
		answer_header(req, "Pragma", "no-cache");
		answer_token(
		    req, token_get(req->vendor, c->id,
			     scope == NULL ? c->scopes : scope, resource.data));
	}
	bytes_free(&resource);
}

/* The form, or the refusal sent: what every POST here has in common. */
static bool
read_form(struct request *req, struct pairs *form)
{
	if (!method_is(req, "POST"))
		return false;
	if (!req->too_big && req->query == NULL &&
	    type_is(req, "application/x-www-form-urlencoded") &&
	    form_read(&req->body, "resource", form) == FORM_OK)
		return true;
	fail(req, "invalid_request");
	return false;
}

static void
token(struct request *req)
{
	struct pairs form = {0};

	if (read_form(req, &form))
		grant(req, &form);
	pairs_free(&form);
}

/* The client's own token the form names; *ok: the request was in order. */
static struct token *
named_token(struct request *req, bool *ok)
{
	struct pairs form = {0};
	const struct client *c = NULL;
	const char *why = "invalid_request", *value = NULL;
	struct token *t = NULL;

	*ok = false;
	if (!read_form(req, &form)) {
		pairs_free(&form);
		return NULL;
	}
	c = authenticate(req, &form, &why);
	value = pairs_get(&form, "token");
	*ok = c != NULL && value != NULL;
	if (!*ok)
		fail(req, c == NULL ? why : "invalid_request");
	else
		t = token_find(req->vendor, value);
	if (t != NULL && strcmp(t->client_id, c->id) != 0)
		t = NULL;
	pairs_free(&form);
	return t;
}

static void
revoke(struct request *req)
{
	bool ok;
	struct token *t = named_token(req, &ok);

	if (t != NULL)
		t->revoked = true;
	if (ok)
		answer_text(req, 200, "text/plain", "");
}

static void
introspect(struct request *req)
{
	bool ok;
	struct token *t = named_token(req, &ok);
	struct json_object *obj;

	if (!ok)
		return;
	obj = json_object_new_object();
	if (t != NULL && !token_live(t))
		t = NULL;
	json_object_object_add(
	    obj, "active", json_object_new_boolean(t != NULL));
	if (t != NULL) {
		json_object_object_add(
		    obj, "client_id", json_object_new_string(t->client_id));
		json_object_object_add(
		    obj, "scope", json_object_new_string(t->scope));
		json_object_object_add(
		    obj, "exp", json_object_new_int64(t->expires));
	}
	answer_json(req, 200, obj);
}

/* RFC 6750 3: without a token the challenge names no error. */
static void
no_token(struct request *req)
{
	challenge(req, NULL);
	answer_text(req, 401, "text/plain", "a bearer token is wanted\n");
}

static void
api(struct request *req)
{
	struct token *t;

	switch (bearer_read(req, req->vendor, &t)) {
	case BEARER_NONE:
		no_token(req);
		break;
	case BEARER_BAD:
		refuse(req, 400, "invalid_request");
		break;
	case BEARER_DEAD:
		refuse(req, 401, "invalid_token");
		break;
	case BEARER_OK:
		if (strcmp(req->path, "/generic/api/admin") == 0 &&
		    !has_word(t->scope, "admin"))
			refuse(req, 403, "insufficient_scope");
		else
			answer_hello(req, t);
		break;
	}
}

static const struct route routes[] = {
    {"/generic/token", "token", token},
    {"/generic/revoke", "revoke", revoke},
    {"/generic/introspect", "introspect", introspect},
    {"/generic/api/*", "api", api},
    {0},
};

static const struct builtin clients[] = {
    {"generic-demo", "generic-demo-secret", "any", "read write"},
    {"generic-basic", "generic-basic-secret", "basic", "read write"},
    {"generic-post", "generic-post-secret", "post", "read write"},
    {"generic-admin", "generic-admin-secret", "any", "read write admin"},
    {"we:ird id+%", "p@ss w%rd:+~!/=", "any", "read write"},
    {0},
};

struct vendor generic = {
    .name = "generic",
    .token_type = "Bearer",
    .expires_in = 3600,
    .routes = routes,
    .clients = clients,
    .mint = mint,
    .refuse = refuse,
};
