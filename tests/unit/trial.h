/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Something done again and again, with one call failing each time: each call
 * on a file in turn, then each allocation.  Whatever happens, a failure has a
 * sentence, and no descriptor, no memory and no secret is left behind.
 */
#ifndef TESTS_TRIAL_H
#define TESTS_TRIAL_H

#include "base/error.h"

struct trial {
	int (*act)(struct error *err);
	/* What must hold afterwards, whether r says that it worked or not. */
	void (*check)(int r, const struct error *err);
};

void trial_all(const struct trial *t);
/* "system" or "memory" alone. */
void trial_some(const struct trial *t, const char *what);
/* It worked, or what failed is the call: nothing else is to blame. */
void trial_is_told(int r, const struct error *err);

#endif
