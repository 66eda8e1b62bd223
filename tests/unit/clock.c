/* SPDX-License-Identifier: BSD-2-Clause */
/* Time is handed in. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "failing.h"
#include "fake_clock.h"
#include "unit.h"

Test(clock, an_offset_moves_both_clocks)
{
	struct now real, moved;

	clock_now(0, &real);
	clock_now(3600, &moved);
	cr_assert(moved.wall_ms - real.wall_ms >= 3600000);
	cr_assert(moved.wall_ms - real.wall_ms < 3605000);
	cr_assert(moved.boot_ms - real.boot_ms >= 3600000);
	cr_assert(moved.boot_ms - real.boot_ms < 3605000);
	clock_now(-3600, &moved);
	cr_assert(moved.wall_ms < real.wall_ms - 3590000);
}

Test(clock, agrees_with_the_system)
{
	struct now now;

	clock_now(0, &now);
	cr_assert(now.wall_ms / 1000 >= time(NULL) - 2);
	cr_assert(now.wall_ms / 1000 <= time(NULL));
	cr_assert(clock_boot_ms() >= now.boot_ms);
}

Test(clock, a_boot_has_one_id)
{
	static const unsigned char none[BOOT_ID_LEN];
	struct now a, b;

	clock_now(0, &a);
	clock_now(86400, &b);
	cr_assert(memcmp(a.boot_id, b.boot_id, BOOT_ID_LEN) == 0);
	cr_assert(memcmp(a.boot_id, none, BOOT_ID_LEN) != 0);
}

Test(clock, what_is_asked_of_the_system_is_what_was_asked)
{
	static const struct {
		int64_t ms;
		time_t s;
		long ns;
	} rows[] = {{1, 0, 1000000}, {999, 0, 999000000}, {1000, 1, 0},
	    {1001, 1, 1000000}, {59999, 59, 999000000}, {60060, 60, 60000000}};
	struct timespec t;
	size_t i;

	fake_nanosleep(&t);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		clock_sleep_ms(rows[i].ms);
		cr_assert_eq(t.tv_sec, rows[i].s, "row %zu", i);
		cr_assert_eq(t.tv_nsec, rows[i].ns, "row %zu", i);
	}
	t.tv_sec = 77;
	clock_sleep_ms(0);
	clock_sleep_ms(-1);
	cr_assert_eq(t.tv_sec, 77, "nothing is asked");
	fake_nanosleep(NULL);
}

/* Each test is a process of its own: nothing is known yet. */
Test(clock, a_boot_that_cannot_be_told_has_no_id)
{
	static const unsigned char none[BOOT_ID_LEN];
	struct now now;

	failing_begin("open", 1, ENOENT);
	clock_now(0, &now);
	cr_assert(failing_end());
	cr_assert_eq(memcmp(now.boot_id, none, BOOT_ID_LEN), 0);
	cr_assert(now.boot_ms > 0);
}

Test(clock, half_an_id_is_none)
{
	static const unsigned char none[BOOT_ID_LEN];
	struct now now;

	failing_begin("read", 1, 0);
	clock_now(0, &now);
	cr_assert(failing_end());
	cr_assert_eq(memcmp(now.boot_id, none, BOOT_ID_LEN), 0);
}

Test(clock, sleeps_as_long_as_it_should)
{
	int64_t start = clock_boot_ms();

	clock_sleep_ms(0);
	clock_sleep_ms(-5);
	cr_assert(clock_boot_ms() - start < 1000);
	clock_sleep_ms(30);
	cr_assert(clock_boot_ms() - start >= 29);
}
