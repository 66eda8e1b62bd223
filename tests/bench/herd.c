/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts a command many times at once and waits for all.
 *
 *     herd NUMBER COMMAND [ARG...]
 *
 * Prints how many failed and the nanoseconds that all of it took.
 */
#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int
main(int argc, char **argv)
{
	long number = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	posix_spawn_file_actions_t quiet;
	long long start = clock_ns();
	long failed = 0;
	int status;
	pid_t pid;

	if (number < 1)
		errx(2, "usage: herd NUMBER COMMAND [ARG...]");
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(
	    &quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	for (long i = 0; i < number; i++)
		if (posix_spawnp(
			&pid, argv[2], &quiet, NULL, argv + 2, environ))
			failed++;
	while (wait(&status) > 0)
		failed += status != 0;
	printf("%ld %lld\n", failed, clock_ns() - start);
	return 0;
}
