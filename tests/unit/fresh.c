/* SPDX-License-Identifier: BSD-2-Clause */
/* How old a token is, and what its age calls for. */
#include <string.h>
#include <tokenward/types.h>
#include "token/token.h"
#include "unit.h"

#define START INT64_C(1700000000000) /* ms, wall */
#define BOOT INT64_C(5000000)        /* ms, boot */

static struct now
at(int64_t ms)
{
	struct now t = {.wall_ms = START + ms, .boot_ms = BOOT + ms};

	memset(t.boot_id, 7, BOOT_ID_LEN);
	return t;
}

static struct now
on_other_boot(int64_t ms)
{
	struct now t = {.wall_ms = START + ms, .boot_ms = 1000};

	memset(t.boot_id, 8, BOOT_ID_LEN);
	return t;
}

static struct token
token_of(int64_t life)
{
	return (struct token){.asked = at(0), .life = life};
}

static enum freshness
fresh_at(const struct token *t, int64_t ms, int64_t min_valid, unsigned jitter)
{
	struct now now = at(ms);

	return token_freshness(t, &now, min_valid, jitter);
}

Test(fresh, age_is_the_greater_of_two_clocks)
{
	struct now then = at(0), now = at(10000);

	cr_assert_eq(time_since(&then, &now), 10000);
	now.wall_ms += 5000; /* set forward */
	cr_assert_eq(time_since(&then, &now), 15000);
	now.wall_ms -= 3600000; /* set back: the boot clock knows better */
	cr_assert_eq(time_since(&then, &now), 10000);
	now = on_other_boot(7000);
	cr_assert_eq(time_since(&then, &now), 7000);
	now = on_other_boot(-1);
	cr_assert_eq(time_since(&then, &now), -1);
	now = on_other_boot(0);
	cr_assert_eq(time_since(&then, &now), 0);
	cr_assert_eq(time_since(&then, &then), 0);
}

Test(fresh, of_one_boot_the_clock_that_nobody_sets_tells_the_order)
{
	struct now then = at(0), now = at(10);

	cr_assert(time_not_before(&now, &then));
	cr_assert(time_not_before(&then, &then));
	cr_assert_not(time_not_before(&then, &now));
	now.wall_ms -= 3600000;
	cr_assert(time_not_before(&now, &then));
	cr_assert_not(time_not_before(&then, &now));
	now = on_other_boot(-1);
	cr_assert_not(time_not_before(&now, &then));
	now = on_other_boot(0);
	cr_assert(time_not_before(&now, &then));
}

Test(fresh, an_unknown_boot_is_never_the_same)
{
	struct now then = {.wall_ms = START, .boot_ms = 100};
	struct now now = {.wall_ms = START - 5000, .boot_ms = 9000};

	cr_assert_eq(time_since(&then, &now), -1);
	now.wall_ms = START + 1;
	cr_assert_eq(time_since(&then, &now), 1);
}

Test(fresh, a_boot_clock_that_went_back_is_not_believed)
{
	struct now then = at(0), now = at(0);

	now.boot_ms -= 4000;
	now.wall_ms -= 4000;
	cr_assert_eq(time_since(&then, &now), -1);
}

Test(fresh, seconds_left_are_rounded_down)
{
	static const struct {
		int64_t ms, left;
	} rows[] = {{0, 600}, {1, 599}, {1000, 599}, {1001, 598}, {599000, 1},
	    {599001, 0}, {600000, 0}, {INT64_C(90000000000), 0}};
	struct token t = token_of(600);
	struct now now;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		now = at(rows[i].ms);
		cr_assert_eq(token_left(&t, &now), rows[i].left, "row %zu", i);
	}
}

Test(fresh, nothing_is_left_from_its_end_on)
{
	struct token t = token_of(600);
	struct now now;
	int64_t ms;

	for (ms = 598000; ms < 602000; ms++) {
		now = at(ms);
		cr_assert_eq(token_left(&t, &now),
		    ms >= 600000 ? 0 : (600000 - ms) / 1000, "%lld",
		    (long long)ms);
	}
}

Test(fresh, renewal_begins_at_a_moment_that_the_jitter_tells)
{
	static const struct {
		unsigned jitter;
		int64_t ms;
	} rows[] = {{0, 300000}, {1, 300090}, {500, 345000}, {999, 389910},
	    {1000, 300000}, {1999, 389910}};
	struct token t = token_of(600);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert_eq(fresh_at(&t, rows[i].ms - 1, 0, rows[i].jitter),
		    TOKEN_FRESH, "row %zu", i);
		cr_assert_eq(fresh_at(&t, rows[i].ms, 0, rows[i].jitter),
		    TOKEN_ADVISORY, "row %zu", i);
	}
}

Test(fresh, what_cannot_be_served)
{
	struct token t = token_of(600);
	struct now now = at(1000);

	t.rejected = true;
	cr_assert_eq(token_freshness(&t, &now, 0, 0), TOKEN_DEAD);
	t.life = TOKEN_LIFE_NEVER;
	cr_assert_eq(token_freshness(&t, &now, 0, 0), TOKEN_DEAD);
	t = token_of(0);
	cr_assert_eq(token_freshness(&t, &now, 0, 0), TOKEN_DEAD);
	t = token_of(-5);
	cr_assert_eq(token_freshness(&t, &now, 0, 0), TOKEN_DEAD);
	t = token_of(INT64_MIN);
	cr_assert_eq(token_freshness(&t, &now, 0, 0), TOKEN_DEAD);
}

Test(fresh, one_that_never_ends_is_always_fresh)
{
	struct token t = token_of(TOKEN_LIFE_NEVER);
	struct now now = at(INT64_C(3153600000000));

	cr_assert_eq(token_freshness(&t, &now, 0, 999), TOKEN_FRESH);
	cr_assert_eq(token_freshness(&t, &now, 86400, 0), TOKEN_FRESH);
	cr_assert(!token_is_short(&t, INT64_MAX - 1));
	cr_assert_eq(token_expires_at(&t), TOKENWARD_TIME_NEVER);
}

/* Renewal starts in 50-65 % of the life, the earlier the smaller the jitter;
   it becomes mandatory when less than min(60 s, 10 %) is left. */
Test(fresh, renewal_starts_between_half_and_two_thirds)
{
	static const int64_t lives[] = {
	    20, 60, 120, 300, 600, 3600, 86400, 2592000, 315360000};
	static const unsigned jitters[] = {0, 1, 250, 500, 999};
	int64_t life, start, last, reserve;
	struct token t;
	size_t i, k;

	for (i = 0; i < sizeof(lives) / sizeof(*lives); i++) {
		life = lives[i];
		t = token_of(life);
		reserve = life / 10 < 60 ? life / 10 : 60;
		last = 0;
		for (k = 0; k < sizeof(jitters) / sizeof(*jitters); k++) {
			unsigned j = jitters[k];

			start = life * (500000 + 150 * (int64_t)j) / 1000;
			cr_assert(start >= last);
			last = start;
			cr_assert_eq(fresh_at(&t, 0, 0, j), TOKEN_FRESH);
			cr_assert_eq(fresh_at(&t, start - 1, 0, j), TOKEN_FRESH,
			    "%lld %u", (long long)life, j);
			cr_assert_eq(fresh_at(&t, start + 1, 0, j),
			    TOKEN_ADVISORY, "%lld %u", (long long)life, j);
			cr_assert_eq(
			    fresh_at(&t, (life - reserve) * 1000, 0, j),
			    TOKEN_ADVISORY);
			cr_assert_eq(
			    fresh_at(&t, (life - reserve) * 1000 + 1, 0, j),
			    TOKEN_OLD, "%lld", (long long)life);
			cr_assert_eq(
			    fresh_at(&t, (life - 1) * 1000, 0, j), TOKEN_OLD);
			cr_assert_eq(
			    fresh_at(&t, life * 1000, 0, j), TOKEN_DEAD);
		}
	}
}

Test(fresh, jitter_never_leaves_its_range)
{
	struct token t = token_of(10000);
	unsigned j;

	for (j = 0; j < 5000; j += 7) {
		cr_assert_eq(fresh_at(&t, 4999999, 0, j), TOKEN_FRESH);
		cr_assert_eq(fresh_at(&t, 6500001, 0, j), TOKEN_ADVISORY);
	}
}

/* No reserve is left of a tenth, and half a life is still half a life. */
Test(fresh, lives_under_ten_seconds_are_served_to_the_end)
{
	int64_t life;
	struct token t;
	unsigned j;

	for (life = 1; life < 10; life++)
		for (j = 0; j < 1000; j += 333) {
			t = token_of(life);
			cr_assert_eq(fresh_at(&t, 0, 0, j), TOKEN_FRESH, "%lld",
			    (long long)life);
			cr_assert_neq(fresh_at(&t, life * 500 - 1, 0, j),
			    TOKEN_ADVISORY, "%lld %u", (long long)life, j);
			cr_assert_neq(
			    fresh_at(&t, (life - 1) * 1000, 0, j), TOKEN_OLD);
			cr_assert_eq(
			    fresh_at(&t, life * 1000, 0, j), TOKEN_DEAD);
		}
}

Test(fresh, min_valid_raises_the_reserve)
{
	static const struct {
		int64_t life, min_valid, ms;
		enum freshness is;
	} rows[] = {
	    {600, 300, 0, TOKEN_FRESH},
	    {600, 300, 299000, TOKEN_FRESH},
	    {600, 300, 300001, TOKEN_OLD},
	    {600, 500, 100000, TOKEN_FRESH},
	    {600, 500, 100001, TOKEN_OLD},
	    {600, 10, 299000, TOKEN_FRESH}, /* less than the reserve */
	    {600, 10, 540001, TOKEN_OLD},
	    {600, 599, 1000, TOKEN_FRESH},
	    {600, 599, 1001, TOKEN_OLD},
	    /* a whole life too short: served, not bought before half of it */
	    {600, 600, 0, TOKEN_FRESH},
	    {600, 600, 299000, TOKEN_FRESH},
	    {600, 600, 300001, TOKEN_OLD},
	    {600, 86400, 0, TOKEN_FRESH},
	    {600, 86400, 300001, TOKEN_OLD},
	    {600, INT64_MAX, 299000, TOKEN_FRESH},
	};
	struct token t;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		t = token_of(rows[i].life);
		cr_assert_eq(fresh_at(&t, rows[i].ms, rows[i].min_valid, 999),
		    rows[i].is, "row %zu", i);
		cr_assert_eq(token_is_short(&t, rows[i].min_valid),
		    rows[i].min_valid >= rows[i].life);
	}
}

Test(fresh, a_clock_set_back_costs_nothing_on_the_same_boot)
{
	struct token t = token_of(600);
	struct now now = at(100000);

	now.wall_ms -= 86400000;
	cr_assert_eq(token_freshness(&t, &now, 0, 0), TOKEN_FRESH);
	cr_assert_eq(token_left(&t, &now), 500);
}

Test(fresh, a_clock_set_back_over_a_boot_means_renew)
{
	struct token t = token_of(600);
	struct now now = on_other_boot(-1000);

	cr_assert_eq(token_freshness(&t, &now, 0, 0), TOKEN_DEAD);
	now = on_other_boot(100000);
	cr_assert_eq(token_freshness(&t, &now, 0, 0), TOKEN_FRESH);
}

Test(fresh, a_clock_set_forward_means_renew)
{
	struct token t = token_of(600);
	struct now now = at(1000);

	now.wall_ms += INT64_C(315360000000);
	cr_assert_eq(token_freshness(&t, &now, 0, 0), TOKEN_DEAD);
}

Test(fresh, the_year_2038_is_a_year_like_any_other)
{
	struct token t = {.life = 3600};
	struct now now;

	memset(t.asked.boot_id, 1, BOOT_ID_LEN);
	t.asked.wall_ms = INT64_C(2147483000) * 1000;
	t.asked.boot_ms = 10;
	now = t.asked;
	now.wall_ms += 700000;
	now.boot_ms += 700000;
	cr_assert_eq(token_left(&t, &now), 2900);
	cr_assert_eq(token_expires_at(&t), INT64_C(2147486600));
	cr_assert_eq(token_freshness(&t, &now, 0, 0), TOKEN_FRESH);
}

Test(fresh, the_kind_of_reissue_sets_the_rule)
{
	static const struct {
		enum reissue kind;
		int64_t renews_below, ms;
		enum freshness is;
	} rows[] = {
	    {REISSUE_NEW, 0, 5400000, TOKEN_ADVISORY},
	    {REISSUE_EXTENDS, 0, 5400000, TOKEN_ADVISORY},
	    /* asking earlier only brings the same one again */
	    {REISSUE_SAME, 1800, 5399000, TOKEN_FRESH},
	    {REISSUE_SAME, 1800, 5400001, TOKEN_ADVISORY},
	    {REISSUE_SAME, 1800, 7139000, TOKEN_ADVISORY},
	    {REISSUE_SAME, 1800, 7140001, TOKEN_OLD},
	    {REISSUE_SAME, 0, 7139000, TOKEN_FRESH},
	    {REISSUE_SAME, 0, 7140001, TOKEN_OLD},
	    /* asking earlier kills the one that others use */
	    {REISSUE_REPLACES, 0, 5400000, TOKEN_FRESH},
	    {REISSUE_REPLACES, 0, 7139000, TOKEN_FRESH},
	    {REISSUE_REPLACES, 0, 7140001, TOKEN_OLD},
	};
	struct token t;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		t = token_of(7200);
		t.reissue = rows[i].kind;
		t.renews_below = rows[i].renews_below;
		cr_assert_eq(
		    fresh_at(&t, rows[i].ms, 0, 500), rows[i].is, "row %zu", i);
	}
}

/* Whatever a record holds, no arithmetic goes wrong and older is not better. */
Test(fresh, age_only_makes_it_worse)
{
	static const int64_t lives[] = {1, 2, 9, 10, 59, 61, 599, 3600,
	    INT64_C(4000000000), INT64_MAX / 1000, INT64_MAX - 1};
	static const int64_t mins[] = {0, 1, 30, 3600, INT64_MAX};
	enum freshness f, before;
	struct token t;
	size_t i, k;
	int64_t ms;

	for (i = 0; i < sizeof(lives) / sizeof(*lives); i++)
		for (k = 0; k < sizeof(mins) / sizeof(*mins); k++) {
			t = token_of(lives[i]);
			before = TOKEN_FRESH;
			for (ms = 0; ms < 4000000; ms += 997) {
				f = fresh_at(&t, ms, mins[k], 700);
				cr_assert(f >= before);
				before = f;
			}
			token_expires_at(&t);
		}
}
