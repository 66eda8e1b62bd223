/* SPDX-License-Identifier: BSD-2-Clause */
/* Foreign text: never a control character, a second line or a turned one. */
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "unit.h"

Test(text, utf8_is_told_from_other_bytes)
{
	static const struct {
		const char *s;
		size_t len;
		bool ok;
	} rows[] = {
	    {"", 0, true},
	    {"plain", 5, true},
	    {"a\0b", 3, true},
	    {"\xc3\xa4", 2, true},
	    {"\xe2\x82\xac", 3, true},
	    {"\xf0\x9f\x98\x80", 4, true},
	    {"\xf4\x8f\xbf\xbf", 4, true},
	    {"\xc0\xaf", 2, false},         /* overlong */
	    {"\xc1\xbf", 2, false},         /* overlong */
	    {"\xe0\x80\xaf", 3, false},     /* overlong */
	    {"\xf0\x80\x80\xaf", 4, false}, /* overlong */
	    {"\xed\xa0\x80", 3, false},     /* surrogate */
	    {"\xed\xbf\xbf", 3, false},     /* surrogate */
	    {"\xf4\x90\x80\x80", 4, false}, /* beyond U+10FFFF */
	    {"\xf8\x88\x80\x80\x80", 5, false},
	    {"\x80", 1, false},
	    {"\xc3", 1, false},
	    {"\xe2\x82", 2, false},
	    {"\xc3\x28", 2, false},
	    {"\xff\xfe", 2, false},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_assert_eq(str_is_utf8(rows[i].s, rows[i].len), rows[i].ok,
		    "row %zu", i);
}

Test(text, cleaning_keeps_what_can_be_read_and_shows_the_rest)
{
	static const struct {
		const char *s, *clean;
	} rows[] = {
	    {"", ""},
	    {"plain text, {\"x\":1}", "plain text, {\"x\":1}"},
	    {"gr\xc3\xbc\xc3\x9f dich \xe2\x82\xac", "gr\xc3\xbc\xc3\x9f dich "
						     "\xe2\x82\xac"},
	    {"a\r\nb", "a\\x0d\\x0ab"},
	    {"\x1b[31mred\x1b]52;c;eA==\x07",
		"\\x1b[31mred\\x1b]52;c;eA==\\x07"},
	    {"\x7f", "\\x7f"},
	    {"\xc2\x9b", "\\xc2\\x9b"}, /* CSI in one character */
	    {"\xe2\x80\xae"
	     "x",
		"\\xe2\\x80\\xaex"},             /* right to left */
	    {"\xe2\x80\xa8", "\\xe2\\x80\\xa8"}, /* line separator */
	    {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"}, /* isolate */
	    {"\xe2\x80\x8b", "\\xe2\\x80\\x8b"}, /* zero width */
	    {"\xef\xbb\xbf", "\\xef\\xbb\\xbf"},
	    {"\xff\xc3", "\\xff\\xc3"},
	};
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_set(&b, "> ", 2);
		str_clean(&b, rows[i].s, strlen(rows[i].s), 512);
		cr_assert_str_eq(buf_str(&b) + 2, rows[i].clean);
	}
	buf_clear(&b);
	str_clean(&b, "a\0b", 3, 512);
	cr_assert_str_eq(buf_str(&b), "a\\x00b");
	buf_free(&b);
}

Test(text, cleaning_cuts_with_dots_at_whole_characters)
{
	static const struct {
		const char *s;
		size_t max;
		const char *clean;
	} rows[] = {
	    {"abcdef", 6, "abcdef"},
	    {"abcdefg", 6, "abc..."},
	    {"abc", 3, "abc"},
	    {"abcd", 3, "..."},
	    {"abcd", 2, ".."},
	    {"a", 0, ""},
	    {"\xe2\x82\xac\xe2\x82\xac", 6, "\xe2\x82\xac\xe2\x82\xac"},
	    {"\xe2\x82\xac\xe2\x82\xac", 5, "..."},
	    {"ab\x1b", 5, "ab..."},
	    {"ab\x1b", 6, "ab\\x1b"},
	};
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_clear(&b);
		str_clean(&b, rows[i].s, strlen(rows[i].s), rows[i].max);
		cr_assert_str_eq(buf_str(&b), rows[i].clean, "row %zu", i);
	}
	buf_free(&b);
}

/* One character in UTF-8, as the standard writes it. */
static size_t
encode(uint32_t cp, char *s)
{
	if (cp < 0x80) {
		s[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		s[0] = (char)(0xc0 | cp >> 6);
		s[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		s[0] = (char)(0xe0 | cp >> 12);
		s[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		s[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	s[0] = (char)(0xf0 | cp >> 18);
	s[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	s[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	s[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* What has no place in a line that a person reads, by the names that Unicode
   gives it. */
static bool
is_hidden(uint32_t cp)
{
	static const struct {
		uint32_t from, to;
		const char *what;
	} rows[] = {
	    {0x0000, 0x001f, "C0 controls"},
	    {0x007f, 0x009f, "DEL and C1 controls"},
	    {0x00ad, 0x00ad, "soft hyphen"},
	    {0x061c, 0x061c, "Arabic letter mark"},
	    {0x115f, 0x1160, "Hangul fillers"},
	    {0x180e, 0x180e, "Mongolian vowel separator"},
	    {0x200b, 0x200f, "zero width, left-to-right and back"},
	    {0x2028, 0x202e, "separators, embeddings, overrides"},
	    {0x2060, 0x206f, "word joiner, invisible operators, isolates"},
	    {0x3164, 0x3164, "Hangul filler"},
	    {0xe000, 0xf8ff, "private use"},
	    {0xfe00, 0xfe0f, "variation selectors"},
	    {0xfeff, 0xfeff, "byte order mark"},
	    {0xfff0, 0xfffb, "interlinear annotations"},
	    {0x1d173, 0x1d17a, "musical format controls"},
	    {0xe0000, 0x10ffff, "tags, selectors, private use"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (cp >= rows[i].from && cp <= rows[i].to)
			return true;
	return false;
}

Test(text, every_character_is_kept_or_shown)
{
	struct buf b = BUF_INIT;
	char s[5] = "";
	uint32_t cp;
	size_t n;

	for (cp = 0; cp <= 0x10ffff; cp++) {
		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		n = encode(cp, s);
		buf_clear(&b);
		cr_assert(str_is_utf8(s, n), "U+%04X", cp);
		str_clean(&b, s, n, 512);
		cr_assert_eq(b.len, is_hidden(cp) ? 4 * n : n, "U+%04X", cp);
		cr_assert_eq(str_is_clean(s, n), !is_hidden(cp), "U+%04X", cp);
	}
	buf_free(&b);
}

Test(text, clean_is_what_cleaning_leaves_as_it_is)
{
	cr_assert(str_is_clean("", 0));
	cr_assert(str_is_clean("/etc/key", 8));
	cr_assert(str_is_clean("/h\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80x", 12));
	cr_assert_not(str_is_clean("/etc\n", 5));
	cr_assert_not(str_is_clean("\x1b/etc", 5));
	cr_assert_not(str_is_clean("/\xc3", 2));
	cr_assert_not(str_is_clean("/\xff/", 3));
	cr_assert(str_is_clean("/etc\n", 4));
}

/* In UTF-8: C0, DEL, C1, line and paragraph separators, bidi, zero width. */
static bool
could_harm(const unsigned char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (s[i] < 0x20 || s[i] == 0x7f)
			return true;
		if (s[i] == 0xc2 && s[i + 1] < 0xa0)
			return true;
		if (s[i] == 0xd8 && s[i + 1] == 0x9c)
			return true;
		if (s[i] == 0xe2 && s[i + 1] == 0x80 &&
		    ((s[i + 2] >= 0x8b && s[i + 2] <= 0x8f) ||
			(s[i + 2] >= 0xa8 && s[i + 2] <= 0xae)))
			return true;
		if (s[i] == 0xe2 && s[i + 1] == 0x81 && s[i + 2] >= 0xa0 &&
		    s[i + 2] <= 0xaf)
			return true;
	}
	return false;
}

/* Bytes that often begin or continue something interesting. */
static unsigned char
some_byte(void)
{
	static const unsigned char likely[] = {0x00, 0x0a, 0x0d, 0x1b, 0x7f,
	    0x80, 0x81, 0x8e, 0x9b, 0x9c, 0xa6, 0xa8, 0xae, 0xbf, 0xc2, 0xd8,
	    0xe2, 0xed, 0xef, 0xf0, 0xf4};

	return random() % 2 ? likely[(size_t)random() % sizeof(likely)]
			    : (unsigned char)random();
}

Test(text, whatever_is_cleaned_is_harmless_and_short)
{
	unsigned char s[120];
	struct buf b = BUF_INIT;
	size_t round, i, len, max;

	srandom(3);
	for (round = 0; round < 20000; round++) {
		len = (size_t)random() % sizeof(s);
		max = (size_t)random() % 200;
		for (i = 0; i < len; i++)
			s[i] = some_byte();
		buf_clear(&b);
		str_clean(&b, (char *)s, len, max);
		cr_assert(b.len <= max, "%zu > %zu", b.len, max);
		cr_assert(
		    !could_harm((const unsigned char *)buf_str(&b), b.len));
		cr_assert(str_is_utf8(buf_str(&b), b.len));
	}
	buf_free(&b);
}

Test(text, a_megabyte_of_escapes_ends_at_512)
{
	size_t len = 1 << 20;
	char *s = malloc(len);
	struct buf b = BUF_INIT;

	memset(s, 0x1b, len);
	str_clean(&b, s, len, 512);
	cr_assert(b.len <= 512 && b.len > 500);
	buf_free(&b);
	free(s);
}
