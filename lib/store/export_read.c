/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading an export file, a parser of foreign bytes: the header proves the
 * key, every record its place and its name, the MAC at the end that nothing
 * is missing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/str.h"
#include "store/export_file.h"

#define ENTRY_MAX (INDEX_LEN + SEAL_MAX)

struct export_reader {
	char *path;
	int fd;
	struct header header;
	struct export_keys *keys;
	off_t records; /* where they begin */
};

static int
damaged(const struct export_reader *r, const char *what, struct error *err)
{
	return error_set(err, TOKENWARD_DAMAGED, "the export %s is damaged: %s",
	    r->path, what);
}

static int
cannot_read(const struct export_reader *r, struct error *err)
{
	return error_errno(
	    err, error_code_of_errno(errno), "cannot read %s", r->path);
}

/* Exactly len bytes appended to b. */
static int
get_bytes(struct export_reader *r, size_t len, struct buf *b, struct error *err)
{
	unsigned char *room = buf_room(b, len);
	long n;

	if (!room)
		return error_memory(err);
	n = file_fill(r->fd, room, len);
	if (n < 0) {
		errno = (int)-n;
		return cannot_read(r, err);
	}
	if ((size_t)n < len)
		return damaged(r, "it is cut short", err);
	b->len += len;
	return TOKENWARD_OK;
}

/* ---- the head ---------------------------------------------------------- */

static int
read_head(struct export_reader *r, struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;
	size_t len;
	int res = get_bytes(r, EXPORT_MAGIC_LEN + 4, &b, err);

	if (res == TOKENWARD_DAMAGED ||
	    (res == TOKENWARD_OK &&
		memcmp(b.data, export_magic, EXPORT_MAGIC_LEN) != 0))
		return error_set(err, TOKENWARD_USAGE,
		    "%s is no export of tokenward", r->path);
	if (res != TOKENWARD_OK)
		return res;
	len = get_u32(b.data + EXPORT_MAGIC_LEN);
	if (len > HEADER_MAX)
		return damaged(r, "the size of its header", err);
	buf_clear(&b);
	if (get_bytes(r, len, &b, err) != TOKENWARD_OK)
		return err->code;
	if (header_decode(b.data, b.len, &r->header, err) != TOKENWARD_OK)
		return error_prefix(err, "the export %s: ", r->path);
	r->records = (off_t)(EXPORT_MAGIC_LEN + 4 + len);
	return TOKENWARD_OK;
}

static int
open_file(struct export_reader *r, struct error *err)
{
	struct stat st;

	r->fd =
	    file_open(AT_FDCWD, r->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (r->fd < 0 || fstat(r->fd, &st) < 0)
		return error_errno(err,
		    errno == ENOENT ? TOKENWARD_USAGE
				    : error_code_of_errno(errno),
		    "cannot open %s", r->path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, TOKENWARD_USAGE,
		    "%s is no regular file, and an export is read more than "
		    "once",
		    r->path);
	return TOKENWARD_OK;
}

int
export_open(const char *path, struct export_reader **ret, struct error *err)
{
	struct export_reader *r = calloc(1, sizeof(*r));

	if (!r || !(r->path = strdup(path))) {
		free(r);
		return error_memory(err);
	}
	error_clear(err);
	r->fd = -1;
	if (open_file(r, err) != TOKENWARD_OK ||
	    read_head(r, err) != TOKENWARD_OK) {
		export_close(r);
		return err->code;
	}
	*ret = r;
	return TOKENWARD_OK;
}

const struct header *
export_header(const struct export_reader *r)
{
	return &r->header;
}

int
export_unlock(
    struct export_reader *r, const unsigned char *master, struct error *err)
{
	if (!header_verify(&r->header, master))
		return error_read(err, TOKENWARD_LOCKED,
		    "the key is not that of the export %s", r->path);
	r->keys = export_keys_new(master);
	return r->keys ? TOKENWARD_OK : error_memory(err);
}

/* ---- the records ------------------------------------------------------- */

struct walk {
	struct export_reader *r;
	export_each_fn each;
	void *data;
	uint64_t n;
	char *last; /* name */
	struct error *err;
};

/* The index is that of the name, and the names go up: none is there twice. */
static int
give(struct walk *w, const unsigned char *index, const struct buf *plain)
{
	unsigned char want[INDEX_LEN];
	struct frame_field f;
	char *name = NULL;

	errno = 0;
	if (frame_valid(plain->data, plain->len) &&
	    frame_find(plain->data, plain->len, "name", &f))
		name = frame_dup(&f);
	if (!name && errno == ENOMEM)
		return error_memory(w->err);
	if (name)
		export_index(w->r->keys, name, want);
	if (!name || !str_is_name(name) ||
	    memcmp(want, index, INDEX_LEN) != 0 ||
	    (w->last && strcmp(w->last, name) >= 0)) {
		free(name);
		return damaged(w->r, "a record's name", w->err);
	}
	free(w->last);
	w->last = name;
	return w->each(w->data, name, plain, w->err);
}

static int
read_record(struct walk *w, const struct buf *entry)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	struct seal_id id = export_seal_id(&w->r->header, entry->data, ++w->n);
	uint64_t place;

	if (seal_open(&id, &w->r->keys->record, entry->data + INDEX_LEN,
		entry->len - INDEX_LEN, &plain, &place, w->err) != TOKENWARD_OK)
		return w->err->code == TOKENWARD_DAMAGED
			   ? damaged(w->r, "a record was changed", w->err)
			   : w->err->code;
	if (place != w->n)
		return damaged(w->r, "a record is out of its place", w->err);
	return give(w, entry->data, &plain);
}

static int
read_tail(struct walk *w)
{
	cleanup_buf struct buf there = BUF_INIT;
	unsigned char mac[EXPORT_MAC_LEN], more;
	ssize_t n;

	crypto_generichash_final(export_mac(w->r->keys), mac, sizeof(mac));
	if (get_bytes(w->r, EXPORT_MAC_LEN, &there, w->err) != TOKENWARD_OK)
		return w->err->code;
	if (sodium_memcmp(mac, there.data, EXPORT_MAC_LEN) != 0)
		return damaged(w->r, "its checksum does not agree", w->err);
	do
		n = read(w->r->fd, &more, 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return cannot_read(w->r, w->err);
	return n == 0 ? TOKENWARD_OK
		      : damaged(w->r, "something follows its end", w->err);
}

/* 1: another record was given, 0 with *ret: the end or a failure. */
static bool
next(struct walk *w, int *ret)
{
	cleanup_buf struct buf b = BUF_INIT;
	crypto_generichash_state *mac = export_mac(w->r->keys);
	size_t len;

	*ret = get_bytes(w->r, 4, &b, w->err);
	if (*ret != TOKENWARD_OK)
		return false;
	len = get_u32(b.data);
	crypto_generichash_update(mac, b.data, b.len);
	if (len == 0) {
		*ret = read_tail(w);
		return false;
	}
	buf_clear(&b);
	if (len <= INDEX_LEN || len > ENTRY_MAX)
		*ret = damaged(w->r, "the size of a record", w->err);
	else
		*ret = get_bytes(w->r, len, &b, w->err);
	if (*ret != TOKENWARD_OK)
		return false;
	crypto_generichash_update(mac, b.data, b.len);
	*ret = read_record(w, &b);
	return *ret == TOKENWARD_OK;
}

/* The MAC covers the head too. */
static int
rewind_to_records(struct export_reader *r, struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;

	if (lseek(r->fd, 0, SEEK_SET) < 0)
		return cannot_read(r, err);
	if (get_bytes(r, (size_t)r->records, &b, err) != TOKENWARD_OK)
		return err->code;
	if (memcmp(b.data + EXPORT_MAGIC_LEN + 4, r->header.bytes.data,
		r->header.bytes.len) != 0)
		return damaged(r, "it is being changed", err);
	export_mac_begin(r->keys);
	crypto_generichash_update(export_mac(r->keys), b.data, b.len);
	return TOKENWARD_OK;
}

int
export_each(
    struct export_reader *r, export_each_fn each, void *data, struct error *err)
{
	struct walk w = {.r = r, .each = each, .data = data, .err = err};
	int result = rewind_to_records(r, err);

	while (result == TOKENWARD_OK && next(&w, &result))
		;
	free(w.last);
	return result;
}

void
export_close(struct export_reader *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	header_free(&r->header);
	secret_free(r->keys);
	free(r->path);
	free(r);
}
