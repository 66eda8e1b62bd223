/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists, maps, names, hex. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "unit.h"

#define LONG_NAME                                           \
	"a234567890123456789012345678901234567890123456789" \
	"012345678901234567890123456789012345678901234567"  \
	"8901234567890123456789012345678"

Test(str, names_are_letters_digits_and_six_signs)
{
	static const struct {
		const char *s;
		bool ok;
	} rows[] = {
	    {"a", true},
	    {"Z9", true},
	    {"0", true},
	    {"billing.prod", true},
	    {"a._+@-", true},
	    {"user@example.com", true},
	    {LONG_NAME, true},
	    {LONG_NAME "9", false},
	    {"", false},
	    {".hidden", false},
	    {"-option", false},
	    {"@at", false},
	    {"..", false},
	    {"a/b", false},
	    {"../a", false},
	    {"a b", false},
	    {"a%0ab", false},
	    {"a\\nb", false},
	    {"a\xe2\x80\xa8", false},
	    {"\xc0\xae", false},
	    {"caf\xc3\xa9", false},
	    {"a:b", false},
	    {"a*", false},
	    {"$(a)", false},
	};
	size_t i;

	cr_assert_eq(strlen(LONG_NAME), 128);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_assert_eq(
		    str_is_name(rows[i].s), rows[i].ok, "\"%s\"", rows[i].s);
}

Test(str, no_other_byte_gets_into_a_name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	char first[3] = "?x", inner[4] = "x?x", last[3] = "x?";
	int c;

	for (c = 1; c < 256; c++) {
		bool letter = strchr(good, c) != NULL;
		bool sign = strchr("._+@-", c) != NULL;

		first[0] = inner[1] = last[1] = (char)c;
		cr_assert_eq(str_is_name(first), letter, "%d first", c);
		cr_assert_eq(str_is_name(inner), letter || sign, "%d", c);
		cr_assert_eq(str_is_name(last), letter || sign, "%d last", c);
	}
}

Test(str, visible_is_printable_ascii_without_space)
{
	char s[3] = "x?";
	int c;

	for (c = 0; c < 256; c++) {
		s[1] = (char)c;
		cr_assert_eq(
		    str_is_visible(s, 2), c > 0x20 && c < 0x7f, "%d", c);
	}
	cr_assert(!str_is_visible("", 0));
	cr_assert(!str_is_visible("a\nb", 3));
	cr_assert(!str_is_visible(" a", 2));
	cr_assert(str_is_visible("a", 1));
	cr_assert(str_is_visible("a b", 1));
}

Test(str, lists_keep_order_and_copies)
{
	struct strlist a = {0}, b = {0};
	char word[] = "one";

	cr_assert(strlist_add(&a, word));
	word[0] = 'x';
	cr_assert(strlist_add(&a, "two"));
	cr_assert(strlist_add(&b, "gone"));
	cr_assert(strlist_copy(&b, &a));
	strlist_free(&a);
	cr_assert_eq(b.n, 2);
	cr_assert_str_eq(b.v[0], "one");
	cr_assert(strlist_has(&b, "two"));
	cr_assert(!strlist_has(&b, "gone"));
	cr_assert(!strlist_has(&a, "one"));
	strlist_free(&b);
	strlist_free(&b);
}

Test(str, maps_keep_the_order_of_insertion_and_the_last_value)
{
	struct strmap a = {0}, b = {0};

	cr_assert(strmap_get(&a, "x") == NULL);
	cr_assert(strmap_set(&a, "x", "1"));
	cr_assert(strmap_set(&a, "y", "2"));
	cr_assert(strmap_set(&a, "x", "3"));
	cr_assert_eq(a.n, 2);
	cr_assert_str_eq(a.v[0].key, "x");
	cr_assert_str_eq(strmap_get(&a, "x"), "3");
	cr_assert(strmap_set(&b, "old", ""));
	cr_assert(strmap_copy(&b, &a));
	strmap_free(&a);
	cr_assert(strmap_get(&b, "old") == NULL);
	cr_assert_str_eq(strmap_get(&b, "y"), "2");
	strmap_free(&b);
	strmap_free(&b);
	cr_assert(strmap_get(&b, "y") == NULL);
}

Test(str, null_equals_only_null)
{
	cr_assert(str_equal(NULL, NULL));
	cr_assert(!str_equal(NULL, ""));
	cr_assert(!str_equal("", NULL));
	cr_assert(str_equal("a", "a"));
	cr_assert(!str_equal("a", "A"));
	cr_assert(str_prefix("https://x", "https:"));
	cr_assert(!str_prefix("http", "https:"));
	cr_assert(str_prefix("", ""));
}

Test(str, hex_goes_both_ways_and_refuses_the_rest)
{
	static const char *const bad[] = {
	    "", "0", "000", "0g", "0G", "FF", " 0", "0x", "00 "};
	unsigned char all[256], back[256];
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < 256; i++)
		all[i] = (unsigned char)i;
	hex_put(&b, all, 256);
	cr_assert_eq(b.len, 512);
	cr_assert(hex_get(buf_str(&b), back, 256));
	cr_assert(memcmp(all, back, 256) == 0);
	cr_assert(!hex_get(buf_str(&b), back, 255));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert(!hex_get(bad[i], back, 1), "\"%s\"", bad[i]);
	cr_assert(hex_get("", back, 0));
	buf_free(&b);
}
