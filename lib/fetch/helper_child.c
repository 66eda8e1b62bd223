/* SPDX-License-Identifier: BSD-2-Clause */
/* What a helper is between its beginning and its program. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fetch/helper_child.h"

#define PROGRAM_PATH "/proc/self/fd/3"

static bool
lay_out(const struct start *s)
{
	return dup2(s->socket, 0) == 0 && dup2(s->null, 1) == 1 &&
	       dup2(s->null, 2) == 2 &&
	       dup3(s->program, HELPER_PROGRAM_FD, O_CLOEXEC) ==
		   HELPER_PROGRAM_FD;
}

/* The rest is close-on-exec or somebody else's and must not be inherited. */
static void
close_rest(void)
{
	int fd, most = (int)sysconf(_SC_OPEN_MAX);

	if (syscall(SYS_close_range, HELPER_PROGRAM_FD + 1, ~0u, 0) == 0)
		return;
	for (fd = HELPER_PROGRAM_FD + 1; fd < most; fd++)
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

/* The same file, for reading. */
__attribute__((no_sanitize_address)) static bool
reopen_program(void)
{
	int fd = open(PROGRAM_PATH, O_RDONLY);

	if (fd < 0 || dup2(fd, HELPER_PROGRAM_FD) != HELPER_PROGRAM_FD)
		return false;
	close(fd);
	return true;
}

/* A script's interpreter gets it by our descriptor, to open it again or to
   read from it (perl); so it must stay: the kernel says ENOENT when it would
   not.  It never returns, either. */
__attribute__((no_sanitize_address)) static void
execute(struct start *s)
{
	char *nothing[] = {NULL};

	syscall(SYS_execveat, HELPER_PROGRAM_FD, "", s->argv, nothing,
	    AT_EMPTY_PATH);
	if (errno != ENOENT || !s->limits || !reopen_program())
		return;
	syscall(SYS_execveat, HELPER_PROGRAM_FD, "", s->argv, nothing,
	    AT_EMPTY_PATH);
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

/* It never returns, so what a sanitizer notes of its frame would stay behind
   on the parent's stack. */
__attribute__((no_sanitize_address)) int
helper_child(void *arg)
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
