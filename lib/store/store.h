/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front of the store: sealed records by name.  A record is sealed above
 * the directory of files, which sees opaque keys and opaque bytes only.
 *
 *   places.h  where records lie: the directory, or a module
 *   lines.h   reading through several places, the store lines of the stack
 *   where.c   such a place, as the header keeps it
 *   files.c   the directory: read, replace, remove, walk
 *   lock.c    OFD byte ranges on the one lock file
 *   seal.c    plain text <-> sealed bytes     header.c   the header file
 *   home.c    which of several copies it is
 *   kept.c    keys the header keeps through a new master key
 *   keys.c    the subkeys     rekey.c   a new master key
 *   store.c   this front  open.c  its beginning  repair.c  its header mended
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include "base/buf.h"
#include "base/error.h"
#include "store/header.h"

#define INDEX_LEN 32

enum record_kind {
	RECORD_CREDENTIAL, /* credentials/<index>: always durable */
	RECORD_TOKENS,     /* tokens/<index> */
	RECORD_KIND_MAX
};

struct store;

/*
 * Opens the directory and reads the header; checks owner and mode (11), the
 * format version (10), damage (9); no store there: TOKENWARD_CONFIG.
 */
int store_open(const char *path, struct store **ret, struct error *err);
/* Makes directory, lock and header (header last), then opens it. */
int store_create(const char *path, struct header *h,
    const unsigned char *master, const int64_t *deadline_ms, struct store **ret,
    struct error *err);
/* All of it durable, and the copy of the header, where making the store was
   cut short. */
int store_finish(struct store *s, struct error *err);
void store_close(struct store *s);
/* No lock of its own is waited for past it (CLOCK_BOOTTIME). */
void store_use_deadline(struct store *s, const int64_t *deadline_ms);
/* How store modules are started: directory, stack.  It outlives the store. */
void store_use_modules(struct store *s, const struct key_context *modules);
/* A module that is under way ends; the next operation begins it again. */
void store_rest(struct store *s);
const struct header *store_header(const struct store *s);
const char *store_path(const struct store *s);
bool store_exists(const char *path);
bool store_is_read_only(const struct store *s);
/* The header as it is now on disk, when another process wrote it. */
int store_reload(struct store *s, struct error *err);
/* Writes a new header durably, the one before kept as header.old. */
int store_write_header(struct store *s, struct header *h,
    const unsigned char *master, struct error *err);
/* The same, but nothing of the one before is kept: it must not open. */
int store_replace_header(struct store *s, struct header *h,
    const unsigned char *master, struct error *err);
/*
 * Only for doctor --repair: header.old as it is, the caller's to check and to
 * free; then that very copy in place of the header, which is kept as
 * header.bad.
 */
int store_read_copy(const char *path, struct header *ret, struct error *err);
int store_repair_header(const char *path, const struct header *copy,
    const int64_t *deadline_ms, struct error *err);

/*
 * Derives the subkeys; the header's MAC must agree (else TOKENWARD_LOCKED).
 * with_credentials: also the credentials' key; a cached token never needs
 * it.  The caller wipes master as soon as nothing more is derived.
 */
int store_unlock(struct store *s, const unsigned char *master,
    bool with_credentials, struct error *err);
bool store_is_unlocked(const struct store *s, bool with_credentials);
void store_lock_keys(struct store *s); /* wipes every subkey */
/*
 * When another process gave the store a new master key, reading and writing
 * go on with it: renew() is to find it and to call store_unlock().
 */
typedef int (*store_renew_fn)(
    void *data, bool with_credentials, struct error *err);
void store_on_rekey(struct store *s, store_renew_fn renew, void *data);

/*
 * A new master key, with LOCK_STORE held all the while.  h is a copy of the
 * present header with slots that wrap the new key.  Begun, the header has
 * the new slots and the old master key sealed under the new one, so that
 * records of both can be read; killed then, reseal and end finish it.
 */
int store_rekey_begin(struct store *s, struct header *h,
    const unsigned char *old_master, const unsigned char *master,
    struct error *err);
/* Seals every record anew; TOKENWARD_DAMAGED where one could not be read. */
int store_rekey_records(struct store *s, size_t *ret_done, struct error *err);
int store_rekey_end(
    struct store *s, const unsigned char *master, struct error *err);
bool store_is_rekeyed(const struct store *s); /* begun and not ended */

/*
 * Reads and opens a record (appends to out, a secret buffer).  Absent:
 * TOKENWARD_NOT_FOUND.  Damaged: TOKENWARD_DAMAGED.  Takes no lock.
 */
int store_read(struct store *s, enum record_kind kind, const char *name,
    struct buf *out, uint64_t *ret_generation, struct error *err);
/*
 * Seals and writes.  generation must be the one that was read (0: a new
 * record), else TOKENWARD_EXISTS and nothing is written: read again.  The
 * caller holds the record's lock.  durable false: atomic only.
 */
int store_write(struct store *s, enum record_kind kind, const char *name,
    const struct buf *plain, uint64_t generation, bool durable,
    struct error *err);
/* Absent is success; what a readonly place has as well: TOKENWARD_NOT_ALLOWED. */
int store_remove(struct store *s, enum record_kind kind, const char *name,
    struct error *err);
/* Whether a name can be removed at all, before any of it is. */
int store_check_remove(struct store *s, const char *name, struct error *err);
/*
 * A writer that was killed may have left what it wrote readable, but not
 * durable.  Before more is built on that, or it is said to be done, it is
 * made durable here.
 */
int store_settle(struct store *s, enum record_kind kind, struct error *err);
int store_settle_header(struct store *s, struct error *err);
/*
 * Every credential's plain text, in no order; a damaged one is given with
 * plain NULL and damage set.  A result that is not 0 ends the walk.
 */
typedef int (*store_each_fn)(void *data, const struct buf *plain,
    uint64_t generation, const struct error *damage);
int store_each(
    struct store *s, store_each_fn each, void *data, struct error *err);
/* A cheap stamp of a record's file; false when it is absent. */
bool store_stamp(
    struct store *s, enum record_kind kind, const char *name, struct stat *ret);
/*
 * How a record's file stands, to be told cheaply and often from what was
 * written later: a system call, and no key.  false: there is no stamp.
 */
struct store_mark {
	char file[80]; /* under the store's directory */
	struct stat st;
};
bool store_mark(struct store *s, enum record_kind kind, const char *name,
    struct store_mark *ret);
bool store_is_as_marked(struct store *s, const struct store_mark *mark);
/* Records in a module have none: what changed is seen by reading. */
bool store_has_stamps(struct store *s);
/* Whether records can be had from where they lie; the store is unlocked. */
int store_check_place(struct store *s, struct error *err);
/*
 * Each readonly line of the stack: its module and line, and why no records
 * can be had from there (NULL: they can, as far as was asked).
 */
typedef int (*store_readonly_fn)(
    void *data, const char *what, const struct error *why);
int store_each_readonly(struct store *s, bool ask, store_readonly_fn each,
    void *data, struct error *err);

/*
 * Locks, released by the kernel when the process ends.  Waiting polls until
 * deadline_ms (CLOCK_BOOTTIME); 0: try once.  TOKENWARD_OK, or
 * TOKENWARD_UNAVAILABLE when somebody else holds it, or
 * TOKENWARD_NOT_ALLOWED on a read-only store.  A record's write lock, its
 * flight and its second lane are separate ranges; LOCK_STORE is for the
 * header.  Each lock is one descriptor, closed by store_unlock_range().
 */
enum lock_kind { LOCK_RECORD, LOCK_FLIGHT, LOCK_LANE, LOCK_STORE };
int store_lock(struct store *s, enum lock_kind kind, const char *name,
    int64_t deadline_ms, int *ret_lock, struct error *err);
void store_unlock_range(int *lock);
#define cleanup_lock __attribute__((cleanup(store_unlock_range)))

#endif
