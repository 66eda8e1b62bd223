/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates and delays of HTTP headers, whatever the locale. */
#include <stdio.h>
#include <string.h>
#include "base/civil.h"
#include "provider/answer.h"

#define TEN_YEARS INT64_C(315360000)

static bool
two(const char *s, int *ret)
{
	*ret = (s[0] - '0') * 10 + (s[1] - '0');
	return s[0] >= '0' && s[0] <= '9' && s[1] >= '0' && s[1] <= '9';
}

static bool
month(const char *s, int *ret)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (*ret = 0; *ret < 12; (*ret)++) {
		if (strncmp(names + 3 * *ret, s, 3) == 0)
			return true;
	}
	return false;
}

bool
http_date(const char *s, int64_t *ret)
{
	static const char shape[] = "xxx, xx xxx xxxx xx:xx:xx GMT";
	struct tm tm = {0};
	int century, year;

	if (strlen(s) != strlen(shape))
		return false;
	for (size_t i = 0; shape[i]; i++) {
		if (shape[i] != 'x' && shape[i] != s[i])
			return false;
	}
	if (!two(s + 5, &tm.tm_mday) || !month(s + 8, &tm.tm_mon) ||
	    !two(s + 12, &century) || !two(s + 14, &year) ||
	    !two(s + 17, &tm.tm_hour) || !two(s + 20, &tm.tm_min) ||
	    !two(s + 23, &tm.tm_sec) || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 60 || tm.tm_mday > 31 || tm.tm_mday < 1)
		return false;
	tm.tm_year = century * 100 + year - 1900;
	*ret = time_of_civil(&tm);
	return *ret > 0;
}

int64_t
answer_retry_after(const struct http_answer *http)
{
	const char *s = strmap_get(&http->headers, "retry-after");
	int64_t v = 0, base = http->date ? http->date : http->sent_at;

	if (!s || *s == '\0')
		return -1;
	if (http_date(s, &v))
		return v > base ? v - base : 0;
	if (s[strspn(s, "0123456789")] != '\0')
		return -1;
	for (v = 0; *s && v < TEN_YEARS; s++)
		v = v * 10 + (*s - '0');
	return v > TEN_YEARS ? TEN_YEARS : v;
}
