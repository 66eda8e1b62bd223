/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cliquify: a form with grant_type, client_id, client_secret, or the JSON of
 * the newer portal with the last two; the token in an envelope; 30 days; no
 * refresh token; three shapes of error; revoke and introspect take the token
 * alone and answer 422 for a dead one.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tokend.h"

static struct json_object *
envelope(bool success)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(
	    obj, "success", json_object_new_boolean(success));
	return obj;
}

static void
put(struct json_object *obj, const char *name, const char *value)
{
	json_object_object_add(obj, name, json_object_new_string(value));
}

static void
message_only(struct request *req, int status, const char *message)
{
	struct json_object *obj = json_object_new_object();

	put(obj, "message", message);
	answer_json(req, status, obj);
}

/* Token errors carry details; every other path has a message alone. */
static void
refuse(struct request *req, int status, const char *why)
{
	struct json_object *obj, *details;

	if (why == NULL)
		why = status == 401 ? "invalid_client" : "refused";
	if (status == 405 || strcmp(req->route->kind, "token") != 0) {
		message_only(req, status, why);
		return;
	}
	obj = envelope(false);
	details = json_object_new_object();
	put(obj, "message", "The token was not issued.");
	put(details, "error", why);
	json_object_object_add(obj, "details", details);
	answer_json(req, status, obj);
}

static void
invalid(struct json_object *errors, const char *field, const char *message)
{
	struct json_object *list = json_object_new_array();

	json_object_array_add(list, json_object_new_string(message));
	json_object_object_add(errors, field, list);
}

static void
need(struct json_object *errors, const struct pairs *form, const char *field)
{
	char message[80];

	if (pairs_get(form, field) != NULL)
		return;
	snprintf(message, sizeof(message), "The %s field is required.", field);
	invalid(errors, field, message);
}

/* Sends the 422 and says false if the fields are not as they must be. */
static bool
valid(struct request *req, const struct pairs *form, bool json)
{
	struct json_object *errors = json_object_new_object();
	const char *grant = pairs_get(form, "grant_type");

	if (!json)
		need(errors, form, "grant_type");
	if (grant != NULL && strcmp(grant, "client_credentials") != 0)
		invalid(errors, "grant_type", "This grant_type is not known.");
	need(errors, form, "client_id");
	need(errors, form, "client_secret");
	if (json_object_object_length(errors) == 0) {
		json_object_put(errors);
		return true;
	}
	answer_json(req, 422, errors);
	return false;
}

static void
issue(struct request *req, const struct client *c)
{
	struct token *t = token_get(req->vendor, c->id, NULL, NULL);
	struct json_object *obj = envelope(true);

	json_object_object_add(obj, "token", token_json(req->vendor, t));
	answer_json(req, 200, obj);
}

static void
grant(struct request *req, const struct pairs *form)
{
	const struct client *c = NULL;

	switch (client_check(req->vendor, pairs_get(form, "client_id"),
	    pairs_get(form, "client_secret"), &c)) {
	case CLIENT_OK:
		issue(req, c);
		break;
	case CLIENT_DISABLED:
		refuse(req, 403, "account_inactive");
		break;
	case CLIENT_UNKNOWN:
	case CLIENT_WRONG:
	case CLIENT_EXPIRED:
		refuse(req, 401, "invalid_client");
		break;
	}
}

/* What cannot be read counts as not sent, so the fields are missing. */
static bool
read_fields(struct request *req, struct pairs *form)
{
	bool json = type_is(req, "application/json");
	enum form_fault fault = FORM_TYPE;

	if (json)
		fault = form_from_json(&req->body, form);
	else if (type_is(req, "application/x-www-form-urlencoded"))
		fault = form_read(&req->body, NULL, form);
	if (fault != FORM_OK)
		pairs_free(form);
	return json;
}

static void
token(struct request *req)
{
	struct pairs form = {0};
	bool json;

	if (!method_is(req, "POST"))
		return;
	json = read_fields(req, &form);
	if (valid(req, &form, json))
		grant(req, &form);
	pairs_free(&form);
}

static void
result(struct request *req, int status, const char *message,
    struct json_object *data)
{
	struct json_object *obj = envelope(status == 200);

	put(obj, "message", message);
	json_object_object_add(obj, "data", data);
	answer_json(req, status, obj);
}

/* The token of the body; its 422 is sent if there is none that lives. */
static struct token *
named_token(struct request *req)
{
	struct json_object *errors;
	struct pairs form = {0};
	struct token *t = NULL;
	const char *value;

	if (!method_is(req, "POST"))
		return NULL;
	if (type_is(req, "application/json"))
		(void)form_from_json(&req->body, &form);
	value = pairs_get(&form, "token");
	if (value != NULL)
		t = token_find(req->vendor, value);
	if (t != NULL && !token_live(t))
		t = NULL;
	if (value == NULL) {
		errors = json_object_new_object();
		need(errors, &form, "token");
		answer_json(req, 422, errors);
	} else if (t == NULL) {
		result(req, 422, "This token is not active.", NULL);
	}
	pairs_free(&form);
	return t;
}

static void
revoke(struct request *req)
{
	struct token *t = named_token(req);

	if (t == NULL)
		return;
	t->revoked = true;
	result(req, 200, "The token is revoked.", NULL);
}

/* A time without a zone, as the vendor's sample has it. */
static void
introspect(struct request *req)
{
	struct token *t = named_token(req);
	struct json_object *data;
	char at[32];
	time_t end;
	struct tm tm;

	if (t == NULL)
		return;
	end = (time_t)t->expires;
	gmtime_r(&end, &tm);
	strftime(at, sizeof(at), "%Y-%m-%d %H:%M:%S", &tm);
	data = json_object_new_object();
	json_object_object_add(data, "active", json_object_new_boolean(1));
	put(data, "client_id", t->client_id);
	put(data, "expires_at", at);
	result(req, 200, "The token is active.", data);
}

static const char *const objects[] = {
    "hello", "profile", "templates", "assets", NULL};

static void
api(struct request *req)
{
	const char *name = req->path + strlen("/cliquify/api/");
	struct token *t;
	size_t i = 0;

	if (bearer_read(req, req->vendor, &t) != BEARER_OK) {
		message_only(req, 401, "Unauthenticated.");
		return;
	}
	while (objects[i] != NULL && strcmp(objects[i], name) != 0)
		i++;
	if (objects[i] == NULL)
		message_only(req, 404, "There is nothing here.");
	else
		answer_hello(req, t);
}

static const struct route routes[] = {
    {"/cliquify/oauth/access-token", "token", token},
    {"/cliquify/oauth/revoke", "revoke", revoke},
    {"/cliquify/oauth/introspect", "introspect", introspect},
    {"/cliquify/api/*", "api", api},
    {0},
};

static const struct builtin clients[] = {
    {"cliquify-demo", "cliquify-demo-secret", "post",
	"profile.read templates.read assets.read"},
    {"cliquify-other", "cliquify-other-secret", "post",
	"profile.read templates.read assets.read"},
    {0},
};

struct vendor cliquify = {
    .name = "cliquify",
    .token_type = "Bearer",
    .expires_in = 2592000,
    .routes = routes,
    .clients = clients,
    .mint = token_jwt,
    .refuse = refuse,
};
