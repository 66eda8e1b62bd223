/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of looking a store through share.
 *
 *   verify.c         the header, what lies about, and the sum of it
 *   verify_record.c  credentials and tokens
 *   verify_find.c    what can be found, and what helps
 */
#ifndef CORE_VERIFY_H
#define CORE_VERIFY_H

#include "core/core.h"
#include "store/entries.h"

struct verify {
	struct tokenward *tw;
	tokenward_store_file_fn each;
	void *data;
	size_t credentials, tokens, bad, notes;
	struct error *err;
};

/* What can be found, and what helps. */
enum verify_state {
	STATE_DAMAGED,
	STATE_DAMAGED_TOKENS,
	STATE_DAMAGED_COPY,
	STATE_FOREIGN,
	STATE_OLDER,
	STATE_ORPHAN,
	STATE_MISSING_LOCK,
	STATE_MISSING_COPY,
	STATE_UNFINISHED,
	STATE_BEHIND,
	STATE_TEMPORARY,
	STATE_STRANGE,
	STATE_ASTRAY,
	STATE_MOVING,
	STATE_COPY,
	STATE_MOVED,
	STATE_OPEN
};

/* Tells the caller of it.  name, why: NULL if there is none. */
int verify_find(struct verify *v, enum verify_state state, const char *path,
    const char *name, const char *why);

/* A record's file; one that was removed meanwhile is no fault. */
int verify_credential(struct verify *v, const struct entry *e);
int verify_tokens(struct verify *v, const struct entry *e);

#endif
