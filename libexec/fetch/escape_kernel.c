/* SPDX-License-Identifier: BSD-2-Clause */
/* Acts on keys, processes and the kernel that the fence must prevent. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "escape.h"

/* Keys */

static long
act_keyctl(void)
{
	return syscall(
	    SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1);
}

static long
act_add_key(void)
{
	return syscall(SYS_add_key, "user", "tokenward-test-escape", "x", 1,
	    KEY_SPEC_PROCESS_KEYRING);
}

static long
act_request_key(void)
{
	return syscall(SYS_request_key, "user", "tokenward-test-escape", NULL,
	    KEY_SPEC_PROCESS_KEYRING);
}

/* Other processes */

static long
act_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long
act_read_memory(void)
{
	char c = 0;
	struct iovec local = {&c, 1}, remote = {&c, 1};

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
}

static long
act_write_memory(void)
{
	char c = 0;
	struct iovec local = {&c, 1}, remote = {&c, 1};

	return process_vm_writev(getpid(), &local, 1, &remote, 1, 0);
}

static long
act_pidfd_open(void)
{
	return syscall(SYS_pidfd_open, getpid(), 0);
}

static long
act_pidfd_getfd(void)
{
	return syscall(
	    SYS_pidfd_getfd, syscall(SYS_pidfd_open, getpid(), 0), 1, 0);
}

static long
act_kill(void)
{
	return kill(getpid(), 0);
}

static long
act_fork(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : waitpid(pid, NULL, 0);
}

static long
act_exec(void)
{
	char *none[] = {NULL}, *argv[] = {(char *)(uintptr_t) "true", NULL};
	int status = 1;
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid <= 0) { /* the child, or fenced: no child, so ourselves */
		execve("/bin/true", argv, none);
		if (pid == 0)
			_exit(errno);
		return -1;
	}
	waitpid(pid, &status, 0);
	return status ? -1 : 0;
}

static long
act_execveat(void)
{
	char *none[] = {NULL}, *argv[] = {(char *)(uintptr_t) "true", NULL};

	/* not in front of what cannot be undone: an empty path fails free */
	return syscall(SYS_execveat, -1, "", argv, none, 0);
}

/* The kernel */

static long
act_io_uring(void)
{
	struct io_uring_params p = {0};

	return syscall(SYS_io_uring_setup, 1, &p);
}

static long
act_bpf(void)
{
	union bpf_attr a = {0};

	a.map_type = BPF_MAP_TYPE_ARRAY;
	a.key_size = a.value_size = 4;
	a.max_entries = 1;
	return syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a));
}

static long
act_perf(void)
{
	struct perf_event_attr a = {.type = PERF_TYPE_SOFTWARE,
	    .size = sizeof(a),
	    .config = PERF_COUNT_SW_TASK_CLOCK,
	    .exclude_kernel = 1};

	return syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
}

static long
act_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* user mode only */);
}

static long
act_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

static long
act_setns(void)
{
	return setns(-1, 0);
}

static long
act_mount(void)
{
	return syscall(SYS_mount, NULL, NULL, NULL, 0, NULL);
}

static long
act_chroot(void)
{
	return syscall(SYS_chroot, "/nonexistent");
}

static long
act_prctl(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long
act_setrlimit(void)
{
	struct rlimit core = {0, 0};

	return setrlimit(RLIMIT_CORE, &core);
}

static long
act_setuid(void)
{
	return syscall(SYS_setuid, getuid());
}

static long
act_exec_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static long
act_make_exec(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long
act_own_signals(void)
{
	return fcntl(0, F_SETOWN, getpid());
}

#ifndef __SANITIZE_ADDRESS__ /* which needs more than any limit */
static long
act_more_memory(void)
{
	void *p = mmap(NULL, 256 << 20, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}
#endif

const struct act kernel_acts[] = {
    {"keyctl", "anybody", act_keyctl},
    {"add-key", "anybody", act_add_key},
    {"request-key", "anybody", act_request_key},
    {"read-memory", "anybody", act_read_memory},
    {"write-memory", "anybody", act_write_memory},
    {"pidfd-open", "anybody", act_pidfd_open},
    {"pidfd-getfd", "anybody", act_pidfd_getfd},
    {"kill", "anybody", act_kill},
    {"fork", "anybody", act_fork},
    {"exec", "anybody", act_exec},
    {"execveat", "kernel", act_execveat},
    {"io-uring", "kernel", act_io_uring},
    {"bpf", "root", act_bpf},
    {"perf", "kernel", act_perf},
    {"userfaultfd", "kernel", act_userfaultfd},
    {"setns", "kernel", act_setns},
    {"mount", "kernel", act_mount},
    {"chroot", "kernel", act_chroot},
    {"prctl", "anybody", act_prctl},
    {"setrlimit", "anybody", act_setrlimit},
    {"setuid", "anybody", act_setuid},
    {"exec-memory", "anybody", act_exec_memory},
    {"make-exec", "anybody", act_make_exec},
    {"own-signals", "anybody", act_own_signals},
#ifndef __SANITIZE_ADDRESS__
    {"more-memory", "anybody", act_more_memory},
#endif
    {"ptrace", "anybody", act_ptrace},
    {"unshare", "kernel", act_unshare},
    {NULL, NULL, NULL},
};
