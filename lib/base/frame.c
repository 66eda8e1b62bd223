/* SPDX-License-Identifier: BSD-2-Clause */
/* The one codec: lists of key and value pairs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/frame.h"

#define KEY_MAX 64u

static bool
key_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '.' || c == '-';
}

static bool
key_ok(const char *key, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!key_byte(key[i]))
			return false;
	return len > 0 && len <= KEY_MAX;
}

size_t
frame_begin(struct buf *b, const char *key)
{
	size_t len = strlen(key);

	if (!key_ok(key, len))
		b->failed = true;
	buf_put_byte(b, (unsigned char)len);
	buf_put(b, key, len);
	buf_put_u32(b, 0);
	return b->len;
}

void
frame_end(struct buf *b, size_t mark)
{
	size_t len = b->len - mark;

	if (b->failed || len > FRAME_MAX) {
		b->failed = true;
		return;
	}
	b->data[mark - 4] = (unsigned char)(len >> 24);
	b->data[mark - 3] = (unsigned char)(len >> 16);
	b->data[mark - 2] = (unsigned char)(len >> 8);
	b->data[mark - 1] = (unsigned char)len;
}

void
frame_put(struct buf *b, const char *key, const void *value, size_t len)
{
	size_t mark = frame_begin(b, key);

	buf_put(b, value, len);
	frame_end(b, mark);
}

void
frame_put_str(struct buf *b, const char *key, const char *s)
{
	frame_put(b, key, s, strlen(s));
}

void
frame_put_num(struct buf *b, const char *key, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)v);
	frame_put_str(b, key, text);
}

void
frame_open(struct frame_reader *r, const void *list, size_t len)
{
	*r = (struct frame_reader){.at = list, .left = len};
}

int
frame_next(struct frame_reader *r, struct frame_field *ret)
{
	size_t key_len, head;

	if (r->left == 0)
		return 0;
	key_len = r->at[0];
	head = 1 + key_len + 4;
	if (r->left < head || !key_ok((const char *)r->at + 1, key_len) ||
	    get_u32(r->at + 1 + key_len) > r->left - head ||
	    ++r->fields > FRAME_FIELDS)
		return -1;
	ret->key = (const char *)r->at + 1;
	ret->key_len = key_len;
	ret->value = r->at + head;
	ret->len = get_u32(r->at + 1 + key_len);
	r->at += head + ret->len;
	r->left -= head + ret->len;
	return 1;
}

bool
frame_valid(const void *list, size_t len)
{
	struct frame_reader r;
	struct frame_field f;
	int got;

	if (len > FRAME_MAX)
		return false;
	frame_open(&r, list, len);
	while ((got = frame_next(&r, &f)) == 1)
		;
	return got == 0;
}

bool
frame_key_is(const struct frame_field *f, const char *key)
{
	return strlen(key) == f->key_len &&
	       memcmp(f->key, key, f->key_len) == 0;
}

bool
frame_find(
    const void *list, size_t len, const char *key, struct frame_field *ret)
{
	struct frame_reader r;
	struct frame_field f;

	frame_open(&r, list, len);
	while (frame_next(&r, &f) == 1)
		if (frame_key_is(&f, key)) {
			*ret = f;
			return true;
		}
	return false;
}

bool
frame_num(const struct frame_field *f, int64_t *ret)
{
	uint64_t v = 0, limit = INT64_MAX;
	size_t i = 0;
	bool minus = f->len > 1 && f->value[0] == '-';

	if (f->len == 0 || f->len > 20)
		return false;
	if (minus) {
		i = 1;
		limit++;
	}
	for (; i < f->len; i++) {
		unsigned d = f->value[i] - '0';

		if (d > 9 || v > (limit - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*ret = minus ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

char *
frame_dup(const struct frame_field *f)
{
	if (memchr(f->value, 0, f->len))
		return NULL;
	return strndup((const char *)f->value, f->len);
}

void
frame_put_map(struct buf *b, const char *key, const struct strmap *m)
{
	size_t i, mark;

	for (i = 0; i < m->n; i++) {
		mark = frame_begin(b, key);
		frame_put_str(b, "k", m->v[i].key);
		frame_put_str(b, "v", m->v[i].value);
		frame_end(b, mark);
	}
}

bool
frame_get_pair(const struct frame_field *f, struct strmap *m)
{
	struct frame_field k, v;
	cleanup_free char *key = NULL, *value = NULL;

	if (!frame_valid(f->value, f->len) ||
	    !frame_find(f->value, f->len, "k", &k) ||
	    !frame_find(f->value, f->len, "v", &v))
		return false;
	key = frame_dup(&k);
	value = frame_dup(&v);
	return key && value && strmap_set(m, key, value);
}
