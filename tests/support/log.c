/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last thousand requests with everything in them, as it was sent: tests
 * ask what left the client. The secrets in it are those of tests.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "tokend.h"

#define KEEP 1000

static struct json_object *ring[KEEP];
static unsigned long seen;
static FILE *file;

void
log_open(const char *state_dir)
{
	char *path;

	if (state_dir == NULL)
		return;
	path = text("%s/requests.jsonl", state_dir);
	file = fopen(path, "ae");
	if (file == NULL)
		fprintf(stderr, "tokend: %s: %m\n", path);
	free(path);
}

static void
put(struct json_object *obj, const char *name, const char *value)
{
	json_object_object_add(
	    obj, name, value == NULL ? NULL : json_object_new_string(value));
}

static struct json_object *
headers(const struct request *req)
{
	struct json_object *list = json_object_new_array(), *pair;

	for (size_t i = 0; i < req->headers.n; i++) {
		pair = json_object_new_array();
		json_object_array_add(
		    pair, json_object_new_string(req->headers.item[i].name));
		json_object_array_add(
		    pair, json_object_new_string(req->headers.item[i].value));
		json_object_array_add(list, pair);
	}
	return list;
}

/* A string where it can be one, base64 for anything else. */
static void
put_body(struct json_object *obj, const struct request *req)
{
	char *coded;

	if (is_utf8(req->body.data, req->body.len)) {
		json_object_object_add(obj, "body",
		    json_object_new_string_len(
			req->body.data, (int)req->body.len));
		return;
	}
	coded = base64_of(req->body.data, req->body.len, false);
	put(obj, "body_base64", coded);
	free(coded);
}

void
log_received(struct request *req)
{
	struct json_object *e = json_object_new_object();

	json_object_object_add(e, "n", json_object_new_int64((long)seen + 1));
	json_object_object_add(e, "time", json_object_new_int64(now()));
	json_object_object_add(e, "mono_ms", json_object_new_int64(mono_ms()));
	put(e, "vendor", req->vendor == NULL ? NULL : req->vendor->name);
	put(e, "kind", req->route == NULL ? NULL : req->route->kind);
	put(e, "client_id", req->claimed);
	put(e, "method", req->method);
	put(e, "path", req->path);
	put(e, "query", req->query);
	json_object_object_add(e, "headers", headers(req));
	put_body(e, req);
	json_object_object_add(e, "port", json_object_new_int(req->port));
	json_object_object_add(e, "status", NULL);
	json_object_put(ring[seen % KEEP]);
	ring[seen++ % KEEP] = json_object_get(e);
	req->entry = e;
}

void
log_answered(struct request *req)
{
	const struct answer *a = &req->answer;

	json_object_object_add(req->entry, "status",
	    a->drop || a->reset ? json_object_new_string("dropped")
				: json_object_new_int(a->status));
	if (file == NULL)
		return;
	fprintf(file, "%s\n",
	    json_object_to_json_string_ext(req->entry,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(file);
}

struct json_object *
log_json(void)
{
	struct json_object *list = json_object_new_array();
	unsigned long at = seen > KEEP ? seen - KEEP : 0;

	for (; at < seen; at++)
		json_object_array_add(list, json_object_get(ring[at % KEEP]));
	return list;
}

void
log_reset(void)
{
	for (size_t i = 0; i < KEEP; i++) {
		json_object_put(ring[i]);
		ring[i] = NULL;
	}
	seen = 0;
}

void
log_close(void)
{
	log_reset();
	if (file != NULL)
		fclose(file);
	file = NULL;
}
