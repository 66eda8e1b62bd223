/* SPDX-License-Identifier: BSD-2-Clause */
/* base/json_write: commas, escapes, odd bytes. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/json_write.h"

Test(json_write, puts_commas_itself)
{
	struct buf b = BUF_INIT;
	struct json_fault f;

	json_open(&b, NULL, '{');
	json_put_str(&b, "a", "x");
	json_put_num(&b, "n", -5);
	json_open(&b, "l", '[');
	json_put_bool(&b, NULL, true);
	json_put_bool(&b, NULL, false);
	json_put_null(&b, NULL);
	json_open(&b, NULL, '{');
	json_close(&b, '}');
	json_put_raw(&b, NULL, "1.5", 3);
	json_close(&b, ']');
	json_put_str(&b, "none", NULL);
	json_close(&b, '}');
	cr_expect_str_eq(buf_str(&b), "{\"a\":\"x\",\"n\":-5,\"l\":[true,false,"
				      "null,{},1.5],\"none\":null}");
	cr_expect(json_scan(buf_str(&b), b.len, &f) == 0);
	buf_free(&b);
}

/* What follows a character of several bytes is looked at as well. */
Test(json_write, a_character_ends_where_it_ends)
{
	static const char *const chars[] = {"\xc3\xa9", "\xdf\xbf",
	    "\xe0\xa0\x80", "\xe2\x82\xac", "\xef\xbf\xbd", "\xf0\x90\x80\x80",
	    "\xf4\x8f\xbf\xbf"};
	struct buf b = BUF_INIT, want = BUF_INIT, text = BUF_INIT;

	for (size_t i = 0; i < sizeof(chars) / sizeof(*chars); i++) {
		buf_clear(&b);
		buf_clear(&want);
		buf_clear(&text);
		buf_printf(&text, "%s\n%s\"%s", chars[i], chars[i], chars[i]);
		buf_printf(
		    &want, "\"%s\\n%s\\\"%s\"", chars[i], chars[i], chars[i]);
		json_put_str(&b, NULL, buf_str(&text));
		cr_expect_str_eq(buf_str(&b), buf_str(&want));
	}
	buf_free(&b);
	buf_free(&want);
	buf_free(&text);
}

Test(json_write, only_what_json_forbids_is_escaped)
{
	struct buf b = BUF_INIT;
	char c[2] = "";

	for (c[0] = 0x20; c[0] < 0x7f; c[0]++) {
		buf_clear(&b);
		json_put_str(&b, NULL, c);
		cr_expect_eq(
		    b.len, c[0] == '"' || c[0] == '\\' ? 4 : 3, "%d", c[0]);
	}
	buf_free(&b);
}

Test(json_write, a_string_that_ends_like_a_container_needs_its_comma)
{
	struct buf b = BUF_INIT;

	json_open(&b, NULL, '[');
	json_put_str(&b, NULL, "{");
	json_put_str(&b, NULL, "[: ");
	json_close(&b, ']');
	cr_expect_str_eq(buf_str(&b), "[\"{\",\"[: \"]");
	buf_free(&b);
}

Test(json_write, starts_anew_on_a_new_line)
{
	struct buf b = BUF_INIT;

	json_put_num(&b, NULL, 1);
	buf_put_byte(&b, '\n');
	json_put_num(&b, NULL, 2);
	cr_expect_str_eq(buf_str(&b), "1\n2");
	buf_free(&b);
}

Test(json_write, escapes)
{
	struct buf b = BUF_INIT;
	static const char odd[] = "\"\\\b\f\n\r\t\x01\x1b\x7f\0/\xc3\xa9"
				  "\xff\xc3(\xed\xa0\x80";

	json_put_strn(&b, NULL, odd, sizeof(odd) - 1);
	cr_expect_str_eq(buf_str(&b),
	    "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001b\\u007f\\u0000/\xc3\xa9"
	    "\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\"");
	buf_free(&b);
}
