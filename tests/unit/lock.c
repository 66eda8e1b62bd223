/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks: one holder, given back by the kernel, not kept by a child. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "store/lock.h"
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
