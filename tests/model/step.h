/* SPDX-License-Identifier: BSD-2-Clause */
/* The next states of one state, while they are found. */
#ifndef MODEL_STEP_H
#define MODEL_STEP_H

#include "model.h"

#define LATE 1 /* ticks: LATE_MS of lib/token/flight.c, and UNMARKED_MS */
#define UNMARKED 1

struct step {
	const struct bounds *b;
	enum guard without;
	const struct state *from;
	struct state *next;
	const char **what;
	size_t n;
	const char *wrong;
};

/* One more next state, a copy of the one it follows. */
struct state *step_emit(struct step *st, const char *what);
bool step_has(const struct step *st, enum guard g);
/* flight.c: what a process does next, if it is neither stopped nor at an end */
void step_process(struct step *st, size_t i);

#endif
