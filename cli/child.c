/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting the programs of other people: curl, an askpass program. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "cli.h"

static void
place(int fd, int target)
{
	if (fd >= 0 && fd != target)
		dup2(fd, target);
}

static void
become(const struct child *c, int report)
{
	int e;

	start_undo();
	place(c->in, STDIN_FILENO);
	place(c->out, STDOUT_FILENO);
	place(c->err, STDERR_FILENO);
	for (const int *fd = c->keep; fd && *fd >= 0; fd++)
		fcntl(*fd, F_SETFD, 0);
	if (c->search)
		execvp(c->argv[0], c->argv);
	else
		execv(c->argv[0], c->argv);
	e = errno;
	if (write(report, &e, sizeof e) < 0)
		_exit(126);
	_exit(127);
}

/* The pipe closes on exec; what comes through it is why that failed. */
int
child_start(const struct child *c)
{
	cleanup_close int from = -1;
	int pipes[2], pid, e = 0;

	signal(SIGCHLD, SIG_DFL); /* may be ignored by inheritance */
	if (pipe2(pipes, O_CLOEXEC) != 0)
		return -1;
	from = pipes[0];
	pid = fork();
	if (pid == 0)
		become(c, pipes[1]);
	close(pipes[1]);
	if (pid < 0)
		return -1;
	if (read(from, &e, sizeof e) != sizeof e)
		return pid;
	waitpid(pid, NULL, 0);
	errno = e;
	return -1;
}

int
child_wait(int pid, int *ret_raw)
{
	int raw = 0;

	while (waitpid(pid, &raw, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (ret_raw)
		*ret_raw = raw;
	return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}
