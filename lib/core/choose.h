/* SPDX-License-Identifier: BSD-2-Clause */
/* Which key a new store gets, and what is said of it. */
#ifndef CORE_CHOOSE_H
#define CORE_CHOOSE_H

#include "core/core.h"

struct choice {
	const char *key;
	bool own, system; /* for a user's store, for the system's */
	bool human;       /* only where somebody can be asked */
	bool given;       /* only where the service manager gave it */
	bool last;        /* if this fails, nothing less is taken */
};
/* The next best after prev (NULL: the best); NULL: no more. */
const struct choice *choice_next(
    const struct key_context *ctx, const struct choice *prev);
/* It could not be had: a line for the user, if it is worth one. */
void choice_passed(
    const struct choice *c, const struct error *why, struct buf *text);
/* A line for each key of a new store. */
void put_advice(struct buf *out, const struct header *h);

#endif
