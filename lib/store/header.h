/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header file: which store, which format, which slots; its MAC under
 * the master key covers every byte before it (tokenward-store-format(5)).
 */
#ifndef STORE_HEADER_H
#define STORE_HEADER_H

#include <stdint.h>
#include "base/buf.h"
#include "base/error.h"
#include "key/key.h"
#include "store/where.h"

#define STORE_ID_LEN 16
#define HEADER_MAX 65536u
#define HEADER_MAC_LEN 32
#define HOME_MAX 4096u /* bytes of its path */
#define FORMAT_VERSION 1

#define KEPT_LEN 72 /* nonce, key, tag */

/* Keys of before a new master key, kept.c. */
enum kept { KEPT_INDEX_KEY, KEPT_OLD_MASTER, KEPT_MAX };
extern const char *const kept_names[KEPT_MAX];

struct kept_key {
	bool there;
	unsigned char sealed[KEPT_LEN];
};

struct header {
	int64_t format;     /* version of the format it is written in */
	int64_t min_reader; /* oldest format version that may read it */
	int64_t suite;      /* 1: XChaCha20-Poly1305, BLAKE2b, Argon2id */
	unsigned char store_id[STORE_ID_LEN];
	int64_t epoch;    /* of the master key, from 1 */
	int64_t sequence; /* counts writes of the header */
	int64_t created_at;
	uint32_t next_slot;
	struct kept_key kept[KEPT_MAX]; /* KEPT_OLD_MASTER: being rekeyed */
	struct where records;           /* where they lie */
	struct where other; /* where some may lie that do not count: what
				 moving them has begun, or not emptied */
	bool has_other;
	char *home; /* the directory it belongs to (home.h); NULL: not
			 known */
	struct key_slot slots[SLOTS_MAX];
	size_t slots_n;
	/* Removed ones of which something may be left elsewhere; they open
	   nothing any more. */
	struct key_slot gone[SLOTS_MAX];
	size_t gone_n;
	struct buf bytes; /* as read: what the MAC covers, and the MAC */
};

void header_free(struct header *h);
/* Nothing in it is to be trusted before header_verify(). */
int header_decode(
    const void *data, size_t len, struct header *ret, struct error *err);
/* True when the MAC agrees with this master key; false also for a lack of
   memory (errno). */
bool header_verify(const struct header *h, const unsigned char *master);
/* The same with the header's subkey (store/seal.h). */
bool header_verify_key(const struct header *h, const unsigned char *key);
/* Notes a slot that was taken out; of too many the oldest goes.  False: no
   memory. */
bool header_note_gone(struct header *h, const struct key_slot *slot);
void header_drop_gone(struct header *h, size_t i);
/* Seals a key of KEY_LEN bytes under the master key, for epoch h->epoch. */
int header_keep(struct header *h, enum kept which, const unsigned char *master,
    const unsigned char *key, struct error *err);
/* False: it is not there, not of this master key, or no memory (errno). */
bool header_kept(const struct header *h, enum kept which,
    const unsigned char *master, unsigned char *ret);
/* Bytes of a header with its MAC. */
int header_encode(const struct header *h, const unsigned char *master,
    struct buf *out, struct error *err);

#endif
