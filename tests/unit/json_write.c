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
	json_put_null(&b, NULL);
	json_open(&b, NULL, '{');
	json_close(&b, '}');
	json_put_raw(&b, NULL, "1.5", 3);
	json_close(&b, ']');
	json_put_str(&b, "none", NULL);
	json_close(&b, '}');
	cr_expect_str_eq(buf_str(&b),
	    "{\"a\":\"x\",\"n\":-5,\"l\":[true,null,{},1.5],\"none\":null}");
	cr_expect(json_scan(buf_str(&b), b.len, &f) == 0);
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
