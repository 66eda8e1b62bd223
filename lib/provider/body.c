/* SPDX-License-Identifier: BSD-2-Clause */
/* The parameters of a request as bytes: a form, or JSON. */
#include <string.h>

#include "base/cleanup.h"
#include "base/frame.h"
#include "base/json_write.h"
#include "provider/request.h"

#define PARAMS_MAX 128u
#define DEPTH_MAX 16u

struct param {
	const char *name; /* what is left of it, not NUL-terminated */
	size_t name_len;
	const char *value;
	size_t len;
	bool bare, done;
};

struct params {
	struct param v[PARAMS_MAX];
	size_t n;
};

static bool
next_param(struct frame_reader *reader, struct param *ret)
{
	struct frame_field n, v;

	if (frame_next(reader, &n) != 1 || frame_next(reader, &v) != 1)
		return false;
	*ret = (struct param){.name = (const char *)n.value,
	    .name_len = n.len,
	    .value = (const char *)v.value,
	    .len = v.len,
	    .bare = frame_key_is(&v, "b")};
	return true;
}

int
request_form(const struct request *r, struct buf *out, struct error *err)
{
	struct frame_reader reader;
	struct param p;
	bool first = true;

	frame_open(&reader, r->params.data, r->params.len);
	for (; next_param(&reader, &p); first = false) {
		if (!first)
			buf_put_byte(out, '&');
		form_put(out, p.name, p.name_len);
		buf_put_byte(out, '=');
		form_put(out, p.value, p.len);
	}
	if (reader.left > 0)
		return error_set(err, TOKENWARD_CONFIG,
		    "%s: there are too many parameters", r->provider->id);
	return out->failed ? error_memory(err) : TOKENWARD_OK;
}

/* The first reference token of a pointer, unescaped, and its length. */
static size_t
token_of(const struct param *p, struct buf *ret)
{
	size_t i = 1;

	for (; i < p->name_len && p->name[i] != '/'; i++) {
		char c = p->name[i];

		if (c == '~' && i + 1 < p->name_len)
			c = p->name[++i] == '1' ? '/' : '~';
		buf_put_byte(ret, (unsigned char)c);
	}
	return i;
}

/* "/a/b" makes an object of "a", which "a" beside it contradicts. */
static bool
clashes(const struct params *all, const struct param *p)
{
	cleanup_buf struct buf first = BUF_INIT;

	if (p->name[0] != '/')
		return false;
	token_of(p, &first);
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].name_len == first.len &&
		    memcmp(all->v[i].name, first.data, first.len) == 0)
			return true;
	}
	return false;
}

static const char *
fault_of(const struct params *all, const struct param *p)
{
	size_t depth = 0;

	for (size_t i = 0; i < p->name_len; i++)
		depth += p->name[0] == '/' && p->name[i] == '/';
	if (depth > DEPTH_MAX)
		return "it is nested too deeply";
	if (!str_is_utf8(p->value, p->len) ||
	    !str_is_utf8(p->name, p->name_len))
		return "it is not UTF-8, and JSON can hold nothing else";
	return clashes(all, p) ? "it would be sent twice" : NULL;
}

static int
load(const struct request *r, struct params *ret, struct error *err)
{
	struct frame_reader reader;
	const char *fault = NULL;
	struct param p;

	ret->n = 0;
	frame_open(&reader, r->params.data, r->params.len);
	while (next_param(&reader, &p)) {
		if (ret->n == PARAMS_MAX)
			fault = "there are too many";
		else
			ret->v[ret->n++] = p;
	}
	for (size_t i = 0; !fault && i < ret->n; i++) {
		p = ret->v[i];
		fault = fault_of(ret, &p);
	}
	if (!fault)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_CONFIG,
	    "%s: the parameter \"%.*s\" cannot be sent: %s", r->provider->id,
	    (int)p.name_len, p.name, fault);
}

static bool
same_name(const struct param *a, const struct param *b)
{
	return a->name_len == b->name_len &&
	       memcmp(a->name, b->name, a->name_len) == 0;
}

static void
put_value(struct buf *out, const char *key, const struct param *p)
{
	if (p->bare)
		json_put_raw(out, key, p->value, p->len);
	else
		json_put_strn(out, key, p->value, p->len);
}

/* One value, or a list where a name comes several times (resource). */
static void
put_values(struct buf *out, const char *key, struct params *all, size_t i)
{
	bool several = false;

	for (size_t j = i + 1; j < all->n; j++)
		several |= same_name(&all->v[i], &all->v[j]);
	if (!several) {
		put_value(out, key, &all->v[i]);
		return;
	}
	json_open(out, key, '[');
	for (size_t j = i; j < all->n; j++) {
		if (j > i && !same_name(&all->v[i], &all->v[j]))
			continue;
		put_value(out, NULL, &all->v[j]);
		all->v[j].done = true;
	}
	json_close(out, ']');
}

static int put_object(const struct request *r, const char *key,
    struct params *all, struct buf *out, struct error *err);

/* Every pointer that begins like the first goes into one inner object. */
static int
put_nested(const struct request *r, struct params *all, size_t first,
    struct buf *out, struct error *err)
{
	cleanup_buf struct buf key = BUF_INIT;
	size_t len = token_of(&all->v[first], &key);
	struct params inner = {.n = 0};

	for (size_t i = first; i < all->n; i++) {
		struct param *p = &all->v[i];

		if (p->done || p->name_len < len ||
		    memcmp(p->name, all->v[first].name, len) != 0 ||
		    (p->name_len > len && p->name[len] != '/'))
			continue;
		inner.v[inner.n] = *p;
		inner.v[inner.n].name += len;
		inner.v[inner.n++].name_len -= len;
		p->done = true;
	}
	if (inner.n == 1 && inner.v[0].name_len == 0) {
		put_value(out, buf_str(&key), &inner.v[0]);
		return key.failed ? error_memory(err) : TOKENWARD_OK;
	}
	return put_object(r, buf_str(&key), &inner, out, err);
}

static int
put_object(const struct request *r, const char *key, struct params *all,
    struct buf *out, struct error *err)
{
	int res = TOKENWARD_OK;

	json_open(out, key, '{');
	for (size_t i = 0; res == TOKENWARD_OK && i < all->n; i++) {
		struct param *p = &all->v[i];
		cleanup_buf struct buf name = BUF_INIT;

		if (p->done)
			continue;
		if (p->name_len > 0 && p->name[0] == '/') {
			res = put_nested(r, all, i, out, err);
			continue;
		}
		if (p->name_len == 0)
			return error_set(err, TOKENWARD_CONFIG,
			    "%s: a parameter is a value and an object at "
			    "once",
			    r->provider->id);
		buf_put(&name, p->name, p->name_len);
		put_values(out, buf_str(&name), all, i);
	}
	json_close(out, '}');
	return res;
}

int
request_json(const struct request *r, struct buf *out, struct error *err)
{
	struct params all;
	int res = load(r, &all, err);

	if (res == TOKENWARD_OK)
		res = put_object(r, NULL, &all, out, err);
	if (res == TOKENWARD_OK && out->failed)
		res = error_memory(err);
	return res;
}
