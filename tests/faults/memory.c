/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loaded before a program of ours (LD_PRELOAD): its allocations fail where
 * a file says so, those that libc makes for it among them.  The file, named
 * by MEMORY_ORDERS, is shared memory, see struct orders.  What the program
 * starts is left in peace, a fork of it too.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>
#include "memory.h"

#define FRAMES 24
#define GARBAGE 0xa5 /* in memory that is given out or back */

struct orders {
	int64_t at;        /* the allocation that fails, from 1, or 0 */
	int64_t and_after; /* whether all later ones do, too */
	int64_t seen, failed;
	int64_t live;     /* that were not freed */
	char where[4000]; /* of the first that failed: "file offset", lines */
};

/* What glibc's own allocator is called besides. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

static struct orders none, *orders = &none;
static pid_t owner;
static bool looking; /* for where it was */

__attribute__((constructor)) static void
read_orders(void)
{
	const char *path = getenv("MEMORY_ORDERS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p;

	unsetenv("LD_PRELOAD");
	unsetenv("MEMORY_ORDERS");
	mallopt(M_PERTURB, GARBAGE);
	owner = getpid();
	if (fd < 0)
		return;
	p = mmap(
	    NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		orders = p;
}

struct place {
	size_t len;
	int frames;
};

static _Unwind_Reason_Code
frame(struct _Unwind_Context *context, void *data)
{
	uintptr_t at = _Unwind_GetIP(context) - 1;
	struct place *p = data;
	Dl_info info;
	int n;

	if (p->frames++ == FRAMES)
		return _URC_END_OF_STACK;
	if (!dladdr((void *)at, &info))
		return _URC_NO_REASON;
	n = snprintf(orders->where + p->len, sizeof(orders->where) - p->len,
	    "%s 0x%jx\n", info.dli_fname,
	    (uintmax_t)(at - (uintptr_t)info.dli_fbase));
	if (n > 0 && p->len + (size_t)n < sizeof(orders->where))
		p->len += (size_t)n;
	return _URC_NO_REASON;
}

static void
look_where(void)
{
	struct place p = {0};

	looking = true;
	_Unwind_Backtrace(frame, &p);
	looking = false;
}

static bool
fails(void)
{
	int64_t n;

	if (looking || getpid() != owner)
		return false;
	n = __atomic_add_fetch(&orders->seen, 1, __ATOMIC_RELAXED);
	if (n != orders->at &&
	    !(orders->at && orders->and_after && n > orders->at))
		return false;
	if (__atomic_add_fetch(&orders->failed, 1, __ATOMIC_RELAXED) == 1)
		look_where();
	errno = ENOMEM;
	return true;
}

static void *
counted(void *p)
{
	if (p && getpid() == owner)
		__atomic_add_fetch(&orders->live, 1, __ATOMIC_RELAXED);
	return p;
}

static void
gone(void *p)
{
	if (p && getpid() == owner)
		__atomic_sub_fetch(&orders->live, 1, __ATOMIC_RELAXED);
}

void *
malloc(size_t n)
{
	return fails() ? NULL : counted(__libc_malloc(n));
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : counted(__libc_calloc(n, size));
}

void
free(void *p)
{
	gone(p);
	__libc_free(p);
}

void *
realloc(void *p, size_t n)
{
	void *q;

	if (p && n == 0) {
		free(p);
		return NULL;
	}
	if (fails())
		return NULL;
	q = __libc_realloc(p, n);
	return p ? q : counted(q);
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	size_t all;

	if (!__builtin_mul_overflow(n, size, &all))
		return realloc(p, all);
	errno = ENOMEM;
	return NULL;
}

void *
memalign(size_t align, size_t n)
{
	return fails() ? NULL : counted(__libc_memalign(align, n));
}

void *
aligned_alloc(size_t align, size_t n)
{
	return memalign(align, n);
}

int
posix_memalign(void **ret, size_t align, size_t n)
{
	int e = errno;
	void *p = memalign(align, n);

	errno = e;
	if (!p)
		return ENOMEM;
	*ret = p;
	return 0;
}

/* Of memory, not of files; those of libc itself do not come by here. */
void *
mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (flags & MAP_ANONYMOUS && fails())
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, at, len, prot, flags, fd, offset);
}

/* Memory that was reserved before is asked for here. */
int
mprotect(void *at, size_t len, int prot)
{
	if (prot & PROT_WRITE && fails())
		return -1;
	return (int)syscall(SYS_mprotect, at, len, prot);
}

void
memory_enough(void)
{
	orders->at = 0;
}
