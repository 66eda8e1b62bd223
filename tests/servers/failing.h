/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Orders to the test build of the fetch helper whose allocations fail, and
 * what became of them.  Helpers have neither arguments nor environment: a
 * file beside the program, ".fail" after its name, is memory shared with it.
 */
#ifndef SERVERS_FAILING_H
#define SERVERS_FAILING_H

#include <stdint.h>

#define FAILING_FRAMES 32
#define FAILING_NAME 64

struct failing_frame {
	char object[FAILING_NAME]; /* the file's name */
	char symbol[FAILING_NAME]; /* "": none that is exported */
	uint64_t offset;           /* in the object */
};

struct failing_orders {
	uint64_t at;        /* the allocation that fails, from 1; 0: none */
	uint64_t and_after; /* all later ones do, too */
	uint64_t seen;      /* allocations so far */
	uint64_t failed;
	uint64_t signal; /* that ended it, by its own fault */
	uint64_t frames;
	struct failing_frame frame[FAILING_FRAMES]; /* innermost first */
};

#endif
