/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MyParcel.com: the body is JSON and a form is refused; scope is "*" or a
 * list; the token is a JWT whose exp is its end; errors are JSON:API errors
 * with the vendor's numbers.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "tokend.h"

struct fault {
	const char *code, *title, *why;
};

/* The last one stands for whatever has no number of its own. */
static const struct fault faults[] = {
    {"14000", "AUTH_INVALID_CLIENT", "invalid_client"},
    {"14001", "AUTH_INVALID_SCOPE", "invalid_scope"},
    {"14002", "AUTH_INVALID_TOKEN", "invalid_token"},
    {"14003", "AUTH_MISSING_TOKEN", "missing_token"},
    {"14004", "AUTH_MISSING_SCOPE", "missing_scope"},
    {"14050", "AUTH_GENERAL_ERROR", NULL},
};

static const struct fault *
fault_find(const char *why)
{
	const struct fault *f = faults;

	while (f->why != NULL && strcmp(f->why, why) != 0)
		f++;
	return f;
}

static struct json_object *
error_json(const struct fault *f, int status, const char *why)
{
	struct json_object *obj = json_object_new_object();
	char number[16];

	snprintf(number, sizeof(number), "%d", status);
	json_object_object_add(obj, "status", json_object_new_string(number));
	json_object_object_add(obj, "code", json_object_new_string(f->code));
	json_object_object_add(obj, "title", json_object_new_string(f->title));
	json_object_object_add(obj, "detail", json_object_new_string(why));
	return obj;
}

/* The authentication server labels JSON plainly, the API as JSON:API. */
static void
refuse(struct request *req, int status, const char *why)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *list = json_object_new_array();
	bool api = strcmp(req->route->kind, "api") == 0;

	if (why == NULL)
		why = status != 401 ? "refused"
		      : api         ? "invalid_token"
				    : "invalid_client";
	json_object_array_add(list, error_json(fault_find(why), status, why));
	json_object_object_add(obj, "errors", list);
	answer_json_as(req, status,
	    api ? "application/vnd.api+json" : "application/json", obj);
}

static void
grant(struct request *req, const struct pairs *form)
{
	const char *type = pairs_get(form, "grant_type");
	const char *scope = pairs_get(form, "scope");
	const char *id = pairs_get(form, "client_id");
	const char *secret = pairs_get(form, "client_secret");
	const struct client *c = NULL;

	if (type == NULL || id == NULL || secret == NULL) {
		refuse(req, 400, "a required member is missing");
	} else if (strcmp(type, "client_credentials") != 0) {
		refuse(req, 400, "this grant_type is not known");
	} else if (client_check(req->vendor, id, secret, &c) != CLIENT_OK) {
		refuse(req, 401, "invalid_client");
	} else if (scope != NULL && strcmp(scope, "*") != 0 &&
		   !client_may(c, scope)) {
		refuse(req, 400, "invalid_scope");
	} else {
		if (scope == NULL || strcmp(scope, "*") == 0)
			scope = c->scopes;
		answer_token(req, token_get(req->vendor, id, scope, NULL));
	}
}

static void
token(struct request *req)
{
	struct pairs form = {0};

	if (!method_is(req, "POST"))
		return;
	if (!type_is(req, "application/json"))
		refuse(req, 400, "Content-Type must be application/json");
	else if (form_from_json(&req->body, &form) != FORM_OK)
		refuse(req, 400, "the body is not an object of strings");
	else
		grant(req, &form);
	pairs_free(&form);
}

static bool
allows(const struct request *req, const struct token *t)
{
	return strcmp(req->path, "/myparcel/api/shipments") != 0 ||
	       has_word(t->scope, "shipments.show");
}

static void
api(struct request *req)
{
	struct token *t;

	switch (bearer_read(req, req->vendor, &t)) {
	case BEARER_NONE:
		refuse(req, 401, "missing_token");
		break;
	case BEARER_BAD:
	case BEARER_DEAD:
		refuse(req, 401, "invalid_token");
		break;
	case BEARER_OK:
		if (allows(req, t))
			answer_hello(req, t);
		else
			refuse(req, 403, "missing_scope");
		break;
	}
}

static const struct route routes[] = {
    {"/myparcel/access-token", "token", token},
    {"/myparcel/api/*", "api", api},
    {0},
};

static const struct builtin clients[] = {
    {"myparcel-demo", "myparcel-demo-secret", "post",
	"shipments.show shipments.manage organizations.manage"},
    {"myparcel-other", "myparcel-other-secret", "post", "organizations.manage"},
    {0},
};

/* The answer has no scope member: the token carries its scopes itself. */
struct vendor myparcel = {
    .name = "myparcel",
    .token_type = "Bearer",
    .expires_in = 86400,
    .hides_scope = true,
    .routes = routes,
    .clients = clients,
    .mint = token_jwt,
    .refuse = refuse,
};
