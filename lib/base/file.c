/* SPDX-License-Identifier: BSD-2-Clause */
/* Files: read with a limit, replaced by write, fsync, rename, fsync. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"

int
file_open(int dir, const char *name, int flags, mode_t mode)
{
	int fd;

	do
		fd = openat(dir, name, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

DIR *
file_open_dir(int dir, const char *name, int flags)
{
	int fd = file_open(dir, name, flags | O_RDONLY | O_DIRECTORY, 0);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int e = errno;

	if (!d && fd >= 0)
		close(fd);
	errno = e;
	return d;
}

int
write_all(int fd, const void *data, size_t len)
{
	const unsigned char *p = data;
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A limit to the size of files is ours to tell, not the end of a host. */
int
file_write_fd(int fd, const void *data, size_t len)
{
	static const struct timespec at_once;
	sigset_t size, old, pending;
	int e;

	sigemptyset(&size);
	sigaddset(&size, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &size, &old);
	sigpending(&pending);
	e = write_all(fd, data, len);
	if (e == EFBIG && !sigismember(&pending, SIGXFSZ))
		while (
		    sigtimedwait(&size, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return e;
}

int
file_sync_fd(int fd)
{
	while (fsync(fd) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

long
file_fill(int fd, void *to, size_t len)
{
	size_t have = 0;
	ssize_t n = 1;

	while (have < len && n != 0) {
		n = read(fd, (char *)to + have, len - have);
		if (n < 0 && errno != EINTR)
			return -errno;
		have += n > 0 ? (size_t)n : 0;
	}
	return (long)have;
}

int
file_read_fd(int fd, size_t max, struct buf *b)
{
	size_t start = b->len;
	unsigned char *room;
	ssize_t n;

	for (;;) {
		room = buf_room(b, 4096);
		if (!room)
			return ENOMEM;
		n = read(fd, room, b->cap - b->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		b->len += (size_t)n;
		b->data[b->len] = 0;
		if (b->len - start > max)
			return EFBIG;
		if (n == 0)
			return 0;
	}
}

/* One read for a file that stays as long as it was: it mostly does. */
static int
read_regular(int fd, const struct stat *st, size_t max, struct buf *b)
{
	unsigned char *room;
	ssize_t n;

	if (!S_ISREG(st->st_mode))
		return EINVAL;
	if ((uintmax_t)st->st_size > max)
		return EFBIG;
	room = buf_room(b, (size_t)st->st_size);
	if (!room)
		return ENOMEM;
	do
		n = read(fd, room, (size_t)st->st_size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	b->len += (size_t)n;
	b->data[b->len] = 0;
	if (n == 0 || n == st->st_size)
		return 0;
	return file_read_fd(fd, max - (size_t)n, b);
}

int
file_read_at(int dir, const char *name, size_t max, bool follow, struct buf *b)
{
	cleanup_close int fd = file_open(dir, name,
	    O_RDONLY | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW), 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return errno;
	return read_regular(fd, &st, max, b);
}

/* What a killed writer left goes first; nothing strange is written to. */
static int
create_temporary(int dir, const char *temp)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
	int fd = file_open(dir, temp, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(dir, temp, 0) == 0)
		fd = file_open(dir, temp, flags, 0600);
	return fd;
}

static int
write_temporary(int dir, const char *temp, const void *data, size_t len,
    enum file_sync sync)
{
	int e, fd = create_temporary(dir, temp);

	if (fd < 0)
		return errno;
	e = fchmod(fd, 0600) < 0 ? errno : file_write_fd(fd, data, len);
	if (e == 0 && sync == FILE_SYNC)
		e = file_sync_fd(fd);
	if (close(fd) < 0 && errno != EINTR && e == 0)
		e = errno;
	return e;
}

int
file_sync_dir(int dir, const char *name)
{
	cleanup_close int fd =
	    file_open(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);

	return fd < 0 ? errno : file_sync_fd(fd);
}

static int
sync_parent(int dir, const char *name)
{
	const char *slash = strrchr(name, '/');
	cleanup_free char *parent =
	    slash ? strndup(name, (size_t)(slash - name)) : strdup(".");
	cleanup_close int fd = -1;

	if (!parent)
		return ENOMEM;
	fd = file_open(
	    dir, slash == name ? "/" : parent, O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 ? errno : file_sync_fd(fd);
}

/*
 * The temporary name is the file's own with ".new": the writer holds the
 * lock of that file, and what a killed writer left is taken away.
 */
int
file_replace_at(int dir, const char *name, const void *data, size_t len,
    enum file_sync sync)
{
	cleanup_free char *temp = NULL;
	int e;

	if (asprintf(&temp, "%s.new", name) < 0) {
		temp = NULL; /* it may be anything */
		return ENOMEM;
	}
	e = write_temporary(dir, temp, data, len, sync);
	if (e == 0 && renameat(dir, temp, dir, name) < 0)
		e = errno;
	if (e != 0) {
		unlinkat(dir, temp, 0);
		return e;
	}
	return sync == FILE_SYNC ? sync_parent(dir, name) : 0;
}

int
file_remove_at(int dir, const char *name, enum file_sync sync)
{
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return errno;
	return sync == FILE_SYNC ? sync_parent(dir, name) : 0;
}

/* An old kernel or file system cannot tell rename() to spare a file. */
int
file_name_new_at(int dir, const char *temp, const char *name)
{
	if (renameat2(dir, temp, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	if (linkat(dir, temp, dir, name, 0) < 0)
		return errno;
	return unlinkat(dir, temp, 0) < 0 ? errno : 0;
}
