/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening a store: the directory and its header file. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "store/front.h"
#include "store/lines.h"
#include "store/lock.h"

#define LOCK_MS 5000
#define LAST_MS 200

int
header_missing(const struct files *f, int e, struct error *err)
{
	if (e == ENOENT && files_has(f, "header.old"))
		return error_set(err, TOKENWARD_DAMAGED,
		    "the header of the store %s is gone; \"tokenward doctor "
		    "--repair\" puts its last copy back",
		    f->path);
	if (e == ENOENT)
		return error_set(err, TOKENWARD_CONFIG,
		    "there is no store at %s: make one with \"tokenward "
		    "init\"",
		    f->path);
	if (e == EFBIG || e == EINVAL || e == ELOOP)
		return error_set(err, TOKENWARD_DAMAGED,
		    "the header of the store %s is not a file of ours; "
		    "\"tokenward doctor --repair\" puts its last copy back",
		    f->path);
	return files_fail(f, e, "read", "header", err);
}

static int
read_header(const struct files *f, struct header *ret, struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;
	int e = files_get(f, "header", HEADER_MAX, &b);

	if (e)
		return header_missing(f, e, err);
	if (header_decode(b.data, b.len, ret, err) != TOKENWARD_OK)
		return error_prefix(err, "store %s: ", f->path);
	return TOKENWARD_OK;
}

int
store_open(const char *path, struct store **ret, struct error *err)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return error_memory(err);
	if (files_open(path, &s->files, err) != TOKENWARD_OK ||
	    read_header(&s->files, &s->header, err) != TOKENWARD_OK) {
		store_close(s);
		return err->code;
	}
	records_open(&s->records, s, &s->header.records);
	*ret = s;
	return TOKENWARD_OK;
}

void
store_close(struct store *s)
{
	if (!s)
		return;
	store_lock_keys(s);
	lines_free(s);
	records_close(&s->records);
	header_free(&s->header);
	files_close(&s->files);
	free(s);
}

const struct header *
store_header(const struct store *s)
{
	return &s->header;
}

const char *
store_path(const struct store *s)
{
	return s->files.path;
}

/* One that may not be looked at is there. */
bool
store_exists(const char *path)
{
	char header[PATH_MAX];
	struct stat st;
	int n = snprintf(header, sizeof(header), "%s/header", path);

	if (n < 0 || (size_t)n >= sizeof(header))
		return false;
	return stat(header, &st) == 0 || errno == EACCES;
}

bool
store_is_read_only(const struct store *s)
{
	return files_read_only(&s->files);
}

void
store_use_deadline(struct store *s, const int64_t *deadline_ms)
{
	s->deadline_ms = deadline_ms;
}

void
store_use_modules(struct store *s, const struct key_context *modules)
{
	s->modules = modules;
}

void
store_rest(struct store *s)
{
	s->records.ops->rest(&s->records);
	lines_free(s);
}

int64_t
files_until(const int64_t *deadline_ms, int64_t most_ms)
{
	int64_t now = clock_boot_ms(), end = now + most_ms;

	if (deadline_ms && *deadline_ms < end)
		end = *deadline_ms;
	return end > now + LAST_MS ? end : now + LAST_MS;
}

int64_t
store_until(const struct store *s, int64_t most_ms)
{
	return files_until(s->deadline_ms, most_ms);
}

int
files_lock_header(const struct files *f, const int64_t *deadline_ms,
    int *ret_lock, struct error *err)
{
	int r = lock_take(f->dir, LOCK_AT_HEADER,
	    files_until(deadline_ms, LOCK_MS), ret_lock, err);

	return r ? error_prefix(err, "%s: ", f->path) : r;
}

int
header_put(const struct files *f, const char *name, const struct buf *b,
    struct error *err)
{
	return files_put(f, name, b, FILE_SYNC, err);
}

int
store_finish(struct store *s, struct error *err)
{
	cleanup_lock int lock = -1;

	if (store_settle_header(s, err) != TOKENWARD_OK)
		return err->code;
	if (files_has(&s->files, "header.old"))
		return TOKENWARD_OK;
	if (files_lock_header(&s->files, s->deadline_ms, &lock, err) !=
	    TOKENWARD_OK)
		return err->code;
	return header_put(&s->files, "header.old", &s->header.bytes, err);
}

int
header_compare(const struct store *s, bool *ret_same, struct error *err)
{
	cleanup_buf struct buf now = BUF_INIT;
	int e = files_get(&s->files, "header", HEADER_MAX, &now);

	*ret_same = e == 0 && buf_equal(&now, &s->header.bytes);
	return e ? header_missing(&s->files, e, err) : TOKENWARD_OK;
}

/* The known one is given up for this one, which now belongs to the store. */
static void
take_header(struct store *s, struct header *fresh)
{
	lines_retire(s);
	records_close(&s->records);
	header_free(&s->header);
	s->header = *fresh;
	records_open(&s->records, s, &s->header.records);
}

/* The present header must be the one we know, and a good one. */
static int
check_present(const struct store *s, const struct header *h,
    const unsigned char *master, struct error *err)
{
	bool same;

	if (header_compare(s, &same, err) != TOKENWARD_OK)
		return err->code;
	if (!same)
		return error_set(err, TOKENWARD_EXISTS,
		    "the header of the store %s was changed by another "
		    "process meanwhile; try again",
		    s->files.path);
	if (h->epoch == s->header.epoch && !header_verify(&s->header, master))
		return error_read(err, TOKENWARD_DAMAGED,
		    "the header of the store %s is damaged; \"tokenward "
		    "doctor --repair\" puts its last copy back",
		    s->files.path);
	return TOKENWARD_OK;
}

/* The copy first: whatever is cut short, one of the two is whole. */
static int
write_both(struct store *s, struct header *h, const unsigned char *master,
    bool keep, struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;
	struct header fresh;

	if (h->format > FORMAT_VERSION)
		return error_set(err, TOKENWARD_CONFIG,
		    "the store %s is of a newer format: this tokenward can "
		    "read it, not change it",
		    s->files.path);
	if (check_present(s, h, master, err) != TOKENWARD_OK)
		return err->code;
	h->sequence = s->header.sequence + 1;
	if (header_encode(h, master, &b, err) != TOKENWARD_OK ||
	    header_decode(b.data, b.len, &fresh, err) != TOKENWARD_OK)
		return err->code;
	if (header_put(&s->files, "header.old", keep ? &s->header.bytes : &b,
		err) != TOKENWARD_OK ||
	    header_put(&s->files, "header", &b, err) != TOKENWARD_OK) {
		header_free(&fresh);
		return err->code;
	}
	take_header(s, &fresh);
	return keep ? TOKENWARD_OK : files_drop(&s->files, "header.bad", err);
}

int
store_write_header(struct store *s, struct header *h,
    const unsigned char *master, struct error *err)
{
	return write_both(s, h, master, true, err);
}

int
store_replace_header(struct store *s, struct header *h,
    const unsigned char *master, struct error *err)
{
	return write_both(s, h, master, false, err);
}

static bool
same_store(const struct header *a, const struct header *b)
{
	return a->epoch == b->epoch &&
	       memcmp(a->store_id, b->store_id, STORE_ID_LEN) == 0;
}

int
store_reload(struct store *s, struct error *err)
{
	struct header fresh;

	if (read_header(&s->files, &fresh, err) != TOKENWARD_OK)
		return err->code;
	if (buf_equal(&fresh.bytes, &s->header.bytes)) {
		header_free(&fresh);
		return TOKENWARD_OK;
	}
	if (store_is_unlocked(s, false) && same_store(&fresh, &s->header) &&
	    !header_verify_key(&fresh, s->keys->header)) {
		header_free(&fresh);
		return error_set(err, TOKENWARD_DAMAGED,
		    "the header of the store %s was changed without its key; "
		    "\"tokenward doctor --repair\" puts its last copy back",
		    s->files.path);
	}
	if (!same_store(&fresh, &s->header))
		store_lock_keys(s);
	take_header(s, &fresh);
	return TOKENWARD_OK;
}
