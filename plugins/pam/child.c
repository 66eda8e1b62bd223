/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The helper, started as the user who logs in.  Between fork and exec the
 * child gives up everything that is the login process's: descriptors,
 * signals, directory, terminal, groups, uids, environment.  What it is told
 * lies in a pipe before it starts.  It is waited for by its descriptor: how
 * the host takes SIGCHLD is the host's affair.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "pam.h"

/* The C library's own would signal threads that a fork does not have. */
#ifdef SYS_setgroups32
#define SETGROUPS SYS_setgroups32
#define GETGROUPS SYS_getgroups32
#define SETRESGID SYS_setresgid32
#define SETRESUID SYS_setresuid32
#define SETUID SYS_setuid32
#else
#define SETGROUPS SYS_setgroups
#define GETGROUPS SYS_getgroups
#define SETRESGID SYS_setresgid
#define SETRESUID SYS_setresuid
#define SETUID SYS_setuid
#endif

#define HELPER "pam-helper"
#define PROGRAM_FD 3
#define KILLED_MS 500
#define STACK_LEN 16384

/* ---- what it is, and what it is told ----------------------------------- */

static bool
ours_alone(int fd, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if ((st.st_mode & S_IFMT) == type && !(st.st_mode & 022) &&
	    (st.st_uid == 0 || st.st_uid == geteuid()))
		return true;
	errno = EPERM;
	return false;
}

/* The program, checked; started from this descriptor. */
static int
find_helper(const char *libexec)
{
	int dir = open(libexec, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;

	if (dir >= 0 && ours_alone(dir, S_IFDIR))
		fd = openat(dir, HELPER, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && !ours_alone(fd, S_IFREG)) {
		close(fd);
		fd = -1;
	}
	if (dir >= 0)
		close(dir);
	return fd;
}

/* Within what a pipe takes at once, and while its other end is open. */
static bool
put_word(int fd, const char *word)
{
	size_t len = word ? strlen(word) + 1 : 0;

	return len <= PASSPHRASE_MAX + 1 &&
	       (len == 0 || write(fd, word, len) == (ssize_t)len);
}

/* The reading end of a pipe that has all of it. */
static int
fill_pipe(const struct child *c)
{
	int p[2];
	bool good;

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	good = put_word(p[1], c->words[0]) && put_word(p[1], c->words[1]) &&
	       fcntl(p[0], F_SETFL, 0) == 0;
	close(p[1]);
	if (good)
		return p[0];
	close(p[0]);
	errno = EMSGSIZE;
	return -1;
}

/* ---- the child, up to exec: system calls only -------------------------- */

struct start {
	int in, null, program;
	char *argv[5];
	const struct passwd *who;
};

static bool
lay_out(const struct start *s)
{
	return dup2(s->in, 0) == 0 && dup2(s->null, 1) == 1 &&
	       dup2(s->null, 2) == 2 &&
	       dup3(s->program, PROGRAM_FD, O_CLOEXEC) == PROGRAM_FD &&
	       syscall(SYS_close_range, PROGRAM_FD + 1, ~0u, 0) == 0;
}

static void
usual_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < _NSIG; i++)
		sigaction(i, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* An ordinary user's own process has nothing to give up. */
static bool
is_already(const struct passwd *pw)
{
	return geteuid() != 0 && getuid() == pw->pw_uid &&
	       geteuid() == pw->pw_uid;
}

/*
 * No group but the user's own: groups first, as long as that is allowed.
 * Then nothing must bring root back.
 */
static bool
become(const struct passwd *pw)
{
	if (is_already(pw))
		return true;
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SETGROUPS, 0, NULL) == 0 &&
	       syscall(SETRESGID, pw->pw_gid, pw->pw_gid, pw->pw_gid) == 0 &&
	       syscall(SETRESUID, pw->pw_uid, pw->pw_uid, pw->pw_uid) == 0 &&
	       syscall(GETGROUPS, 0, NULL) == 0 &&
	       (pw->pw_uid == 0 || syscall(SETUID, 0) < 0);
}

static int
be_helper(void *given)
{
	const struct start *s = given;
	char *nothing[] = {NULL};

	usual_signals();
	setsid();
	umask(077);
	if (lay_out(s) && chdir("/") == 0 && become(s->who) &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		syscall(SYS_execveat, PROGRAM_FD, "", s->argv, nothing,
		    AT_EMPTY_PATH);
	_exit(127);
}

/* ---- the parent -------------------------------------------------------- */

/*
 * A fork whose descriptor is made together with the process: opened later, by
 * its number, it might be another's, for the host may have it reaped.  No
 * handler of the host runs in the child, and its stack is in its own copy of
 * ours.
 */
static int
start_helper(struct start *s)
{
	_Alignas(16) unsigned char stack[STACK_LEN];
	int pidfd = -1, pid;
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	pid = clone(
	    be_helper, stack + STACK_LEN, CLONE_PIDFD | SIGCHLD, s, &pidfd);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return pid < 0 ? -1 : pidfd;
}

static bool
ended(int pidfd, int64_t deadline_ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int64_t left;

	do {
		left = deadline_ms - clock_ms();
		if (poll(&p, 1, left > 0 ? (int)left : 0) > 0)
			return true;
	} while (left > 0);
	return false;
}

static int
status_of(int pidfd)
{
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0 ||
	    info.si_pid == 0)
		return CHILD_UNKNOWN;
	return info.si_code == CLD_EXITED ? info.si_status
					  : 128 + info.si_status;
}

static int
wait_for(int pidfd, int64_t deadline_ms)
{
	if (ended(pidfd, deadline_ms))
		return status_of(pidfd);
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	if (ended(pidfd, clock_ms() + KILLED_MS))
		status_of(pidfd);
	return CHILD_TIMEOUT;
}

/* Clear of the numbers that the child lays out. */
static int
high(int fd)
{
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, PROGRAM_FD + 1),
	    e = errno;

	if (fd >= 0)
		close(fd);
	errno = e;
	return copy;
}

static int
run(struct start *s, int64_t deadline_ms)
{
	int pidfd, status;

	if (s->in < 0 || s->null < 0 || s->program < 0)
		return CHILD_NO_START;
	pidfd = start_helper(s);
	if (pidfd < 0)
		return CHILD_NO_START;
	status = wait_for(pidfd, deadline_ms);
	close(pidfd);
	return status;
}

static bool
may_become(const struct passwd *pw)
{
	if (geteuid() == 0 || is_already(pw))
		return true;
	errno = EPERM;
	return false;
}

int
child_run(const struct child *c)
{
	int64_t left = c->deadline_ms - clock_ms();
	char seconds[24];
	struct start s = {.program = high(find_helper(c->o->libexec)),
	    .in = high(fill_pipe(c)),
	    .null = high(open("/dev/null", O_RDWR | O_CLOEXEC)),
	    .argv = {(char *)(uintptr_t)HELPER, (char *)(uintptr_t)c->mode,
		seconds, (char *)(uintptr_t)c->o->store, NULL},
	    .who = c->who};
	int fds[] = {s.program, s.in, s.null}, status = CHILD_NO_START, e;

	snprintf(seconds, sizeof(seconds), "%d",
	    left > 0 ? (int)((left + 999) / 1000) : 1);
	if (left <= 0)
		status = CHILD_TIMEOUT;
	else if (may_become(c->who))
		status = run(&s, c->deadline_ms);
	e = errno;
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	errno = e;
	return status;
}
