/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening and making a store: the directory and its header file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "store/front.h"
#include "store/lock.h"

#define LOCK_MS 5000
#define LAST_MS 200

static int
no_header(const struct files *f, int e, struct error *err)
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
		return no_header(f, e, err);
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
	cleanup_free char *header = NULL;
	struct stat st;

	if (asprintf(&header, "%s/header", path) < 0)
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
}

static int64_t
until(const int64_t *deadline_ms, int64_t most_ms)
{
	int64_t now = clock_boot_ms(), end = now + most_ms;

	if (deadline_ms && *deadline_ms < end)
		end = *deadline_ms;
	return end > now + LAST_MS ? end : now + LAST_MS;
}

int64_t
store_until(const struct store *s, int64_t most_ms)
{
	return until(s->deadline_ms, most_ms);
}

int
files_lock_header(const struct files *f, const int64_t *deadline_ms,
    int *ret_lock, struct error *err)
{
	int r = lock_take(
	    f->dir, LOCK_AT_HEADER, until(deadline_ms, LOCK_MS), ret_lock, err);

	return r ? error_prefix(err, "%s: ", f->path) : r;
}

static int
write_header_file(const struct files *f, const char *name, const struct buf *b,
    struct error *err)
{
	return files_put(f, name, b, FILE_SYNC, err);
}

static void
header_defaults(struct header *h)
{
	if (h->format == 0)
		h->format = h->min_reader = FORMAT_VERSION;
	if (h->suite == 0)
		h->suite = 1;
	if (h->epoch == 0)
		h->epoch = 1;
	if (h->sequence == 0)
		h->sequence = 1;
	if (h->next_slot == 0)
		h->next_slot = 1;
}

static int
is_record(void *data, const unsigned char *index)
{
	(void)data;
	(void)index;
	return TOKENWARD_EXISTS;
}

/*
 * A store that lost its header is not made anew: its copy may still bring it
 * back, or a backup.  The copy comes after the header, so where there is one
 * there was a store.
 */
static int
check_no_store(const struct files *f, struct error *err)
{
	if (files_has(f, "header"))
		return error_set(err, TOKENWARD_EXISTS,
		    "there is a store at %s already", f->path);
	if (files_has(f, "header.old"))
		return no_header(f, ENOENT, err);
	if (files_each(f, RECORD_CREDENTIAL, is_record, NULL, err) !=
	    TOKENWARD_EXISTS)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_DAMAGED,
	    "%s holds credentials and no header: bring the header back from a "
	    "backup, or make the store elsewhere (\"tokenward store destroy\" "
	    "takes away what is left of one)",
	    f->path);
}

static int
create_header(const struct files *f, struct header *h,
    const unsigned char *master, struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;

	if (check_no_store(f, err) != TOKENWARD_OK)
		return err->code;
	header_defaults(h);
	if (header_encode(h, master, &b, err) != TOKENWARD_OK ||
	    write_header_file(f, "header", &b, err) != TOKENWARD_OK ||
	    write_header_file(f, "header.old", &b, err) != TOKENWARD_OK)
		return err->code;
	return TOKENWARD_OK;
}

int
store_create(const char *path, struct header *h, const unsigned char *master,
    const int64_t *deadline_ms, struct store **ret, struct error *err)
{
	cleanup_lock int lock = -1;
	struct files f;
	int r;

	if (store_exists(path))
		return error_set(err, TOKENWARD_EXISTS,
		    "there is a store at %s already", path);
	if (files_make(path, &f, err) != TOKENWARD_OK)
		return err->code;
	r = files_lock_header(&f, deadline_ms, &lock, err);
	if (r == TOKENWARD_OK)
		r = create_header(&f, h, master, err);
	files_close(&f);
	return r == TOKENWARD_OK ? store_open(path, ret, err) : r;
}

int
store_finish(struct store *s, struct error *err)
{
	cleanup_lock int lock = -1;

	if (files_has(&s->files, "header.old"))
		return TOKENWARD_OK;
	if (files_lock_header(&s->files, s->deadline_ms, &lock, err) !=
	    TOKENWARD_OK)
		return err->code;
	return write_header_file(
	    &s->files, "header.old", &s->header.bytes, err);
}

int
header_compare(const struct store *s, bool *ret_same, struct error *err)
{
	cleanup_buf struct buf now = BUF_INIT;
	int e = files_get(&s->files, "header", HEADER_MAX, &now);

	*ret_same = e == 0 && buf_equal(&now, &s->header.bytes);
	return e ? no_header(&s->files, e, err) : TOKENWARD_OK;
}

void
header_take(struct store *s, struct header *fresh)
{
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
		return error_set(err, TOKENWARD_DAMAGED,
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
	if (write_header_file(&s->files, "header.old",
		keep ? &s->header.bytes : &b, err) != TOKENWARD_OK ||
	    write_header_file(&s->files, "header", &b, err) != TOKENWARD_OK) {
		header_free(&fresh);
		return err->code;
	}
	header_take(s, &fresh);
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
	header_take(s, &fresh);
	return TOKENWARD_OK;
}
