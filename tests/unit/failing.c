/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/secret.h"
#include "failing.h"

static struct {
	const char *what; /* NULL: nothing fails */
	unsigned nth;
	int error;
	void (*act)(void); /* instead of an error */
	unsigned count;
	bool hit;
} order;

void
failing_begin(const char *what, unsigned nth, int error)
{
	order.nth = nth;
	order.error = error;
	order.act = NULL;
	order.count = 0;
	order.hit = false;
	order.what = what;
}

void
failing_before(const char *what, unsigned nth, void (*act)(void))
{
	failing_begin(what, nth, -1);
	order.act = act;
}

bool
failing_end(void)
{
	order.what = NULL;
	return order.hit;
}

static bool
is_meant(const char *set, const char *name)
{
	return order.what &&
	       (strcmp(order.what, set) == 0 || strcmp(order.what, name) == 0);
}

static bool
fails(const char *set, const char *name)
{
	if (!is_meant(set, name) || ++order.count != order.nth || !order.error)
		return false;
	order.hit = true;
	if (order.act) {
		order.act();
		return false;
	}
	errno = order.error;
	return true;
}

/* As much as a call does that is not to do all of it. */
static size_t
part(const char *name, size_t len)
{
	if (order.error || !is_meant("", name) || order.count < order.nth ||
	    len < 2)
		return len;
	order.hit = true;
	return 1;
}

#define WRAP(set, type, bad, name, parameters, arguments)                 \
	type __real_##name parameters;                                    \
	type __wrap_##name parameters;                                    \
	type __wrap_##name parameters                                     \
	{                                                                 \
		return fails(set, #name) ? bad : __real_##name arguments; \
	}
#define SYSTEM(name, parameters, arguments) \
	WRAP("system", int, -1, name, parameters, arguments)

/* What gives out a piece of the heap, where `fresh` holds. */
static atomic_long live;

#define PIECE(set, type, name, parameters, arguments, fresh)            \
	type __real_##name parameters;                                  \
	type __wrap_##name parameters;                                  \
	type __wrap_##name parameters                                   \
	{                                                               \
		type piece =                                            \
		    fails(set, #name) ? NULL : __real_##name arguments; \
		live += piece && (fresh);                               \
		return piece;                                           \
	}

PIECE("memory", void *, malloc, (size_t n), (n), true)
PIECE("memory", void *, calloc, (size_t n, size_t size), (n, size), true)
PIECE("memory", void *, reallocarray, (void *p, size_t n, size_t size),
    (p, n, size), !p)
PIECE("memory", char *, strdup, (const char *s), (s), true)
PIECE("memory", char *, strndup, (const char *s, size_t n), (s, n), true)
PIECE("system", char *, realpath, (const char *path, char *to), (path, to), !to)
PIECE("system", char *, getcwd, (char *to, size_t size), (to, size), !to)
WRAP("memory", void *, NULL, secret_alloc, (size_t n), (n))

void __real_free(void *p);
void __wrap_free(void *p);
void
__wrap_free(void *p)
{
	live -= p != NULL;
	__real_free(p);
}

long
failing_live(void)
{
	return live;
}

static bool hurried;

void
failing_hurry(bool on)
{
	hurried = on;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int
__wrap_fsync(int fd)
{
	if (fails("system", "fsync"))
		return -1;
	return hurried ? 0 : __real_fsync(fd);
}

SYSTEM(fchmod, (int fd, mode_t mode), (fd, mode))
SYSTEM(chmod, (const char *path, mode_t mode), (path, mode))
SYSTEM(ftruncate64, (int fd, off64_t len), (fd, len))
SYSTEM(mkdir, (const char *path, mode_t mode), (path, mode))
SYSTEM(mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))
SYSTEM(renameat, (int from, const char *a, int to, const char *b),
    (from, a, to, b))
SYSTEM(renameat2,
    (int from, const char *a, int to, const char *b, unsigned flags),
    (from, a, to, b, flags))
SYSTEM(linkat, (int from, const char *a, int to, const char *b, int flags),
    (from, a, to, b, flags))
SYSTEM(link, (const char *a, const char *b), (a, b))
SYSTEM(unlink, (const char *path), (path))
SYSTEM(unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
SYSTEM(rmdir, (const char *path), (path))

static uid_t owner;
static bool owned;

void
failing_owner(bool on, uid_t uid)
{
	owned = on;
	owner = uid;
}

static bool moved;

void
failing_device(bool on)
{
	moved = on;
}

int __real_fstat64(int fd, struct stat64 *st);
int __wrap_fstat64(int fd, struct stat64 *st);
int
__wrap_fstat64(int fd, struct stat64 *st)
{
	int r = fails("system", "fstat64") ? -1 : __real_fstat64(fd, st);

	if (r == 0 && owned)
		st->st_uid = owner;
	if (r == 0 && moved)
		st->st_dev++;
	return r;
}

SYSTEM(stat64, (const char *path, struct stat64 *st), (path, st))
SYSTEM(lstat64, (const char *path, struct stat64 *st), (path, st))
SYSTEM(fstatat64, (int dir, const char *path, struct stat64 *st, int flags),
    (dir, path, st, flags))
SYSTEM(mprotect, (void *p, size_t len, int how), (p, len, how))
SYSTEM(mlock, (const void *p, size_t len), (p, len))
WRAP("system", void *, MAP_FAILED, mmap64,
    (void *p, size_t len, int how, int flags, int fd, off64_t at),
    (p, len, how, flags, fd, at))
WRAP("system", DIR *, NULL, fdopendir, (int fd), (fd))
WRAP("system", DIR *, NULL, opendir, (const char *path), (path))
WRAP("system", off64_t, -1, lseek64, (int fd, off64_t at, int from),
    (fd, at, from))
WRAP("system", ssize_t, -1, pread64, (int fd, void *p, size_t len, off64_t at),
    (fd, p, len, at))

SYSTEM(access, (const char *path, int how), (path, how))
SYSTEM(faccessat, (int dir, const char *path, int how, int flags),
    (dir, path, how, flags))
SYSTEM(fchmodat, (int dir, const char *path, mode_t mode, int flags),
    (dir, path, mode, flags))
SYSTEM(flock, (int fd, int how), (fd, how))
SYSTEM(poll, (struct pollfd * p, nfds_t n, int ms), (p, n, ms))
SYSTEM(sodium_init, (void), ())
WRAP("system", ssize_t, -1, send,
    (int fd, const void *p, size_t len, int flags), (fd, p, len, flags))
WRAP("system", ssize_t, -1, recv, (int fd, void *p, size_t len, int flags),
    (fd, p, len, flags))

static const char *home;
static bool housed;

void
failing_home(bool on, const char *dir)
{
	housed = on;
	home = dir;
}

int __real_getpwuid_r(
    uid_t uid, struct passwd *pw, char *text, size_t size, struct passwd **ret);
int __wrap_getpwuid_r(
    uid_t uid, struct passwd *pw, char *text, size_t size, struct passwd **ret);
int
__wrap_getpwuid_r(
    uid_t uid, struct passwd *pw, char *text, size_t size, struct passwd **ret)
{
	if (fails("system", "getpwuid_r"))
		return errno;
	if (!housed)
		return __real_getpwuid_r(uid, pw, text, size, ret);
	*pw = (struct passwd){.pw_uid = uid, .pw_dir = (char *)(uintptr_t)home};
	*ret = home ? pw : NULL;
	return 0;
}

ssize_t __real_read(int fd, void *p, size_t len);
ssize_t __wrap_read(int fd, void *p, size_t len);
ssize_t
__wrap_read(int fd, void *p, size_t len)
{
	if (fails("system", "read"))
		return -1;
	return __real_read(fd, p, part("read", len));
}

ssize_t __real_write(int fd, const void *p, size_t len);
ssize_t __wrap_write(int fd, const void *p, size_t len);
ssize_t
__wrap_write(int fd, const void *p, size_t len)
{
	if (fails("system", "write"))
		return -1;
	return __real_write(fd, p, part("write", len));
}

/* The descriptor is gone all the same. */
int __real_close(int fd);
int __wrap_close(int fd);
int
__wrap_close(int fd)
{
	bool bad = fails("system", "close");
	int e = errno, r = __real_close(fd);

	if (bad)
		errno = e;
	return bad ? -1 : r;
}

/* The end of a directory and an error look the same but for errno. */
struct dirent64 *__real_readdir64(DIR *d);
struct dirent64 *__wrap_readdir64(DIR *d);
struct dirent64 *
__wrap_readdir64(DIR *d)
{
	return fails("system", "readdir") ? NULL : __real_readdir64(d);
}

int __real_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...);
int
__wrap_openat64(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode = 0;

	va_start(ap, flags);
	if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails("system", "openat")
		   ? -1
		   : __real_openat64(dir, path, flags, mode);
}

int __wrap_open64(const char *path, int flags, ...);
int
__wrap_open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode = 0;

	va_start(ap, flags);
	if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails("system", "open")
		   ? -1
		   : __real_openat64(AT_FDCWD, path, flags, mode);
}

/* Locks and flags: what their third argument is depends on the second. */
int __real_fcntl64(int fd, int what, ...);
int __wrap_fcntl64(int fd, int what, ...);
int
__wrap_fcntl64(int fd, int what, ...)
{
	va_list ap;
	void *argument;

	va_start(ap, what);
	argument = va_arg(ap, void *);
	va_end(ap);
	return fails("system", "fcntl") ? -1
					: __real_fcntl64(fd, what, argument);
}

int __real_vasprintf(char **to, const char *fmt, va_list ap);
int __wrap_vasprintf(char **to, const char *fmt, va_list ap);
int
__wrap_vasprintf(char **to, const char *fmt, va_list ap)
{
	int n = -1;

	if (!fails("memory", "vasprintf"))
		n = __real_vasprintf(to, fmt, ap);
	live += n >= 0;
	if (n >= 0)
		return n;
	*to = (char *)(uintptr_t) "not to be looked at"; /* nor freed */
	return -1;
}

int __wrap_asprintf(char **to, const char *fmt, ...);
int
__wrap_asprintf(char **to, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = __wrap_vasprintf(to, fmt, ap);
	va_end(ap);
	return n;
}

/* The same, with the checks of the C library that the build asks for. */
int __wrap___vasprintf_chk(char **to, int flag, const char *fmt, va_list ap);
int
__wrap___vasprintf_chk(char **to, int flag, const char *fmt, va_list ap)
{
	(void)flag;
	return __wrap_vasprintf(to, fmt, ap);
}

int __wrap___asprintf_chk(char **to, int flag, const char *fmt, ...);
int
__wrap___asprintf_chk(char **to, int flag, const char *fmt, ...)
{
	va_list ap;
	int n;

	(void)flag;
	va_start(ap, fmt);
	n = __wrap_vasprintf(to, fmt, ap);
	va_end(ap);
	return n;
}
