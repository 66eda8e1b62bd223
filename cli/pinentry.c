/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking by a pinentry program, which puts up a dialog of its own: where it
 * was named, and on a desktop without a terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "assuan.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "cli.h"

#define USUAL "/usr/bin/pinentry"
#define PERSON_SECONDS 120
#define SPARE_MS 5000 /* the program itself is to say that nobody came */
#define GOODBYE_MS 1000
#define USUAL_SECONDS 30 /* as --timeout */

struct dialog {
	int to, from;
	int64_t deadline_ms; /* of all that needs no person */
	int64_t person_ms;   /* 0: not asked yet */
};

static bool
has_display(void)
{
	const char *x = secure_getenv("DISPLAY");
	const char *wayland = secure_getenv("WAYLAND_DISPLAY");

	return (x && *x) || (wayland && *wayland);
}

bool
pinentry_possible(void)
{
	return cli.pinentry || (has_display() && access(USUAL, X_OK) == 0);
}

static bool
wait_for(int fd, int64_t deadline_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left;

	while ((left = deadline_ms - clock_boot_ms()) > 0)
		if (poll(&p, 1, (int)left) > 0)
			return true;
	return false;
}

static long
read_some(void *data, bool human, void *bytes, size_t len)
{
	struct dialog *d = data;
	ssize_t n;

	if (human && !d->person_ms)
		d->person_ms =
		    clock_boot_ms() + PERSON_SECONDS * 1000 + SPARE_MS;
	if (!wait_for(d->from, human ? d->person_ms : d->deadline_ms))
		return -1;
	do
		n = read(d->from, bytes, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? 0 : n;
}

/* Less than a pipe takes. */
static bool
write_some(void *data, const void *bytes, size_t len)
{
	const struct dialog *d = data;

	return write_all(d->to, bytes, len) == 0;
}

/* It goes by itself, or is killed; never waited for without an end. */
static void
end_program(int pid, bool gently)
{
	cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (!gently || pidfd < 0 ||
	    !wait_for(pidfd, clock_boot_ms() + GOODBYE_MS))
		kill(pid, SIGKILL);
	child_wait(pid, NULL);
}

static int
start_program(const char *path, struct dialog *d)
{
	char *argv[] = {(char *)(uintptr_t)path, NULL};
	cleanup_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int in[2], out[2], pid;

	if (null < 0 || pipe2(in, O_CLOEXEC) != 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) != 0) {
		close(in[0]);
		close(in[1]);
		return -1;
	}
	pid = child_start(&(struct child){
	    .argv = argv, .in = in[0], .out = out[1], .err = null});
	close(in[0]);
	close(out[1]);
	fcntl(in[1], F_SETFL, O_NONBLOCK); /* one that does not read */
	d->to = in[1];
	d->from = out[0];
	return pid;
}

static enum assuan_result
talk(struct dialog *d, const char *prompt, char *answer, size_t cap,
    size_t *ret_len)
{
	int64_t seconds = cli.timeout > 0 ? cli.timeout : USUAL_SECONDS;
	struct assuan_question q = {.text = prompt, .seconds = PERSON_SECONDS};
	struct assuan_io io = {read_some, write_some, d};
	cleanup_close int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	d->deadline_ms = clock_boot_ms() + seconds * 1000;
	if (tty >= 0) {
		q.terminal = "/dev/tty";
		q.terminal_type = secure_getenv("TERM");
	}
	return assuan_ask(&io, &q, answer, cap, ret_len);
}

static long
refused(const char *path, const char *why)
{
	say("%s: %s", clean(path), why);
	return -1;
}

long
pinentry_ask(const char *prompt, char *answer, size_t cap)
{
	const char *path = cli.pinentry ? cli.pinentry : USUAL;
	struct dialog d = {.to = -1, .from = -1};
	enum assuan_result r;
	size_t len;
	int pid;

	if (!strchr(path, '/'))
		return refused(path, "a pinentry is given by its path");
	pid = start_program(path, &d);
	if (pid < 0) {
		r = ASSUAN_ENDED;
		refused(path, strerror(errno));
	} else {
		r = talk(&d, prompt, answer, cap, &len);
	}
	if (d.to >= 0)
		close(d.to);
	if (pid >= 0)
		end_program(pid, r == ASSUAN_ANSWERED);
	if (d.from >= 0)
		close(d.from);
	if (pid < 0)
		return -1;
	return r == ASSUAN_ANSWERED ? (long)len
				    : refused(path, assuan_meanings[r]);
}
