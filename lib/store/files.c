/* SPDX-License-Identifier: BSD-2-Clause */
/* The directory of a store: checked once, then used by its descriptor. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/str.h"
#include "store/files.h"

const char *const files_folders[RECORD_KIND_MAX] = {
    [RECORD_CREDENTIAL] = "credentials",
    [RECORD_TOKENS] = "tokens",
};

void
files_name(
    enum record_kind kind, const unsigned char *index, struct files_name *ret)
{
	static const char digits[] = "0123456789abcdef";
	size_t i, n = strlen(files_folders[kind]);

	memcpy(ret->text, files_folders[kind], n);
	ret->text[n++] = '/';
	for (i = 0; i < INDEX_LEN; i++) {
		ret->text[n++] = digits[index[i] >> 4];
		ret->text[n++] = digits[index[i] & 15];
	}
	ret->text[n] = '\0';
}

static const char *
cure(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
		return "; what was stored before is unchanged, free some space";
	case EROFS:
		return "; the store lies on a read-only file system";
	case EACCES:
	case EPERM:
		return "; is it the store of another user?";
	case EIO:
		return "; the disk reports an error, look at the system's log";
	default:
		return "";
	}
}

int
files_fail(const struct files *f, int e, const char *what, const char *name,
    struct error *err)
{
	const char *why = strerrordesc_np(e);

	error_set(err, error_code_of_errno(e), "cannot %s %s/%s: %s%s", what,
	    f->path, name, why ? why : "unknown error", cure(e));
	err->no_memory = e == ENOMEM;
	return err->code;
}

/* ---- opening ----------------------------------------------------------- */

static int
check_owner(const char *path, const struct stat *st, struct error *err)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return error_set(err, TOKENWARD_NOT_ALLOWED,
		    "the store %s belongs to uid %u, not to you (uid %u)", path,
		    st->st_uid, geteuid());
	if (st->st_mode & 077)
		return error_set(err, TOKENWARD_NOT_ALLOWED,
		    "the store %s may be entered by others (mode %04o): chmod "
		    "700 %s",
		    path, st->st_mode & 07777, path);
	return TOKENWARD_OK;
}

int
files_lost(
    const char *path, int e, const struct way_fault *fault, struct error *err)
{
	if (e == EPERM && fault->mode)
		return error_set(err, TOKENWARD_NOT_ALLOWED,
		    "root does not use the store %s: others may rename a "
		    "directory above it (uid %u, mode %04o)",
		    path, fault->uid, fault->mode & 07777);
	if (e == ELOOP)
		return error_set(err, TOKENWARD_NOT_ALLOWED,
		    "the store %s is not used: the way to it goes in circles, "
		    "or leads through links that others may change; name the "
		    "place itself",
		    path);
	if (e == EACCES)
		return error_set(err, TOKENWARD_NOT_ALLOWED,
		    "cannot open the store %s: Permission denied; only its "
		    "owner may (the system's store is root's: use sudo)",
		    path);
	errno = e;
	return error_errno(
	    err, error_code_of_errno(e), "cannot open the store %s", path);
}

/* Root's store could be swapped by whoever may rename a directory above. */
int
files_check_above(int dir, const char *path, struct error *err)
{
	struct way_fault fault = {0};
	int e = way_above(dir, false, &fault);

	return e ? files_lost(path, e, &fault, err) : TOKENWARD_OK;
}

static int
check_dir(int dir, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return error_errno(err, error_code_of_errno(errno), "%s", path);
	if (check_owner(path, &st, err) != TOKENWARD_OK)
		return err->code;
	return files_check_above(dir, path, err);
}

int
files_open(const char *path, struct files *ret, struct error *err)
{
	cleanup_close int dir = way_open(path, O_RDONLY);
	struct way_fault fault = {0};
	char *copy;

	if (dir < 0 && errno == ENOENT)
		return error_set(err, TOKENWARD_CONFIG,
		    "there is no store at %s: make one with \"tokenward "
		    "init\"",
		    path);
	if (dir < 0)
		return files_lost(path, errno, &fault, err);
	if (check_dir(dir, path, err) != TOKENWARD_OK)
		return err->code;
	copy = strdup(path);
	if (!copy)
		return error_memory(err);
	*ret = (struct files){.dir = take_fd(dir), .path = copy};
	return TOKENWARD_OK;
}

void
files_close(struct files *f)
{
	if (f->path)
		close(f->dir);
	free(f->path);
	*f = (struct files){.dir = -1};
}

bool
files_read_only(const struct files *f)
{
	return faccessat(f->dir, ".", W_OK, AT_EACCESS) < 0;
}

/* ---- files ------------------------------------------------------------- */

int
files_get(const struct files *f, const char *name, size_t max, struct buf *b)
{
	return file_read_at(f->dir, name, max, false, b);
}

long
files_head(const struct files *f, const char *name, void *to, size_t len)
{
	cleanup_close int fd = file_open(
	    f->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);

	return fd < 0 ? -errno : file_fill(fd, to, len);
}

/* A backup may have left out a folder that can be filled again. */
static int
replace(const struct files *f, const char *name, const struct buf *b,
    enum file_sync sync)
{
	int e = file_replace_at(f->dir, name, b->data, b->len, sync);
	size_t i;

	for (i = 0; e == ENOENT && i < RECORD_KIND_MAX; i++)
		if (str_prefix(name, files_folders[i]) &&
		    files_make_folder(f->dir, files_folders[i]) == 0)
			return file_replace_at(
			    f->dir, name, b->data, b->len, sync);
	return e;
}

int
files_put(const struct files *f, const char *name, const struct buf *b,
    enum file_sync sync, struct error *err)
{
	int e = replace(f, name, b, sync);

	return e ? files_fail(f, e, "write", name, err) : TOKENWARD_OK;
}

int
files_drop(const struct files *f, const char *name, struct error *err)
{
	char temp[sizeof(struct files_name) + 4];
	int e;

	snprintf(temp, sizeof(temp), "%s.new", name);
	unlinkat(f->dir, temp, 0);
	e = file_remove_at(f->dir, name, FILE_SYNC);
	return e && e != ENOENT ? files_fail(f, e, "remove", name, err)
				: TOKENWARD_OK;
}

int
files_settle(const struct files *f, const char *folder, struct error *err)
{
	int e = file_sync_dir(f->dir, folder);

	return e && e != ENOENT ? files_fail(f, e, "sync", folder, err)
				: TOKENWARD_OK;
}

bool
files_has(const struct files *f, const char *name)
{
	struct stat st;

	return fstatat(f->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
walk(DIR *d, files_each_fn each, void *data)
{
	unsigned char index[INDEX_LEN];
	struct dirent *entry;
	int r = 0;

	while (r == 0 && (errno = 0, entry = readdir(d)))
		if (strlen(entry->d_name) == 2 * INDEX_LEN &&
		    hex_get(entry->d_name, index, INDEX_LEN))
			r = each(data, index);
	return r;
}

int
files_each(const struct files *f, enum record_kind kind, files_each_fn each,
    void *data, struct error *err)
{
	DIR *d = file_open_dir(f->dir, files_folders[kind], O_NOFOLLOW);
	int r, e = errno;

	if (!d)
		return e == ENOENT
			   ? TOKENWARD_OK
			   : files_fail(f, e, "read", files_folders[kind], err);
	r = walk(d, each, data);
	e = errno;
	closedir(d);
	return r == 0 && e ? files_fail(f, e, "read", files_folders[kind], err)
			   : r;
}
