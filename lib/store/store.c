/* SPDX-License-Identifier: BSD-2-Clause */
/* The front of the store: names and plain text above, files below. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "base/str.h"
#include "store/entries.h"
#include "store/front.h"
#include "store/lock.h"

static const struct {
	const char *word;
	uint8_t code; /* in the outer header */
} kinds[RECORD_KIND_MAX] = {
    [RECORD_CREDENTIAL] = {"credential", 1},
    [RECORD_TOKENS] = {"tokens record", 2},
};

static int
find_place(const struct store *s, enum record_kind kind, const char *name,
    struct place *ret, struct error *err)
{
	if (!store_is_unlocked(s, false))
		return error_set(err, TOKENWARD_LOCKED,
		    "the store %s is locked", s->files.path);
	if (!str_is_name(name))
		return error_set(err, TOKENWARD_USAGE,
		    "a name begins with a letter or a digit and goes on with "
		    "letters, digits and . _ + @ -, 128 at most");
	ret->kind = kind;
	ret->name = name;
	crypto_generichash(ret->index, INDEX_LEN, (const unsigned char *)name,
	    strlen(name), s->keys->index, SEAL_KEY_LEN);
	files_name(kind, ret->index, &ret->file);
	return TOKENWARD_OK;
}

void
place_of_index(
    enum record_kind kind, const unsigned char *index, struct place *ret)
{
	*ret = (struct place){.kind = kind};
	memcpy(ret->index, index, INDEX_LEN);
	files_name(kind, index, &ret->file);
}

static struct seal_id
seal_id_of(const struct store *s, const struct place *at, uint64_t generation)
{
	return (struct seal_id){.store_id = s->header.store_id,
	    .index = at->index,
	    .kind = kinds[at->kind].code,
	    .format = FORMAT_VERSION,
	    .suite = (uint8_t)s->header.suite,
	    .epoch = (uint32_t)s->header.epoch,
	    .generation = generation};
}

int
need_key(const struct store *s, enum record_kind kind, struct error *err)
{
	return store_is_unlocked(s, kind == RECORD_CREDENTIAL)
		   ? TOKENWARD_OK
		   : error_set(err, TOKENWARD_LOCKED,
			 "the store %s is not unlocked for %ss", s->files.path,
			 kinds[kind].word);
}

static int
not_found(const struct store *s, const struct place *at, struct error *err)
{
	return error_set(err, TOKENWARD_NOT_FOUND,
	    "there is no %s named %s in the store %s", kinds[at->kind].word,
	    at->name ? at->name : at->file.text, s->files.path);
}

/* Which one, and what to do: tokens are bought again, a credential is not. */
static int
damaged(const struct store *s, const struct place *at, struct error *err)
{
	cleanup_buf struct buf path = BUF_INIT;
	size_t n;

	records_path(&s->records, at->file.text, &path);
	error_prefix(err, "the %s%s%s is damaged (%s): ", kinds[at->kind].word,
	    at->name ? " of " : "", at->name ? at->name : "", buf_str(&path));
	n = strlen(err->text);
	if (at->kind == RECORD_CREDENTIAL)
		snprintf(err->text + n, sizeof(err->text) - n,
		    "; bring the %s back from a backup, or remove the "
		    "credential and add it again",
		    s->records.where->module ? "record" : "file");
	return err->code;
}

/* With the present key, or the one before while both are in use. */
static int
open_bytes(const struct store *s, const struct place *at, const struct buf *b,
    struct buf *out, uint64_t *ret_generation, struct error *err)
{
	struct seal_id id = seal_id_of(s, at, 0);
	const struct seal_keys *keys = &s->keys->record[at->kind];
	uint32_t epoch = seal_epoch(b->data, b->len);

	if (s->keys->has_old && epoch + 1 == id.epoch) {
		id.epoch = epoch;
		keys = &s->keys->old[at->kind];
	}
	return seal_open(&id, keys, b->data, b->len, out, ret_generation, err);
}

static int
get_bytes(
    struct store *s, const struct place *at, struct buf *b, struct error *err)
{
	int r = s->records.ops->get(&s->records, at->file.text, b, err);

	if ((r == TOKENWARD_NOT_FOUND || (r && s->records.where->module)) &&
	    records_have_moved(s))
		r = s->records.ops->get(&s->records, at->file.text, b, err);
	return r == TOKENWARD_NOT_FOUND ? not_found(s, at, err) : r;
}

static int
read_place(struct store *s, const struct place *at, struct buf *out,
    uint64_t *ret_generation, bool *ret_damaged, struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;
	int r = get_bytes(s, at, &b, err);

	*ret_generation = 0;
	*ret_damaged = false;
	if (r == TOKENWARD_OK && seal_epoch(b.data, b.len) > s->header.epoch &&
	    store_renew(s, err) != TOKENWARD_OK)
		return err->code;
	if (r == TOKENWARD_OK)
		r = open_bytes(s, at, &b, out, ret_generation, err);
	*ret_damaged = r == TOKENWARD_DAMAGED;
	return r;
}

int
place_read_bare(struct store *s, const struct place *at, struct buf *out,
    uint64_t *ret_generation, struct error *err)
{
	bool is_damaged;

	return read_place(s, at, out, ret_generation, &is_damaged, err);
}

int
place_read(struct store *s, const struct place *at, struct buf *out,
    uint64_t *ret_generation, struct error *err)
{
	bool is_damaged;
	int r = read_place(s, at, out, ret_generation, &is_damaged, err);

	return is_damaged ? damaged(s, at, err) : r;
}

int
store_index(const struct store *s, const char *name, unsigned char *ret,
    struct error *err)
{
	struct place at;

	if (find_place(s, RECORD_CREDENTIAL, name, &at, err) != TOKENWARD_OK)
		return err->code;
	memcpy(ret, at.index, INDEX_LEN);
	return TOKENWARD_OK;
}

int
store_read(struct store *s, enum record_kind kind, const char *name,
    struct buf *out, uint64_t *ret_generation, struct error *err)
{
	struct place at;
	uint64_t generation = 0;
	int r;

	if (need_key(s, kind, err) != TOKENWARD_OK ||
	    find_place(s, kind, name, &at, err) != TOKENWARD_OK)
		return err->code;
	r = place_read(s, &at, out, &generation, err);
	if (ret_generation)
		*ret_generation = generation;
	return r;
}

/* What is there now; 0 for an absent or illegible record. */
static int
present_generation(
    struct store *s, const struct place *at, uint64_t *ret, struct error *err)
{
	cleanup_buf struct buf outer = BUF_INIT;
	int r = s->records.ops->head(&s->records, at->file.text, &outer, err);

	if (r != TOKENWARD_OK && r != TOKENWARD_NOT_FOUND &&
	    r != TOKENWARD_DAMAGED)
		return r;
	*ret = r ? 0 : seal_generation(outer.data, outer.len);
	return TOKENWARD_OK;
}

static int
check_generation(struct store *s, const struct place *at, uint64_t generation,
    struct error *err)
{
	uint64_t present = 0;

	if (present_generation(s, at, &present, err) != TOKENWARD_OK)
		return err->code;
	if (present == generation && generation < INT64_MAX)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_EXISTS,
	    "the %s of %s was written by another process meanwhile; try again",
	    kinds[at->kind].word, at->name);
}

static int
check_writable(const struct store *s, struct error *err)
{
	if (s->header.format <= FORMAT_VERSION)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_CONFIG,
	    "the store %s is of format %lld: this tokenward can read it, not "
	    "change it",
	    s->files.path, (long long)s->header.format);
}

int
place_write(struct store *s, const struct place *at, const struct buf *plain,
    uint64_t generation, bool durable, struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;
	struct seal_id id = seal_id_of(s, at, generation);

	if (seal_close(&id, &s->keys->record[at->kind], plain, &b, err) !=
	    TOKENWARD_OK)
		return err->code;
	return s->records.ops->put(
	    &s->records, at->file.text, &b, durable, err);
}

int
store_write(struct store *s, enum record_kind kind, const char *name,
    const struct buf *plain, uint64_t generation, bool durable,
    struct error *err)
{
	cleanup_lock int epoch = -1;
	struct place at;

	if (need_key(s, kind, err) != TOKENWARD_OK ||
	    check_writable(s, err) != TOKENWARD_OK ||
	    store_join(s, &epoch, err) != TOKENWARD_OK ||
	    find_place(s, kind, name, &at, err) != TOKENWARD_OK ||
	    check_generation(s, &at, generation, err) != TOKENWARD_OK)
		return err->code;
	return place_write(s, &at, plain, generation + 1, durable, err);
}

int
store_remove(
    struct store *s, enum record_kind kind, const char *name, struct error *err)
{
	cleanup_lock int epoch = -1;
	struct place at;

	if (find_place(s, kind, name, &at, err) != TOKENWARD_OK ||
	    store_join(s, &epoch, err) != TOKENWARD_OK)
		return err->code;
	return s->records.ops->drop(&s->records, at.file.text, err);
}

bool
store_stamp(
    struct store *s, enum record_kind kind, const char *name, struct stat *ret)
{
	struct error err = {0};
	struct place at;

	return store_has_stamps(s) &&
	       find_place(s, kind, name, &at, &err) == TOKENWARD_OK &&
	       s->records.ops->stamp(&s->records, at.file.text, ret);
}

bool
store_has_stamps(const struct store *s)
{
	return s->records.ops->stamp != NULL;
}

/* ---- locks ------------------------------------------------------------- */

/* A record's are three bytes from 4 on. */
static uint64_t
lock_offset(enum lock_kind kind, const unsigned char *index)
{
	uint64_t h = get_u64(index) >> 4;

	return 4 * (h ? h : 1) + (uint64_t)kind;
}

int
store_lock(struct store *s, enum lock_kind kind, const char *name,
    int64_t deadline_ms, int *ret_lock, struct error *err)
{
	struct place at;
	uint64_t offset = LOCK_AT_HEADER;

	if (kind != LOCK_STORE) {
		if (find_place(s, RECORD_TOKENS, name, &at, err) !=
		    TOKENWARD_OK)
			return err->code;
		offset = lock_offset(kind, at.index);
	}
	if (lock_take(s->files.dir, offset, deadline_ms, ret_lock, err) !=
	    TOKENWARD_OK)
		return error_prefix(err, "%s%s%s: ", s->files.path,
		    name ? ", " : "", name ? name : "");
	return TOKENWARD_OK;
}

int
place_lock(const struct store *s, const struct place *at, int64_t deadline_ms,
    int *ret_lock, struct error *err)
{
	if (lock_take(s->files.dir, lock_offset(LOCK_RECORD, at->index),
		deadline_ms, ret_lock, err) != TOKENWARD_OK)
		return error_prefix(
		    err, "%s/%s: ", s->files.path, at->file.text);
	return TOKENWARD_OK;
}

void
store_unlock_range(int *lock)
{
	lock_release(lock);
}
