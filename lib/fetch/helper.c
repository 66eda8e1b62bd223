/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding and starting a helper program. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/way.h"
#include "fetch/helper_child.h"

#define STACK_GUARD 65536 /* whole pages, whatever their size */
#define STACK_LEN (STACK_GUARD + 65536)

static bool
ours_alone(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) &&
	       !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static int
refuse(struct error *err, const char *what)
{
	return error_set(err, TOKENWARD_CONFIG,
	    "%s must belong to root or to you and be writable by nobody else "
	    "(chmod go-w): it is not started",
	    what);
}

int
helper_find(const char *dir, const char *name, struct error *err)
{
	cleanup_close int dirfd = way_open(dir, O_PATH);
	cleanup_close int fd = -1;
	cleanup_buf struct buf path = BUF_INIT;
	struct way_fault fault;
	struct stat st;

	buf_printf(&path, "%s/%s", dir, name);
	if (dirfd >= 0)
		fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		error_errno(err, TOKENWARD_CONFIG,
		    "the program %s cannot be opened (is tokenward installed "
		    "completely?)",
		    buf_str(&path));
		return -1;
	}
	if (fstat(dirfd, &st) < 0 || !ours_alone(&st)) {
		refuse(err, dir);
		return -1;
	}
	if (way_above(dirfd, false, &fault) != 0) {
		error_set(err, TOKENWARD_CONFIG,
		    "one of the directories above %s may be changed by others "
		    "than root, who could put another program there: it is not "
		    "started",
		    buf_str(&path));
		return -1;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !ours_alone(&st)) {
		refuse(err, buf_str(&path));
		return -1;
	}
	return take_fd(fd);
}

/* Clear of 0 to 3, which the child lays out anew. */
static int
high(int fd)
{
	int copy =
	    fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HELPER_PROGRAM_FD + 1);

	if (fd >= 0)
		close(fd);
	return copy;
}

/* Its own, since the caller's thread may have little; below it nothing is
   mapped for it to run into. */
static unsigned char *
stack_new(void)
{
	unsigned char *p = mmap(NULL, STACK_LEN, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p, STACK_GUARD, PROT_NONE) == 0)
		return p;
	munmap(p, STACK_LEN);
	return NULL;
}

/*
 * As posix_spawn() does it, but the pidfd is made together with the process
 * (no race with a host that ignores SIGCHLD), and the program is the checked
 * descriptor and not whatever has its name by now.  That its end sends SIGCHLD
 * cannot be helped: execve() sets that signal, whatever clone() was told.
 */
static int
spawn(struct start *s, struct helper *ret)
{
	unsigned char *stack = stack_new();
	sigset_t all, old;
	siginfo_t info;
	int pid;

	if (!stack) {
		s->error = errno;
		return s->error;
	}
	s->stays = sched_getaffinity(0, sizeof(s->cpus), &s->cpus) == 0;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	pid = clone(helper_child, stack + STACK_LEN,
	    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, s, &ret->pidfd);
	if (pid < 0)
		s->error = errno;
	ret->pid = pid;
	if (pid > 0 && s->stays)
		sched_setaffinity(pid, sizeof(s->cpus), &s->cpus);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	munmap(stack, STACK_LEN);
	if (pid >= 0 && s->error) {
		waitid(P_PIDFD, (id_t)ret->pidfd, &info, WEXITED);
		close(ret->pidfd);
		ret->pidfd = -1;
	}
	errno = s->error;
	return s->error;
}

/* What is short now need not be so the next time. */
static enum tokenward_result
code_of(int e)
{
	return e == EAGAIN || e == ENOMEM || e == EMFILE || e == ENFILE
		   ? TOKENWARD_FAILED
		   : TOKENWARD_CONFIG;
}

int
helper_start_limited(const char *dir, const char *name, const char *argument,
    const struct helper_limits *limits, struct helper *ret, struct error *err)
{
	cleanup_close int found = helper_find(dir, name, err);
	cleanup_close int program = -1, null = -1, theirs = -1;
	struct start s = {.argv = {(char *)(uintptr_t)name,
			      (char *)(uintptr_t)argument, NULL},
	    .limits = limits};
	int pair[2] = {-1, -1};

	*ret = (struct helper)HELPER_INIT;
	if (found < 0)
		return err->code;
	program = high(take_fd(found));
	null = high(open("/dev/null", O_RDWR | O_CLOEXEC));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
		ret->fd = high(pair[0]);
		theirs = high(pair[1]);
	}
	s.program = program;
	s.null = null;
	s.socket = theirs;
	if (program >= 0 && null >= 0 && theirs >= 0 && ret->fd >= 0 &&
	    spawn(&s, ret) == 0)
		return TOKENWARD_OK;
	error_errno(err, code_of(errno), "starting %s/%s", dir, name);
	helper_end(ret, false, NULL);
	return err->code;
}

int
helper_start(
    const char *dir, const char *name, struct helper *ret, struct error *err)
{
	return helper_start_limited(dir, name, NULL, NULL, ret, err);
}
