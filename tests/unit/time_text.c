/* SPDX-License-Identifier: BSD-2-Clause */
/* Durations and times, as they may be written and as they must not. */
#include <limits.h>
#include <string.h>
#include "base/civil.h"
#include "base/str.h"
#include "unit.h"

#define NO INT64_MIN

Test(time_text, durations_are_a_number_and_a_unit)
{
	static const struct {
		const char *s;
		int64_t seconds;
	} rows[] = {
	    {"0s", 0},
	    {"90s", 90},
	    {"15m", 900},
	    {"72h", 259200},
	    {"30d", 2592000},
	    {"2w", 1209600},
	    {"007s", 7},
	    {"", NO},
	    {"s", NO},
	    {"90", NO},
	    {"-1s", NO},
	    {"+1s", NO},
	    {" 1s", NO},
	    {"1s ", NO},
	    {"1 s", NO},
	    {"1S", NO},
	    {"1y", NO},
	    {"1h30m", NO},
	    {"1.5h", NO},
	    {"1e3s", NO},
	    {"0x10s", NO},
	    {"9223372036854775807s", NO},
	    {"9223372036854775808s", NO},
	    {"99999999999999999999999d", NO},
	    {"15250284452472w", NO},
	    {"2251799813685247s", 2251799813685247},
	    {"2251799813685248s", NO},
	    {"37529996894754m", 2251799813685240},
	    {"37529996894755m", NO},
	    {"never", NO},
	};
	int64_t v;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		v = NO;
		cr_assert_eq(duration_parse(rows[i].s, &v),
		    rows[i].seconds != NO, "\"%s\"", rows[i].s);
		cr_assert_eq(v, rows[i].seconds, "\"%s\"", rows[i].s);
	}
}

Test(time_text, times_are_rfc_3339_days_now_or_epoch)
{
	static const struct {
		const char *s;
		int64_t t;
	} rows[] = {
	    {"now", 1234567890},
	    {"@0", 0},
	    {"@1700000000", 1700000000},
	    {"@4102444800", 4102444800},
	    {"1970-01-01", 0},
	    {"2026-12-31", 1798675200},
	    {"2024-02-29", 1709164800},
	    {"2038-01-19T03:14:08Z", 2147483648},
	    {"2106-02-07T06:28:16Z", 4294967296},
	    {"2026-12-31T08:00:00Z", 1798704000},
	    {"2026-12-31t08:00:00z", 1798704000},
	    {"2026-12-31 08:00:00Z", 1798704000},
	    {"2026-12-31T08:00:00.999Z", 1798704000},
	    {"2026-12-31T08:00:00+01:00", 1798700400},
	    {"2026-12-31T08:00:00-01:30", 1798709400},
	    {"2026-12-31T08:00:00+23:59", 1798617660},
	    {"2026-12-31T08:00:00-00:00", 1798704000},
	    {"2026-12-31T23:59:59Z", 1798761599},
	    {"2026-12-31T00:00:60Z", 1798675259},
	    {"1970-01-01T00:00:00Z", 0},
	    {"1970-01-01T01:00:00+01:00", 0},
	    {"@253402300799", 253402300799},
	    {"2016-12-31T23:59:60Z", 1483228799}, /* a leap second */
	    {"9999-12-31T23:59:59Z", 253402300799},
	};
	int64_t t;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert(
		    time_parse(rows[i].s, 1234567890, &t), "\"%s\"", rows[i].s);
		cr_assert_eq(
		    t, rows[i].t, "\"%s\": %lld", rows[i].s, (long long)t);
	}
}

Test(time_text, no_other_time_is_taken)
{
	static const char *const rows[] = {"", "today", "Now", "now ", "@",
	    "@-1", "@+1", "@1.5", "@1 ", "@253402300800",
	    "9999-12-31T23:59:59-00:01", "@99999999999999999999", "0",
	    "1700000000", "2026", "2026-12", "2026-12-31T", "2026-12-31T08",
	    "2026-12-31T08:00Z", "2026-12-31T08:00:00", "2026-12-31T08:00:00.Z",
	    "2026-12-31T08:00:00+0100", "2026-12-31T08:00:00+24:00",
	    "2026-12-31T08:00:00+01:60", "2026-12-31T08:00:00ZZ",
	    "2026-12-31T24:00:00Z", "2026-12-31T08:60:00Z",
	    "2026-12-31T08:99:00Z", "2026-12-31T08:00:61Z",
	    "2026-12-31T08:00:99Z", "2026-13-01", "2026-00-01", "2026-01-00",
	    "2026-02-29", "2026-02-31", "2026-04-31", "1900-02-29", "26-12-31",
	    "2026-xx-31", "2026-12_31", "2026_12-31", "2026-12-3x",
	    "2026-1x-31", "202x-12-31", "2026-12-31T0x:00:00Z",
	    "2026-12-31T08-00:00Z", "2026-12-31T08:0x:00Z",
	    "2026-12-31T08:00-00Z", "2026-12-31T08:00:0xZ",
	    "2026-12-31T08:00:00+0x:00", "2026-12-31T08:00:00+01-00",
	    "2026-12-31T08:00:00+01:0x", "2026-12-31T08:00:00*01:00",
	    "2026-12-31U08:00:00Z", "2026-12-31T08:00:00,5Z",
	    "2026-12-31T08:00:00.x", "2026-12-31T-8:00:00Z", "2026-01-32",
	    "2026-06-31", "2026-1-1", " 2026-12-31", "2026-12-31 ",
	    "2026/12/31", "+2026-12-31", "-2026-12-31", "1969-12-31",
	    "1970-01-01T00:00:00+00:01", "0000-01-01"};
	int64_t t;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_assert(!time_parse(rows[i], 0, &t), "\"%s\"", rows[i]);
}

Test(time_text, what_is_printed_can_be_read_back)
{
	static const int64_t times[] = {0, 1, 951782400, 1709164800, 2147483647,
	    2147483648, 4294967296, 253402300799};
	struct buf b = BUF_INIT;
	int64_t back;
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(*times); i++) {
		buf_clear(&b);
		time_put(&b, times[i]);
		cr_assert_eq(b.len, 20, "%s", buf_str(&b));
		cr_assert(time_parse(buf_str(&b), 0, &back));
		cr_assert_eq(back, times[i]);
	}
	buf_clear(&b);
	time_put(&b, INT64_MAX);
	cr_assert_str_eq(buf_str(&b), "never");
	buf_clear(&b);
	time_put(&b, CIVIL_LAST);
	cr_assert_str_eq(buf_str(&b), "9999-12-31T23:59:59Z");
	buf_clear(&b);
	time_put(&b, CIVIL_LAST + 1);
	cr_assert_str_eq(buf_str(&b), "never");
	buf_clear(&b);
	time_put(&b, CIVIL_FIRST - 1);
	cr_assert_str_eq(buf_str(&b), "never");
	buf_clear(&b);
	time_put(&b, CIVIL_FIRST);
	cr_assert(b.len >= 20);
	buf_free(&b);
}

Test(time_text, durations_are_printed_in_two_units_at_most)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
	    {0, "0s"},
	    {12, "12s"},
	    {59, "59s"},
	    {60, "1m"},
	    {61, "1m 1s"},
	    {3540, "59m"},
	    {3600, "1h"},
	    {3661, "1h 1m"},
	    {86399, "23h 59m"},
	    {273600, "3d 4h"},
	    {259200, "3d"},
	    {1209600, "14d"},
	    {-90, "-1m 30s"},
	    {86400, "1d"},
	    {90000, "1d 1h"},
	    {86460, "1d"},
	    {-1, "-1s"},
	    {-86400, "-1d"},
	    {604800, "7d"},
	};
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_clear(&b);
		duration_put(&b, rows[i].seconds);
		cr_assert_str_eq(buf_str(&b), rows[i].text);
	}
	buf_clear(&b);
	duration_put(&b, INT64_MIN);
	cr_assert_str_eq(buf_str(&b), "-106751991167300d 15h");
	buf_free(&b);
}
