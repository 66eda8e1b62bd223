/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing an answer: what every vendor's file ends with. */
#include <json-c/json.h>
#include <string.h>
#include <time.h>

#include "tokend.h"

void
answer_header(struct request *req, const char *name, const char *value)
{
	pairs_add(
	    &req->answer.headers, name, strlen(name), value, strlen(value));
}

/* What was answered before, if anything, is forgotten. */
static void
answer_begin(struct request *req, int status, const char *type)
{
	bytes_free(&req->answer.body);
	req->answer.status = status;
	if (type != NULL)
		answer_header(req, "Content-Type", type);
}

void
answer_text(struct request *req, int status, const char *type, const char *body)
{
	answer_begin(req, status, type);
	bytes_add(&req->answer.body, body, strlen(body));
}

void
answer_json_as(
    struct request *req, int status, const char *type, struct json_object *obj)
{
	answer_text(req, status, type,
	    json_object_to_json_string_ext(
		obj, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(obj);
}

void
answer_json(struct request *req, int status, struct json_object *obj)
{
	answer_json_as(req, status, "application/json", obj);
}

bool
method_is(struct request *req, const char *method)
{
	if (strcmp(req->method, method) == 0)
		return true;
	req->vendor->refuse(req, 405, "method_not_allowed");
	answer_header(req, "Allow", method);
	return false;
}

void
answer_date(struct request *req)
{
	time_t at = (time_t)now();
	struct tm tm;
	char date[64];

	if (pairs_count_nocase(&req->answer.headers, "Date") > 0)
		return;
	gmtime_r(&at, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	answer_header(req, "Date", date);
}
