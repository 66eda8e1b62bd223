/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding and making directories by descriptors; see way.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/way.h"

#define DEPTH_MAX 64

/* Root's, or of whoever owns "/": in a user namespace that may be nobody. */
static bool
is_trusted(uid_t uid)
{
	struct stat top;

	return uid == 0 || (stat("/", &top) == 0 && top.st_uid == uid);
}

/* ---- upwards ----------------------------------------------------------- */

static bool
others_may_rename(const struct stat *st)
{
	return !is_trusted(st->st_uid) ||
	       ((st->st_mode & 022) && !(st->st_mode & S_ISVTX));
}

/* The way up goes by "..", which no link can bend. */
int
way_above(int dir, bool itself, struct way_fault *ret)
{
	char up[3 * DEPTH_MAX + 2] = ".";
	struct stat st, below = {0};
	int depth;

	for (depth = 0; geteuid() == 0 && depth < DEPTH_MAX; depth++) {
		if (fstatat(dir, up, &st, 0) < 0)
			return errno;
		if (st.st_ino == below.st_ino && st.st_dev == below.st_dev)
			return 0;
		if ((depth || itself) && others_may_rename(&st)) {
			*ret = (struct way_fault){st.st_uid, st.st_mode};
			return EPERM;
		}
		memcpy(up + 3 * depth, "../", 4);
		below = st;
	}
	return depth < DEPTH_MAX ? 0 : ELOOP;
}

/* ---- downwards --------------------------------------------------------- */

static int
open_plainly(const char *path, int flags)
{
	return file_open(AT_FDCWD, path, flags | O_DIRECTORY, 0);
}

static int
open_without_links(int dir, const char *path, int flags)
{
	struct open_how how = {
	    .flags = (unsigned)flags | O_DIRECTORY | O_CLOEXEC,
	    .resolve = RESOLVE_NO_SYMLINKS,
	};
	int fd;

	do
		fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	while (fd < 0 && errno == EINTR);
	return fd;
}

/* There are links, or a kernel or a fence that does not know the question. */
static bool
says_nothing(int e)
{
	return e == ELOOP || e == ENOSYS || e == EPERM;
}

/* Nobody else may put another thing in the place of dir/name. */
static bool
stays(const char *dir, const char *name)
{
	cleanup_close int fd = open_plainly(dir, O_PATH);
	struct stat st, below;

	if (fd < 0 || fstat(fd, &st) < 0 || !is_trusted(st.st_uid))
		return false;
	if (!(st.st_mode & 022))
		return true;
	return (st.st_mode & S_ISVTX) &&
	       fstatat(fd, name, &below, AT_SYMLINK_NOFOLLOW) == 0 &&
	       is_trusted(below.st_uid);
}

/* The length of the first names of the path that stay: a link among them is
   root's own. */
static size_t
staying(const char *path)
{
	cleanup_free char *head = strdup(path);
	size_t end = 0, at = strspn(path, "/");
	bool good = head != NULL;

	while (good && path[at]) {
		size_t len = strcspn(path + at, "/");
		cleanup_free char *dir = strndup(path, at);
		cleanup_free char *name = strndup(path + at, len);

		good = dir && name && stays(*dir ? dir : ".", name);
		at += len + strspn(path + at + len, "/");
		end = good ? at : end;
	}
	return end;
}

/* By links that are root's, and below the last of them by none. */
static int
open_with_care(const char *path, int flags)
{
	size_t end = staying(path);
	cleanup_free char *head = strndup(path, end);
	cleanup_close int dir = -1;

	if (!head || !path[end])
		return head ? open_plainly(path, flags) : -1;
	dir = open_plainly(end ? head : ".", O_PATH);
	return dir < 0 ? -1 : open_without_links(dir, path + end, flags);
}

int
way_open(const char *path, int flags)
{
	int fd;

	if (geteuid() != 0)
		return open_plainly(path, flags);
	fd = open_without_links(AT_FDCWD, path, flags);
	if (fd >= 0 || !says_nothing(errno))
		return fd;
	fd = open_with_care(path, flags);
	if (fd < 0 && says_nothing(errno))
		errno = ELOOP;
	return fd;
}

/* ---- making ------------------------------------------------------------ */

/* Whatever the umask; never through a link that is there instead. */
static int
set_mode(int dir, const char *name, mode_t mode)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno;
	if ((st.st_mode & 07777) == mode)
		return 0;
	return fchmodat(dir, name, mode, AT_SYMLINK_NOFOLLOW) < 0 ? errno : 0;
}

int
way_sync(int dir)
{
	cleanup_close int fd = file_open(dir, ".", O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0)
		return errno == EACCES ? 0 : errno;
	return file_sync_fd(fd);
}

/* Its mode, and that it is there. */
static int
made(int dir, const char *name, mode_t mode)
{
	int e = set_mode(dir, name, mode);

	if (e == 0)
		e = file_sync_dir(dir, name);
	return e ? e : way_sync(dir);
}

/* 0 or errno, EEXIST if it was there. */
static int
make_new(int dir, const char *name, mode_t mode)
{
	return mkdirat(dir, name, mode) < 0 ? errno : made(dir, name, mode);
}

int
way_make_at(int dir, const char *name, mode_t mode)
{
	int e = make_new(dir, name, mode);

	return e == EEXIST ? made(dir, name, mode) : e;
}

/* Each name of rest under *dir, which goes down with them. */
static int
make_rest(int *dir, char *rest, mode_t mode)
{
	char *name, *more;
	int e, next;

	for (name = strtok_r(rest, "/", &more); name;
	     name = strtok_r(NULL, "/", &more)) {
		e = make_new(*dir, name, mode);
		if (e && e != EEXIST)
			return e;
		next =
		    file_open(*dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
		if (next < 0)
			return errno;
		close(*dir);
		*dir = next;
	}
	return 0;
}

/* The last name of path that ends before *end; it moves there. */
static bool
go_up(const char *path, size_t *end)
{
	size_t at = *end;

	while (at > 0 && path[at - 1] == '/')
		at--;
	while (at > 0 && path[at - 1] != '/')
		at--;
	if (at == *end || at == 0)
		return false;
	*end = at;
	return true;
}

/* The deepest directory of path that is there, and where the rest begins. */
static int
open_deepest(const char *path, size_t *ret_rest)
{
	cleanup_free char *head = strdup(path);
	size_t end = strlen(path);
	int fd = head ? way_open(path, O_PATH) : -1;

	while (head && fd < 0 && errno == ENOENT && go_up(head, &end)) {
		head[end] = '\0';
		fd = way_open(head, O_PATH);
	}
	if (head && fd < 0 && errno == ENOENT && path[0] != '/' && path[0]) {
		end = 0;
		fd = way_open(".", O_PATH);
	}
	*ret_rest = end;
	return fd;
}

/* One of ours may be of somebody who was killed before it was durable. */
static int
sync_name(int dir)
{
	cleanup_close int above = -1;
	struct stat st;

	if (fstat(dir, &st) < 0)
		return errno;
	if (st.st_uid != geteuid())
		return 0;
	above = file_open(dir, "..", O_PATH | O_DIRECTORY, 0);
	return above < 0 ? errno : way_sync(above);
}

int
way_make(const char *path, mode_t mode, int *ret_dir, struct way_fault *ret)
{
	cleanup_close int dir = -1;
	cleanup_free char *copy = strdup(path);
	size_t rest;
	int e = 0;

	if (!copy)
		return ENOMEM;
	dir = open_deepest(path, &rest);
	if (dir < 0)
		return errno;
	e = sync_name(dir);
	if (e == 0 && copy[rest])
		e = way_above(dir, true, ret);
	if (e == 0)
		e = make_rest(&dir, copy + rest, mode);
	if (e == 0)
		*ret_dir = take_fd(dir);
	return e;
}

int
way_to_file(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *dir =
	    slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	*ret_name = slash ? slash + 1 : path;
	if (!dir)
		errno = ENOMEM;
	return dir ? way_open(dir, O_PATH) : -1;
}
