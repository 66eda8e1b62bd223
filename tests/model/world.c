/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to processes, the clock, and what must never be. */
#include <string.h>
#include "step.h"

struct state *
step_emit(struct step *st, const char *what)
{
	struct state *s = &st->next[st->n];

	st->what[st->n++] = what;
	*s = *st->from;
	return s;
}

bool
step_has(const struct step *st, enum guard g)
{
	return st->without != g;
}

static bool
is_active(const struct process *p)
{
	return p->place != IDLE && p->place < SERVED;
}

static bool
is_holder(const struct process *p)
{
	return p->flags & (HAS_FLIGHT | HAS_LANE);
}

/* Its helper ends with it; the server was asked all the same. */
static void
crash(struct step *st, size_t i)
{
	struct state *s = step_emit(st, "is killed");
	struct process *p = &s->p[i];

	s->crashes++;
	s->excuses += is_holder(p) && p->place > SEND && p->place < RELEASE;
	p->place = DEAD;
	p->flags &= ~STOPPED;
	if (step_has(st, LOCK_DIES_WITH_HOLDER))
		p->flags = 0;
}

static void
stop(struct step *st, size_t i)
{
	struct state *s = step_emit(st, "is stopped");
	struct process *p = &s->p[i];

	s->stops++;
	s->excuses += is_holder(p);
	p->flags |= STOPPED | WAS_STOPPED;
}

static void
one(struct step *st, size_t i)
{
	const struct state *s = st->from;
	const struct process *p = &s->p[i];

	if (p->flags & STOPPED)
		step_emit(st, "goes on")->p[i].flags &= ~STOPPED;
	else if (p->place < SERVED)
		step_process(st, i);
	if (!is_active(p))
		return;
	if (s->crashes < st->b->crashes)
		crash(st, i);
	if (s->stops < st->b->stops && !(p->flags & STOPPED))
		stop(st, i);
}

/* It has something to do that takes no time. */
static bool
is_pressing(const struct step *st, const struct process *p)
{
	if (!is_active(p) || p->flags & STOPPED || p->place == WAIT)
		return false;
	return p->place != ASK || st->b->prompt ||
	       (st->from->now >= p->until && step_has(st, ASKING_ENDS));
}

static void
tick(struct step *st)
{
	bool waits = false, works = false, late;
	const struct process *p;
	struct state *s;
	size_t i;

	for (i = 0; i < st->b->processes; i++)
		if (is_pressing(st, &st->from->p[i]))
			return;
	if (st->from->now >= st->b->horizon)
		return;
	s = step_emit(st, "a second passes");
	for (i = 0; i < st->b->processes; i++) {
		p = &s->p[i];
		waits |= p->place == WAIT && !(p->flags & STOPPED);
		works |= is_holder(p) && is_active(p) && !(p->flags & STOPPED);
		if (p->place == WAIT && !(p->flags & STOPPED))
			s->p[i].place = TRY;
	}
	s->now++;
	late = s->stops == 0 || s->now > s->mark + LATE;
	s->idle = waits && !works && late ? s->idle + 1 : 0;
}

size_t
model_next(const struct bounds *b, enum guard without, const struct state *s,
    struct state *next, const char **what, const char **ret_wrong)
{
	struct step st = {
	    .b = b, .without = without, .from = s, .next = next, .what = what};
	size_t i;

	for (i = 0; i < b->processes; i++)
		one(&st, i);
	tick(&st);
	*ret_wrong = st.wrong;
	return st.n;
}

void
model_start(const struct bounds *b, struct state *s)
{
	(void)b;
	memset(s, 0, sizeof(*s));
}

/*
 * How long nobody may do anything while somebody waits: no time where the
 * holder died, and where it may be stopped, until the last of them is late.
 */
static uint8_t
longest_idle(const struct bounds *b, const struct state *s)
{
	return s->stops ? b->last_start + UNMARKED + LATE + 2 : 1;
}

static const char *
wrong_with_one(const struct bounds *b, const struct state *s, size_t i)
{
	const struct process *p = &s->p[i];

	if (is_active(p) && !(p->flags & WAS_STOPPED) && s->now > p->until + 1)
		return "a process goes on after its deadline";
	if (p->place == SERVED && !s->token)
		return "a token was given out and is not on record";
	if (b->prompt && s->stops == 0 &&
	    (p->place == FAILED || p->place == BUSY))
		return "a process failed without a reason";
	return NULL;
}

const char *
model_wrong(const struct bounds *b, const struct state *s)
{
	const char *wrong = NULL;
	size_t i, asking[3] = {0};

	for (i = 0; !wrong && i < b->processes; i++) {
		wrong = wrong_with_one(b, s, i);
		if (s->p[i].place == ASK)
			asking[s->p[i].flags & (HAS_FLIGHT | HAS_LANE)]++;
	}
	if (wrong)
		return wrong;
	if (asking[HAS_FLIGHT] > 1 || asking[HAS_LANE] > 1)
		return "two requests at once in one lane";
	if (s->requests > 1 + s->excuses)
		return "a request too many";
	if (s->idle > longest_idle(b, s))
		return "they wait for nobody";
	return NULL;
}
