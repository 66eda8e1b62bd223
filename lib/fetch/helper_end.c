/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for a helper, and its end. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "fetch/helper.h"

#define GENTLE_MS 200
#define KILLED_MS 2000
#define KILL_GROUP (1u << 2) /* PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9 */

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
