/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting between tries. */
#include "fetch/retry.h"
#include "unit.h"

Test(fetch_retry, no_more_than_the_tries)
{
	cr_assert_eq(retry_wait(1, 1, 30000, 0), -1);
	cr_assert_eq(retry_wait(3, 3, 30000, 0), -1);
	cr_assert_geq(retry_wait(2, 3, 30000, 0), 0);
}

Test(fetch_retry, full_jitter_within_bounds)
{
	static const int64_t bounds[] = {400, 800, 1600, 2000, 2000};
	uint32_t random = 0;
	unsigned done;
	int64_t wait, most, i;

	for (done = 1; done <= 5; done++) {
		most = 0;
		for (i = 0; i < 10000; i++) {
			wait = retry_wait(done, 9, 30000, random);
			random = random * 1664525 + 1013904223;
			cr_assert(wait >= 200 && wait <= bounds[done - 1]);
			most = wait > most ? wait : most;
		}
		cr_assert_gt(most, bounds[done - 1] * 9 / 10);
	}
}

Test(fetch_retry, never_beyond_the_deadline)
{
	cr_assert_eq(retry_wait(1, 3, 0, 0), -1);
	cr_assert_eq(retry_wait(1, 3, -5, 0), -1);
	cr_assert_eq(retry_wait(1, 3, 449, 0), -1);
	cr_assert_eq(retry_wait(1, 3, 450, 0), 200);
}
