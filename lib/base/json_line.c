/* SPDX-License-Identifier: BSD-2-Clause */
/* Where in a JSON text a member stands; the text has passed json_scan(). */
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/json_text.h"

bool
json_hex4(const char *p, unsigned *ret)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef";
		const char *d = p[i] ? strchr(digits, p[i] | 0x20) : NULL;

		if (!d || (p[i] < '0'))
			return false;
		v = v << 4 | (unsigned)(d - digits);
	}
	*ret = v;
	return true;
}

static unsigned
escaped(const char **at)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	char c = *(*at)++;
	const char *f = strchr(from, c);
	unsigned v = (unsigned char)c, low = 0;

	if (f)
		return (unsigned char)to[f - from];
	if (c != 'u')
		return v;
	json_hex4(*at, &v);
	*at += 4;
	if (v >= 0xd800 && v <= 0xdbff) {
		json_hex4(*at + 2, &low);
		*at += 6;
		v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
	}
	return v;
}

/* Code points, so that "\u00e9" and the same letter in UTF-8 are equal. */
unsigned
json_next_char(const char **at)
{
	unsigned char c = (unsigned char)**at;
	unsigned v;
	int more;

	if (c == '"')
		return 0;
	(*at)++;
	if (c == '\\')
		return escaped(at);
	if (c < 0x80)
		return c;
	more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
	v = c & (0x3fu >> more);
	while (more--)
		v = v << 6 | ((unsigned char)*(*at)++ & 0x3f);
	return v;
}

/* The closing quote's successor. */
static const char *
after_string(const char *at)
{
	at++;
	while (json_next_char(&at) != 0)
		;
	return at + 1;
}

const char *
json_after_space(const char *at, const char *end)
{
	while (at < end && strchr(" \t\n\r,:", *at))
		at++;
	return at;
}

static const char *
after_word(const char *at, const char *end)
{
	while (at < end && !strchr(" \t\n\r,]}", *at))
		at++;
	return at;
}

const char *
json_after_value(const char *at, const char *end)
{
	unsigned depth = 0;

	do {
		if (*at == '"') {
			at = after_string(at);
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		else if (*at == '}' || *at == ']')
			depth--;
		else if (depth == 0)
			return after_word(at, end);
		at++;
	} while (at < end && depth > 0);
	return at;
}

/* One reference token of a pointer: "~1" is '/', "~0" is '~'. */
static unsigned
next_of_token(const char **p)
{
	unsigned c = (unsigned char)**p;

	if (c == '\0' || c == '/')
		return 0;
	(*p)++;
	if (c == '~' && (**p == '0' || **p == '1'))
		return *(*p)++ == '0' ? '~' : '/';
	if (c >= 0x80) {
		int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;

		c &= 0x3fu >> more;
		while (more-- && (**p & 0xc0) == 0x80)
			c = c << 6 | ((unsigned char)*(*p)++ & 0x3f);
	}
	return c;
}

static bool
is_named(const char *name, const char *token)
{
	unsigned a, b;

	name++;
	do {
		a = json_next_char(&name);
		b = next_of_token(&token);
	} while (a == b && a != 0);
	return a == b;
}

/* The member of the container at `at`: its name, and ret_value. */
static const char *
find(const char *at, const char *end, const char *token, const char **ret)
{
	bool object = *at == '{';
	unsigned long index = 0, wanted = strtoul(token, NULL, 10);

	if (!object && *at != '[')
		return NULL;
	for (at = json_after_space(at + 1, end);
	     at < end && *at != '}' && *at != ']';
	     at = json_after_space(json_after_value(*ret, end), end)) {
		*ret = object ? json_after_space(after_string(at), end) : at;
		if (object ? is_named(at, token) : index++ == wanted)
			return at;
	}
	return NULL;
}

unsigned
json_line(const char *text, size_t len, const char *pointer)
{
	const char *end = text + len, *value = json_after_space(text, end);
	const char *member = value;
	unsigned line = 1;

	while (pointer && *pointer == '/') {
		member = find(value, end, ++pointer, &value);
		if (!member)
			return 0;
		pointer += strcspn(pointer, "/");
	}
	for (const char *p = text; p < member; p++)
		line += *p == '\n';
	return line;
}
