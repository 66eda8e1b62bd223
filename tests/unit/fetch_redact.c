/* SPDX-License-Identifier: BSD-2-Clause */
/* What must not be shown is not shown, however it is spelled. */
#include <stdlib.h>
#include <string.h>
#include "fetch/redact.h"
#include "unit.h"

static const char *
redacted(const char *word, const char *text)
{
	static struct buf out;
	struct redact r = REDACT_INIT;

	buf_clear(&out);
	redact_add(&r, word, strlen(word));
	redact_put(&r, &out, text, strlen(text));
	redact_free(&r);
	return buf_str(&out);
}

#define gives(word, text, expected) \
	cr_assert_str_eq(redacted(word, text), expected)

Test(fetch_redact, every_spelling_is_found)
{
	gives("a b/\"\xc3\xa4", "<a b/\"\xc3\xa4>", "<<redacted>>");
	gives("a b/\"\xc3\xa4", "=a+b%2F%22%C3%A4&", "=<redacted>&");
	gives("a b/\"\xc3\xa4", "=%61%20b%2f%22%c3%a4&", "=<redacted>&");
	gives("a b/\"\xc3\xa4", "\"a b\\/\\\"\\u00e4\"", "\"<redacted>\"");
	gives("a b/\"\xc3\xa4", "\\u0061 \\u0062/\\u0022\\u00E4", "<redacted>");
	gives("a b/\"\xc3\xa4", "\\\"a b/\\\\\\\"\\\\u00e4\\\"",
	    "\\\"<redacted>\\\"");
	gives("a b/\"\xc3\xa4", "YSBiLyLDpA==", "<redacted>==");
	gives("\xfb\xff\xfe", "+//+ -__-", "<redacted> <redacted>");
	gives("\xf0\x9f\x94\x91", "\\ud83d\\udd11", "<redacted>");
	gives("a\xe2\x80\xae", "a\\xe2\\x80\\xae", "<redacted>");
	gives("no\xfe", "6e6ffe 6E6FFE", "<redacted> <redacted>");
}

Test(fetch_redact, the_rest_stays)
{
	gives("secret", "", "");
	gives("secret", "secre", "<redacted>"); /* cut off, perhaps */
	gives("secret", "sec", "sec");
	gives("secret", "secre!", "secre!");
	gives("secret", "100% \\ \\u12 %zz \\x4", "100% \\ \\u12 %zz \\x4");
	gives("secret", "secretsecret x", "<redacted><redacted> x");
	gives("", "text", "text");
	gives("ed", "redacted", "r<redacted>act<redacted>");
}

Test(fetch_redact, a_cut_word_is_found_by_its_beginning)
{
	gives("longsecret", "it is longs...", "it is <redacted>...");
	gives("longsecret", "it is lon...", "it is lon...");
	gives("longsecret", "longs... longsecret", "longs... <redacted>");
	gives("secret...", "a secret...", "a <redacted>");
}

Test(fetch_redact, the_longest_word_wins)
{
	struct redact r = REDACT_INIT;
	struct buf out = BUF_INIT;

	redact_add(&r, "abc", 3);
	redact_add(&r, "abcdef", 6);
	redact_put(&r, &out, "abcdef abcd", 11);
	cr_assert_str_eq(buf_str(&out), "<redacted> <redacted>");
	redact_free(&r);
	buf_free(&out);
}

Test(fetch_redact, a_lost_word_hides_everything)
{
	struct redact r = REDACT_INIT;
	struct buf out = BUF_INIT;

	r.words.failed = true;
	redact_put(&r, &out, "text", 4);
	cr_assert_str_eq(buf_str(&out), "<redacted>");
	buf_free(&out);
}

Test(fetch_redact, a_string_in_place)
{
	struct redact r = REDACT_INIT;
	char *s = strdup("my secret"), *none = NULL;

	redact_add(&r, "secret", 6);
	redact_string(&r, &s);
	redact_string(&r, &none);
	cr_assert_str_eq(s, "my <redacted>");
	cr_assert_eq(none, NULL);
	free(s);
	redact_free(&r);
}
