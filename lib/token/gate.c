/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What failures forbid, for all processes and over restarts.  Pure.
 *
 *   rate     the server's Retry-After, at most an hour; else a minute, growing
 *   backoff  1, 2, 4 ... 300 s with jitter; a minute after a bad certificate
 *   refused  a probe by one process after 15 min, 1 h, then every 6 h
 *   request  that shape of request, a minute
 */
#include <stdlib.h>
#include <string.h>
#include <tokenward/types.h>
#include "base/str.h"
#include "token/token.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

int64_t
gate_until(const struct gate *g)
{
	return (g->last.wall_ms + g->wait_ms + 999) / 1000;
}

bool
gate_is_closed(const struct gate *g, const struct now *now)
{
	int64_t age = time_since(&g->last, now);

	return age >= 0 && age < g->wait_ms;
}

static bool
concerns(const struct gate *g, const char *shape, const char *binding)
{
	if (g->kind == GATE_REQUEST)
		return str_equal(g->key, shape);
	if (g->kind == GATE_REFUSED)
		return !binding || str_equal(g->key, binding);
	return true;
}

static bool
closed_since(
    const struct gate *g, const struct now *since, const struct now *now)
{
	return time_not_before(&g->last, since) &&
	       time_since(&g->last, now) >= 0;
}

static bool
is_closed(const struct gate *g, const struct now *now, const struct now *since,
    bool only)
{
	return (!only && gate_is_closed(g, now)) ||
	       (since && closed_since(g, since, now));
}

bool
gate_refuses(const struct tokens *t, const char *binding, const struct now *now,
    const struct now *since, bool only)
{
	const struct gate *g;
	size_t i;

	for (i = 0; i < t->gates_n; i++) {
		g = &t->gates[i];
		if (g->kind == GATE_REFUSED && str_equal(g->key, binding) &&
		    is_closed(g, now, since, only))
			return true;
	}
	return false;
}

const struct gate *
gate_find_since(const struct tokens *t, const char *shape, const char *binding,
    const struct now *now, const struct now *since, bool only)
{
	size_t i;

	for (i = 0; i < t->gates_n; i++)
		if (concerns(&t->gates[i], shape, binding) &&
		    is_closed(&t->gates[i], now, since, only))
			return &t->gates[i];
	return NULL;
}

const struct gate *
gate_find_closed(const struct tokens *t, const char *shape, const char *binding,
    const struct now *now)
{
	return gate_find_since(t, shape, binding, now, NULL, false);
}

static const struct {
	enum gate_kind kind;
	int code, code_after_end;
} outcomes[OUTCOME_MAX] = {
    [OUTCOME_OK] = {GATE_NONE, TOKENWARD_OK, TOKENWARD_OK},
    [OUTCOME_BAD_CREDENTIALS] = {GATE_REFUSED, TOKENWARD_REFUSED,
	TOKENWARD_EXPIRED},
    [OUTCOME_SECRET_EXPIRED] = {GATE_REFUSED, TOKENWARD_EXPIRED,
	TOKENWARD_EXPIRED},
    [OUTCOME_BLOCKED] = {GATE_REFUSED, TOKENWARD_REFUSED, TOKENWARD_EXPIRED},
    [OUTCOME_BAD_REQUEST] = {GATE_REQUEST, TOKENWARD_CONFIG, TOKENWARD_CONFIG},
    [OUTCOME_BAD_SCOPE] = {GATE_REQUEST, TOKENWARD_CONFIG, TOKENWARD_CONFIG},
    [OUTCOME_RATE_LIMITED] = {GATE_RATE, TOKENWARD_COOLDOWN,
	TOKENWARD_COOLDOWN},
    [OUTCOME_TEMPORARY] = {GATE_BACKOFF, TOKENWARD_UNAVAILABLE,
	TOKENWARD_UNAVAILABLE},
    [OUTCOME_USE_NONCE] = {GATE_REQUEST, TOKENWARD_CONFIG, TOKENWARD_CONFIG},
    [OUTCOME_UNTRUSTED] = {GATE_BACKOFF, TOKENWARD_UNAVAILABLE,
	TOKENWARD_UNAVAILABLE},
};

int
outcome_code(enum outcome o, bool after_end)
{
	return after_end ? outcomes[o].code_after_end : outcomes[o].code;
}

static int64_t
doubled(int64_t first, unsigned failures, int64_t most)
{
	int64_t wait = first;

	while (failures-- > 1 && wait < most)
		wait *= 2;
	return wait < most ? wait : most;
}

static int64_t
at_most_an_hour(int64_t retry_after)
{
	if (retry_after < 1)
		return SECOND;
	return retry_after > 3600 ? HOUR : retry_after * SECOND;
}

static int64_t
backoff(const struct gate *g, const struct reply *reply, unsigned jitter)
{
	int64_t wait = doubled(SECOND, g->failures, 300 * SECOND);

	wait += wait * (jitter % 1000) / 4000; /* up to a quarter more */
	if (reply->outcome == OUTCOME_UNTRUSTED && wait < MINUTE)
		wait = MINUTE;
	if (reply->retry_after > 0 &&
	    at_most_an_hour(reply->retry_after) > wait)
		wait = at_most_an_hour(reply->retry_after);
	return wait;
}

static int64_t
wait_of(const struct gate *g, const struct reply *reply, unsigned jitter)
{
	static const int64_t probes[] = {
	    15 * MINUTE, HOUR - 15 * MINUTE, 6 * HOUR};

	if (g->kind == GATE_REQUEST)
		return MINUTE;
	if (g->kind == GATE_REFUSED)
		return probes[g->failures > 3 ? 2 : g->failures - 1];
	if (g->kind == GATE_BACKOFF)
		return backoff(g, reply, jitter);
	if (reply->retry_after >= 0)
		return at_most_an_hour(reply->retry_after);
	return doubled(MINUTE, g->failures, HOUR);
}

/* A failure long after the last one starts a new count. */
static bool
is_over(const struct gate *g, const struct now *now)
{
	int64_t age = time_since(&g->last, now);

	return g->failures == 0 || age < 0 || age > g->wait_ms + 12 * HOUR;
}

struct gate *
gate_record(struct tokens *t, const struct reply *reply, const char *shape,
    const char *binding, const struct now *now, unsigned jitter)
{
	enum gate_kind kind = outcomes[reply->outcome].kind;
	struct gate *g;

	if (kind == GATE_NONE)
		return NULL;
	g = tokens_set_gate(t, kind,
	    kind == GATE_REQUEST   ? shape
	    : kind == GATE_REFUSED ? binding
				   : NULL);
	if (!g)
		return NULL;
	if (is_over(g, now)) {
		g->since = *now;
		g->failures = 0;
	}
	g->failures += g->failures < 1000;
	g->last = *now;
	g->wait_ms = wait_of(g, reply, jitter);
	return g;
}

void
gate_clear(struct tokens *t, const char *shape)
{
	struct gate *g = tokens_gate(t, GATE_REQUEST, shape);

	if (g)
		g->wait_ms = 0;
	tokens_drop_gates(t, GATE_RATE);
	tokens_drop_gates(t, GATE_BACKOFF);
}
