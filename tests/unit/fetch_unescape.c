/* SPDX-License-Identifier: BSD-2-Clause */
/* One character, escaped in each of the ways there are. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fetch/unescape.h"
#include "unit.h"

enum way { PLAIN, JSON, TWICE, FORM, URL, CLEANED, WAYS };

struct row {
	enum way way;
	const char *text;
	size_t used;      /* 0: it ends within an escape */
	const char *says; /* "": a NUL */
};

static unsigned char ret[UNESCAPE_MAX];
static size_t ret_len;

/* The end of the text is the end of what may be read. */
static size_t
read_one(enum way way, const char *text, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), used;
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(p != MAP_FAILED);
	cr_assert_eq(mprotect(p + page, page, PROT_NONE), 0);
	memcpy(p + page - len, text, len);
	memset(ret, 0xee, sizeof(ret));
	ret_len = 99;
	used = unescapes[way](p + page - len, len, ret, &ret_len);
	munmap(p, 2 * page);
	return used;
}

static void
check(const struct row *r)
{
	size_t len = *r->says ? strlen(r->says) : 1;

	cr_assert_eq(read_one(r->way, r->text, strlen(r->text)), r->used,
	    "%d %s", r->way, r->text);
	if (r->used == 0)
		return;
	cr_assert_eq(ret_len, len, "%d %s: %zu", r->way, r->text, ret_len);
	cr_assert_arr_eq(ret, r->says, len, "%d %s", r->way, r->text);
}

#define check_all(rows)                                               \
	for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++) \
	check(&(rows)[i])

Test(fetch_unescape, there_are_six_ways)
{
	cr_assert_eq(unescapes_n, WAYS);
}

Test(fetch_unescape, what_is_no_escape_stands_for_itself)
{
	static const char *const texts[] = {"a", "a\\n", "\xff"};
	char says[2] = "";

	for (int way = 0; way < WAYS; way++)
		for (size_t i = 0; i < 3; i++) {
			says[0] = texts[i][0];
			check(&(struct row){(enum way)way, texts[i], 1, says});
		}
}

Test(fetch_unescape, json_has_short_escapes)
{
	static const struct row rows[] = {
	    {JSON, "\\b", 2, "\b"},
	    {JSON, "\\f", 2, "\f"},
	    {JSON, "\\n", 2, "\n"},
	    {JSON, "\\r", 2, "\r"},
	    {JSON, "\\tx", 2, "\t"},
	    {JSON, "\\\\n", 2, "\\"},
	    {JSON, "\\/", 2, "/"},
	    {JSON, "\\\"", 2, "\""},
	    {JSON, "\\a", 2, "a"},
	    {JSON, "\\", 0, ""},
	    {JSON, "%41", 1, "%"},
	    {JSON, "+", 1, "+"},
	};

	check_all(rows);
	cr_assert_eq(read_one(JSON, "\\\0b", 3), 2, "a NUL is no escape's");
	cr_assert_eq(ret_len, 1);
	cr_assert_eq(ret[0], 0);
}

Test(fetch_unescape, json_has_hexadecimal_escapes)
{
	static const struct row rows[] = {
	    {JSON, "\\u0000", 6, ""},
	    {JSON, "\\u0001", 6, "\x01"},
	    {JSON, "\\u00410", 6, "A"},
	    {JSON, "\\u007f", 6, "\x7f"},
	    {JSON, "\\u0080", 6, "\xc2\x80"},
	    {JSON, "\\u00e9", 6, "\xc3\xa9"},
	    {JSON, "\\u07fF", 6, "\xdf\xbf"},
	    {JSON, "\\u0800", 6, "\xe0\xa0\x80"},
	    {JSON, "\\u0801", 6, "\xe0\xa0\x81"},
	    {JSON, "\\u20ac", 6, "\xe2\x82\xac"},
	    {JSON, "\\uABCD", 6, "\xea\xaf\x8d"},
	    {JSON, "\\ud7ff", 6, "\xed\x9f\xbf"},
	    {JSON, "\\ue000", 6, "\xee\x80\x80"},
	    {JSON, "\\uffff", 6, "\xef\xbf\xbf"},
	    {JSON, "\\u", 0, ""},
	    {JSON, "\\u004", 0, ""},
	    {JSON, "\\u/000", 1, "\\"},
	    {JSON, "\\u0:00", 1, "\\"},
	    {JSON, "\\u00`0", 1, "\\"},
	    {JSON, "\\u000g", 1, "\\"},
	    {JSON, "\\u000G", 1, "\\"},
	    {JSON, "\\u000@", 1, "\\"},
	};

	check_all(rows);
}

/* The numbers between 0xd800 and 0xdfff are halves of others. */
Test(fetch_unescape, two_json_escapes_may_be_one_character)
{
	static const struct row rows[] = {
	    {JSON, "\\ud800\\udc00", 12, "\xf0\x90\x80\x80"},
	    {JSON, "\\ud83d\\ude00x", 12, "\xf0\x9f\x98\x80"},
	    {JSON, "\\udbff\\udfff", 12, "\xf4\x8f\xbf\xbf"},
	    {JSON, "\\ud800\\udbff", 6, "\xed\xa0\x80"},
	    {JSON, "\\ud800\\ue000", 6, "\xed\xa0\x80"},
	    {JSON, "\\ud800\\u000g", 6, "\xed\xa0\x80"},
	    {JSON, "\\ud800xudc00", 6, "\xed\xa0\x80"},
	    {JSON, "\\ud800\\xdc00", 6, "\xed\xa0\x80"},
	    {JSON, "\\ud7ff\\udc00", 6, "\xed\x9f\xbf"},
	    {JSON, "\\udc00\\udc00", 6, "\xed\xb0\x80"},
	    {JSON, "\\udc00", 6, "\xed\xb0\x80"},
	    {JSON, "\\udbff\\udff", 0, ""},
	    {JSON, "\\ud800", 0, ""},
	};

	check_all(rows);
}

Test(fetch_unescape, json_may_quote_json)
{
	static const struct row rows[] = {
	    {TWICE, "\\\\n", 3, "\n"},
	    {TWICE, "\\\\nn", 3, "\n"},
	    {TWICE, "\\\\\\\"", 4, "\""},
	    {TWICE, "\\\\\\\\", 4, "\\"},
	    {TWICE, "\\u005cn", 7, "\n"},
	    {TWICE, "\\\\u00e9", 7, "\xc3\xa9"},
	    {TWICE, "\\\\u00e9\xff", 7, "\xc3\xa9"},
	    {TWICE, "\\\\ud83d\\\\ude00", 14, "\xf0\x9f\x98\x80"},
	    {TWICE, "\\u005cud83d\\u005cude00x", 22, "\xf0\x9f\x98\x80"},
	    {TWICE, "\\\\\\u0075\\u0030\\u0030\\u0034\\u0031", 32, "A"},
	    /* an escape of the outer text alone */
	    {TWICE, "\\n", 2, "\n"},
	    {TWICE, "\\u00e9", 6, "\xc3\xa9"},
	    {TWICE, "\\ud83d\\ude00", 12, "\xf0\x9f\x98\x80"},
	    {TWICE, "\\", 0, ""},
	    {TWICE, "\\u00e", 0, ""},
	    /* the inner one has no more to come, or is none */
	    {TWICE, "\\\\", 0, ""},
	    {TWICE, "\\\\u00e", 0, ""},
	    {TWICE, "\\\\\\u00e9", 2, "\\"},
	    {TWICE, "\\\\u0\\u00e9", 2, "\\"},
	    {TWICE, "\\\\u00zz", 2, "\\"},
	};

	check_all(rows);
}

Test(fetch_unescape, a_text_may_end_in_both_escapes_at_once)
{
	static const struct row rows[] = {
	    {TWICE, "\\\\\\", 0, ""},
	    {TWICE, "\\\\\\u", 0, ""},
	    {TWICE, "\\\\u00\\u003", 0, ""},
	    {TWICE, "\\\\ud83d\\\\ud\\", 0, ""},
	    {TWICE, "\\\\n\\", 3, "\n"},
	};

	check_all(rows);
}

Test(fetch_unescape, urls_and_forms_have_percents)
{
	static const struct row rows[] = {
	    {URL, "%41", 3, "A"},
	    {URL, "%4a1", 3, "J"},
	    {URL, "%fF", 3, "\xff"},
	    {URL, "%00", 3, ""},
	    {URL, "%9f", 3, "\x9f"},
	    {URL, "%g0", 1, "%"},
	    {URL, "%0g", 1, "%"},
	    {URL, "%%41", 1, "%"},
	    {URL, "%", 0, ""},
	    {URL, "%4", 0, ""},
	    {URL, "+", 1, "+"},
	    {FORM, "+", 1, " "},
	    {FORM, "+41", 1, " "},
	    {FORM, "%2b", 3, "+"},
	    {FORM, "%4", 0, ""},
	    {FORM, "\\n", 1, "\\"},
	};

	check_all(rows);
}

Test(fetch_unescape, what_no_terminal_may_see_has_its_number)
{
	static const struct row rows[] = {
	    {CLEANED, "\\x1b", 4, "\x1b"},
	    {CLEANED, "\\xfF0", 4, "\xff"},
	    {CLEANED, "\\x00", 4, ""},
	    {CLEANED, "\\xg0", 1, "\\"},
	    {CLEANED, "\\x0g", 1, "\\"},
	    {CLEANED, "\\y00", 1, "\\"},
	    {CLEANED, "/x00", 1, "/"},
	    {CLEANED, "\\y", 1, "\\"},
	    {CLEANED, "\\y0", 1, "\\"},
	    {CLEANED, "x1b", 1, "x"},
	};

	check_all(rows);
}

Test(fetch_unescape, a_number_may_be_cut_off)
{
	static const struct row rows[] = {
	    {CLEANED, "\\", 0, ""},
	    {CLEANED, "\\x", 0, ""},
	    {CLEANED, "\\x1", 0, ""},
	};

	check_all(rows);
}
