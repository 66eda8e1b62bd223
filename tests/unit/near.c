/* SPDX-License-Identifier: BSD-2-Clause */
/* base/near: the fewest edits. */
#include <criterion/criterion.h>

#include "base/near.h"

Test(near, counts_edits)
{
	cr_expect(near_distance("token", "token") == 0);
	cr_expect(near_distance("tokn", "token") == 1);
	cr_expect(near_distance("tokne", "token") == 1);
	cr_expect(near_distance("", "abc") == 3);
	cr_expect(near_distance("kitten", "sitting") == 3);
}

Test(near, finds_the_nearest_and_nothing_far)
{
	struct near n;

	near_begin(&n, "cliqify");
	near_try(&n, "tiki");
	near_try(&n, "cliquify");
	cr_expect_str_eq(n.best, "cliquify");
	near_begin(&n, "zzz");
	near_try(&n, "tiki");
	cr_expect_null(n.best);
}
