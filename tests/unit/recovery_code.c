/* SPDX-License-Identifier: BSD-2-Clause */
/* Recovery codes: every slip of a pen is found, every spelling is read. */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "key/recovery_code.h"
#include "unit.h"

TestSuite(recovery_code, .fini = unit_cleanup);

static void
make(unsigned char s[RECOVERY_SYMBOLS])
{
	size_t i;

	randombytes_buf(s, RECOVERY_SYMBOLS);
	for (i = 0; i < RECOVERY_SYMBOLS; i++)
		s[i] &= 31;
	recovery_check(s);
}

static enum recovery_fault
reads(const char *text, unsigned char *s, size_t *where)
{
	return recovery_read(text, strlen(text), s, where);
}

Test(recovery_code, what_is_written_is_read)
{
	unsigned char s[RECOVERY_SYMBOLS], got[RECOVERY_SYMBOLS];
	char text[RECOVERY_TEXT + 1];
	size_t where;
	int i;

	for (i = 0; i < 1000; i++) {
		make(s);
		recovery_write(s, text);
		cr_assert_eq(strlen(text), 34);
		cr_assert_eq(text[4], '-');
		cr_assert_eq(reads(text, got, &where), RECOVERY_OK);
		cr_assert_arr_eq(got, s, sizeof(s));
	}
}

/* Its check symbols were found by trying all, with other arithmetic. */
Test(recovery_code, a_known_code)
{
	unsigned char s[RECOVERY_SYMBOLS];
	char text[RECOVERY_TEXT + 1];
	size_t i;

	for (i = 0; i < RECOVERY_DATA; i++)
		s[i] = (unsigned char)i;
	recovery_check(s);
	recovery_write(s, text);
	cr_assert_str_eq(text, "0123-4567-89AB-CDEF-GHJK-MNPQ-RSWX");
}

Test(recovery_code, every_wrong_symbol_is_found_and_placed)
{
	unsigned char s[RECOVERY_SYMBOLS], got[RECOVERY_SYMBOLS];
	char text[RECOVERY_TEXT + 1];
	size_t where, i;
	unsigned v;

	make(s);
	for (i = 0; i < RECOVERY_SYMBOLS; i++)
		for (v = 1; v < 32; v++) {
			s[i] ^= (unsigned char)v;
			recovery_write(s, text);
			cr_assert_eq(
			    reads(text, got, &where), RECOVERY_MISTYPED);
			cr_assert_eq(where, i / 4 + 1);
			s[i] ^= (unsigned char)v;
		}
}

Test(recovery_code, every_two_wrong_symbols_are_found)
{
	unsigned char s[RECOVERY_SYMBOLS], got[RECOVERY_SYMBOLS];
	char text[RECOVERY_TEXT + 1];
	size_t where, i, k;
	unsigned v;

	make(s);
	for (i = 0; i < RECOVERY_SYMBOLS; i++)
		for (k = i + 1; k < RECOVERY_SYMBOLS; k++)
			for (v = 1; v < 1024; v++) {
				if (v < 32 || v % 32 == 0)
					continue;
				s[i] ^= (unsigned char)(v % 32);
				s[k] ^= (unsigned char)(v / 32);
				recovery_write(s, text);
				cr_assert_eq(reads(text, got, &where),
				    RECOVERY_MISTYPED);
				s[i] ^= (unsigned char)(v % 32);
				s[k] ^= (unsigned char)(v / 32);
			}
}

Test(recovery_code, symbols_that_changed_places)
{
	unsigned char s[RECOVERY_SYMBOLS], got[RECOVERY_SYMBOLS], x;
	char text[RECOVERY_TEXT + 1];
	size_t where, i, k;

	make(s);
	for (i = 0; i < RECOVERY_SYMBOLS; i++)
		for (k = 0; k < i; k++) {
			if (s[i] == s[k])
				continue;
			x = s[i];
			s[i] = s[k];
			s[k] = x;
			recovery_write(s, text);
			cr_assert_eq(
			    reads(text, got, &where), RECOVERY_MISTYPED);
			x = s[i];
			s[i] = s[k];
			s[k] = x;
		}
}

Test(recovery_code, as_people_type)
{
	static const char *const same[] = {
	    "0123-4567-89AB-CDEF-GHJK-MNPQ-RSWX",
	    "0123-4567-89ab-cdef-ghjk-mnpq-rswx",
	    "0123456789ABCDEFGHJKMNPQRSWX",
	    " 0123 4567 89ab cdef ghjk mnpq rswx \t",
	    "oI23-4567-89AB-CDEF-GHJK-MNPQ-RSWX",
	    "OL23-4567-89AB-CDEF-GHJK-MNPQ-RSWX",
	    "0l23_4567.89AB:CDEF/GHJK-MNPQ-RSWX",
	    "0123\xe2\x80\x93"
	    "4567\xe2\x80\x91"
	    "89AB\xc2\xa0"
	    "CDEF\xe2\x80\x94GHJK-MNPQ-RSWX",
	};
	unsigned char got[RECOVERY_SYMBOLS];
	size_t where, i;

	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		cr_assert_eq(
		    reads(same[i], got, &where), RECOVERY_OK, "%zu", i);
}

Test(recovery_code, what_is_none)
{
	unsigned char got[RECOVERY_SYMBOLS];
	size_t where;

	cr_assert_eq(reads("", got, &where), RECOVERY_LENGTH);
	cr_assert_eq(where, 0);
	cr_assert_eq(reads("0123-4567", got, &where), RECOVERY_LENGTH);
	cr_assert_eq(where, 8);
	cr_assert_eq(reads("0123-4567-89AB-CDEF-GHJK-MNPQ-RSWX0", got, &where),
	    RECOVERY_LENGTH);
	cr_assert_eq(where, 29);
	cr_assert_eq(reads("0123-4567-89AB-CDEF-GHJK-MNPQ-RSW!", got, &where),
	    RECOVERY_STRANGE);
	cr_assert_eq(recovery_read("0123\0", 5, got, &where), RECOVERY_STRANGE);
	cr_assert_eq(
	    reads("0123-4567-89AB-CDEF-GHJK-MNPQ-RS\xc3\xa4", got, &where),
	    RECOVERY_STRANGE);
}

Test(recovery_code, looks_like_one)
{
	const char *code = "0123-4567-89AB-CDEF-GHJK-MNPQ-RSWX";

	cr_assert(recovery_looks_like(code, strlen(code)));
	cr_assert(recovery_looks_like(code, strlen(code) - 1));
	cr_assert_not(recovery_looks_like("open sesame", 11));
	cr_assert_not(recovery_looks_like("", 0));
}

static const struct {
	const char *text; /* in the middle of a code */
	bool separates;
} between[] = {
    {"\xe2\x80\x90", true},  /* HYPHEN */
    {"\xe2\x80\x95", true},  /* HORIZONTAL BAR */
    {"\xe2\x80\x8f", false}, /* a mark that turns the direction */
    {"\xe2\x80\x96", false}, /* DOUBLE VERTICAL LINE */
    {"\xe2\x81\x90", false},
    {"\xe3\x80\x90", false},
    {"\xc2\xa0", true}, /* NO-BREAK SPACE */
    {"\xc2\xa1", false},
    {"\xc3\xa0", false},
    {"{", false},
    {"`", false},
    {"- \t._:/", true},
};

Test(recovery_code, what_may_stand_between_symbols)
{
	unsigned char got[RECOVERY_SYMBOLS];
	char text[64];
	size_t where, i;

	for (i = 0; i < sizeof(between) / sizeof(between[0]); i++) {
		snprintf(text, sizeof(text),
		    "0123-4567-89AB%sCDEF-GHJK-MNPQ-RSWX", between[i].text);
		cr_assert_eq(reads(text, got, &where),
		    between[i].separates ? RECOVERY_OK : RECOVERY_STRANGE,
		    "%zu", i);
	}
}

/* Cut within one of several bytes: nothing behind the end is looked at. */
Test(recovery_code, half_a_dash_at_the_end_is_a_stranger)
{
	static const char code[] = "0123-4567-89AB-CDEF-GHJK-MNPQ-RSWX"
				   "\xe2\x80\x90";
	unsigned char got[RECOVERY_SYMBOLS];
	size_t where, len = sizeof(code) - 1;

	cr_assert_eq(recovery_read(code, len, got, &where), RECOVERY_OK);
	cr_assert_eq(
	    recovery_read(code, len - 1, got, &where), RECOVERY_STRANGE);
	cr_assert_eq(
	    recovery_read(code, len - 2, got, &where), RECOVERY_STRANGE);
	cr_assert_eq(recovery_read(code, len - 3, got, &where), RECOVERY_OK);
}

Test(recovery_code, two_more_or_less_still_look_like_one)
{
	static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSWX0123";
	size_t n;

	for (n = 0; n < sizeof(symbols); n++)
		cr_assert_eq(recovery_looks_like(symbols, n),
		    n >= RECOVERY_SYMBOLS - 2 && n <= RECOVERY_SYMBOLS + 2,
		    "%zu", n);
}

/* A V that is written as a U. */
Test(recovery_code, u_for_v)
{
	unsigned char s[RECOVERY_SYMBOLS] = {27}, got[RECOVERY_SYMBOLS];
	char text[RECOVERY_TEXT + 1];
	size_t where;

	recovery_check(s);
	recovery_write(s, text);
	cr_assert_eq(text[0], 'V');
	text[0] = 'u';
	cr_assert_eq(reads(text, got, &where), RECOVERY_OK);
}
