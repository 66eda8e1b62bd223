/* SPDX-License-Identifier: BSD-2-Clause */
/* What unit tests share. */
#include <ftw.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "unit.h"

static char dir[512];
static pid_t owner;

const char *
unit_dir(void)
{
	const char *top = getenv("TMPDIR");

	if (!dir[0]) {
		snprintf(dir, sizeof(dir), "%s/tokenward-unit-XXXXXX",
		    top && top[0] == '/' ? top : "/tmp");
		cr_assert(mkdtemp(dir) != NULL);
		owner = getpid();
		atexit(unit_cleanup);
	}
	return dir;
}

const char *
unit_path(const char *name)
{
	static char paths[16][1024];
	static unsigned turn;
	char *path = paths[turn++ % 16];

	snprintf(path, sizeof(paths[0]), "%s/%s", unit_dir(), name);
	return path;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
unit_cleanup(void)
{
	if (dir[0] && owner == getpid())
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	dir[0] = '\0';
}

void
unit_read(const char *path, struct buf *out)
{
	cr_assert_eq(
	    file_read_at(AT_FDCWD, path, 64u << 20, false, out), 0, "%s", path);
}

void
unit_write(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert(fd >= 0, "%s", path);
	cr_assert_eq(write_all(fd, data, len), 0);
	cr_assert_eq(fchmod(fd, 0600), 0);
	close(fd);
}

static const char *copy_from, *copy_to;

/* Version control keeps no modes: the copy has those of a store. */
static int
copy_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct buf b = BUF_INIT;
	char to[1024];

	(void)st;
	(void)ftw;
	snprintf(to, sizeof(to), "%s%s", copy_to, path + strlen(copy_from));
	if (type == FTW_D)
		return mkdir(to, 0700);
	unit_read(path, &b);
	unit_write(to, b.data, b.len);
	buf_free(&b);
	return 0;
}

void
unit_copy_tree(const char *from, const char *to)
{
	copy_from = from;
	copy_to = to;
	cr_assert_eq(nftw(from, copy_one, 16, FTW_PHYS), 0, "%s", from);
}
