/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file system in memory that forgets what was not synced: tests/faults runs
 * the command on it, reads from its journal what the command asked of the
 * disk, and takes its power away.
 */
#ifndef LOSSY_H
#define LOSSY_H

#define FUSE_USE_VERSION 31
#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

/*
 * What is there; what the next sync makes durable, which is less once a sync
 * has failed; what a loss of power leaves.
 */
enum view { SEEN, DUE, KEPT, VIEWS };

struct node;

struct entry {
	char name[256];
	struct node *node;
	off_t cookie; /* its place in the directory, for ever */
};

struct content {
	mode_t mode;
	unsigned char *data; /* of a file */
	size_t len;
	struct entry *entries; /* of a directory */
	size_t entries_n;
};

struct node {
	fuse_ino_t ino;
	struct content view[VIEWS];
	off_t cookies; /* given to entries so far */
	struct timespec changed;
};

/* tree.c: nodes and what is done to them; nodes stay until the end. */
struct node *tree_new(mode_t mode);
struct node *tree_node(fuse_ino_t ino);
struct entry *tree_find(struct node *dir, const char *name);
/* The name means that node, or, when it is NULL, none. */
void tree_name(struct node *dir, const char *name, struct node *node);
void tree_write(struct node *f, size_t at, const void *data, size_t len);
void tree_resize(struct node *f, size_t len);
void tree_mode(struct node *n, mode_t mode);
void tree_sync(struct node *n, bool data_only);
/*
 * As Linux does it: a file's content that was due is dropped, and that is
 * said once.  Names stay due.
 */
void tree_sync_failed(struct node *n);
unsigned tree_links(const struct node *n);

/* disk.c: directories of another file system, read and written. */
void disk_load(struct node *dir, const char *path);
void disk_save(const struct node *dir, enum view view, const char *path);

/* ops.c */
extern const struct fuse_lowlevel_ops ops;

/* main.c: what was asked for on the command line. */
struct fault {
	long left; /* so many are good; -1: all */
	int error;
};
extern struct fault sync_fault, close_fault;
extern long room; /* bytes that files may still grow; -1: any */
/*
 * Called before each change or sync, with its line; may be the end, of us or
 * of who asked for it.
 */
void journal(fuse_req_t by, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void journal_data(fuse_req_t by, const struct node *f, off_t at,
    const unsigned char *data, size_t len);

#endif
