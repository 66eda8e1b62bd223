/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fetch helper that misbehaves as the path of the plan's URL says, or
 * answers with what it found around it.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/frame.h"
#include "fetch/fetch.h"

extern char **environ;

static void
answer(const char *message)
{
	cleanup_buf struct buf b = BUF_SECRET_INIT;
	struct reply r = REPLY_INIT;
	struct error err;

	r.outcome = OUTCOME_TEMPORARY;
	r.error_message = strdup(message);
	reply_encode(&r, &b, &err);
	frame_send(0, &b, clock_boot_ms() + 1000, &err);
}

static void
put_descriptors(struct buf *out)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' && atoi(e->d_name) != dirfd(dir))
			buf_printf(out, " %s", e->d_name);
	if (dir)
		closedir(dir);
}

static unsigned
signals_changed(void)
{
	struct sigaction sa;
	sigset_t mask;
	unsigned n = 0;
	int i;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (i = 1; i < NSIG; i++) {
		if (sigismember(&mask, i) == 1)
			n++;
		if (sigaction(i, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			n++;
	}
	return n;
}

static void
report(void)
{
	cleanup_buf struct buf b = BUF_INIT;
	cleanup_free char *cwd = getcwd(NULL, 0);

	buf_printf(&b, "env %s, group %s, signals %u, cwd %s, descriptors",
	    environ[0] ? environ[0] : "empty",
	    getpgrp() == getpid() ? "own" : "shared", signals_changed(),
	    cwd ? cwd : "none");
	put_descriptors(&b);
	answer(buf_str(&b));
}

static void
twice(void)
{
	answer("first");
	answer("second");
}

static void
hang(void)
{
	signal(SIGTERM, SIG_IGN);
	for (;;)
		pause();
}

static void
send_raw(const void *data, size_t len)
{
	send(0, data, len, MSG_NOSIGNAL);
}

static void
flood(void)
{
	static const char piece[65536];

	for (;;)
		if (send(0, piece + 1, sizeof(piece) - 1, MSG_NOSIGNAL) < 0)
			exit(0);
}

static void
huge(void)
{
	send_raw("\xff\xff\xff\xff", 4);
	flood();
}

static void
garbage(void)
{
	send_raw("\0\0\0\4zzzz", 8);
}

static void
cut(void)
{
	send_raw("\0\0\1\0abc", 7);
}

static void
slow(void)
{
	for (;;) {
		send_raw("\0", 1);
		usleep(100000);
	}
}

static void
empty(void)
{
	send_raw("\0\0\0\0", 4);
}

static void
token_with_failure(void)
{
	cleanup_buf struct buf b = BUF_SECRET_INIT;
	struct error err;

	frame_put_str(&b, "outcome", "blocked");
	frame_put_str(&b, "token", "x");
	frame_send(0, &b, clock_boot_ms() + 1000, &err);
}

/* The child holds the socket open and would outlive us. */
static void
leave_a_child(void)
{
	if (fork() == 0)
		hang();
	exit(0);
}

static void
leave(void)
{
	exit(3);
}

static const struct {
	const char *path;
	void (*act)(void);
} acts[] = {{"report", report}, {"twice", twice}, {"crash", abort},
    {"exit", leave}, {"hang", hang}, {"flood", flood}, {"huge", huge},
    {"garbage", garbage}, {"cut", cut}, {"slow", slow}, {"empty", empty},
    {"token-with-failure", token_with_failure}, {"child", leave_a_child}};

int
main(void)
{
	cleanup_buf struct buf frame = BUF_SECRET_INIT;
	cleanup_plan struct plan p = PLAN_INIT;
	struct error err;
	size_t i;

	if (frame_recv(0, FRAME_MAX, &frame, clock_boot_ms() + 5000, &err) !=
		1 ||
	    plan_decode(frame.data, frame.len, &p, &err))
		return 9;
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(strrchr(p.url, '/') + 1, acts[i].path) == 0)
			acts[i].act();
	return 0;
}
