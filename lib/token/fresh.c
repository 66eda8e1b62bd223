/* SPDX-License-Identifier: BSD-2-Clause */
/* How old a token is, and what its age calls for.  Pure. */
#include <string.h>
#include <tokenward/types.h>
#include "token/token.h"

#define LIFE_MAX (INT64_MAX / 1000000)

static bool
one_boot(const struct now *a, const struct now *b)
{
	static const unsigned char unknown[BOOT_ID_LEN];

	return memcmp(a->boot_id, b->boot_id, BOOT_ID_LEN) == 0 &&
	       memcmp(a->boot_id, unknown, BOOT_ID_LEN) != 0;
}

static bool
same_boot(const struct now *a, const struct now *b)
{
	return one_boot(a, b) && b->boot_ms >= a->boot_ms;
}

bool
time_not_before(const struct now *t, const struct now *other)
{
	if (one_boot(t, other))
		return t->boot_ms >= other->boot_ms;
	return t->wall_ms >= other->wall_ms;
}

int64_t
time_since(const struct now *t, const struct now *now)
{
	int64_t wall = now->wall_ms - t->wall_ms;
	int64_t boot = now->boot_ms - t->boot_ms;

	if (!same_boot(t, now))
		return wall < 0 ? -1 : wall;
	return wall > boot ? wall : boot;
}

int64_t
token_left(const struct token *t, const struct now *now)
{
	int64_t age = time_since(&t->asked, now);

	if (t->rejected)
		return 0;
	if (t->life == TOKEN_LIFE_NEVER)
		return TOKEN_LIFE_NEVER;
	if (age < 0 || age / 1000 >= t->life)
		return 0;
	return t->life - (age + 999) / 1000;
}

/* Below this many seconds a token is renewed before it is served. */
static int64_t
reserve(const struct token *t, int64_t min_valid)
{
	int64_t tenth = t->life / 10;
	int64_t least = tenth < 60 ? tenth : 60;

	if (min_valid > least)
		least = min_valid;
	return least < t->life ? least : t->life / 2;
}

/* Longer than anybody waits, and safe to be multiplied. */
static int64_t
sane_life(const struct token *t)
{
	return t->life < LIFE_MAX ? t->life : LIFE_MAX;
}

/*
 * Asking early brings a new token only where the provider gives one: `same`
 * returns the old one until little is left, `replaces` kills it for others.
 */
static bool
is_time(const struct token *t, const struct now *now, unsigned jitter)
{
	if (t->reissue == REISSUE_SAME)
		return token_left(t, now) < t->renews_below;
	if (t->reissue == REISSUE_REPLACES)
		return false;
	return time_since(&t->asked, now) >=
	       sane_life(t) * (500000 + 150 * (int64_t)jitter) / 1000;
}

enum freshness
token_freshness(const struct token *t, const struct now *now, int64_t min_valid,
    unsigned jitter)
{
	int64_t left = token_left(t, now);

	if (left <= 0)
		return TOKEN_DEAD;
	if (left == TOKEN_LIFE_NEVER)
		return TOKEN_FRESH;
	if (left < reserve(t, min_valid))
		return TOKEN_OLD;
	return is_time(t, now, jitter % 1000) ? TOKEN_ADVISORY : TOKEN_FRESH;
}

bool
token_is_short(const struct token *t, int64_t min_valid)
{
	return t->life != TOKEN_LIFE_NEVER && t->life <= min_valid;
}

int64_t
token_expires_at(const struct token *t)
{
	if (t->life == TOKEN_LIFE_NEVER)
		return TOKENWARD_TIME_NEVER;
	return t->asked.wall_ms / 1000 + sane_life(t);
}
