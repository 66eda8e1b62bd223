/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sealing: plain text to the bytes of a record's file and back, and the
 * subkeys this needs (tokenward-store-format(5)).  Touches no file.
 */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/frame.h"

#define SEAL_KEY_LEN 32
#define SEAL_OUTER_LEN 112 /* what stands before the ciphertext */
#define SEAL_TAG_LEN 16
#define SEAL_PLAIN_MAX FRAME_MAX
#define SEAL_MAX (SEAL_OUTER_LEN + SEAL_PLAIN_MAX + 1024u + SEAL_TAG_LEN)

/* Every key is used for one thing only. */
enum subkey {
	SUBKEY_HEADER, /* MAC of the header */
	SUBKEY_INDEX,  /* names of the records' files */
	SUBKEY_TOKENS,
	SUBKEY_TOKENS_NONCE,
	SUBKEY_CREDENTIALS,
	SUBKEY_CREDENTIALS_NONCE,
	SUBKEY_KEPT,  /* what the header keeps sealed */
	SUBKEY_EXPORT /* MAC of an export file */
};
/* SEAL_KEY_LEN bytes into ret, which lies in the locked arena. */
void subkey_derive(
    enum subkey which, const unsigned char *master, unsigned char *ret);

/* Of one kind of records. */
struct seal_keys {
	unsigned char record[SEAL_KEY_LEN];
	unsigned char nonce[SEAL_KEY_LEN];
};

/* Which record it is: a seal opens as this one and as no other. */
struct seal_id {
	const unsigned char *store_id; /* STORE_ID_LEN */
	const unsigned char *index;    /* INDEX_LEN */
	uint8_t kind;
	uint8_t format;
	uint8_t suite;
	uint32_t epoch;
	uint64_t generation;
};

/* Appends the sealed bytes. */
int seal_close(const struct seal_id *id, const struct seal_keys *keys,
    const struct buf *plain, struct buf *out, struct error *err);
/*
 * Appends the plain text to out, a secret buffer.  The generation is the one
 * the bytes state (id->generation is not looked at) and is set even when
 * they are damaged, 0 when none can be read: a writer compares it.
 */
int seal_open(const struct seal_id *id, const struct seal_keys *keys,
    const void *data, size_t len, struct buf *out, uint64_t *ret_generation,
    struct error *err);
/* What the first SEAL_OUTER_LEN bytes state, unproved; 0: illegible. */
uint64_t seal_generation(const void *data, size_t len);
uint32_t seal_epoch(const void *data, size_t len);

#endif
