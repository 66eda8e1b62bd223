/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test of the fence: the helper's own sandbox code, and then every act it
 * must not be able to do, tried one by one.  Prints "ACT CONTROL RESULT" per
 * line on standard output, where RESULT is "done" or the errno's name, and
 * CONTROL says whether anybody may do this without a fence.
 *
 *   fetch-escape fenced|free FILE DIR PORT OTHER-PORT
 *
 * FILE can be read by us, DIR written; both ports listen on 127.0.0.1, PORT
 * is the plan's.  The test runs it both ways: what fails with the fence must
 * have worked without it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sandbox.h"

static const char *file, *dir;
static uint16_t port, other_port;

struct act {
	const char *name;
	const char *control; /* "anybody", "root" or "kernel": may, unfenced */
	long (*try)(void);   /* < 0: failed, with errno */
};

static char *
in_dir(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* Reading what is not ours to read */

static long
read_path(const char *path)
{
	char c;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long n = fd < 0 ? -1 : read(fd, &c, 1);

	if (fd >= 0)
		close(fd);
	return n;
}

static long
act_read_file(void)
{
	return read_path(file);
}

static long
act_read_passwd(void)
{
	return read_path("/etc/passwd");
}

static long
act_read_shadow(void)
{
	return read_path("/etc/shadow");
}

static long
act_read_environ(void)
{
	return read_path("/proc/self/environ");
}

static long
act_read_maps(void)
{
	return read_path("/proc/self/maps");
}

static long
act_list_dir(void)
{
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Writing */

static long
act_write_file(void)
{
	return open(file, O_WRONLY | O_CLOEXEC);
}

static long
act_create_file(void)
{
	return open(in_dir("made"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static long
act_make_dir(void)
{
	return mkdir(in_dir("made-dir"), 0700);
}

static long
act_rename(void)
{
	char *from = strdup(in_dir("made"));
	long r = rename(from, in_dir("moved"));

	free(from);
	return r;
}

static long
act_unlink(void)
{
	return unlink(in_dir("moved"));
}

static long
act_chmod(void)
{
	return chmod(file, 0600);
}

static long
act_truncate(void)
{
	return truncate(file, 1);
}

static long
act_symlink(void)
{
	return symlink("x", in_dir("link"));
}

static long
act_memfd(void)
{
	return syscall(SYS_memfd_create, "x", 0);
}

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

static long
act_more_memory(void)
{
	void *p = mmap(NULL, 256 << 20, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

/* Sockets */

static struct sockaddr_in
local(uint16_t p)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons(p),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static long
connect_to(uint16_t p)
{
	struct sockaddr_in a = local(p);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (struct sockaddr *)(void *)&a, sizeof(a));
}

static long
act_unix_stream(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long
act_unix_dgram(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* A datagram end could be turned to any socket by its name. */
static long
act_unix_pair(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair);
}

static long
act_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static long
act_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
}

static long
act_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static long
act_bind(void)
{
	struct sockaddr_in a = local(0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return bind(fd, (struct sockaddr *)(void *)&a, sizeof(a));
}

static long
act_listen(void)
{
	return listen(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 1);
}

static long
act_other_port(void)
{
	return connect_to(other_port);
}

static long
act_fast_open(void)
{
	struct sockaddr_in a = local(other_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
	    (struct sockaddr *)(void *)&a, sizeof(a));
}

/* What must go on working. */

static void *
nothing(void *p)
{
	return p;
}

static long
can_thread(void)
{
	pthread_t t;

	errno = pthread_create(&t, NULL, nothing, NULL);
	return errno ? -1 : pthread_join(t, NULL);
}

static long
can_connect(void)
{
	return connect_to(port);
}

static long
can_resolve(void)
{
	struct addrinfo *list = NULL;

	errno = ENOENT;
	if (getaddrinfo("localhost", "443", NULL, &list) != 0)
		return -1;
	freeaddrinfo(list);
	return 0;
}

static long
can_read_hosts(void)
{
	return read_path("/etc/hosts");
}

static const struct act acts[] = {
    {"read-file", "anybody", act_read_file},
    {"read-passwd", "anybody", act_read_passwd},
    {"read-shadow", "root", act_read_shadow},
    {"read-environ", "anybody", act_read_environ},
    {"read-maps", "anybody", act_read_maps},
    {"list-dir", "anybody", act_list_dir},
    {"write-file", "anybody", act_write_file},
    {"create-file", "anybody", act_create_file},
    {"make-dir", "anybody", act_make_dir},
    {"rename", "anybody", act_rename},
    {"unlink", "anybody", act_unlink},
    {"chmod", "anybody", act_chmod},
    {"truncate", "anybody", act_truncate},
    {"symlink", "anybody", act_symlink},
    {"memfd", "anybody", act_memfd},
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
    {"more-memory", "anybody", act_more_memory},
    {"unix-stream", "anybody", act_unix_stream},
    {"unix-dgram", "anybody", act_unix_dgram},
    {"unix-pair", "anybody", act_unix_pair},
    {"netlink", "anybody", act_netlink},
    {"raw-socket", "root", act_raw_socket},
    {"packet-socket", "root", act_packet_socket},
    {"bind", "anybody", act_bind},
    {"listen", "anybody", act_listen},
    {"other-port", "anybody", act_other_port},
    {"fast-open", "anybody", act_fast_open},
    {"ptrace", "anybody", act_ptrace},
    {"unshare", "kernel", act_unshare},
    {"thread", "must", can_thread},
    {"plan-port", "must", can_connect},
    {"resolve", "must", can_resolve},
    {"read-hosts", "must", can_read_hosts},
};

static void
fence(void)
{
	uint16_t ports[] = {port};
	bool landlock = false;
	struct error err = {0};

	if (sandbox_enter(&landlock, &err) || landlock_ports(ports, 1, &err)) {
		printf("fence failed: %s\n", err.text);
		exit(1);
	}
	printf("landlock - %s\n", landlock ? "yes" : "no");
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc != 6)
		return 2;
	file = argv[2];
	dir = argv[3];
	port = (uint16_t)atoi(argv[4]);
	other_port = (uint16_t)atoi(argv[5]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(argv[1], "fenced") == 0)
		fence();
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		errno = 0;
		printf("%s %s %s\n", acts[i].name, acts[i].control,
		    acts[i].try() >= 0 ? "done" : strerrorname_np(errno));
	}
	fflush(stdout);
	_exit(0);
}
