/* SPDX-License-Identifier: BSD-2-Clause */
/* What is no escape stands for itself. */
#include <stdint.h>
#include <string.h>
#include "unescape.h"

static size_t
plain(const char *s, size_t len, unsigned char *ret, size_t *ret_len)
{
	(void)len;
	ret[0] = (unsigned char)s[0];
	*ret_len = 1;
	return 1;
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number of n hex digits at s, -1: they are none. */
static int32_t
hex(const char *s, size_t n)
{
	int32_t v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (digit(s[i]) < 0)
			return -1;
		v = v * 16 + digit(s[i]);
	}
	return v;
}

static size_t
put_utf8(uint32_t c, unsigned char *ret)
{
	if (c < 0x80) {
		ret[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		ret[0] = (unsigned char)(0xc0 | c >> 6);
		ret[1] = (unsigned char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		ret[0] = (unsigned char)(0xe0 | c >> 12);
		ret[1] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
		ret[2] = (unsigned char)(0x80 | (c & 0x3f));
		return 3;
	}
	ret[0] = (unsigned char)(0xf0 | c >> 18);
	ret[1] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
	ret[2] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
	ret[3] = (unsigned char)(0x80 | (c & 0x3f));
	return 4;
}

/* \uXXXX, or two of them for one character. */
static size_t
json_u(const char *s, size_t len, unsigned char *ret, size_t *ret_len)
{
	int32_t high = len >= 6 ? hex(s + 2, 4) : 0, low;

	if (len < 6)
		return 0;
	if (high < 0)
		return plain(s, len, ret, ret_len);
	if (high >= 0xd800 && high < 0xdc00) {
		if (len < 12)
			return 0;
		low = s[6] == '\\' && s[7] == 'u' ? hex(s + 8, 4) : -1;
		if (low >= 0xdc00 && low < 0xe000) {
			*ret_len = put_utf8(
			    (uint32_t)(0x10000 + ((high - 0xd800) << 10) +
				       (low - 0xdc00)),
			    ret);
			return 12;
		}
	}
	*ret_len = put_utf8((uint32_t)high, ret);
	return 6;
}

static size_t
json(const char *s, size_t len, unsigned char *ret, size_t *ret_len)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *known;

	if (s[0] != '\\')
		return plain(s, len, ret, ret_len);
	if (len < 2)
		return 0;
	if (s[1] == 'u')
		return json_u(s, len, ret, ret_len);
	known = strchr(from, s[1]); /* a NUL is itself in both */
	ret[0] = (unsigned char)(known ? to[known - from] : s[1]);
	*ret_len = 1;
	return 2;
}

#define ESCAPE_MAX 12 /* of a pair of \\uXXXX */

/* JSON quoted in JSON: a message that repeats the request. */
static size_t
json_twice(const char *s, size_t len, unsigned char *ret, size_t *ret_len)
{
	char inner[ESCAPE_MAX];
	size_t end[ESCAPE_MAX + 1] = {0}, have = 0, n;
	size_t used = json(s, len, ret, ret_len);

	if (used == 0 || *ret_len != 1 || ret[0] != '\\')
		return used;
	while (have < ESCAPE_MAX && end[have] < len) {
		used = json(s + end[have], len - end[have], ret, &n);
		if (used == 0 || n != 1)
			break;
		end[have + 1] = end[have] + used;
		inner[have++] = (char)ret[0];
	}
	n = json(inner, have, ret, ret_len);
	if (n == 0 && used != 0 && end[have] < len) /* no escape after all */
		return json(s, len, ret, ret_len);
	return end[n];
}

static size_t
url(const char *s, size_t len, unsigned char *ret, size_t *ret_len)
{
	int32_t v;

	if (s[0] != '%')
		return plain(s, len, ret, ret_len);
	if (len < 3)
		return 0;
	v = hex(s + 1, 2);
	if (v < 0)
		return plain(s, len, ret, ret_len);
	ret[0] = (unsigned char)v;
	*ret_len = 1;
	return 3;
}

/* As str_clean() writes what is not fit for a terminal. */
static size_t
cleaned(const char *s, size_t len, unsigned char *ret, size_t *ret_len)
{
	int32_t v;

	if (s[0] != '\\' || (len > 1 && s[1] != 'x'))
		return plain(s, len, ret, ret_len);
	if (len < 4)
		return 0;
	v = hex(s + 2, 2);
	if (v < 0)
		return plain(s, len, ret, ret_len);
	ret[0] = (unsigned char)v;
	*ret_len = 1;
	return 4;
}

static size_t
form(const char *s, size_t len, unsigned char *ret, size_t *ret_len)
{
	return s[0] == '+' ? plain(" ", 1, ret, ret_len)
			   : url(s, len, ret, ret_len);
}

unescape_fn *const unescapes[] = {plain, json, json_twice, form, url, cleaned};
const size_t unescapes_n = sizeof(unescapes) / sizeof(unescapes[0]);
