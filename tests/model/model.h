/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flight protocol of lib/token/flight.c and lib/core as a finite
 * machine, and a walk through every state it can come to.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESSES_MAX 4

enum place { /* of a process */
	IDLE,
	TRY,
	TRY_LANE,
	PEEK,
	WAIT,
	AGAIN,
	LOOK,
	MARK,
	SEND,
	ASK,
	KEEP_TOKEN,
	KEEP_GATE,
	RELEASE,
	SERVED,
	FAILED,
	BUSY,
	DEAD,
};

enum { HAS_FLIGHT = 1, HAS_LANE = 2, STOPPED = 4, WAS_STOPPED = 8, WAITS = 16 };

struct process {
	uint8_t place;
	uint8_t flags;
	uint8_t came;   /* when it found the lock taken */
	uint8_t until;  /* its deadline */
	uint8_t seen;   /* the record's stamp when it looked last */
	uint8_t mark;   /* the deadline it read there; 0: none */
	uint8_t asked;  /* when its request was sent */
	uint8_t polled; /* when it tried last */
};

struct state {
	struct process p[PROCESSES_MAX];
	uint8_t now;
	/* the tokens record */
	uint8_t token; /* when it was asked for, plus one; 0: there is none */
	uint8_t gate;  /* a failure is on record */
	uint8_t mark;
	uint8_t stamp; /* counts its changes */
	/* what happened, for the invariants */
	uint8_t requests;
	uint8_t excuses; /* for one request more: holders that failed */
	uint8_t crashes, stops;
	uint8_t idle; /* ticks in which somebody waited for nobody */
	uint8_t spare[6];
};

/* What the code does and a mutant does not. */
enum guard {
	NO_MUTANT,
	LOCK_EXCLUDES,
	LOCK_DIES_WITH_HOLDER,
	LOOK_AFTER_LOCK,
	LOOK_WHILE_WAITING,
	LANE_EXISTS,
	LANE_EXCLUDES,
	LANE_IS_FOR_THE_LATE,
	LATE_COUNTS_FROM_COMING,
	LATE_WITHOUT_A_MARK,
	LATE_COUNTS_ANEW,
	LATE_LOOK_AGAIN,
	FIRST_LANE_FIRST,
	MARK_IS_MADE,
	FAILURE_IS_KEPT,
	TOKEN_IS_KEPT,
	LATE_ANSWER_IS_DROPPED,
	WAITING_ENDS,
	ASKING_ENDS,
	GUARDS,
};
extern const char *const guard_names[GUARDS];

struct bounds {
	const char *name;
	uint8_t processes, crashes, stops;
	uint8_t patience[PROCESSES_MAX]; /* deadline, ticks from coming */
	uint8_t last_start, horizon;     /* ticks */
	bool prompt; /* the server answers at once, and well */
	bool big;    /* with --long */
};

/*
 * The next states of one, at most max of them; returns how many, or, where
 * one must not be, sets *ret_wrong to why.
 */
#define NEXT_MAX 64
size_t model_next(const struct bounds *b, enum guard without,
    const struct state *s, struct state *next, const char **what,
    const char **ret_wrong);
void model_start(const struct bounds *b, struct state *s);
/* Why a state must not be, or NULL. */
const char *model_wrong(const struct bounds *b, const struct state *s);

#endif
