/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts up the list of system calls, filter.c. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "sandbox.h"

#ifdef FILTER_AT_START
#include "filter.h"

static int
load(void)
{
	scmp_filter_ctx ctx = NULL;
	int r = filter_make(&ctx);

	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	errno = -r;
	return r;
}
#else
static const struct sock_filter rows[] = {
#include "libexec/fetch/filter.inc"
};

static int
load(void)
{
	struct sock_fprog program = {.len = sizeof(rows) / sizeof(rows[0]),
	    .filter = (struct sock_filter *)(uintptr_t)rows};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_TSYNC, &program);
}
#endif

int
seccomp_enter(struct error *err)
{
	if (load() == 0)
		return TOKENWARD_OK;
	return error_errno(err, TOKENWARD_FAILED, "the seccomp filter");
}
