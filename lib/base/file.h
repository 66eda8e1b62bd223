/* SPDX-License-Identifier: BSD-2-Clause */
/* Files: read with a limit, replaced by write, fsync, rename, fsync. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/buf.h"
#include "base/error.h"

enum file_sync {
	FILE_SYNC,    /* durable before the call returns */
	FILE_NO_SYNC, /* atomic, but may be lost with the power */
};

/*
 * openat(), close-on-exec, begun again when a signal interrupts it, which
 * happens on network file systems.
 */
int file_open(int dir, const char *name, int flags, mode_t mode);
/* The same for a directory that is to be read; NULL and errno. */
DIR *file_open_dir(int dir, const char *name, int flags);
/*
 * Reads a regular file of at most max bytes, appended to b.  Symlinks are
 * followed only when follow is set.  errno-style: 0, or a positive errno
 * (ENOENT, EFBIG, EINVAL for not a regular file, ...).
 */
int file_read_at(
    int dir, const char *name, size_t max, bool follow, struct buf *b);
/* Reads fd to its end (pipes too), at most max bytes; 0 or errno (EFBIG). */
int file_read_fd(int fd, size_t max, struct buf *b);
/* At most len bytes, fewer where the file ends: their number, or -errno. */
long file_fill(int fd, void *to, size_t len);
/*
 * Replaces dir/name (mode 0600) by way of a temporary file; 0 or errno.  On
 * failure the old file is whole and the temporary one is gone.
 */
int file_replace_at(int dir, const char *name, const void *data, size_t len,
    enum file_sync sync);
/* Unlinks and syncs the directory; ENOENT is success. */
int file_remove_at(int dir, const char *name, enum file_sync sync);
int file_sync_fd(int fd);
int file_sync_dir(int dir, const char *name); /* 0 or errno */
int write_all(int fd, const void *data, size_t len);
/* To a file: past RLIMIT_FSIZE it is EFBIG, whatever SIGXFSZ does here. */
int file_write_fd(int fd, const void *data, size_t len);
/* dir/temp becomes dir/name, never over a file that is there: EEXIST. */
int file_name_new_at(int dir, const char *temp, const char *name);

#endif
