/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies in the directory of a store, ours and not ours; for looking
 * after it and for taking it away.
 */
#ifndef STORE_ENTRIES_H
#define STORE_ENTRIES_H

#include <sys/types.h>
#include "base/str.h"
#include "store/files.h"

enum entry_kind {
	ENTRY_RECORD,
	ENTRY_TEMPORARY, /* NAME.new: a write under way or cut short */
	ENTRY_PART,      /* header, header.old, lock, a folder */
	ENTRY_ASTRAY,    /* a record's file, where records lie elsewhere */
	ENTRY_STRANGE
};

struct records;

struct entry {
	enum entry_kind what;
	enum record_kind kind; /* of a record */
	unsigned char index[INDEX_LEN];
	const char *path; /* under the directory, or MODULE:KEY */
	mode_t mode;
	struct records *from; /* NULL: where the records of the store lie */
};

/* In no order; a result that is not 0 ends the walk. */
typedef int (*entry_fn)(void *data, const struct entry *e);
int files_entries(
    const struct files *f, entry_fn each, void *data, struct error *err);

/* One record by its file; a damaged one is told by its fault alone. */
int store_read_entry(struct store *s, const struct entry *e, struct buf *out,
    uint64_t *ret_generation, struct error *err);
/* The record that is in use, wherever it lies. */
int store_read_index(struct store *s, enum record_kind kind,
    const unsigned char *index, struct buf *out, uint64_t *ret_generation,
    struct error *err);
/* Of every place that is read; where records lie is also said by from. */
int store_entries(
    struct store *s, entry_fn each, void *data, struct error *err);
bool store_has_record(
    struct store *s, enum record_kind kind, const unsigned char *index);
bool store_has_lock(const struct store *s);
/* Under which index a name is kept; the store is unlocked. */
int store_index(const struct store *s, const char *name, unsigned char *ret,
    struct error *err);
/* header.old: TOKENWARD_OK, TOKENWARD_NOT_FOUND, or damaged or foreign. */
int store_check_copy(struct store *s, struct error *err);

/*
 * Until nobody is at work there: what is taken away before store_destroy() is
 * taken away only then.  TOKENWARD_UNAVAILABLE.
 */
int store_wait_idle(
    const char *path, const int64_t *deadline_ms, struct error *err);
/*
 * Takes away everything of ours, headers first, and the directory if nothing
 * else is in it; *ret_left has the others' files.  No header and nothing of
 * ours: TOKENWARD_CONFIG.  Killed, it is finished by saying it again.
 */
int store_destroy(const char *path, const int64_t *deadline_ms,
    struct strlist *ret_left, struct error *err);

#endif
