/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls there are.  A list of what is allowed: the rest does not
 * exist (ENOSYS), which the C library takes as an old kernel and works
 * around, so that a newer one does not break the helper.  What it leaves out
 * matters: keyctl, add_key, request_key, ptrace, process_vm_*, pidfd_*,
 * io_uring_*, bpf, execve, fork, kill, bind, listen, sockets of other
 * families.  Calls of a foreign architecture end the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "filter.h"

#define WRITING \
	(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY))
#define NEW_SPACES                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define THREAD (CLONE_THREAD | CLONE_VM)
#define TYPE 0xf /* of a socket, without its flags */

static const char *const plain[] = {"access", "brk", "clock_getres",
    "clock_gettime", "clock_nanosleep", "close", "connect", "epoll_create1",
    "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "exit", "exit_group",
    "faccessat", "faccessat2", "fstat", "futex", "getcwd", "getdents64",
    "getegid", "geteuid", "getgid", "getpeername", "getpid", "getppid",
    "getrandom", "getrlimit", "getsockname", "getsockopt", "gettid",
    "gettimeofday", "getuid", "landlock_add_rule", "landlock_create_ruleset",
    "landlock_restrict_self", "lseek", "lstat", "madvise", "mlock", "mlock2",
    "mremap", "munlock", "munmap", "nanosleep", "newfstatat", "pipe", "pipe2",
    "poll", "ppoll", "pread64", "pselect6", "read", "readlink", "readlinkat",
    "readv", "recvfrom", "recvmmsg", "recvmsg", "restart_syscall", "rseq",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity",
    "sched_yield", "select", "set_robust_list", "setitimer", "setsockopt",
    "shutdown", "sigaltstack", "stat", "statx", "sysinfo", "time", "uname",
    "write", "writev"};

/* Allowed when all of its conditions hold; several rows are alternatives. */
struct row {
	const char *name;
	unsigned n;
	struct scmp_arg_cmp when[2];
};

static const struct row rows[] = {
    /* reading only */
    {"open", 1, {{1, SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY}}},
    {"openat", 1, {{2, SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY}}},
    /* no memory that is written and then run */
    {"mmap", 1, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}}},
    {"mmap", 2,
	{{2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC},
	    {3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0}}},
    {"mprotect", 1, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}}},
    /* threads, which the resolver needs, and no processes */
    {"clone", 1, {{0, SCMP_CMP_MASKED_EQ, THREAD | NEW_SPACES, THREAD}}},
    /* the internet; a pair of ends inside this process wakes a thread */
    {"socket", 2,
	{{0, SCMP_CMP_EQ, AF_INET, 0},
	    {1, SCMP_CMP_MASKED_EQ, TYPE, SOCK_STREAM}}},
    {"socket", 2,
	{{0, SCMP_CMP_EQ, AF_INET, 0},
	    {1, SCMP_CMP_MASKED_EQ, TYPE, SOCK_DGRAM}}},
    {"socket", 2,
	{{0, SCMP_CMP_EQ, AF_INET6, 0},
	    {1, SCMP_CMP_MASKED_EQ, TYPE, SOCK_STREAM}}},
    {"socket", 2,
	{{0, SCMP_CMP_EQ, AF_INET6, 0},
	    {1, SCMP_CMP_MASKED_EQ, TYPE, SOCK_DGRAM}}},
    {"socketpair", 2,
	{{0, SCMP_CMP_EQ, AF_UNIX, 0},
	    {1, SCMP_CMP_MASKED_EQ, TYPE, SOCK_STREAM}}},
    /* Fast Open connects without asking Landlock */
    {"sendto", 1, {{3, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0}}},
    {"sendmsg", 1, {{2, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0}}},
    {"sendmmsg", 1, {{3, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0}}},
    /* no owner of a descriptor: it would be sent signals */
    {"fcntl", 1, {{1, SCMP_CMP_EQ, F_GETFD, 0}}},
    {"fcntl", 1, {{1, SCMP_CMP_EQ, F_SETFD, 0}}},
    {"fcntl", 1, {{1, SCMP_CMP_EQ, F_GETFL, 0}}},
    {"fcntl", 1, {{1, SCMP_CMP_EQ, F_SETFL, 0}}},
    {"fcntl", 1, {{1, SCMP_CMP_EQ, F_DUPFD_CLOEXEC, 0}}},
    {"ioctl", 1, {{1, SCMP_CMP_EQ, FIONBIO, 0}}},
    {"ioctl", 1, {{1, SCMP_CMP_EQ, FIONREAD, 0}}},
    /* one's own limits, to read them */
    {"prlimit64", 2, {{0, SCMP_CMP_EQ, 0, 0}, {2, SCMP_CMP_EQ, 0, 0}}},
};

/* The resolver asks for these first and goes on without. */
static const int foreign_families[] = {AF_UNIX, AF_NETLINK};

static int
allow(scmp_filter_ctx ctx, const char *name, unsigned n,
    const struct scmp_arg_cmp *when)
{
	int call = seccomp_syscall_resolve_name(name);

	/* Not on this architecture, or too new for this library. */
	if (call < 0)
		return 0;
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, n, when);
}

static int
fill(scmp_filter_ctx ctx)
{
	struct scmp_arg_cmp family = {0, SCMP_CMP_EQ, 0, 0};
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < sizeof(plain) / sizeof(plain[0]); i++)
		r = allow(ctx, plain[i], 0, NULL);
	for (i = 0; r == 0 && i < sizeof(rows) / sizeof(rows[0]); i++)
		r = allow(ctx, rows[i].name, rows[i].n, rows[i].when);
	for (i = 0; r == 0 && i < sizeof(foreign_families) / sizeof(int); i++) {
		family.datum_a = (scmp_datum_t)foreign_families[i];
		r = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT),
		    SCMP_SYS(socket), 1, &family);
	}
	return r;
}

static int
set(scmp_filter_ctx ctx)
{
	int r = seccomp_attr_set(
	    ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	r = r ? r : seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	r = r ? r : seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return r ? r : fill(ctx);
}

int
filter_make(scmp_filter_ctx *ret)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r = ctx ? set(ctx) : -ENOMEM;

	if (r)
		seccomp_release(ctx);
	else
		*ret = ctx;
	return r;
}
