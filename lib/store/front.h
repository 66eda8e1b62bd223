/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the front share: open.c, create.c, store.c and
   record_read.c. */
#ifndef STORE_FRONT_H
#define STORE_FRONT_H

#include "store/files.h"
#include "store/header.h"
#include "store/places.h"
#include "store/seal.h"
#include "store/store.h"

/*
 * The subkeys, in the locked arena.  So are the flags that say they are
 * there: a forked child finds them zeroed like the keys, and never seals
 * anything with a key of zeros.
 */
struct keys {
	unsigned char header[SEAL_KEY_LEN];
	unsigned char index[SEAL_KEY_LEN];
	struct seal_keys record[RECORD_KIND_MAX];
	unsigned char ready[RECORD_KIND_MAX];
	/* Of the master key before, while records are sealed anew. */
	struct seal_keys old[RECORD_KIND_MAX];
	unsigned char has_old;
};

struct lines;

struct store {
	struct files files;
	struct header header;
	struct records records;
	const struct key_context *modules; /* NULL: no programs are run */
	struct stat looked; /* the header, when something was not found */
	bool has_looked;
	struct lines *lines; /* of the stack; NULL: not yet looked at */
	struct lines *retired;
	struct keys *keys; /* NULL: locked */
	store_renew_fn renew;
	void *renew_data;
	const int64_t *deadline_ms; /* of whoever uses it; NULL: none */
};

/* Bytes of the lock file, besides three for each record. */
enum { LOCK_AT_HEADER, LOCK_AT_EPOCH };

/* At most so long from now, and hardly past the deadline (NULL: none). */
int64_t files_until(const int64_t *deadline_ms, int64_t most_ms);
int64_t store_until(const struct store *s, int64_t most_ms);
/* The store's lock, of a directory without a header that can be read. */
int files_lock_header(const struct files *f, const int64_t *deadline_ms,
    int *ret_lock, struct error *err);
/* There is none, errno e says why; and what may bring it back. */
int header_missing(const struct files *f, int e, struct error *err);
/* "header" or "header.old", durable. */
int header_put(const struct files *f, const char *name, const struct buf *b,
    struct error *err);
/* The header and the keys as they are now. */
int store_renew(struct store *s, struct error *err);
/* Holds off a new master key, and makes sure of having the present one. */
int store_join(struct store *s, int *ret_lock, struct error *err);

/* A record's file. */
struct place {
	enum record_kind kind;
	const char *name; /* NULL in a walk */
	unsigned char index[INDEX_LEN];
	struct files_name file;
};
const char *kind_word(enum record_kind kind); /* for a sentence */
struct seal_id seal_id_of(
    const struct store *s, const struct place *at, uint64_t generation);
/* Reads through the stack's lines, under a newer master key as well.
   Appends to out. */
int place_read(struct store *s, const struct place *at, struct buf *out,
    uint64_t *ret_generation, struct error *err);
/* The same in one place (NULL: the store's own), whatever other lines there
   are. */
int place_read_from(struct store *s, const struct place *at,
    struct records *from, struct buf *out, uint64_t *ret_generation,
    struct error *err);
/* The same again; the sentence of a damaged one is its fault alone. */
int place_read_bare(struct store *s, const struct place *at,
    struct records *from, struct buf *out, uint64_t *ret_generation,
    struct error *err);
/* Seals with the present key; no check of what is there. */
int place_write(struct store *s, const struct place *at,
    const struct buf *plain, uint64_t generation, bool durable,
    struct error *err);
void place_of_index(
    enum record_kind kind, const unsigned char *index, struct place *ret);
int place_lock(const struct store *s, const struct place *at,
    int64_t deadline_ms, int *ret_lock, struct error *err);
/* Is the header on disk the one we know? */
int header_compare(const struct store *s, bool *ret_same, struct error *err);
/* What is not there may lie elsewhere: the header was read again, and the
   place is another one. */
int records_have_moved(struct store *s, bool *ret, struct error *err);
/* The key of a kind is there. */
int need_key(const struct store *s, enum record_kind kind, struct error *err);

#endif
