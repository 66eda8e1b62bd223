/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times commands side by side: every round starts each once, so that what
 * else the machine does falls upon all of them.
 *
 *     rounds ROUNDS EVERY COMMAND [ARG...] [// EVERY COMMAND [ARG...]]...
 *
 * A command with EVERY 10 takes part in each tenth round only.  Prints a line
 * for each: median, lower and upper quartile, 99th percentile in nanoseconds,
 * the number of runs.  From posix_spawn to the end of waitpid; output goes to /dev/null.
 */
#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS 16

struct command {
	char **argv;
	long every;
	long long *ns;
	size_t n;
};

extern char **environ;
static posix_spawn_file_actions_t quiet;

static long long
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void
run(struct command *c)
{
	long long start = clock_ns();
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, c->argv[0], &quiet, NULL, c->argv, environ))
		errx(1, "cannot start %s", c->argv[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "%s failed with status %d", c->argv[0],
		    WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	c->ns[c->n++] = clock_ns() - start;
}

static int
compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return x < y ? -1 : x > y;
}

static void
print(struct command *c)
{
	qsort(c->ns, c->n, sizeof(*c->ns), compare);
	printf("%lld %lld %lld %lld %zu\n", c->ns[c->n / 2], c->ns[c->n / 4],
	    c->ns[c->n * 3 / 4], c->ns[c->n * 99 / 100], c->n);
}

static size_t
read_commands(char **argv, long rounds, struct command *commands)
{
	size_t n = 0;

	while (*argv) {
		struct command *c = &commands[n++];

		if (n > COMMANDS || !argv[1])
			errx(2, "too many commands, or one is missing");
		c->every = strtol(*argv++, NULL, 10);
		c->argv = argv;
		c->ns = calloc((size_t)rounds, sizeof(*c->ns));
		if (c->every < 1 || !c->ns)
			errx(2, "EVERY is a number from 1");
		while (*argv && strcmp(*argv, "//") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	return n;
}

int
main(int argc, char **argv)
{
	struct command commands[COMMANDS] = {0};
	long rounds = argc > 3 ? strtol(argv[1], NULL, 10) : 0;
	size_t n;

	if (rounds < 1 || rounds > 1000000)
		errx(2, "usage: rounds ROUNDS EVERY COMMAND... [// ...]");
	n = read_commands(argv + 2, rounds, commands);
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(
	    &quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	for (long i = 0; i < rounds; i++)
		for (size_t k = 0; k < n; k++)
			if (i % commands[k].every == 0)
				run(&commands[k]);
	for (size_t k = 0; k < n; k++)
		print(&commands[k]);
	return 0;
}
