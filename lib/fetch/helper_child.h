/* SPDX-License-Identifier: BSD-2-Clause */
/* A helper's process until it runs its program. */
#ifndef FETCH_HELPER_CHILD_H
#define FETCH_HELPER_CHILD_H

#include <sched.h>
#include <stdbool.h>
#include "fetch/helper.h"

#define HELPER_PROGRAM_FD 3 /* above it nothing is left open */

/* What the child needs, in memory it shares with us until it execs. */
struct start {
	int program, socket, null;
	int error;
	char *argv[3];
	const struct helper_limits *limits; /* NULL: as ours */
	cpu_set_t cpus;
	bool stays; /* on its processor, until it has begun */
};

/* Runs beside the suspended parent: system calls only. */
int helper_child(void *start);

#endif
