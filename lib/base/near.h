/* SPDX-License-Identifier: BSD-2-Clause */
/* "Did you mean": the candidate that is the fewest edits away from a word. */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

struct near {
	const char *word;
	const char *best; /* NULL: nothing near enough so far */
	unsigned distance;
};

void near_begin(struct near *n, const char *word);
/* The candidate must live as long as n->best is used. */
void near_try(struct near *n, const char *candidate);
/* Single-letter edits and swaps of neighbours between two words. */
unsigned near_distance(const char *a, const char *b);

#endif
