/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths through the library's interface, each by its name. */
#ifndef FAULTS_API_H
#define FAULTS_API_H

#include <tokenward/tokenward.h>

struct path {
	const char *name; /* NULL ends the table */
	/* args end with NULL, and there is none but those that were given. */
	int (*run)(struct tokenward *tw, char **args);
	int again; /* a result that means "that was done already" */
};
extern const struct path paths[];

/* Adds to the answer, which is told when all went well. */
void answer(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The sentence of a failure that is not the handle's. */
void answer_failure(const char *sentence);
/* Its text, which it frees. */
void answer_text(char *text);

#endif
