/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the process makes sure of before it does anything: no borrowed
 * rights, three open descriptors, no core, no tracing, no death by SIGPIPE
 * or, at a limit to the size of files, by SIGXFSZ.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "cli.h"

static struct sigaction old_pipe, old_size;
static struct rlimit old_core;
static bool changed;

/*
 * A closed standard descriptor would be taken by the next file opened.  The
 * stand-in for output cannot be written to: an answer that goes nowhere is
 * a failure.
 */
static bool
fill_descriptors(void)
{
	static const int modes[3] = {O_RDONLY, O_RDONLY, O_WRONLY};

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", modes[fd] | O_NOCTTY) != fd)
			return false;
	return true;
}

static bool
forbid_cores(void)
{
	struct rlimit none;

	if (prctl(PR_SET_DUMPABLE, 0) != 0 ||
	    getrlimit(RLIMIT_CORE, &old_core) != 0)
		return false;
	none = old_core;
	none.rlim_cur = 0;
	return old_core.rlim_cur == 0 || setrlimit(RLIMIT_CORE, &none) == 0;
}

int
start_safely(int argc)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (getauxval(AT_SECURE))
		return error_set(&cli.error, TOKENWARD_NOT_ALLOWED,
		    "this program must not be installed setuid, setgid or "
		    "with capabilities");
	if (!fill_descriptors())
		return error_set(&cli.error, TOKENWARD_FAILED,
		    "a standard descriptor is closed and /dev/null cannot be "
		    "opened in its place");
	if (argc < 1)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "started without its own name");
	if (!forbid_cores())
		return error_errno(&cli.error, TOKENWARD_NOT_ALLOWED,
		    "cannot switch off core dumps");
	sigaction(SIGPIPE, &ignore, &old_pipe);
	sigaction(SIGXFSZ, &ignore, &old_size);
	changed = true;
	return TOKENWARD_OK;
}

void
start_undo(void)
{
	if (!changed)
		return;
	sigaction(SIGPIPE, &old_pipe, NULL);
	sigaction(SIGXFSZ, &old_size, NULL);
	setrlimit(RLIMIT_CORE, &old_core);
}
