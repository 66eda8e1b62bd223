/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The check symbols are those of a Reed-Solomon code over GF(32): any two
 * wrong symbols are found, so are two that changed places, and where one is
 * wrong its place can be told.  With a = 2 and positions i from 0:
 *
 *     sum of s[i] = 0,  sum of s[i] a^i = 0
 */
#include <string.h>
#include "key/recovery_code.h"

static const char symbols_of[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* ---- GF(32), x^5 + x^2 + 1 --------------------------------------------- */

static unsigned
times_a(unsigned x)
{
	x <<= 1;
	return x & 32 ? x ^ 37 : x;
}

static unsigned
times(unsigned x, unsigned y)
{
	unsigned product = 0;

	for (; y; y >>= 1, x = times_a(x))
		if (y & 1)
			product ^= x;
	return product;
}

static unsigned
power(unsigned n)
{
	unsigned x = 1;

	while (n-- > 0)
		x = times_a(x);
	return x;
}

/* x is not 0; x^31 = 1. */
static unsigned
inverse(unsigned x)
{
	unsigned y = 1;
	int i;

	for (i = 0; i < 30; i++)
		y = times(y, x);
	return y;
}

static void
sums(const unsigned char *s, size_t n, unsigned *ret_plain, unsigned *ret_a)
{
	unsigned a = 1;
	size_t i;

	*ret_plain = *ret_a = 0;
	for (i = 0; i < n; i++, a = times_a(a)) {
		*ret_plain ^= s[i];
		*ret_a ^= times(s[i], a);
	}
}

void
recovery_check(unsigned char symbols[RECOVERY_SYMBOLS])
{
	unsigned plain, a, p = power(RECOVERY_DATA);
	unsigned last;

	sums(symbols, RECOVERY_DATA, &plain, &a);
	last = times(a ^ times(p, plain), inverse(p ^ times_a(p)));
	symbols[RECOVERY_DATA] = (unsigned char)(plain ^ last);
	symbols[RECOVERY_DATA + 1] = (unsigned char)last;
}

/* The place of a single wrong symbol; RECOVERY_SYMBOLS: there is none. */
static size_t
wrong_place(unsigned plain, unsigned a)
{
	size_t i;

	for (i = 0; plain && i < RECOVERY_SYMBOLS; i++)
		if (times(plain, power((unsigned)i)) == a)
			return i;
	return RECOVERY_SYMBOLS;
}

/* ---- text -------------------------------------------------------------- */

void
recovery_write(
    const unsigned char symbols[RECOVERY_SYMBOLS], char ret[RECOVERY_TEXT + 1])
{
	size_t i;

	for (i = 0; i < RECOVERY_SYMBOLS; i++) {
		if (i > 0 && i % RECOVERY_GROUP == 0)
			*ret++ = '-';
		*ret++ = symbols_of[symbols[i]];
	}
	*ret = '\0';
}

static int
symbol_of(char c)
{
	static const char mistaken[] = "ILOU", meant[] = "110V";
	const char *p;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	p = c ? strchr(mistaken, c) : NULL;
	if (p)
		c = meant[p - mistaken];
	p = c ? strchr(symbols_of, c) : NULL;
	return p ? (int)(p - symbols_of) : -1;
}

/* Bytes of a separator at text; 0: none.  The dashes and the blank that
   editors put in the place of ours are three and two bytes long. */
static size_t
separator(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	if (*text && strchr("- \t._:/", *text))
		return 1;
	if (len >= 2 && p[0] == 0xc2 && p[1] == 0xa0)
		return 2;
	if (len >= 3 && p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0x90 &&
	    p[2] <= 0x95)
		return 3;
	return 0;
}

/* How many symbols there are, the first of them in ret; -1: a stranger. */
static long
collect(const char *text, size_t len, unsigned char *ret)
{
	size_t skip, i = 0;
	long n = 0;
	int symbol;

	while (i < len) {
		skip = separator(text + i, len - i);
		if (skip) {
			i += skip;
			continue;
		}
		symbol = symbol_of(text[i++]);
		if (symbol < 0)
			return -1;
		if (n < RECOVERY_SYMBOLS)
			ret[n] = (unsigned char)symbol;
		n++;
	}
	return n;
}

enum recovery_fault
recovery_read(const char *text, size_t len, unsigned char ret[RECOVERY_SYMBOLS],
    size_t *ret_where)
{
	long n = collect(text, len, ret);
	unsigned plain, a;
	size_t place;

	*ret_where = 0;
	if (n < 0)
		return RECOVERY_STRANGE;
	if (n != RECOVERY_SYMBOLS) {
		*ret_where = (size_t)n;
		return RECOVERY_LENGTH;
	}
	sums(ret, RECOVERY_SYMBOLS, &plain, &a);
	if (plain == 0 && a == 0)
		return RECOVERY_OK;
	place = wrong_place(plain, a);
	if (place < RECOVERY_SYMBOLS)
		*ret_where = place / RECOVERY_GROUP + 1;
	return RECOVERY_MISTYPED;
}

bool
recovery_looks_like(const char *text, size_t len)
{
	unsigned char s[RECOVERY_SYMBOLS];
	long n = collect(text, len, s);

	memset(s, 0, sizeof(s));
	return n >= RECOVERY_SYMBOLS - 2 && n <= RECOVERY_SYMBOLS + 2;
}
