/* SPDX-License-Identifier: BSD-2-Clause */
/* Every day of ten thousand years, there and back, beside the C library. */
#include "base/civil.h"
#include "unit.h"

static void
agrees(int64_t t)
{
	time_t same = (time_t)t;
	struct tm ours, theirs;

	civil_of_time(t, &ours);
	cr_assert(gmtime_r(&same, &theirs));
	cr_assert_eq(
	    ours.tm_year, theirs.tm_year, "year of %lld", (long long)t);
	cr_assert_eq(ours.tm_mon, theirs.tm_mon, "month of %lld", (long long)t);
	cr_assert_eq(ours.tm_mday, theirs.tm_mday, "day of %lld", (long long)t);
	cr_assert_eq(
	    ours.tm_hour, theirs.tm_hour, "hour of %lld", (long long)t);
	cr_assert_eq(
	    ours.tm_min, theirs.tm_min, "minute of %lld", (long long)t);
	cr_assert_eq(
	    ours.tm_sec, theirs.tm_sec, "second of %lld", (long long)t);
	cr_assert_eq(time_of_civil(&ours), t, "%lld", (long long)t);
}

Test(civil, a_time_is_a_date_and_back)
{
	for (int64_t t = CIVIL_FIRST; t <= CIVIL_LAST; t += 86399)
		agrees(t);
	for (int64_t t = -90000; t < 90000; t += 7)
		agrees(t);
	agrees(CIVIL_LAST);
}

Test(civil, a_day_that_is_not_is_one_of_the_next_month)
{
	struct tm tm = {.tm_year = 2026 - 1900, .tm_mon = 1, .tm_mday = 31};
	struct tm same = tm;

	cr_assert_eq(time_of_civil(&tm), timegm(&same));
}
