/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tiki: each client was registered for one authentication method and the
 * other one fails; a client_id beside Basic is allowed, two secrets are not;
 * tokens look like xxx.yyy, their type is "bearer", and there is no refresh.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "tokend.h"

static void
refuse(struct request *req, int status, const char *why)
{
	struct json_object *obj = json_object_new_object();

	if (why == NULL)
		why = status == 401 ? "invalid_client" : "invalid_request";
	json_object_object_add(obj, "error", json_object_new_string(why));
	json_object_object_add(obj, "error_description",
	    json_object_new_string("The request was not granted."));
	json_object_object_add(obj, "status_code", json_object_new_int(status));
	answer_json(req, status, obj);
}

static char *
mint(const struct token *t)
{
	char *noise = random_hex(32), *more = random_hex(32), *out;
	char *left = base64_of(noise, 32, true);
	char *right = base64_of(more, 32, true);

	(void)t;
	out = text("%s.%s", left, right);
	free(noise);
	free(more);
	free(left);
	free(right);
	return out;
}

/* The client's one method, and nothing of the other. */
static const struct client *
authenticate(const struct request *req, const struct pairs *form)
{
	const char *body_id = pairs_get(form, "client_id");
	const char *body_secret = pairs_get(form, "client_secret");
	char *id = NULL, *secret = NULL;
	enum basic basic = basic_read(req, true, &id, &secret);
	const struct client *c = NULL;

	if (basic == BASIC_NONE) {
		if (client_check(req->vendor, body_id, body_secret, &c) !=
			CLIENT_OK ||
		    strcmp(c->method, "basic") == 0)
			c = NULL;
	} else if (basic == BASIC_OK && body_secret == NULL &&
		   (body_id == NULL || strcmp(body_id, id) == 0)) {
		if (client_check(req->vendor, id, secret, &c) != CLIENT_OK ||
		    strcmp(c->method, "post") == 0)
			c = NULL;
	}
	free(id);
	free(secret);
	return c;
}

static void
grant(struct request *req, const struct pairs *form)
{
	const char *type = pairs_get(form, "grant_type");
	const char *scope = pairs_get(form, "scope");
	const struct client *c;

	if (type == NULL) {
		refuse(req, 400, "invalid_request");
	} else if ((c = authenticate(req, form)) == NULL) {
		refuse(req, 401, "invalid_client");
	} else if (strcmp(type, "client_credentials") != 0) {
		refuse(req, 400, "unsupported_grant_type");
	} else if (scope != NULL && !client_may(c, scope)) {
		refuse(req, 400, "invalid_scope");
	} else {
		answer_header(req, "Cache-Control", "no-store");
		answer_header(req, "Pragma", "no-cache");
		answer_token(req, token_get(req->vendor, c->id,
				      scope == NULL ? "" : scope, NULL));
	}
}

static void
token(struct request *req)
{
	struct pairs form = {0};

	if (!method_is(req, "POST"))
		return;
	if (!type_is(req, "application/x-www-form-urlencoded") ||
	    form_read(&req->body, NULL, &form) != FORM_OK)
		refuse(req, 400, "invalid_request");
	else
		grant(req, &form);
	pairs_free(&form);
}

static void
api(struct request *req)
{
	struct token *t;

	if (bearer_read(req, req->vendor, &t) == BEARER_OK)
		answer_hello(req, t);
	else
		refuse(req, 401, "request_unauthorized");
}

static const struct route routes[] = {
    {"/tiki/sc/oauth2/token", "token", token},
    {"/tiki/api/*", "api", api},
    {0},
};

static const struct builtin clients[] = {
    {"tiki-basic", "tiki-basic-secret", "basic", "product order"},
    {"tiki-post", "tiki-post-secret", "post", "product order"},
    {0},
};

struct vendor tiki = {
    .name = "tiki",
    .token_type = "bearer",
    .expires_in = 3599,
    .routes = routes,
    .clients = clients,
    .mint = mint,
    .refuse = refuse,
};
