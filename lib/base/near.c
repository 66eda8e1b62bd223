/* SPDX-License-Identifier: BSD-2-Clause */
/* The candidate that is the fewest edits away from a word. */
#include <string.h>

#include "base/near.h"

#define WORD_MAX 64 /* longer words are never near */

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned
near_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *old = rows[0], *last = rows[1], *row = rows[2], *t;
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (j = 0; j <= lb; j++)
		last[j] = (unsigned)j;
	for (i = 1; i <= la; i++) {
		row[0] = (unsigned)i;
		for (j = 1; j <= lb; j++) {
			row[j] = least(least(last[j], row[j - 1]) + 1,
			    last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], old[j - 2] + 1);
		}
		t = old, old = last, last = row, row = t;
	}
	return last[lb];
}

void
near_begin(struct near *n, const char *word)
{
	size_t len = strlen(word);

	/* A third of the letters may be wrong, but never all of them. */
	*n = (struct near){word, NULL, len < 3 ? 2 : (unsigned)len / 3 + 2};
}

void
near_try(struct near *n, const char *candidate)
{
	unsigned d = near_distance(n->word, candidate);

	if (d < n->distance) {
		n->distance = d;
		n->best = candidate;
	}
}
