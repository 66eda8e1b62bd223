/* SPDX-License-Identifier: BSD-2-Clause */
/* Making the directory of a store; killed at any point, it can be made on. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "store/files.h"

static bool
is_ours(const char *name)
{
	static const char *const ours[] = {".", "..", "credentials", "tokens",
	    "lock", "header.new", "header", "header.old", "header.old.new"};
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return true;
	return false;
}

/* Nothing of somebody else's in it, so that nobody's home becomes a store. */
static int
check_empty(int dir, const char *path, struct error *err)
{
	int copy = file_open(dir, ".", O_RDONLY | O_DIRECTORY, 0);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	bool foreign = false;

	if (!d) {
		if (copy >= 0)
			close(copy);
		return error_errno(
		    err, error_code_of_errno(errno), "cannot read %s", path);
	}
	while (!foreign && (entry = readdir(d)))
		foreign = !is_ours(entry->d_name);
	closedir(d);
	return foreign ? error_set(err, TOKENWARD_USAGE,
			     "%s holds other files: a store needs an empty "
			     "directory or none",
			     path)
		       : TOKENWARD_OK;
}

/* Of our making or empty: then its mode is ours to set, whatever the umask. */
static int
adopt(int dir, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return error_errno(err, error_code_of_errno(errno), "%s", path);
	if (check_empty(dir, path, err) != TOKENWARD_OK)
		return err->code;
	if (st.st_uid == geteuid() && (st.st_mode & 07777) != 0700 &&
	    fchmod(dir, 0700) < 0)
		return error_errno(err, error_code_of_errno(errno),
		    "cannot set the mode of %s", path);
	return TOKENWARD_OK;
}

int
files_make_folder(int dir, const char *name)
{
	if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return errno;
	return fchmodat(dir, name, 0700, 0) < 0 ? errno : 0;
}

static int
make_lock(int dir)
{
	cleanup_close int fd =
	    file_open(dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0600);

	return fd < 0 || fchmod(fd, 0600) < 0 ? errno : 0;
}

static int
sync_above(int dir)
{
	cleanup_close int up = file_open(dir, "..", O_RDONLY | O_DIRECTORY, 0);

	return up < 0 ? 0 : file_sync_fd(up);
}

static int
make_content(int dir)
{
	int e = 0;
	size_t i;

	for (i = 0; e == 0 && i < RECORD_KIND_MAX; i++)
		e = files_make_folder(dir, files_folders[i]);
	if (e == 0)
		e = make_lock(dir);
	if (e == 0)
		e = file_sync_fd(dir);
	return e ? e : sync_above(dir);
}

int
files_make(const char *path, struct files *ret, struct error *err)
{
	cleanup_close int dir = -1;
	int e = file_make_dirs(path, 0700);

	if (e == 0) {
		dir = file_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
		e = dir < 0 ? errno : 0;
	}
	if (e == 0 && adopt(dir, path, err) != TOKENWARD_OK)
		return err->code;
	if (e == 0)
		e = make_content(dir);
	errno = e;
	if (e)
		return error_errno(err, error_code_of_errno(e),
		    "cannot make the store %s", path);
	return files_open(path, ret, err);
}
