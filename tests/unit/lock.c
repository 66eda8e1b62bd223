/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks: one holder, given back by the kernel, not kept by a child. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "store/lock.h"
#include "failing.h"
#include "fake_clock.h"
#include "unit.h"

TestSuite(lock, .fini = unit_cleanup);

static int
dir_fd(void)
{
	int fd = open(unit_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert(fd >= 0);
	return fd;
}

Test(lock, one_holder_per_byte)
{
	int dir = dir_fd(), a = -1, b = -1, c = -1;
	struct error err;

	assert_ok(lock_take(dir, 0, 0, &a, &err), err);
	assert_fails(lock_take(dir, 0, 0, &b, &err), err, TOKENWARD_UNAVAILABLE,
	    "another process");
	assert_ok(lock_take(dir, (uint64_t)1 << 62, 0, &c, &err), err);
	lock_release(&a);
	cr_assert_eq(a, -1);
	assert_ok(lock_take(dir, 0, 0, &b, &err), err);
	lock_release(&b);
	lock_release(&b);
	lock_release(&c);
	close(dir);
}

Test(lock, waits_until_its_deadline)
{
	int dir = dir_fd(), a = -1, b = -1;
	int64_t start = clock_boot_ms(), took;
	struct error err;

	assert_ok(lock_take(dir, 0, 0, &a, &err), err);
	cr_assert_eq(
	    lock_take(dir, 0, start + 200, &b, &err), TOKENWARD_UNAVAILABLE);
	took = clock_boot_ms() - start;
	cr_assert(took >= 200 && took < 2000, "%lld", (long long)took);
	lock_release(&a);
	close(dir);
}

static pid_t
holder(int dir, int told)
{
	pid_t pid = fork();
	struct error err;
	int lock;

	if (pid == 0) {
		if (lock_take(dir, 8, 0, &lock, &err) == TOKENWARD_OK)
			(void)!write(told, "x", 1);
		for (;;)
			pause();
	}
	return pid;
}

Test(lock, a_killed_holder_gives_it_back)
{
	int dir = dir_fd(), told[2], a = -1;
	struct error err;
	pid_t pid;
	char c;

	cr_assert_eq(pipe(told), 0);
	pid = holder(dir, told[1]);
	cr_assert_eq(read(told[0], &c, 1), 1);
	cr_assert_eq(lock_take(dir, 8, 0, &a, &err), TOKENWARD_UNAVAILABLE);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_ok(lock_take(dir, 8, clock_boot_ms() + 5000, &a, &err), err);
	lock_release(&a);
	close(dir);
}

Test(lock, a_forked_child_does_not_hold_it_on)
{
	int dir = dir_fd(), a = -1, b = -1, done[2];
	struct error err;
	pid_t pid;
	char c;

	cr_assert_eq(pipe(done), 0);
	assert_ok(lock_take(dir, 12, 0, &a, &err), err);
	pid = fork();
	if (pid == 0) {
		int other = open("/dev/null", O_RDONLY); /* the same number */

		lock_release(&a);
		_exit(write(done[1], "x", 1) == 1 && fcntl(other, F_GETFD) >= 0
			  ? 0
			  : 1);
	}
	cr_assert_eq(read(done[0], &c, 1), 1);
	cr_assert_eq(lock_take(dir, 12, 0, &b, &err), TOKENWARD_UNAVAILABLE,
	    "the parent still has it");
	lock_release(&a);
	assert_ok(lock_take(dir, 12, 0, &b, &err), err);
	lock_release(&b);
	int status;
	waitpid(pid, &status, 0);
	cr_assert_eq(status, 0);
	close(dir);
}

/* 20 processes add one to a number in a file, 10 times each. */
static int
count_up(int dir, const char *path)
{
	struct error err;
	int i, lock, n, fd;

	for (i = 0; i < 10; i++) {
		if (lock_take(dir, 4, clock_boot_ms() + 60000, &lock, &err))
			return 1;
		fd = open(path, O_RDWR);
		n = 0;
		if (pread(fd, &n, sizeof(n), 0) < 0)
			return 1;
		n++;
		if (pwrite(fd, &n, sizeof(n), 0) != sizeof(n))
			return 1;
		close(fd);
		lock_release(&lock);
	}
	return 0;
}

Test(lock, excludes_under_load)
{
	const char *path = unit_path("number");
	int dir = dir_fd(), i, n = 0, status, fd;

	unit_write(path, &n, sizeof(n));
	for (i = 0; i < 20; i++)
		if (fork() == 0)
			_exit(count_up(dir, path));
	for (i = 0; i < 20; i++) {
		wait(&status);
		cr_assert_eq(status, 0);
	}
	fd = open(path, O_RDONLY);
	cr_assert_eq(read(fd, &n, sizeof(n)), (ssize_t)sizeof(n));
	cr_assert_eq(n, 200);
	close(fd);
	close(dir);
}

/* ---- how it waits, and what goes wrong --------------------------------- */

static int pauses;
static int64_t least, most;

static void
note(int64_t ms)
{
	pauses++;
	if (least == 0 || ms < least)
		least = ms;
	if (ms > most)
		most = ms;
}

Test(lock, looks_again_every_5_to_50_milliseconds)
{
	int dir = dir_fd(), a = -1, b = -1;
	struct error err;

	fake_clock(1000, note);
	assert_ok(lock_take(dir, 0, 0, &a, &err), err);
	cr_assert_eq(pauses, 0);
	cr_assert_eq(lock_take(dir, 0, 999, &b, &err), TOKENWARD_UNAVAILABLE);
	cr_assert_eq(lock_take(dir, 0, 1000, &b, &err), TOKENWARD_UNAVAILABLE);
	cr_assert_eq(pauses, 0);
	cr_assert_eq(
	    lock_take(dir, 0, 101000, &b, &err), TOKENWARD_UNAVAILABLE);
	cr_assert(clock_boot_ms() >= 101000 && clock_boot_ms() < 101050);
	cr_assert_eq(least, 5);
	cr_assert_eq(most, 50);
	cr_assert_eq(b, -1);
	fake_clock(0, NULL);
	lock_release(&a);
	close(dir);
}

Test(lock, is_shared_by_those_who_only_want_to_hold_others_off)
{
	int dir = dir_fd(), a = -1, b = -1, c = -1;
	struct error err;

	assert_ok(lock_share(dir, 1, 0, &a, &err), err);
	assert_ok(lock_share(dir, 1, 0, &b, &err), err);
	cr_assert_eq(lock_take(dir, 1, 0, &c, &err), TOKENWARD_UNAVAILABLE);
	lock_release(&a);
	cr_assert_eq(lock_take(dir, 1, 0, &c, &err), TOKENWARD_UNAVAILABLE);
	lock_release(&b);
	assert_ok(lock_take(dir, 1, 0, &c, &err), err);
	cr_assert_eq(lock_share(dir, 1, 0, &a, &err), TOKENWARD_UNAVAILABLE);
	lock_release(&c);
	close(dir);
}

static const struct {
	const char *call;
	int error, code;
	const char *words; /* NULL: it is tried again */
} failures[] = {
    {"memory", ENOMEM, TOKENWARD_FAILED, "memory"}, /* for the first only */
    {"fcntl", EINTR, TOKENWARD_OK, NULL},
    {"fcntl", EAGAIN, TOKENWARD_UNAVAILABLE, "another process is at work"},
    {"fcntl", EACCES, TOKENWARD_UNAVAILABLE, "another process is at work"},
    {"fcntl", ENOLCK, TOKENWARD_FAILED,
	"the file system of the store gives no locks: No locks available"},
    {"openat", EACCES, TOKENWARD_NOT_ALLOWED,
	"cannot lock the store: Permission denied"},
    {"openat", EMFILE, TOKENWARD_FAILED,
	"cannot lock the store: Too many open files"},
};

Test(lock, what_cannot_be_had_is_said_to_be_whose_fault)
{
	int dir = dir_fd(), before = dup(dir), after;
	struct error err;
	size_t i;

	close(before);
	for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		int a = -1, r;

		failing_begin(failures[i].call, 1, failures[i].error);
		r = lock_take(dir, 0, 0, &a, &err);
		cr_assert(failing_end());
		cr_assert_eq(r, failures[i].code, "%zu: %d", i, r);
		cr_assert(
		    !r || strstr(err.text, failures[i].words), "%s", err.text);
		cr_assert_eq(a >= 0, r == TOKENWARD_OK);
		lock_release(&a);
		cr_assert_eq(a, -1);
	}
	after = dup(dir);
	cr_assert_eq(after, before, "%d, %d: none is left open", after, before);
	close(after);
	close(dir);
}

/* A host may have closed its standard input. */
Test(lock, descriptor_0_is_as_good_as_any_and_given_back)
{
	int dir = dir_fd(), a = -1;
	struct error err;

	close(0);
	assert_ok(lock_take(dir, 0, 0, &a, &err), err);
	cr_assert_eq(a, 0);
	cr_assert_eq(lock_take(dir, 0, 0, &a, &err), TOKENWARD_UNAVAILABLE);
	lock_release(&a);
	cr_assert_eq(fcntl(0, F_GETFD), -1);
	assert_ok(lock_take(dir, 0, 0, &a, &err), err);
	lock_release(&a);
	close(dir);
}

#define MANY 50

static bool
can_take(int dir, int i)
{
	struct error err;
	int a = -1;
	bool can = lock_take(dir, (uint64_t)i, 0, &a, &err) == TOKENWARD_OK;

	lock_release(&a);
	return can;
}

Test(lock, many_are_held_and_given_back_in_any_order)
{
	int dir = dir_fd(), locks[MANY], i, j;
	struct error err;

	for (i = 0; i < MANY; i++)
		assert_ok(lock_take(dir, (uint64_t)i, 0, &locks[i], &err), err);
	for (i = 0; i < MANY; i++) {
		j = i * 7 % MANY;
		cr_assert_not(can_take(dir, j));
		lock_release(&locks[j]);
		cr_assert_eq(locks[j], -1);
		cr_assert(can_take(dir, j), "%d", j);
	}
	close(dir);
}

/* The child's descriptors are closed, so the parent's release is enough. */
Test(lock, a_child_holds_none_of_many)
{
	int dir = dir_fd(), locks[MANY], i, status;
	struct error err;
	pid_t pid;

	for (i = 0; i < MANY; i++)
		assert_ok(lock_take(dir, (uint64_t)i, 0, &locks[i], &err), err);
	pid = fork();
	if (pid == 0) {
		for (i = 0; i < MANY; i++)
			if (fcntl(locks[i], F_GETFD) >= 0)
				_exit(1);
		_exit(can_take(dir, MANY) ? 0 : 2);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x", status);
	for (i = 0; i < MANY; i++)
		lock_release(&locks[i]);
	close(dir);
}
