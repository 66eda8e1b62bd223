/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A credential as a service finds it.  The service manager makes the
 * directory and its files, which nobody but root may change; what does not
 * look like that was made by somebody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "credential.h"

#define VARIABLE "CREDENTIALS_DIRECTORY"

static int
deny(struct tokenward_message *reply, const char *path, const char *what)
{
	tokenward_message_say(reply, "%s (of $" VARIABLE "): %s", path, what);
	return TOKENWARD_MODULE_DENIED;
}

/* The manager lets a user read by an access list, which shows as rights of
   the group. */
static const char *
fault_of(const struct stat *st, mode_t forbidden)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "it belongs neither to root nor to you";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others may write to it";
	if (st->st_mode & forbidden)
		return "everybody may read it, so it is no key";
	return NULL;
}

static int
open_directory(const char *path, int *ret, struct tokenward_message *reply)
{
	const char *fault;
	struct stat st;
	int fd;

	if (path[0] != '/')
		return deny(reply, path, "the path is not absolute");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOTDIR)
		return deny(reply, path, "it is no directory, or a link");
	if (fd < 0 && errno == ENOENT) {
		deny(reply, path, "it is not there");
		return TOKENWARD_MODULE_AWAY;
	}
	if (fd < 0)
		return deny(reply, path, strerror(errno));
	fault = fstat(fd, &st) < 0 ? strerror(errno) : fault_of(&st, 0);
	if (fault) {
		close(fd);
		return deny(reply, path, fault);
	}
	*ret = fd;
	return TOKENWARD_MODULE_OK;
}

static const char *
read_content(int fd, struct content *ret)
{
	struct stat st;
	const char *fault;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is no regular file";
	fault = fault_of(&st, S_IRWXO);
	if (fault)
		return fault;
	for (ret->len = 0; ret->len < sizeof(ret->data);
	     ret->len += (size_t)n) {
		n = read(
		    fd, ret->data + ret->len, sizeof(ret->data) - ret->len);
		if (n < 0)
			return strerror(errno);
		if (n == 0)
			break;
	}
	if (ret->len < CONTENT_MIN)
		return "a key has at least 32 bytes";
	return ret->len > CONTENT_MAX ? "a key has at most 4096 bytes" : NULL;
}

static int
read_file(int dir, const char *name, struct content *ret,
    struct tokenward_message *reply)
{
	int fd = openat(dir, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const char *fault;

	if (fd < 0 && errno == ENOENT) {
		tokenward_message_say(reply,
		    "the service has no credential %s: its unit needs "
		    "LoadCredentialEncrypted=%s:PATH",
		    name, name);
		return TOKENWARD_MODULE_NONE;
	}
	if (fd < 0)
		return deny(reply, name,
		    errno == ELOOP ? "it is a link" : strerror(errno));
	fault = read_content(fd, ret);
	close(fd);
	return fault ? deny(reply, name, fault) : TOKENWARD_MODULE_OK;
}

int
directory_read(
    const char *name, struct content *ret, struct tokenward_message *reply)
{
	const char *path = secure_getenv(VARIABLE);
	int dir = -1, r;

	if (!path) {
		tokenward_message_say(reply,
		    "there is no $" VARIABLE
		    ": only a service has it whose unit has "
		    "LoadCredentialEncrypted=%s:PATH",
		    name);
		return TOKENWARD_MODULE_AWAY;
	}
	r = open_directory(path, &dir, reply);
	if (r != TOKENWARD_MODULE_OK)
		return r;
	r = read_file(dir, name, ret, reply);
	close(dir);
	return r;
}
