/* SPDX-License-Identifier: BSD-2-Clause */
/* Durations and times as people write them. */
#include <stdio.h>
#include <string.h>
#include "base/civil.h"
#include "base/str.h"

#define YEAR_10000 INT64_C(253402300800) /* the first that is not written */

static const struct unit {
	char letter;
	int64_t seconds;
} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
#define UNITS (sizeof(units) / sizeof(units[0]))

/* Digits at *s, moved on; false on none or overflow. */
static bool
digits(const char **s, int64_t *ret)
{
	int64_t v = 0;
	const char *p = *s;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (v > (INT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (*p - '0');
	}
	if (p == *s)
		return false;
	*s = p;
	*ret = v;
	return true;
}

bool
duration_parse(const char *s, int64_t *ret_seconds)
{
	int64_t v;
	size_t i;

	if (!digits(&s, &v) || s[0] == '\0' || s[1] != '\0')
		return false;
	for (i = 0; i < UNITS; i++)
		if (units[i].letter == s[0] &&
		    v <= INT64_MAX / 4096 / units[i].seconds) {
			*ret_seconds = v * units[i].seconds;
			return true;
		}
	return false;
}

/* Exactly n digits at *s. */
static bool
fixed(const char **s, int n, int *ret)
{
	*ret = 0;
	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*ret = *ret * 10 + (**s - '0');
	}
	return true;
}

static bool
literal(const char **s, const char *any)
{
	if (**s == '\0' || !strchr(any, **s))
		return false;
	(*s)++;
	return true;
}

static bool
date(const char **s, struct tm *tm)
{
	bool ok = fixed(s, 4, &tm->tm_year) && literal(s, "-") &&
		  fixed(s, 2, &tm->tm_mon) && literal(s, "-") &&
		  fixed(s, 2, &tm->tm_mday);

	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	return ok;
}

/* "Z" or "+hh:mm", in seconds to take away. */
static bool
zone(const char **s, int64_t *ret)
{
	int sign, h, m;

	*ret = 0;
	if (literal(s, "Zz"))
		return true;
	sign = **s == '-' ? -1 : 1;
	if (!literal(s, "+-") || !fixed(s, 2, &h) || !literal(s, ":") ||
	    !fixed(s, 2, &m) || h > 23 || m > 59)
		return false;
	*ret = sign * (h * 3600 + m * 60);
	return true;
}

static bool
clock_time(const char **s, struct tm *tm)
{
	int64_t ignored;

	if (!fixed(s, 2, &tm->tm_hour) || !literal(s, ":") ||
	    !fixed(s, 2, &tm->tm_min) || !literal(s, ":") ||
	    !fixed(s, 2, &tm->tm_sec))
		return false;
	return !literal(s, ".") || digits(s, &ignored);
}

/* The 31st of February does not come back as what it was. */
static bool
to_seconds(const struct tm *tm, int64_t *ret)
{
	struct tm in = *tm, back;

	if (tm->tm_sec == 60)
		in.tm_sec = 59; /* a leap second */
	*ret = time_of_civil(&in);
	if (*ret < CIVIL_FIRST || *ret > CIVIL_LAST)
		return false;
	civil_of_time(*ret, &back);
	return back.tm_mday == in.tm_mday && back.tm_mon == in.tm_mon &&
	       back.tm_hour == in.tm_hour && back.tm_min == in.tm_min &&
	       back.tm_sec == in.tm_sec;
}

bool
time_parse(const char *s, int64_t now, int64_t *ret)
{
	struct tm tm = {0};
	int64_t t, off = 0;

	if (strcmp(s, "now") == 0) {
		*ret = now;
		return true;
	}
	if (*s == '@')
		return s++, digits(&s, ret) && *s == '\0' && *ret < YEAR_10000;
	if (!date(&s, &tm))
		return false;
	if (*s != '\0' &&
	    !(literal(&s, "Tt ") && clock_time(&s, &tm) && zone(&s, &off)))
		return false;
	if (*s != '\0' || !to_seconds(&tm, &t))
		return false;
	*ret = t - off;
	return *ret >= 0 && *ret < YEAR_10000;
}

void
time_put(struct buf *out, int64_t t)
{
	struct tm tm;

	if (t < CIVIL_FIRST || t > CIVIL_LAST) {
		buf_put_str(out, "never");
		return;
	}
	civil_of_time(t, &tm);
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void
duration_put(struct buf *out, int64_t seconds)
{
	size_t i = UNITS - 1; /* from days down: weeks are not printed */
	int64_t big;

	if (seconds < 0) {
		buf_put_byte(out, '-');
		seconds = seconds == INT64_MIN ? INT64_MAX : -seconds;
	}
	while (i-- > 0 && seconds < units[i].seconds)
		;
	if (i >= UNITS)
		i = 0;
	big = seconds / units[i].seconds;
	buf_printf(out, "%lld%c", (long long)big, units[i].letter);
	if (i == 0)
		return;
	big = seconds % units[i].seconds / units[i - 1].seconds;
	if (big)
		buf_printf(out, " %lld%c", (long long)big, units[i - 1].letter);
}
