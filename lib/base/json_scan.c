/* SPDX-License-Identifier: BSD-2-Clause */
/* The strict look over JSON that comes before json-c (base/json_scan.h). */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/str.h"

struct name {
	const char *at; /* after the opening quote */
	uint32_t hash;
};

struct scan {
	const char *start, *at, *end;
	const char *what;
	unsigned depth, members;
	struct name *names; /* of the objects that are open */
	size_t names_n;
};

static bool value(struct scan *s);

static bool
fail(struct scan *s, const char *what)
{
	if (!s->what)
		s->what = what;
	return false;
}

static void
skip_space(struct scan *s)
{
	while (s->at < s->end && strchr(" \t\n\r", *s->at) && *s->at)
		s->at++;
}

static bool
is_next(const struct scan *s, char c)
{
	return s->at < s->end && *s->at == c;
}

static bool
take(struct scan *s, char c)
{
	if (!is_next(s, c))
		return false;
	s->at++;
	return true;
}

static size_t
digits(struct scan *s)
{
	const char *from = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return (size_t)(s->at - from);
}

static bool
number(struct scan *s)
{
	const char *from = s->at;

	take(s, '-');
	if (!take(s, '0') && digits(s) == 0)
		return fail(s, "this is no JSON value");
	if (take(s, '.') && digits(s) == 0)
		return fail(s, "a number without digits after the point");
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			take(s, '-');
		if (digits(s) == 0)
			return fail(s, "a number without its exponent");
	}
	if (s->at - from > JSON_DIGITS)
		return fail(s, "a number of too many digits");
	return true;
}

static bool
four_hex(struct scan *s, unsigned *ret)
{
	if (s->end - s->at < 4 || !json_hex4(s->at, ret))
		return fail(s, "\\u needs four hexadecimal digits");
	s->at += 4;
	return true;
}

static bool
escape(struct scan *s)
{
	unsigned high, low;

	if (s->at == s->end)
		return fail(s, "a string without end");
	if (*s->at != 'u') {
		if (*s->at == '\0' || !strchr("\"\\/bfnrt", *s->at))
			return fail(s, "an unknown escape in a string");
		s->at++;
		return true;
	}
	s->at++;
	if (!four_hex(s, &high))
		return false;
	if (high == 0)
		return fail(s, "a NUL in a string");
	if (high < 0xd800 || high > 0xdfff)
		return true;
	if (high > 0xdbff || !take(s, '\\') || !take(s, 'u') ||
	    !four_hex(s, &low) || low < 0xdc00 || low > 0xdfff)
		return fail(s, "half a surrogate pair in a string");
	return true;
}

static bool
string(struct scan *s)
{
	if (!take(s, '"'))
		return fail(s, "a string is missing here");
	while (s->at < s->end) {
		unsigned char c = (unsigned char)*s->at++;

		if (c == '"')
			return true;
		if (c < 0x20) {
			s->at--;
			return fail(s, "a control character in a string");
		}
		if (c == '\\' && !escape(s))
			return false;
	}
	return fail(s, "a string without end");
}

static bool
word(struct scan *s, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(s->end - s->at) < n || memcmp(s->at, w, n) != 0)
		return fail(s, "this is no JSON value");
	s->at += n;
	return true;
}

static uint32_t
hash(const char *at)
{
	uint32_t h = 2166136261u;
	unsigned c;

	while ((c = json_next_char(&at)) != 0)
		h = (h ^ c) * 16777619u;
	return h;
}

static bool
same_name(const char *a, const char *b)
{
	unsigned c, d;

	do {
		c = json_next_char(&a);
		d = json_next_char(&b);
	} while (c == d && c != 0);
	return c == d;
}

/* The names of one object stand together: inner ones are gone by then. */
static bool
remember(struct scan *s, size_t first, const char *at)
{
	struct name n = {at, hash(at)};

	for (size_t i = first; i < s->names_n; i++) {
		if (s->names[i].hash == n.hash && same_name(s->names[i].at, at))
			return fail(s, "a member that is there twice");
	}
	if (s->members++ == JSON_MEMBERS)
		return fail(s, "too many members");
	s->names[s->names_n++] = n;
	return true;
}

static bool
member(struct scan *s, size_t first)
{
	const char *name;

	skip_space(s);
	name = s->at + 1;
	if (!string(s))
		return false;
	if (!remember(s, first, name))
		return false;
	skip_space(s);
	if (!take(s, ':'))
		return fail(s, "a colon is missing here");
	return value(s);
}

static bool
object(struct scan *s)
{
	size_t first = s->names_n;

	skip_space(s);
	if (take(s, '}'))
		return true;
	do {
		if (!member(s, first))
			return false;
		skip_space(s);
	} while (take(s, ','));
	s->names_n = first;
	return take(s, '}') || fail(s, "a comma or } is missing here");
}

static bool
array(struct scan *s)
{
	skip_space(s);
	if (take(s, ']'))
		return true;
	do {
		if (!value(s))
			return false;
		skip_space(s);
	} while (take(s, ','));
	return take(s, ']') || fail(s, "a comma or ] is missing here");
}

static bool
container(struct scan *s, bool (*inside)(struct scan *))
{
	bool good;

	if (s->depth == JSON_DEPTH)
		return fail(s, "nested too deeply");
	s->depth++;
	s->at++;
	good = inside(s);
	s->depth--;
	return good;
}

static bool
value(struct scan *s)
{
	skip_space(s);
	if (s->at == s->end)
		return fail(s, "the text ends too early");
	switch (*s->at) {
	case '{':
		return container(s, object);
	case '[':
		return container(s, array);
	case '"':
		return string(s);
	case 't':
		return word(s, "true");
	case 'f':
		return word(s, "false");
	case 'n':
		return word(s, "null");
	default:
		return number(s);
	}
}

static bool
whole(struct scan *s)
{
	if (s->end - s->at >= 3 && memcmp(s->at, "\xef\xbb\xbf", 3) == 0)
		return fail(s, "a byte order mark");
	if (!str_is_utf8(s->start, (size_t)(s->end - s->start)))
		return fail(s, "not UTF-8");
	if (!value(s))
		return false;
	skip_space(s);
	return s->at == s->end || fail(s, "something after the value");
}

int
json_scan(const char *text, size_t len, struct json_fault *ret)
{
	struct scan s = {.start = text, .at = text, .end = text + len};
	bool good;

	s.names = malloc(sizeof(*s.names) * JSON_MEMBERS);
	if (!s.names) {
		*ret = (struct json_fault){1, "no memory to read it", true};
		return -1;
	}
	good = whole(&s);
	free(s.names);
	if (good)
		return 0;
	*ret = (struct json_fault){.line = 1, .what = s.what};
	for (const char *p = text; p < s.at; p++)
		ret->line += *p == '\n';
	return -1;
}
