/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel gives every process and this one does not need. */
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "sandbox.h"

#define MIB (UINT64_C(1) << 20)

/* That of the address sanitizer is larger than any limit. */
#ifdef __SANITIZE_ADDRESS__
#define HAS_SHADOW_MEMORY
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SHADOW_MEMORY
#endif
#endif

static const struct {
	int resource;
	rlim_t most;
} limits[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_FSIZE, 0},
    {RLIMIT_NOFILE, 64},
    {RLIMIT_CPU, 120},
#ifndef HAS_SHADOW_MEMORY
    {RLIMIT_DATA, 96 * MIB},
#endif
};

static const struct {
	int option;
	unsigned long value;
} controls[] = {
    {PR_SET_DUMPABLE, 0},
    {PR_SET_NO_NEW_PRIVS, 1},
    {PR_SET_PDEATHSIG, SIGKILL},
};

static int
set_limit(int resource, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return -1;
	if (limit.rlim_max > most)
		limit.rlim_max = most;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit((__rlimit_resource_t)resource, &limit);
}

/* Who has none need not be allowed to give them up: so it is under a service
   manager that forbids capset(). */
static int
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	struct __user_cap_data_struct have[_LINUX_CAPABILITY_U32S_3];
	int e;

	if (syscall(SYS_capset, &head, none) == 0)
		return 0;
	e = errno;
	if (syscall(SYS_capget, &head, have) == 0 &&
	    memcmp(have, none, sizeof(have)) == 0)
		return 0;
	errno = e;
	return -1;
}

int
limits_set(struct error *err)
{
	size_t i;

	if (getauxval(AT_SECURE))
		return error_set(err, TOKENWARD_NOT_ALLOWED,
		    "it must not be installed setuid, setgid or with "
		    "capabilities");
	prctl(PR_SET_NAME, "tokenward-fetch");
	for (i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
		if (prctl(controls[i].option, controls[i].value, 0, 0, 0) < 0)
			return error_errno(err, TOKENWARD_FAILED,
			    "process control %d", controls[i].option);
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (set_limit(limits[i].resource, limits[i].most) < 0)
			return error_errno(err, TOKENWARD_FAILED,
			    "resource limit %d", limits[i].resource);
	if (drop_capabilities() < 0)
		return error_errno(
		    err, TOKENWARD_FAILED, "giving up capabilities");
	if (syscall(SYS_close_range, 3, ~0u, 0) < 0)
		return error_errno(
		    err, TOKENWARD_FAILED, "closing what was inherited");
	return TOKENWARD_OK;
}
