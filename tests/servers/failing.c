/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linked into a test build of the fetch helper: its allocations fail where a
 * file says so (failing.h), those of libcurl, OpenSSL and the C library among
 * them, since these names stand before the C library's.  When it falls over,
 * it notes where.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "failing.h"

static struct failing_orders none, *orders;
static bool can_trace;

/* Of base/secret.c, which takes its memory from the system itself. */
void *__real_mmap(void *p, size_t n, int prot, int flags, int fd, off_t at);
void *__wrap_mmap(void *p, size_t n, int prot, int flags, int fd, off_t at);

static const char *
base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "";
}

static void
copy_name(char *ret, const char *s)
{
	size_t len = strnlen(s, FAILING_NAME - 1);

	memcpy(ret, s, len);
	ret[len] = '\0';
}

/* Nothing but what is found in tables: this runs in a broken process. */
static void
note(struct failing_frame *f, const unsigned char *at)
{
	Dl_info info = {0};
	const ElfW(Sym) *symbol = NULL;

	f->offset = (uintptr_t)at;
	if (!dladdr1(at, &info, (void **)&symbol, RTLD_DL_SYMENT))
		return;
	f->offset -= (uintptr_t)info.dli_fbase;
	copy_name(f->object, base_name(info.dli_fname));
	if (symbol && info.dli_sname &&
	    at < (unsigned char *)info.dli_saddr + symbol->st_size)
		copy_name(f->symbol, info.dli_sname);
}

/* The first two are this handler and the way into it. */
static void
fell(int number)
{
	void *at[FAILING_FRAMES + 2];
	int i, n = can_trace ? backtrace(at, FAILING_FRAMES + 2) : 0;

	signal(number, SIG_DFL);
	orders->signal = (uint64_t)number;
	for (i = 2; i < n; i++) /* a caller's address is behind its call */
		note(&orders->frame[i - 2], (unsigned char *)at[i] - (i > 2));
	orders->frames = n > 2 ? (uint64_t)n - 2 : 0;
}

static void
read_orders(void)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 8);
	void *p;
	int fd;

	orders = &none;
	if (len < 0)
		return;
	memcpy(path + len, ".fail", sizeof(".fail"));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	p = __real_mmap(
	    NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		orders = p;
}

/* The first trace loads a library, which later cannot be. */
__attribute__((constructor)) static void
prepare(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
	struct failing_orders *keep;
	void *at[1];
	size_t i;

	if (!orders)
		read_orders();
	keep = orders;
	orders = &none;
	can_trace = backtrace(at, 1) == 1;
	orders = keep;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], fell);
}

static bool
fails(void)
{
	uint64_t n;

	if (!orders)
		read_orders();
	n = __atomic_add_fetch(&orders->seen, 1, __ATOMIC_RELAXED);
	if (n != orders->at && !(orders->and_after && n > orders->at))
		return false;
	__atomic_add_fetch(&orders->failed, 1, __ATOMIC_RELAXED);
	errno = ENOMEM;
	return true;
}

/* The C library's own, by its other names. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

void *
malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}

void *
aligned_alloc(size_t align, size_t n)
{
	return fails() ? NULL : __libc_memalign(align, n);
}

void *
__wrap_mmap(void *p, size_t n, int prot, int flags, int fd, off_t at)
{
	return fails() ? MAP_FAILED : __real_mmap(p, n, prot, flags, fd, at);
}
