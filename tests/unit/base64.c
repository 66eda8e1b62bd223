/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64: the vectors of RFC 4648, and what is refused. */
#include <string.h>
#include "base/base64.h"
#include "unit.h"

Test(base64, encodes_the_vectors_of_the_rfc)
{
	static const struct {
		const char *plain, *text;
	} rows[] = {
	    {"", ""},
	    {"f", "Zg=="},
	    {"fo", "Zm8="},
	    {"foo", "Zm9v"},
	    {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="},
	    {"foobar", "Zm9vYmFy"},
	    {"\xfb\xff\xfe", "+//+"},
	};
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_set(&b, "kept:", 5);
		base64_put(&b, rows[i].plain, strlen(rows[i].plain));
		cr_assert_eq(b.len, 5 + strlen(rows[i].text));
		cr_assert_str_eq(buf_str(&b) + 5, rows[i].text);
	}
	buf_free(&b);
}

Test(base64, decodes_the_url_safe_alphabet_with_or_without_padding)
{
	static const struct {
		const char *text, *plain;
	} rows[] = {
	    {"", ""},
	    {"Zg", "f"},
	    {"Zg==", "f"},
	    {"Zm9vYmE", "fooba"},
	    {"Zm9vYmE=", "fooba"},
	    {"-__-", "\xfb\xff\xfe"},
	};
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_set(&b, "kept:", 5);
		cr_assert(
		    base64url_get(&b, rows[i].text, strlen(rows[i].text)));
		cr_assert_eq(b.len, 5 + strlen(rows[i].plain), "row %zu", i);
		cr_assert_str_eq(buf_str(&b) + 5, rows[i].plain);
	}
	buf_free(&b);
}

Test(base64, refuses_anything_else_and_adds_nothing)
{
	static const char *const rows[] = {"A", "Zg=a", "Zm9v YmFy", "Zm9v\n",
	    "+//+", "Zm9vYmE!", "=Zg", "Zh", "\xff\xff\xff\xff"};
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_set(&b, "kept", 4);
		cr_assert(!base64url_get(&b, rows[i], strlen(rows[i])), "%s",
		    rows[i]);
		cr_assert_eq(b.len, 4);
		cr_assert_str_eq(buf_str(&b), "kept");
	}
	buf_free(&b);
}
