/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The truth about requests: how many came, from whom, how they ended. A
 * token request counts as soon as all of it has come, before any delay, so a
 * client that gives up or is killed is counted too.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "tokend.h"

static struct json_object *total;

static const char *const numbers[] = {"connections", "requests", "issued",
    "refused", "aborted", "in_flight", "peak", "api", "other"};

static void
bump(struct json_object *obj, const char *key, int by)
{
	struct json_object *n = json_object_object_get(obj, key);

	if (n == NULL)
		json_object_object_add(obj, key, json_object_new_int64(by));
	else
		json_object_int_inc(n, by);
}

static struct json_object *
part(struct json_object *obj, const char *key)
{
	struct json_object *in = json_object_object_get(obj, key);

	if (in == NULL) {
		in = json_object_new_object();
		json_object_object_add(obj, key, in);
	}
	return in;
}

static struct json_object *
vendor_part(const struct vendor *v)
{
	return part(part(total, "vendors"), v->name);
}

static struct json_object *
client_part(const char *id)
{
	return part(part(total, "clients"), id == NULL ? "" : id);
}

static void
count_vendor_zero(const struct vendor *v)
{
	struct json_object *in = vendor_part(v);

	bump(in, "requests", 0);
	bump(in, "issued", 0);
	bump(in, "refused", 0);
	bump(in, "api", 0);
	part(in, "status");
}

/* What is in flight stays so. */
void
count_reset(void)
{
	struct json_object *flying =
	    json_object_get(json_object_object_get(total, "in_flight"));

	count_free();
	total = json_object_new_object();
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		bump(total, numbers[i], 0);
	if (flying != NULL)
		json_object_object_add(total, "in_flight", flying);
	part(total, "status");
	for (size_t i = 0; vendors[i] != NULL; i++)
		count_vendor_zero(vendors[i]);
	part(total, "clients");
}

void
count_free(void)
{
	json_object_put(total);
	total = NULL;
}

void
count_connection(void)
{
	bump(total, "connections", 1);
}

static bool
is_token(const struct request *req)
{
	return req->route != NULL && strcmp(req->route->kind, "token") == 0;
}

static void
peak(void)
{
	struct json_object *high = json_object_object_get(total, "peak");
	int64_t flying =
	    json_object_get_int64(json_object_object_get(total, "in_flight"));

	if (flying > json_object_get_int64(high))
		json_object_set_int64(high, flying);
}

void
count_received(struct request *req)
{
	if (is_token(req)) {
		bump(total, "requests", 1);
		bump(vendor_part(req->vendor), "requests", 1);
		bump(client_part(req->claimed), "requests", 1);
		bump(total, "in_flight", 1);
		peak();
	} else if (req->route != NULL && strcmp(req->route->kind, "api") == 0) {
		bump(total, "api", 1);
		bump(vendor_part(req->vendor), "api", 1);
	} else {
		bump(total, "other", 1);
	}
}

void
count_issued(const struct vendor *v, const char *client_id)
{
	bump(total, "issued", 1);
	bump(vendor_part(v), "issued", 1);
	bump(client_part(client_id), "issued", 1);
}

void
count_answered(struct request *req)
{
	const struct answer *a = &req->answer;
	char status[16] = "dropped";

	if (!is_token(req))
		return;
	if (!a->drop && !a->reset)
		snprintf(status, sizeof(status), "%d", a->status);
	bump(total, "in_flight", -1);
	bump(part(total, "status"), status, 1);
	bump(part(vendor_part(req->vendor), "status"), status, 1);
	bump(part(client_part(req->claimed), "status"), status, 1);
	if (a->status >= 400) {
		bump(total, "refused", 1);
		bump(vendor_part(req->vendor), "refused", 1);
	}
}

void
count_aborted(struct request *req)
{
	if (is_token(req))
		bump(total, "aborted", 1);
}

struct json_object *
count_json(void)
{
	return json_object_get(total);
}
