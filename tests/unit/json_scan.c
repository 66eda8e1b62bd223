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
	static const char *const good[] = {"{}", "[]", "0", "-0.5e+3", "1e-5",
	    "1E5", "10.25", "\"\"", "true", " {\"a\" : [1, 2 ,null]}\n",
	    "\"\\u00e9\\ud83d\\ude00\\\"\\/\"",
	    "{\"a\":{\"a\":1},\"b\":{\"a\":2}}", "[{\"a\":1},{\"a\":1}]",
	    "\"\xc3\xa9\""};
	struct json_fault f = {0};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_expect(scan(good[i], &f) == 0, "%s: %s", good[i], f.what);
}

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
    {"[", "ends too early"},
    {"[[", "ends too early"},
    {"[1,", "ends too early"},
    {"\"\x1f\"", "control character"},
    {"01", "something after"},
    {"1.", "after the point"},
    {"1e", "exponent"},
    {"1e+-5", "exponent"},
    {"1e-+5", "exponent"},
    {"1.5E", "exponent"},
    {"1.e5", "after the point"},
    {"-01", "something after"},
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
    {"\xef\xbb\xbf", "byte order mark"},
    {"\xef\xbb\xbe", "no JSON value"},
    {"\xef\xbb", "UTF-8"},
    {"\"\\u00e\"", "four hexadecimal"},
    {"\"\\u00", "four hexadecimal"},
    {"\"\\u", "four hexadecimal"},
    {"\"\\", "without end"},
    {"\"\\ud83d", "surrogate"},
    {"\"\\ud83d\\n\"", "surrogate"},
    {"\"\\ud83d\\ue000\"", "surrogate"},
    {"\"\\ud83d\\udbff\"", "surrogate"},
    {"\"\\ud83d\\u12g4\"", "four hexadecimal"},
    {"\"\\udfff\\udc00\"", "surrogate"},
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

Test(json_scan, refuses_what_is_not)
{
	struct json_fault f;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cr_expect(scan(bad[i].text, &f) == -1, "%s", bad[i].text);
		cr_expect(
		    strstr(f.what, bad[i].what), "%s: %s", bad[i].text, f.what);
	}
}

/* The borders of what stands for a character alone and in pairs. */
Test(json_scan, surrogates_come_in_pairs)
{
	static const char *const good[] = {"\"\\ud7ff\"", "\"\\ue000\"",
	    "\"\\ud800\\udc00\"", "\"\\udbff\\udfff\"", "\"\\u0001\"",
	    "\"\\uABCD\\uabcd\""};
	struct json_fault f = {0};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_expect(scan(good[i], &f) == 0, "%s: %s", good[i], f.what);
}

Test(json_scan, what_follows_the_text_is_not_looked_at)
{
	static const char *const texts[] = {
	    "12", "-0", "1.5", "1e5", "true", "\"a\"", "[1]", "{} "};
	struct json_fault f = {0};
	char longer[20];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		size_t len = strlen(texts[i]);

		snprintf(longer, sizeof(longer), "%s7", texts[i]);
		cr_expect(json_scan(longer, len, &f) == 0, "%s", texts[i]);
		snprintf(longer, sizeof(longer), "%s ", texts[i]);
		cr_expect(json_scan(longer, len, &f) == 0, "%s", texts[i]);
	}
}

Test(json_scan, a_number_has_128_bytes_at_most)
{
	char text[131];
	struct json_fault f;

	memset(text, '1', sizeof(text));
	text[128] = '\0';
	cr_expect(scan(text, &f) == 0);
	memcpy(text + 128, "1", 2);
	cr_expect(scan(text, &f) == -1);
	cr_expect(strstr(f.what, "too many digits"));
	text[0] = '-';
	text[128] = '\0';
	cr_expect(scan(text, &f) == 0, "its sign counts");
}

/* What the names of a closed object were is of no concern to the next. */
Test(json_scan, members_of_all_objects_count)
{
	struct buf b = BUF_INIT;
	struct json_fault f;

	buf_put_byte(&b, '[');
	for (unsigned i = 0; i < JSON_MEMBERS; i++)
		buf_put_str(&b, "{\"a\":0},");
	buf_put_str(&b, "{}]");
	cr_expect(json_scan(buf_str(&b), b.len, &f) == 0, "%s", f.what);
	b.len -= 2;
	buf_put_str(&b, "\"a\":0}]");
	cr_expect(json_scan(buf_str(&b), b.len, &f) == -1);
	cr_expect(strstr(f.what, "too many members"));
	buf_free(&b);
}

Test(json_scan, a_nul_is_no_blank)
{
	struct json_fault f;

	cr_expect(json_scan("{}\0", 3, &f) == -1);
	cr_expect(json_scan("\"a\0b\"", 5, &f) == -1);
	cr_expect(json_scan("\0", 1, &f) == -1);
	cr_expect(json_scan("\"\\\0\"", 4, &f) == -1);
	cr_expect(strstr(f.what, "unknown escape"));
	cr_expect(json_scan("\"\\u00\0a\"", 8, &f) == -1);
	cr_expect(strstr(f.what, "four hexadecimal"));
}

/* costarring and liquid are equal by FNV-1a. */
Test(json_scan, two_names_with_one_hash_are_two)
{
	struct json_fault f = {0};

	cr_expect(scan("{\"costarring\":1,\"liquid\":2}", &f) == 0);
	cr_expect(
	    scan("{\"costarring\":1,\"liquid\":2,\"liquid\":3}", &f) == -1);
	cr_expect(strstr(f.what, "twice"));
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
				   " \"\\u0063\": 1,\n"
				   " \"\xc3\xa9\xe2\x82\xad\":2,\n"
				   " \"\\ud83d\\ude01\":3,\n"
				   " \"~~\" : {\n"
				   " \"\": [ 0,\n"
				   "[]\n"
				   ",-1e5\n"
				   ",true]}\n"
				   "}\n";
	static const struct {
		const char *pointer;
		unsigned line;
	} table[] = {{"", 1}, {"/a", 2}, {"/a/x", 2}, {"/a/y~1z", 3},
	    {"/a/y~1z/1", 4}, {"/a/y~1z/1/~0", 4}, {"/a/y~1z/2", 4}, {"/b", 6},
	    {"/c", 7}, {"/d", 0}, {"/a/q", 0}, {"/b/c", 0}, {"/a/y~1z/3", 0},
	    {"/\xc3\xa9\xe2\x82\xad", 8}, {"/\xc3\xa9\xe2\x82\xae", 0},
	    {"/\xc3\xa9", 0}, {"/\xf0\x9f\x98\x81", 9},
	    {"/\xf0\x9f\x98\x82", 0}, {"/~~", 10}, {"/~0~0", 10},
	    {"/~0~0/", 11}, {"/~0~0//0", 11}, {"/~0~0//1", 12},
	    {"/~0~0//2", 13}, {"/~0~0//3", 14}, {"/~0~0//4", 0},
	    {"/~0~0//1/0", 0}, {"/a/x/y", 0}, {"/~2", 0},
	    /* no UTF-8, as a pointer of a file's may be */
	    {"/\xc3", 0}, {"/\xc3/a", 0}, {"/\xe2\x82", 0}, {"/\xe2\x82x", 0}};
	struct json_fault f;

	cr_assert(scan(text, &f) == 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		unsigned line = json_line(text, strlen(text), table[i].pointer);

		cr_expect(
		    line == table[i].line, "%s: %u", table[i].pointer, line);
	}
	cr_expect_eq(json_line(text, strlen(text), NULL), 1);
	cr_expect_eq(json_line("\n\n 7", 4, ""), 3);
	cr_expect_eq(json_line("\n[\n7\n,\n[]]", 9, "/1"), 5);
	cr_expect_eq(json_line("7", 1, "/0"), 0);
}

/* The borders of one to four bytes. */
Test(json_line, finds_names_of_any_characters)
{
	static const char *const names[] = {"\x7f", "\xc2\x80", "\xdf\xbf",
	    "\xe0\xa0\x80", "\xec\x9e\x90", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
	    "\xf4\x8f\xbf\xbf"};
	char text[40], pointer[10];
	struct json_fault f;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(text, sizeof(text), "{\"%s!\":1,\n\"%s\":2}", names[i],
		    names[i]);
		snprintf(pointer, sizeof(pointer), "/%s", names[i]);
		cr_assert(scan(text, &f) == 0, "%s", text);
		cr_expect_eq(
		    json_line(text, strlen(text), pointer), 2, "%zu", i);
	}
}
