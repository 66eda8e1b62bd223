/* SPDX-License-Identifier: BSD-2-Clause */
/* OFD byte ranges on the lock file; see lock.h. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <sodium.h>
#include "base/clock.h"
#include "base/file.h"
#include "store/lock.h"

#define POLL_MIN_MS 5
#define POLL_MAX_MS 50

/* The descriptors that hold a lock, for the child of a fork to close. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int *held;
static size_t held_n, held_cap;

static void
before_fork(void)
{
	pthread_mutex_lock(&mutex);
}

static void
after_fork(void)
{
	pthread_mutex_unlock(&mutex);
}

static void
in_child(void)
{
	while (held_n > 0)
		close(held[--held_n]);
	pthread_mutex_unlock(&mutex);
}

static void
watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, in_child);
}

static bool
remember(int fd)
{
	int *more;

	if (held_n == held_cap) {
		more = reallocarray(held, held_cap + 16, sizeof(*held));
		if (!more)
			return false;
		held = more;
		held_cap += 16;
	}
	held[held_n++] = fd;
	return true;
}

/* Closed under the mutex: a fork sees the descriptor listed or gone. */
static void
forget(int fd)
{
	size_t i;

	pthread_mutex_lock(&mutex);
	for (i = 0; i < held_n; i++)
		if (held[i] == fd) {
			held[i] = held[--held_n];
			close(fd);
			break;
		}
	pthread_mutex_unlock(&mutex);
}

/* Opened under the mutex as well, before it can hold anything; or errno. */
static int
open_lock(int dir, int *ret)
{
	int e = 0, fd;

	pthread_once(&once, watch_forks);
	pthread_mutex_lock(&mutex);
	fd = file_open(dir, "lock",
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0) {
		e = errno;
	} else if (!remember(fd)) {
		close(fd);
		e = ENOMEM;
	}
	pthread_mutex_unlock(&mutex);
	*ret = fd;
	return e;
}

static bool
is_busy(int e)
{
	return e == EAGAIN || e == EACCES;
}

/* 0 or errno. */
static int
try_once(int fd, short type, uint64_t offset)
{
	struct flock range = {.l_type = type,
	    .l_whence = SEEK_SET,
	    .l_start = (off_t)offset,
	    .l_len = 1};

	while (fcntl(fd, F_OFD_SETLK, &range) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

static int
poll_lock(int fd, short type, uint64_t offset, int64_t deadline_ms)
{
	int e;

	while (is_busy(e = try_once(fd, type, offset)) &&
	       clock_boot_ms() < deadline_ms)
		clock_sleep_ms(
		    POLL_MIN_MS +
		    randombytes_uniform(POLL_MAX_MS - POLL_MIN_MS + 1));
	return e;
}

static int
take(int dir, short type, uint64_t offset, int64_t deadline_ms, int *ret,
    struct error *err)
{
	int fd, e;

	errno = open_lock(dir, &fd);
	if (errno)
		return error_errno(
		    err, error_code_of_errno(errno), "cannot lock the store");
	e = poll_lock(fd, type, offset, deadline_ms);
	if (e == 0) {
		*ret = fd;
		return TOKENWARD_OK;
	}
	forget(fd);
	if (is_busy(e))
		return error_set(err, TOKENWARD_UNAVAILABLE,
		    "another process is at work there; try again");
	errno = e;
	return error_errno(err, TOKENWARD_FAILED,
	    "the file system of the store gives no locks");
}

int
lock_take(
    int dir, uint64_t offset, int64_t deadline_ms, int *ret, struct error *err)
{
	return take(dir, F_WRLCK, offset, deadline_ms, ret, err);
}

int
lock_share(
    int dir, uint64_t offset, int64_t deadline_ms, int *ret, struct error *err)
{
	return take(dir, F_RDLCK, offset, deadline_ms, ret, err);
}

void
lock_release(int *lock)
{
	if (*lock >= 0)
		forget(*lock);
	*lock = -1;
}
