/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a store's directory.  Nothing goes that is not ours by its name
 * and, where it matters, by its first bytes.  The headers go first, written
 * over: without them no record opens any more, whatever comes between.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "store/entries.h"
#include "store/front.h"
#include "store/header_fields.h"
#include "store/lock.h"

#define WAIT_MS 5000

struct destroying {
	struct files f;
	struct strlist *left;
	unsigned dropped;
	bool has_lock;
	const int64_t *deadline_ms;
	struct error *err;
};

/* ---- is it a store ----------------------------------------------------- */

static int
fail(struct destroying *d, int e, const char *what, const char *name)
{
	return files_fail(&d->f, e, what, name, d->err);
}

/* Empty counts: a power cut may leave that of a file that was ours. */
static int
look_for_header(struct destroying *d, const char *name, bool *ret)
{
	unsigned char first[HEADER_MAGIC_LEN];
	long n = files_head(&d->f, name, first, sizeof(first));

	*ret = n == 0 || (n == sizeof(first) &&
			     memcmp(first, header_magic, sizeof(first)) == 0);
	return n >= 0 || n == -ENOENT || n == -ELOOP
		   ? TOKENWARD_OK
		   : fail(d, (int)-n, "read", name);
}

static int
look_for_lock(struct destroying *d, bool *ret)
{
	struct stat st = {0};
	int r = fstatat(d->f.dir, "lock", &st, AT_SYMLINK_NOFOLLOW);

	*ret = r == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
	return r == 0 || errno == ENOENT ? TOKENWARD_OK
					 : fail(d, errno, "look at", "lock");
}

static int
count(void *data, const struct entry *e)
{
	unsigned *n = data;

	(void)e;
	++*n;
	return 0;
}

/* The header of one, what an earlier try left of one, or nothing at all. */
static int
check_store(struct destroying *d)
{
	bool header = false, copy = false;
	unsigned n = 0;

	if (look_for_header(d, "header", &header) != TOKENWARD_OK ||
	    look_for_header(d, "header.old", &copy) != TOKENWARD_OK ||
	    look_for_lock(d, &d->has_lock) != TOKENWARD_OK)
		return d->err->code;
	if (!header && files_has(&d->f, "header"))
		return error_set(d->err, TOKENWARD_DAMAGED,
		    "%s/header is not the header of a store: look what this "
		    "is, and remove it by hand",
		    d->f.path);
	if (header || copy || d->has_lock)
		return TOKENWARD_OK;
	if (files_entries(&d->f, count, &n, d->err) != TOKENWARD_OK)
		return d->err->code;
	return n == 0 ? TOKENWARD_OK
		      : error_set(d->err, TOKENWARD_CONFIG,
			    "there is no store at %s", d->f.path);
}

/* ---- taking away ------------------------------------------------------- */

/* As well as a file can be. */
static void
write_over(int fd)
{
	unsigned char noise[HEADER_MAX];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > HEADER_MAX)
		return;
	randombytes_buf(noise, (size_t)st.st_size);
	if (file_write_fd(fd, noise, (size_t)st.st_size) == 0)
		file_sync_fd(fd);
}

/* Opened for write_over, when it is ours; its name goes. */
static int
drop_name(struct destroying *d, const char *name, int *ret_fd)
{
	bool ours = false;
	int r = look_for_header(d, name, &ours);

	if (r != TOKENWARD_OK || !ours)
		return r;
	*ret_fd = file_open(
	    d->f.dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	return unlinkat(d->f.dir, name, 0) < 0 && errno != ENOENT
		   ? fail(d, errno, "remove", name)
		   : TOKENWARD_OK;
}

static int
sync_names(struct destroying *d, const char *name)
{
	int e = file_sync_fd(d->f.dir);

	return e ? fail(d, e, "remove", name) : TOKENWARD_OK;
}

/*
 * The name first, and for good: what is written over is known for a header
 * no more, should the power fail.
 */
static int
drop_header(struct destroying *d, const char *name)
{
	cleanup_close int fd = -1;
	int r = drop_name(d, name, &fd);

	if (r == TOKENWARD_OK)
		r = sync_names(d, name);
	if (r == TOKENWARD_OK)
		write_over(fd);
	return r;
}

/* That by which it is a store last. */
static int
drop_headers(struct destroying *d)
{
	static const char *const names[] = {
	    "header.old.new", "header.new", "header.old", "header"};
	size_t i;
	int r = TOKENWARD_OK;

	/* Whatever it is, doctor put it there. */
	if (unlinkat(d->f.dir, "header.bad", 0) < 0 && errno != ENOENT)
		return fail(d, errno, "remove", "header.bad");
	for (i = 0; r == TOKENWARD_OK && i < 4; i++)
		r = drop_header(d, names[i]);
	return r;
}

static bool
is_folder_of_records(const struct entry *e)
{
	return strchr(e->path, '/') != NULL;
}

static int
drop_entry(void *data, const struct entry *e)
{
	struct destroying *d = data;

	if (e->what == ENTRY_PART)
		return TOKENWARD_OK;
	if (e->what == ENTRY_STRANGE || !S_ISREG(e->mode) ||
	    (e->what == ENTRY_TEMPORARY && !is_folder_of_records(e)))
		return strlist_add(d->left, e->path) ? TOKENWARD_OK
						     : error_memory(d->err);
	d->dropped++;
	return unlinkat(d->f.dir, e->path, 0) < 0 && errno != ENOENT
		   ? fail(d, errno, "remove", e->path)
		   : TOKENWARD_OK;
}

/* Again until nothing is found: what is taken away while a directory is read
   may hide what stands behind it. */
static int
drop_entries(struct destroying *d)
{
	int r;

	do {
		d->dropped = 0;
		strlist_free(d->left);
		r = files_entries(&d->f, drop_entry, d, d->err);
	} while (r == TOKENWARD_OK && d->dropped > 0);
	return r;
}

static int
sync_folder(struct destroying *d, const char *name)
{
	int e = file_sync_dir(d->f.dir, name);

	return e == 0 || e == ENOENT || e == ENOTDIR || e == ELOOP
		   ? TOKENWARD_OK
		   : fail(d, e, "remove", name);
}

/* What is in the place of a folder, or in it, and is not ours, stays. */
static int
drop_folder(struct destroying *d, const char *name)
{
	int e = unlinkat(d->f.dir, name, AT_REMOVEDIR) < 0 ? errno : 0;

	if (e == 0 || e == ENOENT)
		return TOKENWARD_OK;
	if (e != ENOTDIR && e != ENOTEMPTY && e != EEXIST)
		return fail(d, e, "remove", name);
	if (e != ENOTDIR && d->left->n > 0) /* that, it is likely */
		return TOKENWARD_OK;
	return strlist_add(d->left, name) ? TOKENWARD_OK : error_memory(d->err);
}

static int
drop_folders(struct destroying *d)
{
	size_t i;
	int r = TOKENWARD_OK;

	for (i = 0; r == TOKENWARD_OK && i < RECORD_KIND_MAX; i++) {
		r = sync_folder(d, files_folders[i]);
		if (r == TOKENWARD_OK)
			r = drop_folder(d, files_folders[i]);
	}
	return r;
}

static int
sync_above(const char *path)
{
	cleanup_free char *above = strdup(path);
	char *slash = above ? strrchr(above, '/') : NULL;
	cleanup_close int fd = -1;

	if (!slash)
		return ENOMEM;
	slash[slash == above] = '\0';
	fd = file_open(AT_FDCWD, above, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return errno == EACCES ? 0 : errno; /* not ours to open */
	return file_sync_fd(fd);
}

/* The lock is the last that goes: it says what this was. */
static int
drop_directory(struct destroying *d)
{
	cleanup_free char *real = realpath(d->f.path, NULL);
	int e;

	if (d->left->n > 0)
		return TOKENWARD_OK;
	if (sync_names(d, ".") != TOKENWARD_OK)
		return d->err->code;
	if (d->has_lock && unlinkat(d->f.dir, "lock", 0) < 0 && errno != ENOENT)
		return fail(d, errno, "remove", "lock");
	e = file_sync_fd(d->f.dir);
	if (e == 0 && (!real || (rmdir(real) < 0 && errno != ENOENT)))
		e = errno;
	if (e == 0)
		e = sync_above(real);
	errno = e;
	return e ? error_errno(d->err, error_code_of_errno(e),
		       "cannot remove the directory %s", d->f.path)
		 : TOKENWARD_OK;
}

/* Whoever writes now ends first; whoever comes later finds no header. */
static int
hold(struct destroying *d, int *ret_header, int *ret_epoch)
{
	int64_t until = files_until(d->deadline_ms, WAIT_MS);

	if (!d->has_lock)
		return TOKENWARD_OK;
	if (lock_take(d->f.dir, LOCK_AT_HEADER, until, ret_header, d->err) !=
		TOKENWARD_OK ||
	    lock_take(d->f.dir, LOCK_AT_EPOCH, until, ret_epoch, d->err) !=
		TOKENWARD_OK)
		return error_prefix(d->err, "%s: ", d->f.path);
	return TOKENWARD_OK;
}

static int
destroy(struct destroying *d)
{
	cleanup_lock int header = -1;
	cleanup_lock int epoch = -1;
	int r = check_store(d);

	if (r == TOKENWARD_OK)
		r = hold(d, &header, &epoch);
	if (r == TOKENWARD_OK)
		r = drop_headers(d);
	if (r == TOKENWARD_OK)
		r = drop_entries(d);
	if (r == TOKENWARD_OK)
		r = drop_folders(d);
	return r ? r : drop_directory(d);
}

int
store_wait_idle(const char *path, const int64_t *deadline_ms, struct error *err)
{
	struct destroying d = {.deadline_ms = deadline_ms, .err = err};
	cleanup_lock int header = -1;
	cleanup_lock int epoch = -1;
	int r = files_open(path, &d.f, err);

	if (r != TOKENWARD_OK)
		return r;
	r = look_for_lock(&d, &d.has_lock);
	if (r == TOKENWARD_OK)
		r = hold(&d, &header, &epoch);
	files_close(&d.f);
	return r;
}

int
store_destroy(const char *path, const int64_t *deadline_ms,
    struct strlist *ret_left, struct error *err)
{
	struct destroying d = {
	    .deadline_ms = deadline_ms, .left = ret_left, .err = err};
	int r = files_open(path, &d.f, err);

	if (r != TOKENWARD_OK)
		return r;
	r = destroy(&d);
	files_close(&d.f);
	return r;
}
