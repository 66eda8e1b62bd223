/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing run of bytes, wiped wherever it lay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/buf.h"
#include "base/secret.h"

static void *
memory_new(const struct buf *b, size_t cap)
{
	return b->secret ? secret_alloc(cap) : malloc(cap);
}

static void
memory_free(struct buf *b)
{
	if (b->secret) {
		secret_free(b->data);
	} else if (b->data) {
		wipe(b->data, b->cap); /* it may have been longer */
		free(b->data);
	}
}

void
buf_free(struct buf *b)
{
	memory_free(b);
	*b = (struct buf){.secret = b->secret};
}

void
buf_clear(struct buf *b)
{
	if (b->data)
		wipe(b->data, b->len);
	b->len = 0;
	b->failed = false;
}

static bool
grow(struct buf *b, size_t need)
{
	unsigned char *data;
	size_t cap = b->cap ? b->cap : 64;

	while (cap < need)
		cap *= 2;
	data = memory_new(b, cap);
	if (!data)
		return false;
	if (b->len)
		memcpy(data, b->data, b->len);
	data[b->len] = 0;
	memory_free(b);
	b->data = data;
	b->cap = cap;
	return true;
}

unsigned char *
buf_room(struct buf *b, size_t len)
{
	if (b->failed)
		return NULL;
	if (len >= SIZE_MAX / 4 || b->len >= SIZE_MAX / 4 ||
	    (b->len + len + 1 > b->cap && !grow(b, b->len + len + 1))) {
		b->failed = true;
		return NULL;
	}
	return b->data + b->len;
}

void
buf_put(struct buf *b, const void *data, size_t len)
{
	unsigned char *room = buf_room(b, len);

	if (!room)
		return;
	if (len)
		memcpy(room, data, len);
	b->len += len;
	b->data[b->len] = 0;
}

void
buf_put_str(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_put_byte(struct buf *b, unsigned char c)
{
	buf_put(b, &c, 1);
}

void
buf_put_u16(struct buf *b, uint16_t v)
{
	buf_put(b, (unsigned char[]){v >> 8, v & 0xff}, 2);
}

void
buf_put_u32(struct buf *b, uint32_t v)
{
	buf_put_u16(b, v >> 16);
	buf_put_u16(b, v & 0xffff);
}

void
buf_put_u64(struct buf *b, uint64_t v)
{
	buf_put_u32(b, v >> 32);
	buf_put_u32(b, v & 0xffffffff);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;
	unsigned char *room;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	room = n < 0 ? NULL : buf_room(b, (size_t)n);
	if (!room) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf((char *)room, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_set(struct buf *b, const void *data, size_t len)
{
	buf_clear(b);
	buf_put(b, data, len);
}

void
buf_move(struct buf *dst, struct buf *src)
{
	buf_free(dst);
	*dst = *src;
	*src = (struct buf){.secret = dst->secret};
}

const char *
buf_str(const struct buf *b)
{
	return b->data ? (const char *)b->data : "";
}

bool
buf_equal(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || sodium_memcmp(a->data, b->data, a->len) == 0);
}

uint16_t
get_u16(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
get_u32(const unsigned char *p)
{
	return (uint32_t)get_u16(p) << 16 | get_u16(p + 2);
}

uint64_t
get_u64(const unsigned char *p)
{
	return (uint64_t)get_u32(p) << 32 | get_u32(p + 4);
}
