/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place where sealed records lie: opaque keys, opaque bytes.  The store's
 * own files, or a store module that is a program.  The header, its copy and
 * the lock stay in the directory whatever it is.
 *
 *   place_files.c   the directory       place_module.c  a program
 */
#ifndef STORE_PLACES_H
#define STORE_PLACES_H

#include <sys/stat.h>
#include "store/files.h"
#include "store/where.h"

struct store;
struct outside; /* a module under way */

struct records;
struct records_ops {
	/*
	 * get appends all, head at least the first bytes of it.  Absent:
	 * TOKENWARD_NOT_FOUND, for the caller to say.  A record that cannot
	 * be one of ours: TOKENWARD_DAMAGED, told by its fault alone.
	 */
	int (*get)(struct records *r, const char *key, struct buf *out,
	    struct error *err);
	int (*head)(struct records *r, const char *key, struct buf *out,
	    struct error *err);
	/* Over what get or head saw last, where the place can tell. */
	int (*put)(struct records *r, const char *key, const struct buf *b,
	    bool durable, struct error *err);
	int (*drop)(struct records *r, const char *key, struct error *err);
	int (*each)(struct records *r, enum record_kind kind,
	    files_each_fn each, void *data, struct error *err);
	/* What a writer that was killed has left is durable too. */
	int (*settle)(
	    struct records *r, enum record_kind kind, struct error *err);
	/* A cheap stamp; NULL: the place has none. */
	bool (*stamp)(struct records *r, const char *key, struct stat *ret);
	/* What is under way ends; the next operation begins it again. */
	void (*rest)(struct records *r);
};

struct records {
	const struct records_ops *ops;
	struct store *s;
	const struct where *where;
	const struct stack_line *line; /* it is read by; NULL: look for it */
	struct outside *outside;
};

/* where must outlive it, and stay as it is until the next of these. */
void records_open(
    struct records *r, struct store *s, const struct where *where);
void records_close(struct records *r);
/* The stack's line of this place; NULL: there is none. */
struct stack_line;
int records_line(
    const struct records *r, const struct stack_line **ret, struct error *err);
/* By asking for one that is not there. */
int records_check(struct records *from, struct error *err);
/* That line says readonly: TOKENWARD_NOT_ALLOWED. */
int records_check_writable(const struct records *r, struct error *err);
/* "DIR/KEY", "secret-service:KEY": fit for a sentence. */
void records_path(const struct records *r, const char *key, struct buf *out);

/* places_end.c: all that was put there or dropped is durable. */
int records_settle(struct records *r, struct error *err);
/* Two names of one place: emptying one would empty both. */
int records_same(struct store *s, struct records *in, struct records *other,
    bool *ret_same, struct error *err);
/* Every record goes; done (or NULL) is called after each. */
int records_empty(
    struct records *r, void (*done)(void *), void *data, struct error *err);

extern const struct records_ops records_files, records_module;

#endif
