/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing an export file: under the name PATH.new, locked, until it is whole
 * and durable.  What a killed writer left there is known by its lock, which
 * is free, and by its first bytes.
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
#include "store/export_file.h"

struct export_writer {
	char *path, *temp;
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

/* Ours and nobody writes it any more: empty, or it begins as we begin. */
static bool
is_leftover(int fd)
{
	unsigned char first[EXPORT_MAGIC_LEN];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return false;
	n = pread(fd, first, sizeof(first), 0);
	return n >= 0 && memcmp(first, export_magic, (size_t)n) == 0;
}

static int
remove_leftover(const char *temp, struct error *err)
{
	cleanup_close int fd = file_open(
	    AT_FDCWD, temp, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);

	if (fd < 0 && errno == ENOENT)
		return TOKENWARD_OK;
	if (fd < 0 && errno != ELOOP)
		return cannot("open", temp, err);
	if (fd < 0 || !is_leftover(fd))
		return error_set(err, TOKENWARD_EXISTS,
		    "%s is in the way: another export writes it, or it is "
		    "somebody else's file",
		    temp);
	return unlink(temp) < 0 ? cannot("remove", temp, err) : TOKENWARD_OK;
}

static int
open_temp(struct export_writer *w, struct error *err)
{
	if (remove_leftover(w->temp, err) != TOKENWARD_OK)
		return err->code;
	w->fd = file_open(
	    AT_FDCWD, w->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (w->fd < 0)
		return cannot("make", w->temp, err);
	if (flock(w->fd, LOCK_EX | LOCK_NB) < 0 || fchmod(w->fd, 0600) < 0)
		return cannot("make", w->temp, err);
	return TOKENWARD_OK;
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
	buf_put(&all, export_magic, EXPORT_MAGIC_LEN);
	buf_put_u32(&all, (uint32_t)head.len);
	buf_put(&all, head.data, head.len);
	return put_bytes(w, &all, err);
}

/* What the records are bound to; the slots stay with the caller. */
static struct header
identity(const struct header *h)
{
	struct header only = *h;

	only.slots_n = 0;
	only.records = only.other = (struct where){0};
	only.bytes = (struct buf)BUF_INIT;
	return only;
}

static int
begin(struct export_writer *w, const char *path, const struct header *h,
    const unsigned char *master, struct error *err)
{
	int r;

	w->fd = -1;
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

/* Never over a file that is there; 0 or errno. */
static int
give_name(const char *temp, const char *path)
{
	if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	if (link(temp, path) < 0)
		return errno;
	return unlink(temp) < 0 ? errno : 0;
}

static int
sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *parent =
	    slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	cleanup_close int fd = -1;

	if (!parent)
		return ENOMEM;
	fd = file_open(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 ? errno : file_sync_fd(fd);
}

int
export_finish(struct export_writer *w, struct error *err)
{
	if (put_tail(w, err) != TOKENWARD_OK)
		return err->code;
	errno = give_name(w->temp, w->path);
	if (errno == EEXIST)
		return export_check_new(w->path, err);
	if (errno)
		return cannot("make", w->path, err);
	errno = sync_parent(w->path);
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
		unlink(w->temp);
		close(w->fd);
	}
	secret_free(w->keys);
	free(w->path);
	free(w->temp);
	free(w);
}
