/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of a new master key share.
 *
 *   rekey.c         the header, and the records after it
 *   rekey_slots.c   opening all slots first
 */
#ifndef CORE_REKEY_H
#define CORE_REKEY_H

#include "core/core.h"
#include "key/key.h"

/* In the locked arena. */
struct rekey_keys {
	unsigned char master[KEY_LEN]; /* the one there is */
	unsigned char fresh[KEY_LEN];
	unsigned char kek[SLOTS_MAX][KEY_LEN];
	unsigned char trial[KEY_LEN];
};

struct rekey {
	struct tokenward *tw;
	bool drop_others;
	struct key_context ctx;
	bool answered; /* a human gave an answer for this slot */
	struct rekey_keys *keys;
	bool opens[SLOTS_MAX];
	uint32_t ids[SLOTS_MAX]; /* of the slots that were looked at */
	size_t ids_n;
	struct buf missing; /* those that do not, and why */
	struct buf text;
};

/* Asks as the caller wants it, and notes that a human answered. */
long rekey_watch_answer(void *data, const struct tokenward_question *question,
    char *answer, size_t cap);
/* The key under each slot that opens; those that do not only where they may
   be dropped, and never all. */
int rekey_try_slots(struct rekey *k, struct error *err);

#endif
