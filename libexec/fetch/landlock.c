/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock: the trusted certificates, the resolver's files and the system's
 * libraries may be read, and nothing else may be done to any file.  What the
 * header does not know yet is defined here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "sandbox.h"

#define RULE_NET_PORT 2
#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

/* The kernel takes a longer one than it knows when the rest is zero. */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

struct port_rule {
	uint64_t allowed;
	uint64_t port;
};

/* Private keys live beside some of these (/etc/ssl/private,
   /etc/pki/tls/private), so whole /etc/ssl is not in the list. */
static const char *const readable[] = {
    /* certificates and OpenSSL's configuration */
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/openssl.cnf",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/pki/ca-trust/extracted",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/openssl.cnf",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/pki",
    "/var/lib/ca-certificates",
    /* the resolver; links are followed now */
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/run/systemd/resolve",
    /* libraries that are loaded when they are needed */
    "/etc/ld.so.cache",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
};

static int
ruleset_new(const struct ruleset *r)
{
	return (int)syscall(SYS_landlock_create_ruleset, r, sizeof(*r), 0);
}

static int
abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

/* All rights on files that this kernel knows: bits 0 to 12 at first, then
   one more with the versions 2, 3 and 5. */
static uint64_t
all_of_fs(int version)
{
	int bits = 13 + (version >= 2) + (version >= 3) + (version >= 5);

	return (UINT64_C(1) << bits) - 1;
}

static int
allow_reading(int ruleset, const char *path)
{
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {
	    .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE, .parent_fd = fd};
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR
			   ? 0
			   : -1;
	if (fstat(fd, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
	return (int)syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

static int
failed(struct error *err, const char *what)
{
	return error_errno(err, TOKENWARD_FAILED, "Landlock: %s", what);
}

static int
enter(int ruleset, struct error *err)
{
	return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0
		   ? failed(err, "entering")
		   : TOKENWARD_OK;
}

int
landlock_enter(bool *ret_fenced, struct error *err)
{
	int version = abi();
	struct ruleset all = {.fs = all_of_fs(version),
	    .net = version >= 4 ? NET_BIND_TCP : 0,
	    .scoped = version >= 6 ? SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL : 0};
	cleanup_close int ruleset = -1;
	size_t i;

	*ret_fenced = false;
	if (version < 1)
		return TOKENWARD_OK;
	ruleset = ruleset_new(&all);
	if (ruleset < 0)
		return failed(err, "a new set of rules");
	for (i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
		if (allow_reading(ruleset, readable[i]) < 0)
			return failed(err, readable[i]);
	*ret_fenced = true;
	return enter(ruleset, err);
}

int
landlock_ports(const uint16_t *ports, size_t n, struct error *err)
{
	struct ruleset connecting = {.net = NET_CONNECT_TCP};
	cleanup_close int ruleset = -1;
	size_t i;

	if (abi() < 4)
		return TOKENWARD_OK;
	ruleset = ruleset_new(&connecting);
	if (ruleset < 0)
		return failed(err, "a new set of ports");
	for (i = 0; i < n; i++) {
		struct port_rule rule = {NET_CONNECT_TCP, ports[i]};

		if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT,
			&rule, 0) < 0)
			return failed(err, "a port");
	}
	return enter(ruleset, err);
}
