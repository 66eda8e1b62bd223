/* SPDX-License-Identifier: BSD-2-Clause */
/* base/json_read: a checked text walked in place. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_read.h"
#include "base/json_scan.h"

static struct json_value
begin(const char *text)
{
	struct json_fault f;

	cr_assert_eq(json_scan(text, strlen(text), &f), 0, "%s", text);
	return json_begin(text, strlen(text));
}

static const char *
string(const struct json_value *v)
{
	static struct buf b;

	buf_clear(&b);
	json_get_string(v, &b);
	return buf_str(&b);
}

Test(json_read, tells_the_kinds_apart)
{
	static const struct {
		const char *text;
		enum json_kind kind;
	} table[] = {{"null", JSON_NULL}, {" false", JSON_FALSE},
	    {"\ttrue", JSON_TRUE}, {"-1", JSON_NUMBER}, {"0.5", JSON_NUMBER},
	    {"\"\"", JSON_STRING}, {"[]", JSON_ARRAY}, {"{}", JSON_OBJECT}};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct json_value v = begin(table[i].text);

		cr_expect_eq(json_kind(&v), table[i].kind, "%s", table[i].text);
	}
}

Test(json_read, walks_members_in_order)
{
	struct json_value v =
	    begin(" { \"a\" : {\"x\":[1,{}]} ,\"b\":[\"}\",2],\"\":null, "
		  "\"c\":\"]\\\"}\" } ");
	struct json_value walk = json_inside(&v), name, member;
	static const char *const names[] = {"a", "b", "", "c"};
	static const enum json_kind kinds[] = {
	    JSON_OBJECT, JSON_ARRAY, JSON_NULL, JSON_STRING};
	size_t n = 0;

	for (; json_next_member(&walk, &name, &member); n++) {
		cr_assert_lt(n, 4);
		cr_expect_str_eq(string(&name), names[n]);
		cr_expect_eq(json_kind(&member), kinds[n]);
	}
	cr_expect_eq(n, 4);
	cr_expect_str_eq(string(&member), "]\"}");
}

Test(json_read, walks_items_and_nothing_of_what_is_empty)
{
	struct json_value v = begin("[ 1,\"two\" ,[3],{\"f\":4}]");
	struct json_value walk = json_inside(&v), item;
	size_t n = 0;

	while (json_next_item(&walk, &item))
		n++;
	cr_expect_eq(n, 4);
	v = begin("[ ]");
	walk = json_inside(&v);
	cr_expect_not(json_next_item(&walk, &item));
	v = begin("{\n}");
	walk = json_inside(&v);
	cr_expect_not(json_next_member(&walk, &item, &item));
}

Test(json_read, resolves_escapes_to_utf8)
{
	struct json_value v =
	    begin("\"\\u0041\\n\\t\\\\\\/\\\"\\u00e9\\u20ac\\ud83d\\ude00"
		  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\u0001\"");

	cr_expect_str_eq(string(&v), "A\n\t\\/\"\xc3\xa9\xe2\x82\xac"
				     "\xf0\x9f\x98\x80\xc3\xa9\xe2\x82\xac"
				     "\xf0\x9f\x98\x80\x01");
}

Test(json_read, a_whole_text_is_one_item)
{
	static const char *const texts[] = {
	    "7", " true ", "\"a\"", "[1,[2]]", "{\"a\":{}}\n"};
	struct json_value walk, item;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		walk = begin(texts[i]);
		cr_expect(json_next_item(&walk, &item), "%s", texts[i]);
		cr_expect_not(json_next_item(&walk, &item), "%s", texts[i]);
	}
}

Test(json_read, a_name_without_a_value_is_no_member)
{
	struct json_value v = begin("[\"a\",1,\"b\"]");
	struct json_value walk = json_inside(&v), name, member;

	cr_expect(json_next_member(&walk, &name, &member));
	cr_expect_not(json_next_member(&walk, &name, &member));
}

Test(json_read, nothing_has_no_inside)
{
	struct json_value v = json_begin("", 0);

	cr_expect_eq(json_kind(&v), JSON_NUMBER);
}

/* The borders of one to four bytes, and of what comes in pairs. */
Test(json_read, a_character_has_as_many_bytes_as_it_needs)
{
	static const struct {
		const char *text, *bytes;
	} rows[] = {{"\"\\u007f\"", "\x7f"}, {"\"\\u0080\"", "\xc2\x80"},
	    {"\"\\u07ff\"", "\xdf\xbf"}, {"\"\\u0800\"", "\xe0\xa0\x80"},
	    {"\"\\ud7ff\"", "\xed\x9f\xbf"}, {"\"\\ue000\"", "\xee\x80\x80"},
	    {"\"\\uffff\"", "\xef\xbf\xbf"},
	    {"\"\\ud800\\udc00\"", "\xf0\x90\x80\x80"},
	    {"\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf"}};
	struct json_value v;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		v = begin(rows[i].text);
		cr_expect_str_eq(string(&v), rows[i].bytes);
	}
}
