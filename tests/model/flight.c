/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each step stands for one of the code, which may be interrupted before it:
 *
 *   start      get() of core/get.c: look(), and flight_enter() begins
 *   try_lock   try_to_enter(): store_lock(), is_late()
 *   try_lane   try_to_enter(): store_lock() of the second lane
 *   again      try_to_enter(), which has the lane: looks at the mark again
 *   peek       try_to_enter(): changed() and look_while_waiting()
 *   look       fly(): look() again, with the lock
 *   mark       mark_flight() of core/buy.c
 *   send, ask  purchase_run(): the helper, up to its deadline
 *   keep       keep() of core/buy.c: keep_token() or keep_gate()
 *   release    the end of fly(): cleanup_lock
 *
 * A tick is the second of LATE_MS.  Who is not stopped does all it can
 * before the clock goes on: slowness is being stopped and continued.
 */
#include "step.h"

static bool
held(const struct state *s, uint8_t lock)
{
	size_t i;

	for (i = 0; i < PROCESSES_MAX; i++)
		if (s->p[i].flags & lock)
			return true;
	return false;
}

static bool
is_late(const struct step *st, const struct process *p, uint8_t now)
{
	uint8_t due = p->mark;

	if (!step_has(st, LANE_EXISTS))
		return false;
	if (!step_has(st, LANE_IS_FOR_THE_LATE))
		return true;
	if (p->mark == 0 && !step_has(st, LATE_WITHOUT_A_MARK))
		return false;
	if (due < p->came && step_has(st, LATE_COUNTS_FROM_COMING))
		due = p->came;
	if (p->mark == 0)
		due += UNMARKED;
	return now > due + LATE;
}

/* The record decides: served, failed, or go on at another place. */
static void
decide(const struct state *s, struct process *p, uint8_t go_on)
{
	p->place = s->token ? SERVED : s->gate ? FAILED : go_on;
	if (p->place != go_on && p->flags & (HAS_FLIGHT | HAS_LANE))
		p->place = RELEASE;
}

static void
start(struct step *st, size_t i)
{
	struct state *s;
	struct process *p;

	if (st->from->now > st->b->last_start)
		return;
	s = step_emit(st, "starts");
	p = &s->p[i];
	p->until = s->now + st->b->patience[i];
	decide(s, p, TRY);
}

static void
lock(struct step *st, size_t i, uint8_t which, enum guard excludes,
    uint8_t if_taken, uint8_t if_had, bool first)
{
	struct state *s = step_emit(st, "tries for the lock");
	struct process *p = &s->p[i];

	p->place = if_taken;
	if (first)
		p->came = s->now;
	p->flags |= WAITS;
	p->polled = s->now;
	if (held(s, which) && step_has(st, excludes))
		return;
	p->flags |= which;
	p->place = if_had;
	s->idle = 0;
}

static void
try_lock(struct step *st, size_t i)
{
	const struct process *p = &st->from->p[i];
	uint8_t now = st->from->now;
	bool first = !(p->flags & WAITS) ||
		     (now > p->polled + LATE && step_has(st, LATE_COUNTS_ANEW));
	bool late = !first && is_late(st, p, now);

	if (late && !step_has(st, FIRST_LANE_FIRST))
		lock(st, i, HAS_LANE, LANE_EXCLUDES, PEEK, LOOK, first);
	else
		lock(st, i, HAS_FLIGHT, LOCK_EXCLUDES, late ? TRY_LANE : PEEK,
		    LOOK, first);
}

static void
try_lane(struct step *st, size_t i)
{
	lock(st, i, HAS_LANE, LANE_EXCLUDES, PEEK,
	    step_has(st, LATE_LOOK_AGAIN) ? AGAIN : LOOK, false);
}

/* The lane may be had with an old mark in mind. */
static void
again(struct step *st, size_t i)
{
	struct state *s = step_emit(st, "has the lane, looks at the mark");
	struct process *p = &s->p[i];

	p->seen = s->stamp;
	p->mark = s->mark;
	decide(s, p, LOOK);
	if (p->place != LOOK || is_late(st, p, s->now))
		return;
	p->flags &= ~HAS_LANE;
	p->place = WAIT;
}

static void
peek(struct step *st, size_t i)
{
	struct state *s = step_emit(st, "looks and waits");
	struct process *p = &s->p[i];

	p->place = WAIT;
	if (p->seen != s->stamp && step_has(st, LOOK_WHILE_WAITING)) {
		p->seen = s->stamp;
		p->mark = s->mark;
		decide(s, p, WAIT);
	}
	if (p->place != WAIT || !step_has(st, WAITING_ENDS) ||
	    s->now < p->until)
		return;
	p->place = BUSY;
	if (s->token)
		st->wrong = "somebody gave up with a token there";
}

static void
look(struct step *st, size_t i)
{
	struct state *s = step_emit(st, "looks again, with the lock");

	if (step_has(st, LOOK_AFTER_LOCK))
		decide(s, &s->p[i], MARK);
	else
		s->p[i].place = MARK;
}

static void
mark(struct step *st, size_t i)
{
	struct state *s = step_emit(st, "marks its flight");

	s->p[i].place = SEND;
	if (!step_has(st, MARK_IS_MADE))
		return;
	s->mark = s->p[i].until;
	s->stamp++;
}

static void
send(struct step *st, size_t i)
{
	struct state *s = step_emit(st, "asks the server");

	if (s->now >= s->p[i].until && step_has(st, ASKING_ENDS)) {
		s->p[i].place = RELEASE; /* no_time() of core/purchase.c */
		return;
	}
	s->p[i].asked = s->now;
	s->p[i].place = ASK;
	s->requests++;
}

static void
ask(struct step *st, size_t i)
{
	struct state *s = step_emit(st, "gets a token");

	s->p[i].place = KEEP_TOKEN;
	if (!st->b->prompt) {
		s = step_emit(st, "gets none");
		s->p[i].place = KEEP_GATE;
	}
}

static void
keep_token(struct step *st, size_t i)
{
	struct state *s = step_emit(st, "keeps the token");
	uint8_t mine = s->p[i].asked + 1;

	s->p[i].place = RELEASE;
	if (!step_has(st, TOKEN_IS_KEPT))
		return;
	if (s->token > mine && !step_has(st, LATE_ANSWER_IS_DROPPED))
		st->wrong = "an older token took the place of a newer one";
	if (s->token < mine)
		s->token = mine;
	s->mark = s->gate = 0;
	s->stamp++;
}

static void
keep_gate(struct step *st, size_t i)
{
	struct state *s = step_emit(st, "keeps the failure");

	s->p[i].place = RELEASE;
	s->mark = 0;
	s->gate = step_has(st, FAILURE_IS_KEPT);
	s->stamp++;
}

static void
release(struct step *st, size_t i)
{
	struct state *s = step_emit(st, "lets go");
	struct process *p = &s->p[i];

	p->flags &= ~(HAS_FLIGHT | HAS_LANE);
	p->place = s->token ? SERVED : FAILED;
}

/* WAIT: it polls, at the latest after a tick. */
static void
poll(struct step *st, size_t i)
{
	struct state *s = step_emit(st, "polls");

	s->p[i].place = TRY;
}

static void (*const places[])(struct step *, size_t) = {
    [IDLE] = start,
    [TRY] = try_lock,
    [TRY_LANE] = try_lane,
    [PEEK] = peek,
    [WAIT] = poll,
    [AGAIN] = again,
    [LOOK] = look,
    [MARK] = mark,
    [SEND] = send,
    [ASK] = ask,
    [KEEP_TOKEN] = keep_token,
    [KEEP_GATE] = keep_gate,
    [RELEASE] = release,
};

void
step_process(struct step *st, size_t i)
{
	places[st->from->p[i].place](st, i);
}
