/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The paths under /_/ by which a test looks at the server and changes it.
 * They are neither counted nor logged.
 *
 *   GET  /_/count    counters           POST /_/reset    all, or {"only":[]}
 *   GET  /_/log      last 1000 requests POST /_/script   next answers
 *   GET  /_/clients  registered clients POST /_/clients  add, replace, remove
 *   GET  /_/second   the second port    POST /_/config   a vendor's settings
 *   GET  /_/clock    {"now","offset"}   POST /_/clock    {"offset"} or {"add"}
 *                                       POST /_/revoke   {"token"}
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "tokend.h"

struct look {
	const char *path;
	struct json_object *(*get)(void);
};

struct change {
	const char *path;
	char *(*post)(struct json_object *);
};

struct part {
	const char *name;
	void (*reset)(void);
};

static struct json_object *
clock_json(void)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "now", json_object_new_int64(now()));
	json_object_object_add(
	    obj, "offset", json_object_new_int64(clock_offset()));
	return obj;
}

static void
clock_reset(void)
{
	clock_move(0);
}

/* In this order: what is built in is registered at the time of the clock. */
static const struct part parts[] = {
    {"clock", clock_reset},
    {"config", settings_reset},
    {"clients", clients_reset},
    {"tokens", tokens_free},
    {"script", script_reset},
    {"count", count_reset},
    {"log", log_reset},
    {"second", second_reset},
    {0},
};

static bool
is_listed(struct json_object *list, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *s =
		    json_object_get_string(json_object_array_get_idx(list, i));

		if (s != NULL && strcmp(s, name) == 0)
			return true;
	}
	return false;
}

static char *
reset(struct json_object *obj)
{
	struct json_object *only = NULL;
	size_t done = 0;

	if (!json_object_is_type(obj, json_type_object))
		return text("an object is wanted");
	if (json_object_object_length(obj) > 0 &&
	    (!json_object_object_get_ex(obj, "only", &only) ||
		!json_object_is_type(only, json_type_array)))
		return text("nothing, or {\"only\":[...]}");
	for (const struct part *p = parts; p->name != NULL; p++) {
		if (only != NULL && !is_listed(only, p->name))
			continue;
		p->reset();
		done++;
	}
	if (only != NULL && done != json_object_array_length(only))
		return text("\"only\" lists clock, config, clients, tokens, "
			    "script, count, log, second");
	return NULL;
}

static char *
revoke(struct json_object *obj)
{
	const char *value =
	    json_object_get_string(json_object_object_get(obj, "token"));

	if (value == NULL || !token_revoke(value))
		return text("\"token\" must be one this server gave out");
	return NULL;
}

static char *
move_clock(struct json_object *obj)
{
	struct json_object *n;

	if (json_object_object_get_ex(obj, "offset", &n))
		clock_move(json_object_get_int64(n));
	else if (json_object_object_get_ex(obj, "add", &n))
		clock_move(clock_offset() + json_object_get_int64(n));
	else
		return text("\"offset\" or \"add\" is wanted");
	return NULL;
}

static const struct look looks[] = {
    {"/_/count", count_json},
    {"/_/log", log_json},
    {"/_/clients", clients_json},
    {"/_/second", second_json},
    {"/_/clock", clock_json},
    {0},
};

static const struct change changes[] = {
    {"/_/reset", reset},
    {"/_/script", script_add},
    {"/_/config", settings_change},
    {"/_/clients", clients_change},
    {"/_/revoke", revoke},
    {"/_/clock", move_clock},
    {0},
};

static void
say(struct request *req, int status, const char *name, const char *what)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, name, json_object_new_string(what));
	answer_json(req, status, obj);
}

static void
change(struct request *req, const struct change *c)
{
	const char *body = req->body.len > 0 ? req->body.data : "{}";
	struct json_object *obj = json_tokener_parse(body);
	char *wrong;

	if (!json_object_is_type(obj, json_type_object) &&
	    !json_object_is_type(obj, json_type_array))
		wrong = text("the body is not a JSON object");
	else
		wrong = c->post(obj);
	if (wrong != NULL)
		say(req, 400, "error", wrong);
	else
		say(req, 200, "ok", c->path + strlen("/_/"));
	free(wrong);
	json_object_put(obj);
}

bool
control_handle(struct request *req)
{
	bool get = strcmp(req->method, "GET") == 0;

	if (strncmp(req->path, "/_/", 3) != 0)
		return false;
	for (const struct look *l = looks; get && l->path != NULL; l++) {
		if (strcmp(l->path, req->path) == 0) {
			answer_json(req, 200, l->get());
			return true;
		}
	}
	for (const struct change *c = changes; !get && c->path != NULL; c++) {
		if (strcmp(c->path, req->path) == 0) {
			change(req, c);
			return true;
		}
	}
	say(req, 404, "error", "no such control path");
	return true;
}
