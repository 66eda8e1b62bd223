/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lossy [OPTION]... DIRECTORY: mounts itself there, says "ready".
 *
 *     --from DIR       what is there at the beginning, durable
 *     --journal FILE   gets a line for each change and sync, "begin" between
 *                      what was there and what comes
 *     --kept DIR       is made when the power is lost: what was durable
 *     --cut N          the power is lost before the N+1st line after "begin"
 *     --kill N         who asks for the N+1st line is killed, when it is done
 *     --sync N,ERRNO   the N+1st sync fails, and what was due is gone
 *     --close N,ERRNO  the same with a close of a file open for writing
 *     --room N         files may grow by so many bytes in all
 *
 * SIGUSR1 takes the power away, SIGTERM unmounts.  Without power the mount
 * stays, and whatever is done there fails.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "lossy.h"

struct fault sync_fault = {.left = -1}, close_fault = {.left = -1};
long room = -1;

static const char *from, *kept;
static FILE *lines;
static long cut = -1, to_kill = -1;
static volatile sig_atomic_t ended;

/* ---- the journal ------------------------------------------------------- */

static void
lose_power(void)
{
	if (kept)
		disk_save(tree_node(FUSE_ROOT_ID), KEPT, kept);
	_exit(0);
}

static void
step(fuse_req_t by)
{
	if (!by)
		return;
	if (cut >= 0 && cut-- == 0)
		lose_power();
	if (to_kill >= 0 && to_kill-- == 0)
		kill(fuse_req_ctx(by)->pid, SIGKILL);
}

void
journal(fuse_req_t by, const char *format, ...)
{
	va_list args;

	step(by);
	if (!lines)
		return;
	va_start(args, format);
	vfprintf(lines, format, args);
	va_end(args);
	fputc('\n', lines);
	fflush(lines);
}

void
journal_data(fuse_req_t by, const struct node *f, off_t at,
    const unsigned char *data, size_t len)
{
	char *hex = malloc(2 * len + 1);
	size_t i;

	if (!hex)
		err(2, "memory");
	for (i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", data[i]);
	hex[2 * len] = '\0';
	journal(by, "data %lu %lld %s", f->ino, (long long)at, hex);
	free(hex);
}

/* ---- the command line -------------------------------------------------- */

static long
number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text == '\0' || (*end && *end != ',') || n < 0)
		errx(2, "not a number: %s", text);
	return n;
}

static void
take_fault(struct fault *fault, const char *text)
{
	const char *comma = strchr(text, ',');

	if (!comma)
		errx(2, "not N,ERRNO: %s", text);
	fault->left = number(text);
	fault->error = (int)number(comma + 1);
}

static void
take_option(int c)
{
	switch (c) {
	case 'f':
		from = optarg;
		break;
	case 'j':
		lines = fopen(optarg, "we");
		if (!lines)
			err(2, "%s", optarg);
		break;
	case 'k':
		kept = optarg;
		break;
	case 'n':
		cut = number(optarg);
		break;
	case 'x':
		to_kill = number(optarg);
		break;
	case 's':
		take_fault(&sync_fault, optarg);
		break;
	case 'c':
		take_fault(&close_fault, optarg);
		break;
	case 'r':
		room = number(optarg);
		break;
	default:
		exit(2);
	}
}

static void
take_options(int argc, char **argv)
{
	static const struct option options[] = {
	    {"from", required_argument, NULL, 'f'},
	    {"journal", required_argument, NULL, 'j'},
	    {"kept", required_argument, NULL, 'k'},
	    {"cut", required_argument, NULL, 'n'},
	    {"kill", required_argument, NULL, 'x'},
	    {"sync", required_argument, NULL, 's'},
	    {"close", required_argument, NULL, 'c'},
	    {"room", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		take_option(c);
	if (argc - optind != 1)
		errx(2, "usage: lossy [OPTION]... DIRECTORY");
}

/* ---- the loop ---------------------------------------------------------- */

static void
end(int signal)
{
	ended = signal;
}

/* They come while we wait, and at no other time. */
static sigset_t
catch_signals(void)
{
	struct sigaction how = {.sa_handler = end};
	sigset_t ours, before;

	sigemptyset(&ours);
	sigaddset(&ours, SIGUSR1);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, &before);
	sigaction(SIGUSR1, &how, NULL);
	sigaction(SIGTERM, &how, NULL);
	sigdelset(&before, SIGUSR1);
	sigdelset(&before, SIGTERM);
	return before;
}

static void
serve(struct fuse_session *se)
{
	struct pollfd fd = {.fd = fuse_session_fd(se), .events = POLLIN};
	sigset_t waiting = catch_signals();
	struct fuse_buf request = {0};

	puts("ready");
	fflush(stdout);
	while (!ended && !fuse_session_exited(se)) {
		if (ppoll(&fd, 1, NULL, &waiting) < 0)
			continue;
		if (fuse_session_receive_buf(se, &request) > 0)
			fuse_session_process_buf(se, &request);
	}
	free(request.mem);
	if (ended == SIGUSR1)
		lose_power();
}

static void
fill(void)
{
	struct node *root = tree_new(S_IFDIR | 0700);

	if (from)
		disk_load(root, from);
	journal(NULL, "begin");
}

int
main(int argc, char **argv)
{
	char how[] = "-odefault_permissions,fsname=lossy";
	char *words[] = {argv[0], how, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(2, words);
	struct fuse_session *se;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	take_options(argc, argv);
	fill();
	se = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (!se || fuse_session_mount(se, argv[optind]) != 0)
		errx(2, "%s: cannot mount", argv[optind]);
	serve(se);
	fuse_session_unmount(se);
	fuse_session_destroy(se);
	return 0;
}
