/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linked into a test build of the fetch helper: its allocations, those of
 * libcurl and OpenSSL among them, fail where a file says so.  Helpers have
 * neither arguments nor environment: the file stands beside the program,
 * ".fail" after its name, four numbers of 64 bits that are shared memory:
 *
 *   the allocation that fails, from 1, or 0; whether all later ones do, too;
 *   how many there were; how many failed
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct orders {
	uint64_t at, and_after, seen, failed;
};

static struct orders none, *orders = &none;

__attribute__((constructor)) static void
read_orders(void)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 8);
	void *p;
	int fd;

	if (len < 0)
		return;
	memcpy(path + len, ".fail", sizeof(".fail"));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	p = mmap(
	    NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		orders = p;
}

static bool
fails(void)
{
	uint64_t n = __atomic_add_fetch(&orders->seen, 1, __ATOMIC_RELAXED);

	if (n != orders->at && !(orders->and_after && n > orders->at))
		return false;
	__atomic_add_fetch(&orders->failed, 1, __ATOMIC_RELAXED);
	errno = ENOMEM;
	return true;
}

/* A call that returns a pointer, NULL where it fails. */
#define WRAP(type, name, parameters, arguments)                  \
	type __real_##name parameters;                           \
	type __wrap_##name parameters;                           \
	type __wrap_##name parameters                            \
	{                                                        \
		return fails() ? NULL : __real_##name arguments; \
	}

WRAP(void *, malloc, (size_t n), (n))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *p, size_t n), (p, n))
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size))
WRAP(char *, strdup, (const char *s), (s))
WRAP(char *, strndup, (const char *s, size_t n), (s, n))

int __real_vasprintf(char **ret, const char *fmt, va_list ap);
int __wrap_vasprintf(char **ret, const char *fmt, va_list ap);
int
__wrap_vasprintf(char **ret, const char *fmt, va_list ap)
{
	return fails() ? -1 : __real_vasprintf(ret, fmt, ap);
}
