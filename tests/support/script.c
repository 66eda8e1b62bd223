/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the next requests shall get instead of, or on top of, the ordinary
 * answer: a queue of steps, each good for a number of times. A step:
 *
 *   vendor        whose requests; "*" or nothing: anybody's
 *   on            "token" (default), "api", "revoke" or "introspect"
 *   times         how often (1); -1: until POST /_/reset
 *   status        this instead; 4xx without a body: the vendor's own error
 *   error         its code in that shape (alone: status 400)
 *   body, body_base64, content_type       this body instead (200, JSON)
 *   headers       {"Name":"value" or ["value",...]}, in addition
 *   redirect      the Location; alone: status 307
 *   delay_ms      wait before answering
 *   drop, reset   close without an answer, in order or by RST
 *   size          pad the body with blanks to so many bytes
 *   truncate      announce all of it, close after so many bytes
 *   trickle_ms    a byte each so many milliseconds
 *   chunked       no Content-Length
 *   gzip          Content-Encoding: gzip, asked for or not
 *
 * Without status, error, redirect, body, drop and reset the ordinary answer
 * is made, tokens and all, and then sent in the way the rest says.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "tokend.h"

struct step {
	struct step *next;
	unsigned int users;
	struct vendor *owner; /* NULL: any */
	char *vendor, *on, *error, *type, *redirect;
	long long times, status, delay_ms, trickle_ms, truncate, size;
	struct json_object *headers;
	struct bytes body;
	bool drop, reset, gzip, chunked;
};

static const struct member members[] = {
    {"vendor", MEMBER_TEXT, offsetof(struct step, vendor)},
    {"on", MEMBER_TEXT, offsetof(struct step, on)},
    {"times", MEMBER_INT, offsetof(struct step, times)},
    {"status", MEMBER_INT, offsetof(struct step, status)},
    {"error", MEMBER_TEXT, offsetof(struct step, error)},
    {"headers", MEMBER_JSON, offsetof(struct step, headers)},
    {"body", MEMBER_BYTES, offsetof(struct step, body)},
    {"body_base64", MEMBER_BASE64, offsetof(struct step, body)},
    {"content_type", MEMBER_TEXT, offsetof(struct step, type)},
    {"delay_ms", MEMBER_INT, offsetof(struct step, delay_ms)},
    {"trickle_ms", MEMBER_INT, offsetof(struct step, trickle_ms)},
    {"drop", MEMBER_BOOL, offsetof(struct step, drop)},
    {"reset", MEMBER_BOOL, offsetof(struct step, reset)},
    {"truncate", MEMBER_INT, offsetof(struct step, truncate)},
    {"size", MEMBER_INT, offsetof(struct step, size)},
    {"chunked", MEMBER_BOOL, offsetof(struct step, chunked)},
    {"gzip", MEMBER_BOOL, offsetof(struct step, gzip)},
    {"redirect", MEMBER_TEXT, offsetof(struct step, redirect)},
    {0},
};

static struct step *first;

void
script_release(struct step *s)
{
	if (s == NULL || --s->users > 0)
		return;
	members_free(members, s);
	free(s);
}

static char *
check(struct step *s)
{
	if (s->vendor != NULL && strcmp(s->vendor, "*") != 0) {
		s->owner = vendor_find(s->vendor);
		if (s->owner == NULL)
			return text("no vendor \"%s\"", s->vendor);
	}
	if (s->on != NULL && !has_word("token api revoke introspect", s->on))
		return text("\"on\" is token, api, revoke or introspect");
	if (s->status != 0 && (s->status < 200 || s->status > 599))
		return text("\"status\" is 200 to 599");
	if (s->headers != NULL &&
	    !json_object_is_type(s->headers, json_type_object))
		return text("\"headers\" must be an object");
	if (s->redirect != NULL && s->status == 0)
		s->status = 307;
	if (s->error != NULL && s->status == 0)
		s->status = 400;
	return NULL;
}

static char *
add_one(struct json_object *obj)
{
	struct step *s = xcalloc(1, sizeof(*s)), **at = &first;
	char *wrong;

	s->users = 1;
	s->times = 1;
	s->truncate = s->size = -1;
	wrong = members_read(members, obj, s);
	if (wrong == NULL)
		wrong = check(s);
	if (wrong != NULL) {
		script_release(s);
		return wrong;
	}
	while (*at != NULL)
		at = &(*at)->next;
	*at = s;
	return NULL;
}

/* One step or an array of them, taken in order. */
char *
script_add(struct json_object *obj)
{
	char *wrong = NULL;

	if (!json_object_is_type(obj, json_type_array))
		return add_one(obj);
	for (size_t i = 0; wrong == NULL && i < json_object_array_length(obj);
	     i++)
		wrong = add_one(json_object_array_get_idx(obj, i));
	return wrong;
}

void
script_reset(void)
{
	while (first != NULL) {
		struct step *s = first;

		first = s->next;
		script_release(s);
	}
}

static bool
is_for(const struct step *s, const struct request *req)
{
	return (s->owner == NULL || s->owner == req->vendor) &&
	       strcmp(s->on == NULL ? "token" : s->on, req->route->kind) == 0;
}

struct step *
script_take(const struct request *req)
{
	struct step **at = &first, *s;

	if (req->route == NULL)
		return NULL;
	while (*at != NULL && !is_for(*at, req))
		at = &(*at)->next;
	s = *at;
	if (s == NULL)
		return NULL;
	s->users++;
	if (s->times > 0 && --s->times == 0) {
		*at = s->next;
		s->users--;
	}
	return s;
}

long long
script_delay(const struct step *s)
{
	return s == NULL ? 0 : s->delay_ms;
}

bool
script_replaces(const struct step *s)
{
	return s != NULL &&
	       (s->status != 0 || s->body.data != NULL || s->drop || s->reset);
}

static void
ordinary_error(const struct step *s, struct request *req)
{
	int status = (int)s->status;

	if (s->error != NULL || (status >= 400 && status < 500))
		req->vendor->refuse(req, status, s->error);
	else if (status >= 500)
		answer_text(req, status, "text/html",
		    "<html><body>The server is not well.</body></html>\n");
	else
		answer_text(req, status, "text/plain", "");
}

static void
replace(const struct step *s, struct request *req)
{
	int status = s->status == 0 ? 200 : (int)s->status;

	if (s->body.data == NULL) {
		ordinary_error(s, req);
		return;
	}
	answer_text(
	    req, status, s->type != NULL ? s->type : "application/json", "");
	bytes_add(&req->answer.body, s->body.data, s->body.len);
}

static void
add_headers(const struct step *s, struct request *req)
{
	if (s->redirect != NULL)
		answer_header(req, "Location", s->redirect);
	if (s->headers == NULL)
		return;
	json_object_object_foreach(s->headers, name, value)
	{
		size_t n = json_object_is_type(value, json_type_array)
			       ? json_object_array_length(value)
			       : 0;

		for (size_t i = 0; i < n; i++)
			answer_header(req, name,
			    json_object_get_string(
				json_object_array_get_idx(value, i)));
		if (n == 0)
			answer_header(req, name, json_object_get_string(value));
	}
}

static unsigned long
crc32_of(const struct bytes *b)
{
	unsigned long crc = 0xffffffffUL;

	for (size_t i = 0; i < b->len; i++) {
		crc ^= (unsigned char)b->data[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320UL : 0);
	}
	return crc ^ 0xffffffffUL;
}

static void
add_le(struct bytes *b, unsigned long v, int n)
{
	for (; n > 0; n--, v >>= 8) {
		char c = (char)(v & 0xff);

		bytes_add(b, &c, 1);
	}
}

/* Stored blocks: a genuine gzip member without a compressor. */
static void
gzip(struct request *req)
{
	struct bytes *in = &req->answer.body, out = {0};
	size_t at = 0, n;

	while ((long long)in->len < req->answer.pad_to)
		bytes_add(in, " ", 1);
	req->answer.pad_to = -1;
	bytes_add(&out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	do {
		n = in->len - at < 65535 ? in->len - at : 65535;
		add_le(&out, at + n == in->len, 1);
		add_le(&out, n, 2);
		add_le(&out, ~n & 0xffff, 2);
		bytes_add(&out, in->data + at, n);
		at += n;
	} while (at < in->len);
	add_le(&out, crc32_of(in), 4);
	add_le(&out, in->len, 4);
	bytes_free(in);
	*in = out;
	answer_header(req, "Content-Encoding", "gzip");
}

void
script_apply(const struct step *s, struct request *req)
{
	if (script_replaces(s))
		replace(s, req);
	add_headers(s, req);
	req->answer.pad_to = s->size;
	req->answer.truncate = s->truncate;
	req->answer.trickle_ms = s->trickle_ms;
	req->answer.chunked = s->chunked;
	req->answer.drop = s->drop;
	req->answer.reset = s->reset;
	if (s->gzip)
		gzip(req);
}
