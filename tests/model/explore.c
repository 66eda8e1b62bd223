/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks through all states of the model, breadth first, and checks each; then
 * takes every guard away in turn and must find that something breaks.
 *
 *     explore [--long]        prints TAP
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "model.h"

struct known {
	struct state s;
	uint32_t from;
	const char *what;
};

static struct {
	struct known *v; /* in the order in which they were met */
	uint32_t n, room;
	uint32_t *slots; /* index + 1, by hash; a power of two of them */
	uint32_t mask;
} all;

const char *const guard_names[GUARDS] = {
    [LOCK_EXCLUDES] = "the lock keeps others out",
    [LOCK_DIES_WITH_HOLDER] = "the lock dies with its holder",
    [LOOK_AFTER_LOCK] = "the lock is had: look again",
    [LOOK_WHILE_WAITING] = "look while waiting",
    [LANE_EXISTS] = "there is a second lane",
    [LANE_EXCLUDES] = "the second lane keeps others out",
    [LANE_IS_FOR_THE_LATE] = "the second lane is for when the first is late",
    [LATE_COUNTS_FROM_COMING] = "an old mark says nothing of who came later",
    [LATE_WITHOUT_A_MARK] = "who never makes a mark is late, too",
    [LATE_COUNTS_ANEW] = "who was stopped itself waits anew",
    [LATE_LOOK_AGAIN] = "who finds itself late looks again before it asks",
    [FIRST_LANE_FIRST] = "the second lane is for when the first is taken",
    [MARK_IS_MADE] = "a flight is marked",
    [FAILURE_IS_KEPT] = "a failure is kept for all",
    [TOKEN_IS_KEPT] = "a token is kept for all",
    [LATE_ANSWER_IS_DROPPED] = "a late answer finds a newer one",
    [WAITING_ENDS] = "waiting ends at the deadline",
    [ASKING_ENDS] = "asking ends at the deadline",
};

/* name, processes, crashes, stops, patience, last start, horizon, prompt, big */
static const struct bounds bounds[] = {
    {"3 processes, prompt server, 2 crashes", 3, 2, 0, {3, 3, 3}, 3, 9, true,
	false},
    {"3 processes, 2 crashes", 3, 2, 0, {2, 3, 4}, 2, 7, false, false},
    {"3 processes, 1 stop", 3, 0, 1, {2, 9, 9}, 1, 12, false, false},
    {"3 processes, prompt server, 1 crash, 1 stop", 3, 1, 1, {2, 4, 2}, 3, 4,
	true, false},
    {"2 processes, 1 crash, 2 stops", 2, 1, 2, {2, 5}, 2, 8, false, false},
    {"2 processes, 2 crashes, 2 stops", 2, 2, 2, {2, 6}, 4, 11, false, true},
    {"3 processes, 2 crashes, 1 stop", 3, 2, 1, {2, 5, 8}, 2, 10, false, true},
    {"3 processes, prompt server, 2 crashes, 2 stops", 3, 2, 2, {3, 4, 4}, 3, 5,
	true, true},
    {"4 processes, prompt server, 3 crashes", 4, 3, 0, {5, 5, 5, 5}, 3, 9, true,
	true},
    {"4 processes, prompt server, 1 crash, 1 stop", 4, 1, 1, {2, 5, 5, 5}, 1, 7,
	true, true},
};
#define BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

static uint32_t
hash(const struct state *s)
{
	const unsigned char *p = (const void *)s;
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < sizeof(*s); i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 29);
}

static void
grow(void)
{
	uint32_t i, at;

	all.room = all.room ? 2 * all.room : 1 << 16;
	all.mask = 4 * all.room - 1;
	all.v = realloc(all.v, all.room * sizeof(*all.v));
	free(all.slots);
	all.slots = calloc(all.mask + 1, sizeof(*all.slots));
	if (!all.v || !all.slots)
		err(1, "%u states", all.room);
	for (i = 0; i < all.n; i++) {
		at = hash(&all.v[i].s) & all.mask;
		while (all.slots[at])
			at = (at + 1) & all.mask;
		all.slots[at] = i + 1;
	}
}

/*
 * What makes no difference is made equal: what a process that has ended
 * knew, and the places of those that are as patient as each other.
 */
static void
order(const struct bounds *b, struct state *s)
{
	struct process p;
	size_t i, k;

	for (i = 0; i < b->processes; i++)
		if (s->p[i].place >= SERVED)
			s->p[i] = (struct process){.place = s->p[i].place,
			    .flags = s->p[i].flags & (HAS_FLIGHT | HAS_LANE)};
	for (i = 1; i < b->processes; i++)
		for (k = i; k > 0 && b->patience[k] == b->patience[k - 1] &&
			    memcmp(&s->p[k - 1], &s->p[k], sizeof(p)) > 0;
		     k--) {
			p = s->p[k];
			s->p[k] = s->p[k - 1];
			s->p[k - 1] = p;
		}
}

static void
add(const struct state *s, uint32_t from, const char *what)
{
	uint32_t at;

	if (all.n == all.room)
		grow();
	at = hash(s) & all.mask;
	for (; all.slots[at]; at = (at + 1) & all.mask)
		if (memcmp(&all.v[all.slots[at] - 1].s, s, sizeof(*s)) == 0)
			return;
	all.v[all.n] = (struct known){*s, from, what};
	all.slots[at] = ++all.n;
}

static bool
somebody_waits(const struct bounds *b, const struct state *s)
{
	size_t i;

	for (i = 0; i < b->processes; i++)
		if (s->p[i].place != IDLE && s->p[i].place < SERVED &&
		    !(s->p[i].flags & STOPPED))
			return true;
	return false;
}

static const char *
visit(const struct bounds *b, enum guard without, uint32_t i)
{
	static struct state next[NEXT_MAX];
	static const char *what[NEXT_MAX];
	struct state s = all.v[i].s;
	const char *wrong = model_wrong(b, &s);
	size_t k, n;

	if (wrong)
		return wrong;
	n = model_next(b, without, &s, next, what, &wrong);
	if (wrong)
		return wrong;
	if (n == 0 && s.now < b->horizon && somebody_waits(b, &s))
		return "nobody can do anything";
	for (k = 0; k < n; k++) {
		order(b, &next[k]);
		add(&next[k], i, what[k]);
	}
	return NULL;
}

/* Why not, with *ret the state it was found at. */
static const char *
walk(const struct bounds *b, enum guard without, uint32_t *ret)
{
	struct state s;
	const char *wrong;
	uint32_t i;

	if (all.slots)
		memset(all.slots, 0, (all.mask + 1) * sizeof(*all.slots));
	all.n = 0;
	model_start(b, &s);
	add(&s, 0, "");
	for (i = 0; i < all.n; i++) {
		wrong = visit(b, without, i);
		if (wrong) {
			*ret = i;
			return wrong;
		}
	}
	return NULL;
}

static void
show(const struct state *s, const char *what)
{
	static const char *const places[] = {"idle", "try", "lane", "peek",
	    "wait", "again", "look", "mark", "send", "ask", "keep", "gate",
	    "release", "served", "failed", "busy", "dead"};
	size_t i;

	printf("# %2u s, %u requests, token %u, mark %u:", s->now, s->requests,
	    s->token, s->mark);
	for (i = 0; i < PROCESSES_MAX; i++)
		printf(" %s%s%s%s", places[s->p[i].place],
		    s->p[i].flags & HAS_FLIGHT ? "+F" : "",
		    s->p[i].flags & HAS_LANE ? "+L" : "",
		    s->p[i].flags & STOPPED ? "+S" : "");
	printf("  (%s)\n", what);
}

/* How it came to that, the last first. */
static void
trace(uint32_t i)
{
	for (; i > 0; i = all.v[i].from)
		show(&all.v[i].s, all.v[i].what);
}

static unsigned number;

static bool
holds(const struct bounds *b)
{
	uint32_t at = 0;
	const char *wrong = walk(b, NO_MUTANT, &at);

	printf("%s %u - %s: %u states\n", wrong ? "not ok" : "ok", ++number,
	    b->name, all.n);
	if (wrong) {
		printf("# %s\n", wrong);
		trace(at);
	}
	fflush(stdout);
	return !wrong;
}

static bool
is_caught(enum guard g)
{
	const char *wrong = NULL;
	uint32_t at = 0;
	size_t i;

	for (i = 0; !wrong && i < BOUNDS; i++)
		if (!bounds[i].big)
			wrong = walk(&bounds[i], g, &at);
	printf("%s %u - without \"%s\"%s%s\n", wrong ? "ok" : "not ok",
	    ++number, guard_names[g], wrong ? ": " : " nothing breaks",
	    wrong ? wrong : "");
	fflush(stdout);
	return wrong;
}

int
main(int argc, char **argv)
{
	bool large = argc > 1 && strcmp(argv[1], "--long") == 0;
	bool good = true;
	size_t i;

	for (i = 0; i < BOUNDS; i++)
		if (large || !bounds[i].big)
			good = holds(&bounds[i]) && good;
	for (i = NO_MUTANT + 1; i < GUARDS; i++)
		good = is_caught((enum guard)i) && good;
	printf("1..%u\n", number);
	free(all.v);
	free(all.slots);
	return good ? 0 : 1;
}
