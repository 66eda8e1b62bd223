/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials sealed in one file, away from any store: a header as a store
 * has it, with a master key and key slots of its own, then the records
 * (tokenward-store-format(5), EXPORT FILES).
 *
 *   export_write.c  makes one        export_read.c  reads one
 *   export.c        what both share
 */
#ifndef STORE_EXPORT_H
#define STORE_EXPORT_H

#include "base/buf.h"
#include "base/error.h"
#include "store/header.h"

struct export_keys; /* of its master key, in the arena */

/* ---- writing ----------------------------------------------------------- */

struct export_writer;

/* A name that is taken: TOKENWARD_EXISTS. */
int export_check_new(const char *path, struct error *err);
/*
 * path gets its name when all is written, and never takes another file's.
 * h is the header to be, with its slots.
 */
int export_create(const char *path, const struct header *h,
    const unsigned char *master, struct export_writer **ret, struct error *err);
/* In the order of the names. */
int export_put(struct export_writer *w, const char *name,
    const struct buf *plain, struct error *err);
/* Durable when it returns. */
int export_finish(struct export_writer *w, struct error *err);
/* What was not finished is removed.  NULL is allowed. */
void export_abandon(struct export_writer *w);

/* ---- reading ----------------------------------------------------------- */

struct export_reader;

/* The header is decoded, nothing in it is proved yet. */
int export_open(
    const char *path, struct export_reader **ret, struct error *err);
const struct header *export_header(const struct export_reader *r);
/* TOKENWARD_LOCKED when the header's MAC does not agree. */
int export_unlock(
    struct export_reader *r, const unsigned char *master, struct error *err);
/*
 * Every record from the first to the last, in the order of the names, and
 * whether the file is whole.  A result that is not 0 ends the walk.
 */
typedef int (*export_each_fn)(
    void *data, const char *name, const struct buf *plain, struct error *err);
int export_each(struct export_reader *r, export_each_fn each, void *data,
    struct error *err);
void export_close(struct export_reader *r); /* NULL is allowed */

#endif
