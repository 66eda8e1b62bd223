/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fetch-drive LIBEXEC-DIR: a plan's frame list on standard input, run as the
 * library runs it, the reply's frame list on standard output.  What fails is
 * said on standard error with its result as the exit status.  The last line
 * there is the most memory the helper used, in KiB.
 *
 * fetch-drive --probe LIBEXEC-DIR: "landlock" or "no landlock".
 */
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "fetch/fetch.h"

static int
drive(const char *dir, struct error *err)
{
	cleanup_buf struct buf in = BUF_SECRET_INIT, out = BUF_SECRET_INIT;
	cleanup_plan struct plan plan = PLAN_INIT;
	cleanup_reply struct reply reply = REPLY_INIT;
	cleanup_fetch struct fetch f = FETCH_INIT;
	int r;

	if (file_read_fd(0, 4 << 20, &in))
		return error_set(err, TOKENWARD_USAGE, "no plan");
	r = plan_decode(in.data, in.len, &plan, err);
	r = r ? r : fetch_run(&f, dir, &plan, &reply, err);
	r = r ? r : reply_encode(&reply, &out, err);
	if (r == 0)
		write_all(1, out.data, out.len);
	return r;
}

static int
probe(const char *dir, struct error *err)
{
	bool landlock = false;
	int r = fetch_probe(dir, &landlock, err);

	if (r == 0)
		puts(landlock ? "landlock" : "no landlock");
	return r;
}

int
main(int argc, char **argv)
{
	struct error err = {0};
	struct rusage used = {0};
	int r = argc == 2   ? drive(argv[1], &err)
		: argc == 3 ? probe(argv[2], &err)
			    : TOKENWARD_USAGE;

	if (r)
		fprintf(stderr, "%s\n", err.text);
	getrusage(RUSAGE_CHILDREN, &used);
	fprintf(stderr, "%ld\n", used.ru_maxrss);
	return r;
}
