/* SPDX-License-Identifier: BSD-2-Clause */
/* What must not be shown is not shown, however it is spelled. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/frame.h"
#include "base/secret.h"
#include "fetch/redact.h"
#include "failing.h"
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
	gives("\xfb\xaf", "fbaf FBAF", "<redacted> <redacted>");
	gives("x", "a x\\u0078 eA 78",
	    "a <redacted><redacted> <redacted> "
	    "<redacted>");
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
	gives("longsecret", "longs..!", "longs..!");
}

Test(fetch_redact, a_word_may_be_cut_within_an_escape)
{
	gives("long\xc3\xa9", "long\\u00e", "<redacted>");
	gives("long\xc3\xa9", "long\\\\u00\\u006", "<redacted>");
	gives("long\xc3\xa9", "long%C3%A", "<redacted>");
	gives("long\xc3\xa9", "long\\xc3\\xa", "<redacted>");
	gives("long\"", "long\\", "<redacted>");
	gives("long\"", "long\\\\", "<redacted>");
	gives("long\"", "long\\\\\\", "<redacted>");
	gives("long\"er", "a long\\\\\\...", "a <redacted>...");
	gives("lon\"ger", "lon\\\\\\...", "lon\\\\\\...");
}

/* What an escape says is no part of the word, though it begins like it. */
Test(fetch_redact, half_a_character_is_not_found_in_a_whole_one)
{
	gives("abcd\xc3", "abcd\\u00e9", "abcd\\u00e9");
	gives("abcd\xc3", "abcd\xc3\xa9", "<redacted>\xa9");
}

Test(fetch_redact, each_spelling_is_kept_once)
{
	struct redact r = REDACT_INIT;
	size_t len;

	redact_add(&r, "secret", 6);
	len = r.words.len;
	cr_assert_eq(len, 3 * 4 + 6 + 8 + 12, "one hex, one base64");
	redact_add(&r, "secret", 6);
	cr_assert_eq(r.words.len, len);
	redact_add(&r, "secreT", 6);
	cr_assert_eq(r.words.len, 2 * len);
	redact_add(&r, "", 0);
	cr_assert_eq(r.words.len, 2 * len);
	redact_free(&r);
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
	long live;

	redact_add(&r, "secret", 6);
	live = failing_live();
	redact_string(&r, &s);
	redact_string(&r, &none);
	cr_assert_eq(failing_live(), live, "the old one is given back");
	cr_assert_str_eq(s, "my <redacted>");
	cr_assert_eq(none, NULL);
	free(s);
	redact_free(&r);
}

Test(fetch_redact, each_word_of_a_list)
{
	struct redact r = REDACT_INIT;
	struct buf list = BUF_INIT, out = BUF_INIT;

	frame_put_str(&list, "w", "one");
	frame_put_str(&list, "x", "");
	frame_put_str(&list, "w", "three");
	redact_add_list(&r, list.data, list.len);
	redact_put(&r, &out, "one two three", 13);
	cr_assert_str_eq(buf_str(&out), "<redacted> two <redacted>");
	redact_free(&r);
	buf_free(&list);
	buf_free(&out);
}

Test(fetch_redact, no_word_is_left_behind)
{
	struct redact r = REDACT_INIT;
	size_t before = secret_in_use();

	redact_add(&r, "secret", 6);
	cr_assert_gt(secret_in_use(), before);
	redact_free(&r);
	cr_assert_eq(secret_in_use(), before);
}

/* ---- no memory ---------------------------------------------------------- */

/* As far as it got, or nothing of the text; never the word. */
Test(fetch_redact, a_word_that_was_not_kept_hides_everything)
{
	static const char word[500] = "a long secret";
	bool failed = true;

	for (unsigned n = 1; failed; n++) {
		struct redact r = REDACT_INIT;
		struct buf out = BUF_INIT;

		failing_begin("memory", n, ENOMEM);
		redact_add(&r, word, sizeof(word));
		failed = failing_end();
		cr_assert_eq(r.words.failed, failed, "%u", n);
		redact_put(&r, &out, "my YSBsb25nIH", 13);
		cr_assert_str_eq(buf_str(&out),
		    failed ? "<redacted>" : "my <redacted>", "%u", n);
		redact_free(&r);
		buf_free(&out);
	}
}

Test(fetch_redact, a_string_that_cannot_be_made_anew_is_gone)
{
	struct redact r = REDACT_INIT;
	bool failed = true;
	char *s;

	redact_add(&r, "secret", 6);
	for (unsigned n = 1; failed; n++) {
		s = strdup("my secret");
		failing_begin("memory", n, ENOMEM);
		redact_string(&r, &s);
		failed = failing_end();
		cr_assert(failed ? !s : strcmp(s, "my <redacted>") == 0);
		free(s);
	}
	redact_free(&r);
}

/* ---- nothing beside the text -------------------------------------------- */

static const char *
at_the_start_of_what_can_be_read(const char *text, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(p != MAP_FAILED);
	cr_assert_eq(mprotect(p, page, PROT_NONE), 0);
	return memcpy(p + page, text, len);
}

Test(fetch_redact, what_stands_beside_the_text_is_not_looked_at)
{
	struct redact r = REDACT_INIT;
	struct buf out = BUF_INIT;

	redact_add(&r, "..secret", 8);
	redact_put(&r, &out, "ab...secret", 5);
	cr_assert_str_eq(buf_str(&out), "ab...");
	buf_clear(&out);
	redact_add(&r, "secre", 5);
	redact_put(&r, &out, "secr...t", 7);
	cr_assert_str_eq(buf_str(&out), "<redacted>...");
	for (size_t len = 0; len < 3; len++)
		redact_put(
		    &r, &out, at_the_start_of_what_can_be_read("..", 2), len);
	redact_free(&r);
	buf_free(&out);
}
