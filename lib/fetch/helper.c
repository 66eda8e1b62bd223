/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding, starting and ending a helper program. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "fetch/helper.h"

#define GENTLE_MS 200
#define KILLED_MS 2000
#define PROGRAM_FD 3
#define STACK_GUARD 65536 /* whole pages, whatever their size */
#define STACK_LEN (STACK_GUARD + 65536)
#define KILL_GROUP (1u << 2) /* PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9 */

/* What the child needs, in memory it shares with us until it execs. */
struct start {
	int program, socket, null;
	int error;
	char *argv[3];
	const struct helper_limits *limits; /* NULL: as ours */
	cpu_set_t cpus;
	bool stays; /* on its processor, until it has begun */
};

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
	cleanup_close int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd = -1;
	cleanup_buf struct buf path = BUF_INIT;
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
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, PROGRAM_FD + 1);

	if (fd >= 0)
		close(fd);
	return copy;
}

static bool
lay_out(const struct start *s)
{
	return dup2(s->socket, 0) == 0 && dup2(s->null, 1) == 1 &&
	       dup2(s->null, 2) == 2 &&
	       dup3(s->program, PROGRAM_FD, O_CLOEXEC) == PROGRAM_FD;
}

/* The rest is close-on-exec or somebody else's and must not be inherited. */
static void
close_rest(void)
{
	int fd, most = (int)sysconf(_SC_OPEN_MAX);

	if (syscall(SYS_close_range, PROGRAM_FD + 1, ~0u, 0) == 0)
		return;
	for (fd = PROGRAM_FD + 1; fd < most; fd++)
		close(fd);
}

static void
default_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;
	int i;

	for (i = 1; i < _NSIG; i++)
		sigaction(i, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Never above what we are held to ourselves. */
static bool
limit(int resource, rlim_t most)
{
	struct rlimit rl;

	if (getrlimit(resource, &rl) < 0)
		return false;
	if (rl.rlim_max < most)
		most = rl.rlim_max;
	return setrlimit(resource, &(struct rlimit){most, most}) == 0;
}

static bool
set_limits(const struct helper_limits *l)
{
	return !l ||
	       (limit(RLIMIT_DATA, l->data) && limit(RLIMIT_NOFILE, l->files) &&
		   limit(RLIMIT_CORE, 0));
}

/* A script's interpreter opens it again by our descriptor, which then must
   stay: the kernel says ENOENT when it would not.  It never returns, either. */
__attribute__((no_sanitize_address)) static void
execute(struct start *s)
{
	char *nothing[] = {NULL};

	syscall(SYS_execveat, PROGRAM_FD, "", s->argv, nothing, AT_EMPTY_PATH);
	if (errno != ENOENT || !s->limits)
		return;
	fcntl(PROGRAM_FD, F_SETFD, 0);
	syscall(SYS_execveat, PROGRAM_FD, "", s->argv, nothing, AT_EMPTY_PATH);
}

/*
 * The kernel likes to move a process that execs to an idle processor, where
 * no cache knows the libraries that it is about to load.
 */
static void
stay_here(void)
{
	unsigned cpu;
	cpu_set_t here;

	if (syscall(SYS_getcpu, &cpu, NULL, NULL) < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&here);
	CPU_SET(cpu, &here);
	sched_setaffinity(0, sizeof(here), &here);
}

/*
 * Runs beside the suspended parent: system calls only.  It never returns, so
 * what a sanitizer notes of its frame would stay behind on the parent's stack.
 */
__attribute__((no_sanitize_address)) static int
child(void *arg)
{
	struct start *s = arg;

	default_signals();
	if (s->stays)
		stay_here();
	if (setpgid(0, 0) == 0 && lay_out(s)) {
		close_rest();
		if (set_limits(s->limits) && chdir("/") == 0)
			execute(s);
	}
	s->error = errno;
	_exit(127);
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
	pid = clone(child, stack + STACK_LEN,
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

int
helper_start_limited(const char *dir, const char *name, const char *argument,
    const struct helper_limits *limits, struct helper *ret, struct error *err)
{
	cleanup_close int program = high(helper_find(dir, name, err));
	cleanup_close int null = -1, theirs = -1;
	struct start s = {.argv = {(char *)(uintptr_t)name,
			      (char *)(uintptr_t)argument, NULL},
	    .limits = limits};
	int pair[2] = {-1, -1};

	*ret = (struct helper)HELPER_INIT;
	if (program < 0)
		return err->code;
	null = high(open("/dev/null", O_RDWR | O_CLOEXEC));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
		ret->fd = high(pair[0]);
		theirs = high(pair[1]);
	}
	s.program = program;
	s.null = null;
	s.socket = theirs;
	if (null >= 0 && ret->fd >= 0 && theirs >= 0 && spawn(&s, ret) == 0)
		return TOKENWARD_OK;
	error_errno(err, TOKENWARD_CONFIG, "starting %s/%s", dir, name);
	helper_end(ret, false, NULL);
	return err->code;
}

int
helper_start(
    const char *dir, const char *name, struct helper *ret, struct error *err)
{
	return helper_start_limited(dir, name, NULL, NULL, ret, err);
}

int
helper_wait(const struct helper *h, int64_t deadline_ms)
{
	struct pollfd p[] = {{.fd = h->fd, .events = POLLIN},
	    {.fd = h->pidfd, .events = POLLIN}};
	int64_t left;

	for (;;) {
		left = deadline_ms - clock_boot_ms();
		if (left <= 0)
			return 0;
		if (poll(p, 2, left > 60000 ? 60000 : (int)left) <= 0)
			continue;
		if (p[0].revents & POLLIN)
			return 1;
		if (p[0].revents || p[1].revents)
			return -1;
	}
}

static bool
ended(const struct helper *h, int ms)
{
	struct pollfd p = {.fd = h->pidfd, .events = POLLIN};
	int64_t deadline = clock_boot_ms() + ms;
	int got;

	do
		got = poll(&p, 1, ms);
	while (got < 0 && errno == EINTR && clock_boot_ms() < deadline);
	return got > 0;
}

/* As long as it is ours to wait for, nobody else has its number. */
static bool
is_ours(const struct helper *h)
{
	siginfo_t info;

	return h->pid > 1 && waitid(P_PIDFD, (id_t)h->pidfd, &info,
				 WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void
kill_all(const struct helper *h)
{
	if (syscall(SYS_pidfd_send_signal, h->pidfd, SIGKILL, NULL,
		KILL_GROUP) == 0 ||
	    errno != EINVAL)
		return;
	if (is_ours(h))
		kill(-h->pid, SIGKILL); /* before Linux 6.9 */
	else
		syscall(SYS_pidfd_send_signal, h->pidfd, SIGKILL, NULL, 0);
}

static void
describe(const siginfo_t *info, struct buf *how)
{
	if (info->si_code == CLD_EXITED)
		buf_printf(how, "status %d", info->si_status);
	else
		buf_printf(how, "signal %d", info->si_status);
}

void
helper_end(struct helper *h, bool gently, struct buf *how)
{
	siginfo_t info = {0};
	int saved = errno;

	if (h->pidfd >= 0) {
		if (gently && h->fd >= 0)
			shutdown(h->fd, SHUT_WR);
		if (gently)
			ended(h, GENTLE_MS);
		kill_all(h); /* what it started, too */
		ended(h, KILLED_MS);
		if (waitid(P_PIDFD, (id_t)h->pidfd, &info, WEXITED | WNOHANG) ==
			0 &&
		    info.si_pid && how)
			describe(&info, how);
		close(h->pidfd);
	}
	if (h->fd >= 0)
		close(h->fd);
	*h = (struct helper)HELPER_INIT;
	errno = saved;
}
