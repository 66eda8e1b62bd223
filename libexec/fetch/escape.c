/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test of the fence: the helper's own sandbox code, and then every act it
 * must not be able to do, tried one by one.  Prints "ACT CONTROL RESULT" per
 * line on standard output.  RESULT is "done" or the name of the errno.
 * CONTROL says who can do it where there is no fence: "anybody", "root",
 * "kernel" (it depends); "must" is what has to work behind the fence as well.
 *
 *   fetch-escape fenced|free|foreign FILE DIR PORT OTHER-PORT
 *
 * FILE can be read by us, DIR written; both ports listen on 127.0.0.1, PORT
 * is the plan's.  The test runs it both ways: what fails with the fence must
 * have worked without it.  A foreign system call ends it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "escape.h"
#include "sandbox.h"

const char *escape_file, *escape_dir;
uint16_t escape_port, escape_other_port;

static void
fence(void)
{
	uint16_t ports[] = {escape_port};
	bool landlock = false;
	struct error err = {0};

	if (sandbox_enter(&landlock, &err) || landlock_ports(ports, 1, &err)) {
		printf("fence failed: %s\n", err.text);
		exit(1);
	}
	printf("landlock - %s\n", landlock ? "yes" : "no");
}

static void
try_all(const struct act *acts)
{
	for (; acts->name; acts++) {
		errno = 0;
		printf("%s %s %s\n", acts->name, acts->control,
		    acts->try() >= 0 ? "done" : strerrorname_np(errno));
	}
}

/* getpid() as a program of another architecture calls it. */
static int
call_foreign(void)
{
	long r = -1;

#ifdef __x86_64__
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory");
#endif
	return printf("foreign call gave %ld\n", r) < 0;
}

int
main(int argc, char **argv)
{
	if (argc != 6)
		return 2;
	escape_file = argv[2];
	escape_dir = argv[3];
	escape_port = (uint16_t)atoi(argv[4]);
	escape_other_port = (uint16_t)atoi(argv[5]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(argv[1], "free") != 0)
		fence();
	if (strcmp(argv[1], "foreign") == 0)
		return call_foreign();
	try_all(file_acts);
	try_all(net_acts);
	try_all(kernel_acts);
	fflush(stdout);
	_exit(0);
}
