/* SPDX-License-Identifier: BSD-2-Clause */
/* The arena: fenced, locked, wiped when given back and in a forked child. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/secret.h"
#include "unit.h"

/* The address sanitizer leaves SIGSEGV to the tests that expect it. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "handle_segv=0";
}

/* What the framework forgets itself is not ours. */
const char *__lsan_default_options(void);
const char *
__lsan_default_options(void)
{
	return "print_suppressions=0";
}

const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libcriterion";
}

static bool
all_are(const unsigned char *p, size_t len, unsigned char c)
{
	while (len > 0 && *p == c)
		p++, len--;
	return len == 0;
}

Test(secret, memory_comes_zeroed_and_aligned)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 4096, 65536, 300000};
	unsigned char *p;
	size_t i, round;

	for (round = 0; round < 3; round++)
		for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			p = secret_alloc(sizes[i]);
			cr_assert(p != NULL);
			cr_assert_eq((uintptr_t)p % 16, 0);
			cr_assert(all_are(p, sizes[i], 0), "%zu", sizes[i]);
			memset(p, 0xa5, sizes[i]);
			secret_free(p);
		}
	cr_assert_eq(secret_in_use(), 0);
}

Test(secret, nothing_and_too_much_are_taken_gracefully)
{
	void *most = secret_alloc(SECRET_MAX);

	cr_assert_not_null(most);
	secret_free(most);
	secret_free(NULL);
	cr_assert(secret_alloc(SIZE_MAX) == NULL);
	cr_assert(secret_alloc(SECRET_MAX + 1) == NULL);
	wipe(NULL, 0);
}

/* One chunk is kept, so its memory can be looked at after it was freed. */
Test(secret, sixteen_bytes_are_the_measure)
{
	static const struct {
		size_t asked, taken;
	} rows[] = {{0, 16}, {1, 16}, {15, 16}, {16, 16}, {17, 32}, {32, 32},
	    {4096, 4096}};
	void *p;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		p = secret_alloc(rows[i].asked);
		cr_assert_eq(
		    secret_in_use(), rows[i].taken, "%zu", rows[i].asked);
		secret_free(p);
	}
}

/* One is kept for the next secret, the others go back. */
Test(secret, memory_that_is_not_needed_is_not_kept)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *small = secret_alloc(16), *big = secret_alloc(300000);
	void *start = (void *)((uintptr_t)big & ~(uintptr_t)(page - 1));

	cr_assert_eq(msync(start, page, MS_ASYNC), 0);
	secret_free(big);
	cr_assert(msync(start, page, MS_ASYNC) < 0 && errno == ENOMEM);
	secret_free(small);
	cr_assert_eq(secret_in_use(), 0);
}

Test(secret, what_is_given_back_is_wiped)
{
	unsigned char *keep = secret_alloc(1), *p = secret_alloc(1000);

	memset(p, 0xa5, 1000);
	secret_free(p);
	cr_assert(all_are(p, 1000, 0));
	secret_free(keep);
}

static volatile unsigned char *
first_byte_behind(unsigned char *p, size_t len)
{
	return (
	    unsigned char *)(((uintptr_t)p + len + 4095) & ~(uintptr_t)4095);
}

Test(secret, a_guard_page_stands_behind, .signal = SIGSEGV)
{
	unsigned char *p = secret_alloc(100000);

	p[99999] = 1;
	*first_byte_behind(p, 100000) = 1;
}

Test(secret, a_guard_page_stands_before, .signal = SIGSEGV)
{
	unsigned char *p = secret_alloc(100000);
	volatile unsigned char *before =
	    (unsigned char *)((uintptr_t)p & ~(uintptr_t)4095) - 1;

	p[0] = 1;
	*before = 1;
}

static int
status_of(pid_t pid)
{
	int status = 0;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

Test(secret, a_forked_child_finds_nothing)
{
	unsigned char *p = secret_alloc(200000), *small = secret_alloc(32);
	unsigned char *own;
	pid_t pid;

	memset(p, 0xa5, 200000);
	memset(small, 0xa5, 32);
	pid = fork();
	if (pid == 0) {
		if (!all_are(p, 200000, 0) || !all_are(small, 32, 0))
			_exit(1);
		own = secret_alloc(64);
		if (!own || !all_are(own, 64, 0))
			_exit(2);
		memset(own, 1, 64);
		secret_free(own);
		secret_free(small);
		secret_free(p);
		_exit(secret_in_use() == 0 ? 0 : 3);
	}
	cr_assert_eq(status_of(pid), 0);
	cr_assert(all_are(p, 200000, 0xa5));
	secret_free(p);
	secret_free(small);
}

Test(secret, freeing_twice_ends_the_process)
{
	pid_t pid = fork();
	void *keep, *p;

	if (pid == 0) {
		keep = secret_alloc(16);
		p = secret_alloc(16);
		secret_free(p);
		secret_free(p);
		_exit(keep != NULL);
	}
	cr_assert(WIFSIGNALED(status_of(pid)));
}

/* __builtin_trap(): which signal that is depends on the machine. */
static sigjmp_buf trapped;

static void
come_back(int signum)
{
	siglongjmp(trapped, signum);
}

Test(secret, freeing_what_is_not_of_here_ends_the_process)
{
	static unsigned char elsewhere[64];

	cr_assert_not_null(secret_alloc(16));
	signal(SIGILL, come_back);
	signal(SIGTRAP, come_back);
	signal(SIGABRT, come_back);
	if (sigsetjmp(trapped, 1) == 0) {
		secret_free(elsewhere + 32);
		cr_assert_fail("it was taken for a secret");
	}
}

/* The flags of the mapping that holds p, as the kernel tells them. */
static void
flags_of(const void *p, char *ret, size_t cap)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long from, to;
	bool inside = false;
	char line[512];

	ret[0] = '\0';
	cr_assert(f != NULL);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(ret, cap, "%s", line);
	}
	fclose(f);
}

Test(secret, is_not_dumped_and_not_swapped)
{
	void *p = secret_alloc(32);
	char flags[512];
	bool locked = false;

	flags_of(p, flags, sizeof(flags));
	if (!flags[0])
		return; /* this kernel does not tell */
	cr_assert(strstr(flags, " dd") != NULL, "%s", flags);
	cr_assert(strstr(flags, " wf") != NULL, "%s", flags);
#ifndef __SANITIZE_ADDRESS__ /* which makes mlock() do nothing */
	cr_assert(secret_locked(&locked));
#endif
	if (locked)
		cr_assert(strstr(flags, " lo") != NULL, "%s", flags);
	secret_free(p);
}

#define SLOTS 64

static struct slot {
	unsigned char *p;
	size_t len;
	unsigned char mark;
} slots[SLOTS];

static size_t
some_length(void)
{
	return random() % 50 == 0 ? (size_t)random() % 200000
				  : (size_t)random() % 600;
}

static void
take_slot(struct slot *s, size_t round)
{
	s->len = some_length();
	s->mark = (unsigned char)(round % 255 + 1);
	s->p = secret_alloc(s->len);
	cr_assert(s->p != NULL);
	cr_assert(all_are(s->p, s->len, 0));
	memset(s->p, s->mark, s->len);
}

static void
give_slot(struct slot *s)
{
	cr_assert(all_are(s->p, s->len, s->mark), "somebody wrote here");
	secret_free(s->p);
	s->p = NULL;
}

Test(secret, ten_thousand_steps_agree_with_a_model)
{
	size_t round, i, live;

	srandom(7);
	for (round = 0; round < 10000; round++) {
		i = (size_t)random() % SLOTS;
		if (slots[i].p)
			give_slot(&slots[i]);
		else
			take_slot(&slots[i], round);
		if (round % 500)
			continue;
		for (i = live = 0; i < SLOTS; i++)
			live += slots[i].p ? slots[i].len : 0;
		cr_assert(secret_in_use() >= live);
	}
	for (i = 0; i < SLOTS; i++)
		if (slots[i].p)
			give_slot(&slots[i]);
	cr_assert_eq(secret_in_use(), 0);
}
