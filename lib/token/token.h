/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a token good, may the provider be asked, who asks: pure rules over a
 * tokens record and a now, and the one flight.
 *
 *   fresh.c   age and life       gate.c   what failures forbid
 *   flight.c  one requester per credential, all processes
 */
#ifndef TOKEN_TOKEN_H
#define TOKEN_TOKEN_H

#include "fetch/fetch.h"
#include "record/record.h"
#include "store/store.h"

enum freshness {
	TOKEN_FRESH,    /* serve */
	TOKEN_ADVISORY, /* serve; one process may renew */
	TOKEN_OLD,      /* renew first; still valid if that fails */
	TOKEN_DEAD,     /* expired, rejected, or its age cannot be known */
};

/*
 * Milliseconds since t: the greater of the wall's and, on the same boot, the
 * boot clock's; -1 when the wall went back and nothing else is known.
 */
int64_t time_since(const struct now *t, const struct now *now);
/* By the clock that nobody sets, where both are of one boot. */
bool time_not_before(const struct now *t, const struct now *other);
/* Seconds left; 0: dead; TOKEN_LIFE_NEVER. */
int64_t token_left(const struct token *t, const struct now *now);
/* jitter: 0 to 999, where in 50-65 % of the life renewal starts. */
enum freshness token_freshness(const struct token *t, const struct now *now,
    int64_t min_valid, unsigned jitter);
/* Its whole life is shorter than what is asked for: warn. */
bool token_is_short(const struct token *t, int64_t min_valid);
/* Seconds since 1970, or TOKENWARD_TIME_NEVER. */
int64_t token_expires_at(const struct token *t);

/* When a gate opens (a refused one: is probed), seconds since 1970. */
int64_t gate_until(const struct gate *g);
bool gate_is_closed(const struct gate *g, const struct now *now);
/*
 * The gate that stops a request of this shape, or NULL.  binding may be NULL:
 * then any refused gate stops it.
 */
const struct gate *gate_find_closed(const struct tokens *t, const char *shape,
    const char *binding, const struct now *now);
/*
 * The same, and as well one that closed since then, even if it is open again:
 * it is the outcome of the flight that was waited for.  only: no other.
 */
const struct gate *gate_find_since(const struct tokens *t, const char *shape,
    const char *binding, const struct now *now, const struct now *since,
    bool only);
/* The same for that very binding, whatever other gates there are. */
bool gate_refuses(const struct tokens *t, const char *binding,
    const struct now *now, const struct now *since, bool only);
/* Remembers a failure.  NULL: no memory, or a success. */
struct gate *gate_record(struct tokens *t, const struct reply *reply,
    const char *shape, const char *binding, const struct now *now,
    unsigned jitter);
/* A success opens everything this request had to do with. */
void gate_clear(struct tokens *t, const char *shape);
/* The exit code of an outcome. */
int outcome_code(enum outcome o, bool after_end);

/*
 * The flight.  look() is asked on entry and whenever the tokens record
 * changed while waiting: FLIGHT_SETTLED ends the wait.
 */
enum flight {
	FLIGHT_MINE,      /* the lock is held */
	FLIGHT_SETTLED,   /* look() found an outcome */
	FLIGHT_BUSY,      /* somebody else's, and time is up */
	FLIGHT_FORBIDDEN, /* no locks here: a read-only store */
};
typedef bool (*flight_look_fn)(void *data, struct flight_mark *ret_mark);
enum flight flight_enter(struct store *s, const char *name, int64_t deadline_ms,
    flight_look_fn look, void *data, int *ret_lock, struct error *err);

#endif
