/* SPDX-License-Identifier: BSD-2-Clause */
/* Acts on files that the fence must prevent. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "escape.h"

static char *
in_dir(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", escape_dir, name);
	return path;
}

/* Reading what is not ours to read */

long
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
	return read_path(escape_file);
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
	return open(escape_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Writing */

static long
act_write_file(void)
{
	return open(escape_file, O_WRONLY | O_CLOEXEC);
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
	return chmod(escape_file, 0600);
}

static long
act_truncate(void)
{
	return truncate(escape_file, 1);
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

const struct act file_acts[] = {
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
    {NULL, NULL, NULL},
};
