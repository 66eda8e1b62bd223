/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directory of a store: opaque names, opaque bytes.  Everything goes
 * through one open descriptor, so that the directory that was checked is the
 * one that is used.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include <stdbool.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/way.h"
#include "store/store.h"

struct files {
	int dir;
	char *path; /* for sentences */
};

/* A record's file under the directory: "tokens/<64 hex digits>". */
struct files_name {
	char text[80];
};
void files_name(
    enum record_kind kind, const unsigned char *index, struct files_name *ret);

/*
 * Opens and checks: owner (11), mode (11), for root the directories above
 * (11); nothing there: TOKENWARD_CONFIG.
 */
int files_open(const char *path, struct files *ret, struct error *err);
/* Makes the directory, what is under it and the lock; no header. */
int files_make(const char *path, struct files *ret, struct error *err);
void files_close(struct files *f);
bool files_read_only(const struct files *f);

/* 0 or errno, appends. */
int files_get(
    const struct files *f, const char *name, size_t max, struct buf *b);
/* The first len bytes; how many there were, or -errno. */
long files_head(const struct files *f, const char *name, void *to, size_t len);
int files_put(const struct files *f, const char *name, const struct buf *b,
    enum file_sync sync, struct error *err);
/* With what a killed writer may have left of it; absent is success. */
int files_drop(const struct files *f, const char *name, struct error *err);
/* Names in a folder of it, or in ".", are durable, whoever put them there. */
int files_settle(const struct files *f, const char *folder, struct error *err);
bool files_has(const struct files *f, const char *name);

/* Every record of a kind, in no order.  Not 0 ends the walk. */
typedef int (*files_each_fn)(void *data, const unsigned char *index);
int files_each(const struct files *f, enum record_kind kind, files_each_fn each,
    void *data, struct error *err);

/* 11 where others could put another directory in the place of root's. */
int files_check_above(int dir, const char *path, struct error *err);
/* The sentence for an error of base/way. */
int files_lost(
    const char *path, int e, const struct way_fault *fault, struct error *err);
extern const char *const files_folders[RECORD_KIND_MAX];
int files_make_folder(int dir, const char *name); /* 0 or errno */
/* The sentence for an errno met while working on name. */
int files_fail(const struct files *f, int e, const char *what, const char *name,
    struct error *err);

#endif
