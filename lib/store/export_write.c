/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing an export file: under the name PATH.new, locked, until it is whole
 * and durable.  What a killed writer left there is known by its lock, which
 * is free, and by its first bytes, which are durable before any others.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/way.h"
#include "store/export_file.h"

struct export_writer {
	char *path, *temp;
	int dir;          /* both are in it */
	const char *name; /* the end of path */
	int fd;
	struct header header;
	struct export_keys *keys;
	uint64_t n;
};

static int
cannot(const char *what, const char *path, struct error *err)
{
	return error_errno(
	    err, error_code_of_errno(errno), "cannot %s %s", what, path);
}

int
export_check_new(const char *path, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return error_set(err, TOKENWARD_EXISTS,
		    "%s exists already: an export never takes the place of "
		    "another file",
		    path);
	return errno == ENOENT ? TOKENWARD_OK : cannot("look for", path, err);
}

/* ---- the temporary file ------------------------------------------------ */

/*
 * It begins as we begin.  Of a file that was not longer yet the power may
 * have taken some bytes: those are zero.
 */
static bool
begins_as_ours(int fd, bool longer)
{
	unsigned char first[EXPORT_MAGIC_LEN];
	ssize_t i, n = pread(fd, first, sizeof(first), 0);

	for (i = 0; i < n; i++)
		if (first[i] != export_magic[i] && (longer || first[i]))
			return false;
	return n >= 0;
}

/* Ours and nobody writes it any more. */
static bool
is_leftover(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	       begins_as_ours(fd, st.st_size > EXPORT_MAGIC_LEN);
}

/* path or temp without its directory. */
static const char *
in_dir(const struct export_writer *w, const char *path)
{
	return path + (w->name - w->path);
}

static int
remove_leftover(const struct export_writer *w, struct error *err)
{
	const char *name = in_dir(w, w->temp);
	cleanup_close int fd = file_open(
	    w->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);

	if (fd < 0 && errno == ENOENT)
		return TOKENWARD_OK;
	if (fd < 0 && errno != ELOOP)
		return cannot("open", w->temp, err);
	if (fd < 0 || !is_leftover(fd))
		return error_set(err, TOKENWARD_EXISTS,
		    "%s is in the way: another export writes it, or it is "
		    "somebody else's file",
		    w->temp);
	return unlinkat(w->dir, name, 0) < 0 ? cannot("remove", w->temp, err)
					     : TOKENWARD_OK;
}

static int
open_temp(struct export_writer *w, struct error *err)
{
	w->dir = way_to_file(w->path, &w->name);
	if (w->dir < 0)
		return cannot("open the directory of", w->path, err);
	if (remove_leftover(w, err) != TOKENWARD_OK)
		return err->code;
	w->fd = file_open(w->dir, in_dir(w, w->temp),
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (w->fd < 0)
		return cannot("make", w->temp, err);
	if (flock(w->fd, LOCK_EX | LOCK_NB) < 0 || fchmod(w->fd, 0600) < 0)
		return cannot("make", w->temp, err);
	errno = file_write_fd(w->fd, export_magic, EXPORT_MAGIC_LEN);
	if (errno == 0) /* whatever comes next, it will be known for ours */
		errno = file_sync_fd(w->fd);
	return errno ? cannot("write", w->temp, err) : TOKENWARD_OK;
}

/* ---- content ----------------------------------------------------------- */

static int
put_bytes(struct export_writer *w, const struct buf *b, struct error *err)
{
	if (b->failed)
		return error_memory(err);
	crypto_generichash_update(export_mac(w->keys), b->data, b->len);
	errno = file_write_fd(w->fd, b->data, b->len);
	return errno ? cannot("write", w->temp, err) : TOKENWARD_OK;
}

static int
put_head(
    struct export_writer *w, const unsigned char *master, struct error *err)
{
	cleanup_buf struct buf head = BUF_INIT, all = BUF_INIT;

	if (header_encode(&w->header, master, &head, err) != TOKENWARD_OK)
		return err->code;
	export_mac_begin(w->keys);
	crypto_generichash_update(
	    export_mac(w->keys), export_magic, EXPORT_MAGIC_LEN);
	buf_put_u32(&all, (uint32_t)head.len);
	buf_put(&all, head.data, head.len);
	return put_bytes(w, &all, err);
}

/* What the records are bound to; the slots stay with the caller. */
static struct header
identity(const struct header *h)
{
	struct header only = *h;

	only.slots_n = only.gone_n = 0;
	only.records = only.other = (struct where){0};
	only.home = NULL;
	only.bytes = (struct buf)BUF_INIT;
	return only;
}

static int
begin(struct export_writer *w, const char *path, const struct header *h,
    const unsigned char *master, struct error *err)
{
	int r;

	w->fd = w->dir = -1;
	w->path = strdup(path);
	if (asprintf(&w->temp, "%s.new", path) < 0)
		w->temp = NULL;
	w->keys = export_keys_new(master);
	if (!w->path || !w->temp || !w->keys)
		return error_memory(err);
	if (export_check_new(path, err) != TOKENWARD_OK ||
	    open_temp(w, err) != TOKENWARD_OK)
		return err->code;
	w->header = *h;
	r = put_head(w, master, err);
	w->header = identity(h);
	return r;
}

int
export_create(const char *path, const struct header *h,
    const unsigned char *master, struct export_writer **ret, struct error *err)
{
	struct export_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return error_memory(err);
	if (begin(w, path, h, master, err) != TOKENWARD_OK) {
		export_abandon(w);
		return err->code;
	}
	*ret = w;
	return TOKENWARD_OK;
}

int
export_put(struct export_writer *w, const char *name, const struct buf *plain,
    struct error *err)
{
	cleanup_buf struct buf sealed = BUF_INIT, all = BUF_INIT;
	unsigned char index[INDEX_LEN];
	struct seal_id id;

	export_index(w->keys, name, index);
	id = export_seal_id(&w->header, index, ++w->n);
	if (seal_close(&id, &w->keys->record, plain, &sealed, err) !=
	    TOKENWARD_OK)
		return err->code;
	buf_put_u32(&all, (uint32_t)(INDEX_LEN + sealed.len));
	buf_put(&all, index, INDEX_LEN);
	buf_put(&all, sealed.data, sealed.len);
	return put_bytes(w, &all, err);
}

/* ---- the end ----------------------------------------------------------- */

static int
put_tail(struct export_writer *w, struct error *err)
{
	cleanup_buf struct buf zero = BUF_INIT;
	unsigned char mac[EXPORT_MAC_LEN];

	buf_put_u32(&zero, 0);
	if (put_bytes(w, &zero, err) != TOKENWARD_OK)
		return err->code;
	crypto_generichash_final(export_mac(w->keys), mac, sizeof(mac));
	errno = file_write_fd(w->fd, mac, sizeof(mac));
	if (errno == 0)
		errno = file_sync_fd(w->fd);
	return errno ? cannot("write", w->temp, err) : TOKENWARD_OK;
}

int
export_finish(struct export_writer *w, struct error *err)
{
	if (put_tail(w, err) != TOKENWARD_OK)
		return err->code;
	errno = file_name_new_at(w->dir, in_dir(w, w->temp), w->name);
	if (errno == EEXIST)
		return export_check_new(w->path, err);
	if (errno)
		return cannot("make", w->path, err);
	errno = way_sync(w->dir);
	if (errno)
		return cannot("make durable", w->path, err);
	close(w->fd);
	w->fd = -1;
	return TOKENWARD_OK;
}

void
export_abandon(struct export_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0) {
		unlinkat(w->dir, in_dir(w, w->temp), 0);
		close(w->fd);
	}
	if (w->dir >= 0)
		close(w->dir);
	secret_free(w->keys);
	free(w->path);
	free(w->temp);
	free(w);
}
