/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON output, straight into a buffer (base/json_write.h). */
#include <string.h>

#include "base/json_write.h"
#include "base/str.h"

/* A comma, unless the value is the first of its container or its text. */
static void
put_comma(struct buf *b)
{
	if (b->len > 0 && !memchr("{[:\n ", b->data[b->len - 1], 5))
		buf_put_byte(b, ',');
}

/* Bytes of one well-formed character at p, 0: not UTF-8. */
static size_t
char_len(const char *p, size_t left)
{
	unsigned char c = (unsigned char)*p;
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return n <= left && str_is_utf8(p, n) ? n : 0;
}

static void
put_special(struct buf *b, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *f = c ? strchr(from, c) : NULL;

	if (f) {
		buf_put_byte(b, '\\');
		buf_put_byte(b, (unsigned char)to[f - from]);
	} else {
		buf_printf(b, "\\u%04x", c);
	}
}

static void
put_text(struct buf *b, const char *s, size_t len)
{
	buf_put_byte(b, '"');
	for (size_t i = 0, n; i < len; i += n) {
		unsigned char c = (unsigned char)s[i];

		n = char_len(s + i, len - i);
		if (n == 0) {
			buf_put_str(b, "\\ufffd");
			n = 1;
		} else if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f) {
			put_special(b, c);
		} else {
			buf_put(b, s + i, n);
		}
	}
	buf_put_byte(b, '"');
}

static void
put_key(struct buf *b, const char *key)
{
	put_comma(b);
	if (key) {
		put_text(b, key, strlen(key));
		buf_put_byte(b, ':');
	}
}

void
json_open(struct buf *b, const char *key, char bracket)
{
	put_key(b, key);
	buf_put_byte(b, (unsigned char)bracket);
}

void
json_close(struct buf *b, char bracket)
{
	buf_put_byte(b, (unsigned char)bracket);
}

void
json_put_strn(struct buf *b, const char *key, const char *s, size_t len)
{
	put_key(b, key);
	put_text(b, s, len);
}

void
json_put_str(struct buf *b, const char *key, const char *s)
{
	if (s)
		json_put_strn(b, key, s, strlen(s));
	else
		json_put_null(b, key);
}

void
json_put_raw(struct buf *b, const char *key, const char *s, size_t len)
{
	put_key(b, key);
	buf_put(b, s, len);
}

void
json_put_num(struct buf *b, const char *key, int64_t v)
{
	put_key(b, key);
	buf_printf(b, "%lld", (long long)v);
}

void
json_put_bool(struct buf *b, const char *key, bool v)
{
	put_key(b, key);
	buf_put_str(b, v ? "true" : "false");
}

void
json_put_null(struct buf *b, const char *key)
{
	put_key(b, key);
	buf_put_str(b, "null");
}
