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
	DIR *d = file_open_dir(dir, ".", 0);
	struct dirent *entry;
	bool foreign = false;
	int e;

	if (!d)
		return error_errno(
		    err, error_code_of_errno(errno), "cannot read %s", path);
	while (!foreign && (errno = 0, entry = readdir(d)))
		foreign = !is_ours(entry->d_name);
	e = errno;
	closedir(d);
	if (foreign)
		return error_set(err, TOKENWARD_USAGE,
		    "%s holds other files: a store needs an empty directory "
		    "or none",
		    path);
	errno = e;
	return e ? error_errno(
		       err, error_code_of_errno(e), "cannot read %s", path)
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
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return error_set(err, TOKENWARD_NOT_ALLOWED,
		    "%s belongs to uid %u, not to you (uid %u): no store is "
		    "made there",
		    path, st.st_uid, geteuid());
	if (st.st_uid == geteuid() && (st.st_mode & 07777) != 0700 &&
	    fchmod(dir, 0700) < 0)
		return error_errno(err, error_code_of_errno(errno),
		    "cannot set the mode of %s", path);
	return TOKENWARD_OK;
}

int
files_make_folder(int dir, const char *name)
{
	return way_make_at(dir, name, 0700);
}

static int
make_lock(int dir)
{
	cleanup_close int fd =
	    file_open(dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0600);

	return fd < 0 || fchmod(fd, 0600) < 0 ? errno : file_sync_fd(fd);
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

static int
cannot_make(const char *path, int e, struct error *err)
{
	errno = e;
	return error_errno(
	    err, error_code_of_errno(e), "cannot make the store %s", path);
}

/* Nothing of it before it is known whose place that is. */
static int
make_dir(const char *path, int *ret_dir, struct error *err)
{
	cleanup_close int way = -1;
	struct way_fault fault = {0};
	int e = way_make(path, 0700, &way, &fault);

	if (e)
		return e == ELOOP || fault.mode
			   ? files_lost(path, e, &fault, err)
			   : cannot_make(path, e, err);
	*ret_dir = file_open(way, ".", O_RDONLY | O_DIRECTORY, 0);
	if (*ret_dir < 0)
		return cannot_make(path, errno, err);
	return files_check_above(*ret_dir, path, err);
}

int
files_make(const char *path, struct files *ret, struct error *err)
{
	cleanup_close int dir = -1;
	int e;

	if (make_dir(path, &dir, err) != TOKENWARD_OK ||
	    adopt(dir, path, err) != TOKENWARD_OK)
		return err->code;
	e = make_content(dir);
	return e ? cannot_make(path, e, err) : files_open(path, ret, err);
}
