/* SPDX-License-Identifier: BSD-2-Clause */
/* Time is handed in. */
#include <string.h>
#include <time.h>
#include "base/clock.h"
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

Test(clock, sleeps_as_long_as_it_should)
{
	int64_t start = clock_boot_ms();

	clock_sleep_ms(0);
	clock_sleep_ms(-5);
	cr_assert(clock_boot_ms() - start < 1000);
	clock_sleep_ms(30);
	cr_assert(clock_boot_ms() - start >= 29);
}
