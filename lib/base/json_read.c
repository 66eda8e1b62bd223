/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking a checked JSON text in place (base/json_read.h). */
#include <string.h>
#include "base/json_read.h"
#include "base/json_text.h"

static const char *const words[] = {
    [JSON_NULL] = "null",
    [JSON_FALSE] = "false",
    [JSON_TRUE] = "true",
    [JSON_NUMBER] = "a number",
    [JSON_STRING] = "a string",
    [JSON_ARRAY] = "an array",
    [JSON_OBJECT] = "an object",
};

struct json_value
json_begin(const char *text, size_t len)
{
	const char *end = text + len;

	return (struct json_value){json_after_space(text, end), end};
}

enum json_kind
json_kind(const struct json_value *v)
{
	static const char first[] = "nft\"[{";
	static const enum json_kind kinds[] = {JSON_NULL, JSON_FALSE, JSON_TRUE,
	    JSON_STRING, JSON_ARRAY, JSON_OBJECT};
	const char *found = strchr(first, *v->at);

	return found && *found ? kinds[found - first] : JSON_NUMBER;
}

const char *
json_kind_word(enum json_kind kind)
{
	return words[kind];
}

struct json_value
json_inside(const struct json_value *v)
{
	return (struct json_value){json_after_space(v->at + 1, v->end), v->end};
}

bool
json_next_item(struct json_value *walk, struct json_value *ret)
{
	if (walk->at >= walk->end || *walk->at == '}' || *walk->at == ']')
		return false;
	*ret = *walk;
	walk->at =
	    json_after_space(json_after_value(walk->at, walk->end), walk->end);
	return true;
}

bool
json_next_member(
    struct json_value *walk, struct json_value *name, struct json_value *ret)
{
	return json_next_item(walk, name) && json_next_item(walk, ret);
}

static void
put_utf8(struct buf *out, unsigned c)
{
	if (c < 0x80) {
		buf_put_byte(out, (unsigned char)c);
		return;
	}
	if (c >= 0x10000) {
		buf_put_byte(out, (unsigned char)(0xf0 | c >> 18));
		buf_put_byte(out, (unsigned char)(0x80 | (c >> 12 & 0x3f)));
	} else if (c >= 0x800)
		buf_put_byte(out, (unsigned char)(0xe0 | c >> 12));
	if (c >= 0x800)
		buf_put_byte(out, (unsigned char)(0x80 | (c >> 6 & 0x3f)));
	else
		buf_put_byte(out, (unsigned char)(0xc0 | c >> 6));
	buf_put_byte(out, (unsigned char)(0x80 | (c & 0x3f)));
}

void
json_get_string(const struct json_value *v, struct buf *out)
{
	const char *at = v->at + 1;
	unsigned c;

	while ((c = json_next_char(&at)) != 0)
		put_utf8(out, c);
}
