/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs systemd-creds: secrets go through its standard input and output, it
 * gets an environment of its own, and it is killed when it is late.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <sodium.h>
#include "credential.h"

enum { OUT, ERR, END, WATCHED };

struct running {
	pid_t pid;
	struct pollfd watched[WATCHED]; /* -1: done */
	size_t complained;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
spawn(const struct program *p, int out, int err, pid_t *ret)
{
	static char path[] = "PATH=/usr/bin:/bin", plain[] = "LC_ALL=C.UTF-8";
	char *environment[] = {path, plain, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t signals;
	int e;

	sigemptyset(&signals);
	sigaddset(&signals, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&files, p->in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	e = posix_spawn(ret, p->argv[0], &files, &attributes,
	    (char *const *)(uintptr_t)p->argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return e;
}

static int
start(const struct program *p, struct running *r)
{
	int out[2], err[2], e;

	if (pipe2(out, O_CLOEXEC) < 0)
		return errno;
	if (pipe2(err, O_CLOEXEC) < 0) {
		e = errno;
		close(out[0]);
		close(out[1]);
		return e;
	}
	e = spawn(p, out[1], err[1], &r->pid);
	close(out[1]);
	close(err[1]);
	r->watched[OUT].fd = out[0];
	r->watched[ERR].fd = err[0];
	if (e == 0)
		r->watched[END].fd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	return e;
}

static void
finish(struct pollfd *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* False: more than there is room for. */
static bool
take_output(struct program *p, struct pollfd *w)
{
	char more;
	size_t room = p->out_max - p->out_len;
	ssize_t n = room ? read(w->fd, (char *)p->out + p->out_len, room)
			 : read(w->fd, &more, 1);

	if (n <= 0)
		finish(w);
	else if (room == 0)
		return false;
	else
		p->out_len += (size_t)n;
	return true;
}

/* The rest is read and dropped. */
static void
take_complaint(struct program *p, struct running *r)
{
	char text[512];
	ssize_t n = read(r->watched[ERR].fd, text, sizeof(text));
	size_t room = sizeof(p->complaint) - 1 - r->complained, take;

	if (n <= 0) {
		finish(&r->watched[ERR]);
		return;
	}
	take = (size_t)n < room ? (size_t)n : room;
	memcpy(p->complaint + r->complained, text, take);
	r->complained += take;
}

static bool
take(struct program *p, struct running *r)
{
	if (r->watched[END].revents)
		finish(&r->watched[END]);
	if (r->watched[ERR].revents)
		take_complaint(p, r);
	return !r->watched[OUT].revents || take_output(p, &r->watched[OUT]);
}

static bool
is_done(const struct running *r)
{
	return r->watched[OUT].fd < 0 && r->watched[ERR].fd < 0 &&
	       r->watched[END].fd < 0;
}

/* True: it ended within its time, and with what there is room for. */
static bool
watch(struct program *p, struct running *r)
{
	int64_t deadline = now_ms() + p->ms, left;

	while (!is_done(r)) {
		left = deadline - now_ms();
		if (left <= 0)
			return false;
		if (poll(r->watched, WATCHED, (int)left) > 0 && !take(p, r))
			return false;
	}
	return true;
}

int
program_run(struct program *p)
{
	struct running r = {
	    .watched = {{-1, POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}}};
	bool in_time;
	int e = start(p, &r), status = 0, i;

	p->out_len = 0;
	memset(p->complaint, 0, sizeof(p->complaint));
	in_time = e == 0 && watch(p, &r);
	for (i = 0; i < WATCHED; i++)
		finish(&r.watched[i]);
	if (e) {
		errno = e;
		return -1;
	}
	if (!in_time)
		kill(r.pid, SIGKILL);
	while (waitpid(r.pid, &status, 0) < 0 && errno == EINTR)
		;
	p->complaint[strcspn(p->complaint, "\n")] = '\0';
	if (!in_time || status != 0)
		sodium_memzero(p->out, p->out_max);
	return !in_time ? 2 : status != 0;
}
