/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file that holds the key, sealed by systemd-creds to this machine.  It
 * is root's alone to make and to open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/way.h"
#include "credential.h"

#ifndef SYSTEMD_CREDS
#define SYSTEMD_CREDS "/usr/bin/systemd-creds"
#endif

bool
sealed_path_ok(const char *path)
{
	size_t len = strlen(path);

	return path[0] == '/' && len < PATH_LONGEST && path[len - 1] != '/' &&
	       !strstr(path, "/../") &&
	       strspn(path,
		   "abcdefghijklmnopqrstuvwxyz"
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+@-") == len;
}

static int
fail(struct tokenward_message *reply, const char *path, const char *why)
{
	tokenward_message_say(reply, "%s: %s", path, why);
	return TOKENWARD_MODULE_FAILED;
}

/* ---- systemd-creds ----------------------------------------------------- */

static int
creds(struct program *p, const char *what, const char *path,
    struct tokenward_message *reply)
{
	switch (program_run(p)) {
	case 0:
		return TOKENWARD_MODULE_OK;
	case -1:
		tokenward_message_say(reply,
		    "%s cannot be started (%s): it is part of systemd 250 and "
		    "later; choose another kind of key, such as keyfile",
		    SYSTEMD_CREDS, strerror(errno));
		return TOKENWARD_MODULE_AWAY;
	case 1:
		tokenward_message_say(reply, "systemd-creds cannot %s %s: %s",
		    what, path,
		    p->complaint[0] ? p->complaint : "it does not say why");
		return TOKENWARD_MODULE_DENIED;
	default:
		tokenward_message_say(reply,
		    "systemd-creds was stopped, for it did not %s %s within "
		    "%lld ms, or what came is too long",
		    what, path, (long long)p->ms);
		return TOKENWARD_MODULE_AWAY;
	}
}

/* ---- opening ----------------------------------------------------------- */

static const char *
fault_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)SEALED_MAX)
		return "it is no file that systemd-creds made";
	if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
		return "it must belong to root and be writable by nobody else";
	return NULL;
}

int
sealed_read(const char *path, const char *name, int64_t ms, struct content *ret,
    struct tokenward_message *reply)
{
	char option[NAME_LONGEST + 16];
	const char *argv[] = {
	    SYSTEMD_CREDS, "--newline=no", option, "decrypt", "-", "-", NULL};
	struct program p = {.argv = argv,
	    .in = open(path,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
	    .out = ret->data,
	    .out_max = CONTENT_MAX,
	    .ms = ms};
	const char *fault;
	int r;

	if (p.in < 0) {
		r = errno == ENOENT ? TOKENWARD_MODULE_NONE
				    : TOKENWARD_MODULE_DENIED;
		fail(reply, path, strerror(errno));
		return r;
	}
	snprintf(option, sizeof(option), "--name=%s", name);
	fault = fault_of(p.in);
	r = fault ? fail(reply, path, fault) : creds(&p, "open", path, reply);
	close(p.in);
	if (r != TOKENWARD_MODULE_OK)
		return r == TOKENWARD_MODULE_FAILED ? TOKENWARD_MODULE_DENIED
						    : r;
	ret->len = p.out_len;
	if (ret->len < CONTENT_MIN) {
		fail(
		    reply, path, "what is sealed in it is too short for a key");
		return TOKENWARD_MODULE_BROKEN;
	}
	return r;
}

/* ---- sharing ----------------------------------------------------------- */

void
sealed_share(const char *path)
{
	static const struct timespec times[2] = {
	    {.tv_nsec = UTIME_OMIT}, {.tv_sec = 0}};

	utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

bool
sealed_is_shared(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_mtime == 0;
}

/* ---- making ------------------------------------------------------------ */

static int
encrypt(const char *path, const char *name, const char *with, int64_t ms,
    const struct content *content, char *out, size_t *ret_len,
    struct tokenward_message *reply)
{
	char named[NAME_LONGEST + 16], key[64];
	const char *argv[] = {
	    SYSTEMD_CREDS, named, key, "encrypt", "-", "-", NULL};
	struct program p = {
	    .argv = argv, .out = out, .out_max = SEALED_MAX, .ms = ms};
	int ends[2], r;

	snprintf(named, sizeof(named), "--name=%s", name);
	snprintf(key, sizeof(key), "--with-key=%s", with);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(reply, path, strerror(errno));
	p.in = ends[0];
	/* A pipe takes a page without anybody who reads. */
	r = write(ends[1], content->data, content->len) == (ssize_t)content->len
		? TOKENWARD_MODULE_OK
		: fail(reply, path, strerror(errno));
	close(ends[1]);
	if (r == TOKENWARD_MODULE_OK)
		r = creds(&p, "seal a key for", path, reply);
	close(ends[0]);
	*ret_len = p.out_len;
	if (r == TOKENWARD_MODULE_OK && p.out_len == 0)
		r = fail(reply, path, "systemd-creds printed nothing");
	return r;
}

/* systemd's own directory is not there before it is needed. */
static int
open_parent(const char *path, struct tokenward_message *reply)
{
	char parent[PATH_LONGEST];
	struct way_fault fault;
	struct stat st;
	int fd;

	snprintf(parent, sizeof(parent), "%.*s",
	    (int)(strrchr(path, '/') - path), path);
	if (!parent[0])
		snprintf(parent, sizeof(parent), "/");
	if (strcmp(parent, DEFAULT_DIRECTORY) == 0)
		mkdir(parent, 0700);
	fd = way_open(parent, O_RDONLY);
	if (fd < 0 && errno != ELOOP) {
		fail(reply, parent, strerror(errno));
		return -1;
	}
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    !(st.st_mode & (S_IWGRP | S_IWOTH)) &&
	    way_above(fd, false, &fault) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	fail(reply, parent,
	    "this directory, those above it and the links that lead there must "
	    "belong to root and be writable by nobody else");
	return -1;
}

static bool
write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	for (; len > 0; data += n, len -= (size_t)n)
		if ((n = write(fd, data, len)) <= 0)
			return false;
	return true;
}

static bool
write_file(int dir, const char *temp, const char *data, size_t len)
{
	int fd = openat(dir, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write_all(fd, data, len) && fsync(fd) == 0;
	int e = errno;

	if (fd >= 0)
		close(fd);
	errno = e;
	return good;
}

static int
put_file(int dir, const char *path, const char *data, size_t len,
    struct tokenward_message *reply)
{
	const char *name = strrchr(path, '/') + 1;
	char temp[PATH_LONGEST + 24];
	bool good;
	int e;

	snprintf(
	    temp, sizeof(temp), ".%s.new-%08x", name, randombytes_random());
	good = write_file(dir, temp, data, len) &&
	       renameat2(dir, temp, dir, name, RENAME_NOREPLACE) == 0 &&
	       fsync(dir) == 0;
	e = errno;
	if (good)
		return TOKENWARD_MODULE_OK;
	unlinkat(dir, temp, 0);
	return fail(reply, path, strerror(e));
}

int
sealed_make(const char *path, const char *name, const char *with, int64_t ms,
    const struct content *content, struct tokenward_message *reply)
{
	char *out = malloc(SEALED_MAX);
	size_t len = 0;
	int dir = out ? open_parent(path, reply) : -1;
	int r = TOKENWARD_MODULE_FAILED;

	if (dir >= 0)
		r = encrypt(path, name, with, ms, content, out, &len, reply);
	if (r == TOKENWARD_MODULE_OK)
		r = put_file(dir, path, out, len, reply);
	if (dir >= 0)
		close(dir);
	free(out);
	return r;
}

int
sealed_remove(const char *path, struct tokenward_message *reply)
{
	int dir = open_parent(path, reply), r = TOKENWARD_MODULE_OK;

	if (dir < 0)
		return TOKENWARD_MODULE_FAILED;
	if ((unlinkat(dir, strrchr(path, '/') + 1, 0) < 0 && errno != ENOENT) ||
	    fsync(dir) < 0)
		r = fail(reply, path, strerror(errno));
	close(dir);
	return r;
}
