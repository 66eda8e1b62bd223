/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines for people, from what went over the wire. */
#include <json-c/json.h>
#include <string.h>
#include <strings.h>
#include "base/cleanup.h"
#include "base/frame.h"
#include "base/json_scan.h"
#include "exchange.h"
#include "provider/doc.h"

#define TEXT_MAX 16384u /* of a body */
#define WORD_MIN 16u    /* shorter ones are words of a language */

/* Redacted first, cut and cleaned then: a cut must not hide half a word. */
static void
put_lines(struct buf *out, const char *mark, const struct redact *hide,
    const char *s, size_t len)
{
	cleanup_buf struct buf safe = BUF_INIT;
	const char *at, *end, *stop;

	redact_put(hide, &safe, s, len);
	at = buf_str(&safe);
	stop = at + (safe.len < TEXT_MAX ? safe.len : TEXT_MAX);
	for (; at < stop; at = end + 1) {
		end = memchr(at, '\n', (size_t)(stop - at));
		if (!end)
			end = stop;
		buf_put_str(out, mark);
		str_clean(out, at, (size_t)(end - at), TEXT_MAX);
		buf_put_byte(out, '\n');
	}
	if (safe.len > TEXT_MAX)
		buf_printf(out, "%s... (%zu bytes in all)\n", mark, safe.len);
	out->failed |= safe.failed;
}

static void
put_line(struct buf *out, const char *mark, const struct redact *hide,
    const char *name, const char *value)
{
	cleanup_buf struct buf line = BUF_SECRET_INIT;

	buf_printf(
	    &line, "%s%s%s", name, value ? ": " : "", value ? value : "");
	put_lines(out, mark, hide, buf_str(&line), line.len);
	out->failed |= line.failed;
}

/* An Authorization header keeps its scheme and nothing else. */
static void
put_header(
    struct buf *out, const struct redact *hide, const struct frame_field *f)
{
	cleanup_free char *name = strndup(f->key, f->key_len);
	cleanup_buf struct buf value = BUF_SECRET_INIT;
	const unsigned char *blank = memchr(f->value, ' ', f->len);

	if (frame_key_is(f, "authorization")) {
		if (blank)
			buf_put(
			    &value, f->value, (size_t)(blank - f->value) + 1);
		buf_put_str(&value, "<redacted>");
	} else {
		buf_put(&value, f->value, f->len);
	}
	put_line(out, "> ", hide, name ? name : "", buf_str(&value));
	out->failed |= !name || value.failed;
}

void
exchange_request(
    const struct plan *p, const struct redact *hide, struct buf *out)
{
	cleanup_buf struct buf line = BUF_SECRET_INIT;
	struct frame_reader reader;
	struct frame_field f;

	buf_printf(&line, "%s %s HTTP/1.1", p->method, p->url);
	put_lines(out, "> ", hide, buf_str(&line), line.len);
	out->failed |= line.failed;
	frame_open(&reader, p->headers.data, p->headers.len);
	while (frame_next(&reader, &f) == 1)
		put_header(out, hide, &f);
	buf_put_str(out, ">\n");
	put_lines(out, "> ", hide, buf_str(&p->body), p->body.len);
}

void
exchange_answer(
    const struct http_try *t, const struct redact *hide, struct buf *out)
{
	size_t i;

	put_line(out, "< ", hide, t->status_line ? t->status_line : "", NULL);
	for (i = 0; i < t->headers.n; i++)
		put_line(out, "< ", hide, t->headers.v[i].key,
		    t->headers.v[i].value);
	buf_put_str(out, "<\n");
	put_lines(out, "< ", hide, buf_str(&t->body), t->body.len);
}

void
exchange_note(const char *stage, const char *message, struct buf *out)
{
	buf_printf(out, "* %s%s%s\n", stage ? stage : "", stage ? ": " : "",
	    message ? message : "");
}

static bool
ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);

	return len >= n && strcasecmp(s + len - n, end) == 0;
}

static bool
names_a_secret(const char *key)
{
	static const char *const ends[] = {"token", "secret", "password",
	    "assertion", "jwt", "ticket", "api_key", "apikey"};
	size_t i;

	for (i = 0; key && i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends_with(key, ends[i]))
			return true;
	return false;
}

static bool
looks_like_jwt(const char *s)
{
	const char *dot = strchr(s, '.');

	return str_prefix(s, "eyJ") && dot && strchr(dot + 1, '.');
}

static void
hide_string(struct json_object *o, struct redact *hide)
{
	if (json_object_is_type(o, json_type_string))
		redact_add(hide, json_object_get_string(o),
		    (size_t)json_object_get_string_len(o));
}

/* json_scan() has bounded the depth. */
static void
walk(const char *key, struct json_object *o, struct redact *hide)
{
	size_t i, n;

	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, name, member)
		    walk(name, member, hide);
	} else if (json_object_is_type(o, json_type_array)) {
		n = json_object_array_length(o);
		for (i = 0; i < n; i++)
			walk(key, json_object_array_get_idx(o, i), hide);
	} else if (json_object_is_type(o, json_type_string) &&
		   (names_a_secret(key) ||
		       looks_like_jwt(json_object_get_string(o)))) {
		hide_string(o, hide);
	}
}

/* "header:Name"; the names that came are in lower case. */
static const char *
header_at(const struct http_try *t, const char *pointer)
{
	size_t i;

	for (i = 0; str_prefix(pointer, "header:") && i < t->headers.n; i++)
		if (strcasecmp(
			t->headers.v[i].key, pointer + strlen("header:")) == 0)
			return t->headers.v[i].value;
	return NULL;
}

static void
hide_at(const struct strlist *pointers, const struct http_try *t,
    struct json_object *doc, struct redact *hide)
{
	struct json_object *o;
	const char *value;
	size_t i;

	for (i = 0; i < pointers->n; i++) {
		value = header_at(t, pointers->v[i]);
		if (value)
			redact_add(hide, value, strlen(value));
		else if (doc_at(doc, pointers->v[i], &o, &hide->words.failed))
			hide_string(o, hide);
	}
}

/* Of a body that is no object nobody knows which words are tokens: long ones. */
static void
hide_long_words(const struct buf *body, struct redact *hide)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-._~+/=";
	size_t len = body->len < TEXT_MAX ? body->len : TEXT_MAX;
	const char *s = buf_str(body), *end = s + len;
	size_t n;

	for (; s < end; s += n + 1) {
		n = strspn(s, alphabet);
		if (n > (size_t)(end - s))
			n = (size_t)(end - s);
		if (n >= WORD_MIN)
			redact_add(hide, s, n);
	}
}

/* NULL as well where it is none; without memory nothing is shown at all. */
static struct json_object *
parse(const struct buf *body, struct redact *hide)
{
	struct json_object *doc = NULL;
	struct json_fault fault = {0};

	if (json_scan(buf_str(body), body->len, &fault) == 0)
		hide->words.failed |= !doc_make(buf_str(body), body->len, &doc);
	hide->words.failed |= fault.no_memory;
	return doc;
}

void
exchange_hide(const struct provider *provider, const struct http_try *t,
    const struct reply *r, struct redact *hide)
{
	struct json_object *doc = parse(&t->body, hide);

	redact_add(hide, r->token.data, r->token.len);
	redact_add(hide, r->refresh.data, r->refresh.len);
	walk(NULL, doc, hide);
	if (!json_object_is_type(doc, json_type_object))
		hide_long_words(&t->body, hide);
	hide_at(&provider->token_at, t, doc, hide);
	hide_at(&provider->refresh_at, t, doc, hide);
	doc_free(doc);
}
