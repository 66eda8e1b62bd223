/* SPDX-License-Identifier: BSD-2-Clause */
/* base/json_scan: what passes, what does not, and on which line. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_scan.h"

static int
scan(const char *s, struct json_fault *f)
{
	return json_scan(s, strlen(s), f);
}

Test(json_scan, takes_what_is_json)
{
	static const char *const good[] = {"{}", "[]", "0", "-0.5e+3", "\"\"",
	    "true", " {\"a\" : [1, 2 ,null]}\n",
	    "\"\\u00e9\\ud83d\\ude00\\\"\\/\"",
	    "{\"a\":{\"a\":1},\"b\":{\"a\":2}}", "[{\"a\":1},{\"a\":1}]",
	    "\"\xc3\xa9\""};
	struct json_fault f = {0};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_expect(scan(good[i], &f) == 0, "%s: %s", good[i], f.what);
}

Test(json_scan, refuses_what_is_not)
{
	static const struct {
		const char *text, *what;
	} bad[] = {
	    {"", "ends too early"},
	    {"  ", "ends too early"},
	    {"{", "string is missing"},
	    {"{\"a\"", "colon"},
	    {"{\"a\":1", "comma or }"},
	    {"{\"a\":1,}", "string is missing"},
	    {"[1,]", "no JSON value"},
	    {"[1", "comma or ]"},
	    {"01", "something after"},
	    {"1.", "after the point"},
	    {"1e", "exponent"},
	    {"+1", "no JSON value"},
	    {"NaN", "no JSON value"},
	    {"-", "no JSON value"},
	    {"tru", "no JSON value"},
	    {"'a'", "no JSON value"},
	    {"// x\n1", "no JSON value"},
	    {"\"a", "without end"},
	    {"\"a\nb\"", "control character"},
	    {"\"\\x\"", "unknown escape"},
	    {"\"\\u12g4\"", "four hexadecimal"},
	    {"\"\\u0000\"", "NUL"},
	    {"\"\\ud800\"", "surrogate"},
	    {"\"\\udc00\\ud800\"", "surrogate"},
	    {"\xef\xbb\xbf{}", "byte order mark"},
	    {"\"\xff\"", "UTF-8"},
	    {"\"\xed\xa0\x80\"", "UTF-8"},
	    {"{} x", "something after"},
	    {"{}{}", "something after"},
	    {"{\"a\":1,\"a\":2}", "twice"},
	    {"{\"a\":1,\"b\":{},\"\\u0061\":2}", "twice"},
	    {"{\"\xc3\xa9\":1,\"\\u00e9\":2}", "twice"},
	    {"{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}", "twice"},
	    {"<html>", "no JSON value"},
	};
	struct json_fault f;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cr_expect(scan(bad[i].text, &f) == -1, "%s", bad[i].text);
		cr_expect(
		    strstr(f.what, bad[i].what), "%s: %s", bad[i].text, f.what);
	}
}

Test(json_scan, a_nul_is_no_blank)
{
	struct json_fault f;

	cr_expect(json_scan("{}\0", 3, &f) == -1);
	cr_expect(json_scan("\"a\0b\"", 5, &f) == -1);
	cr_expect(json_scan("\0", 1, &f) == -1);
}

Test(json_scan, says_the_line)
{
	struct json_fault f;

	cr_assert(scan("{\n \"a\": 1,\n \"b\": x\n}", &f) == -1);
	cr_expect(f.line == 3, "%u", f.line);
	cr_assert(scan("{\n\n\"a\":1,\n\"a\":1}", &f) == -1);
	cr_expect(f.line == 4, "%u", f.line);
}

static void
nest(struct buf *b, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_put_byte(b, '[');
	for (unsigned i = 0; i < depth; i++)
		buf_put_byte(b, ']');
}

Test(json_scan, depth_has_a_limit)
{
	struct buf b = BUF_INIT;
	struct json_fault f;

	nest(&b, JSON_DEPTH);
	cr_expect(json_scan(buf_str(&b), b.len, &f) == 0);
	buf_clear(&b);
	nest(&b, JSON_DEPTH + 1);
	cr_expect(json_scan(buf_str(&b), b.len, &f) == -1);
	buf_clear(&b);
	nest(&b, 100000);
	cr_expect(json_scan(buf_str(&b), b.len, &f) == -1);
	buf_free(&b);
}

static void
members(struct buf *b, unsigned n)
{
	buf_put_byte(b, '{');
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "%s\"m%u\":0", i ? "," : "", i);
	buf_put_byte(b, '}');
}

Test(json_scan, members_have_a_limit)
{
	struct buf b = BUF_INIT;
	struct json_fault f;

	members(&b, JSON_MEMBERS);
	cr_expect(json_scan(buf_str(&b), b.len, &f) == 0);
	buf_clear(&b);
	members(&b, JSON_MEMBERS + 1);
	cr_expect(json_scan(buf_str(&b), b.len, &f) == -1);
	buf_free(&b);
}

Test(json_scan, every_cut_and_every_flipped_byte_is_survived)
{
	static const char text[] = "{\"a\\u00e9\":[1.5e3,\"\\ud83d\\ude00\","
				   "null],\"b\":{\"c\":true}}";
	char copy[sizeof(text)];
	struct json_fault f;

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		cr_expect(json_scan(text, i, &f) == -1);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(copy, text, sizeof(text));
			copy[i] = (char)(copy[i] ^ (1u << bit));
			if (json_scan(copy, sizeof(text) - 1, &f) == 0)
				json_line(copy, sizeof(text) - 1, "/b/c");
		}
	}
}

Test(json_line, finds_members)
{
	static const char text[] = "{\n"
				   " \"a\": {\"x\": \"}\\\"\",\n"
				   "  \"y/z\": [1,\n"
				   "   {\"~\": -1.5e3}, true\n"
				   "  ]},\n"
				   " \"b\":null,\n"
				   " \"\\u0063\": 1\n"
				   "}\n";
	static const struct {
		const char *pointer;
		unsigned line;
	} table[] = {{"", 1}, {"/a", 2}, {"/a/x", 2}, {"/a/y~1z", 3},
	    {"/a/y~1z/1", 4}, {"/a/y~1z/1/~0", 4}, {"/a/y~1z/2", 4}, {"/b", 6},
	    {"/c", 7}, {"/d", 0}, {"/a/q", 0}, {"/b/c", 0}, {"/a/y~1z/3", 0}};
	struct json_fault f;

	cr_assert(scan(text, &f) == 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		unsigned line = json_line(text, strlen(text), table[i].pointer);

		cr_expect(
		    line == table[i].line, "%s: %u", table[i].pointer, line);
	}
}
