/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to a directory.  Root works in places where others may put links
 * or exchange directories while he does; what he is told by path is found
 * once, and used by its descriptor from then on.  Whoever is not root has
 * only himself to fear, and goes wherever his path leads.
 */
#ifndef BASE_WAY_H
#define BASE_WAY_H

#include <stdbool.h>
#include <sys/types.h>

/* A directory in which others may rename. */
struct way_fault {
	uid_t uid;
	mode_t mode;
};

/*
 * A directory, opened with O_PATH or O_RDONLY; -1 and errno.  ELOOP also
 * where root would follow a link that somebody else may have put there.
 */
int way_open(const char *path, int flags);
/*
 * 0, or an errno: EPERM where others may rename one of the directories above
 * dir, which could put another one in its place.  For who is not root it is
 * always 0.  dir itself is not looked at; with `itself` it is.
 */
int way_above(int dir, bool itself, struct way_fault *ret);
/*
 * mkdir -p, each new directory of that mode whatever the umask, and durable;
 * 0 or errno, *ret_dir is open with O_PATH.  Root makes nothing where
 * way_above() is not 0: then that is the result.
 */
int way_make(
    const char *path, mode_t mode, int *ret_dir, struct way_fault *ret);
/* One directory under dir; if it is there it gets its mode.  0 or errno. */
int way_make_at(int dir, const char *name, mode_t mode);

/* Makes names in it durable, where it is ours to open; 0 or errno. */
int way_sync(int dir);
/* The directory that a file is in, as way_open() with O_PATH, and its name
   there, which is the end of path. */
int way_to_file(const char *path, const char **ret_name);

#endif
