/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking by a program, in the manner of ssh-askpass: the question is its
 * argument, the answer its standard output; no answer or a failure is a no.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "cli.h"

/* At most cap bytes; -1 when there are more. */
static long
read_answer(int fd, char *answer, size_t cap)
{
	size_t n = 0;
	char more;

	for (;;) {
		long got = n < cap ? read(fd, answer + n, cap - n)
				   : read(fd, &more, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || (got > 0 && n == cap))
			return -1;
		if (got == 0)
			return (long)n;
		n += (size_t)got;
	}
}

static long
without_newline(const char *answer, long n)
{
	if (n > 0 && answer[n - 1] == '\n')
		n--;
	if (n > 0 && answer[n - 1] == '\r')
		n--;
	return n;
}

static long
refused(const char *why)
{
	say("--askpass %s: %s", clean(cli.askpass), why);
	return -1;
}

long
askpass_ask(const char *prompt, char *answer, size_t cap)
{
	char *argv[] = {(char *)cli.askpass, (char *)prompt, NULL};
	cleanup_close int null = -1, from = -1;
	int pipes[2], pid;
	long n;

	if (!strchr(cli.askpass, '/'))
		return refused("the program is given by its path");
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || pipe2(pipes, O_CLOEXEC) != 0)
		return refused(strerror(errno));
	from = pipes[0];
	pid = child_start(&(struct child){
	    .argv = argv, .in = null, .out = pipes[1], .err = -1});
	close(pipes[1]);
	if (pid < 0)
		return refused(strerror(errno));
	n = read_answer(from, answer, cap);
	if (child_wait(pid, NULL) != 0 || n <= 0) {
		wipe(answer, cap);
		return refused("no answer was given");
	}
	n = without_newline(answer, n);
	return n > 0 ? n : refused("no answer was given");
}
