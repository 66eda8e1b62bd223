/* SPDX-License-Identifier: BSD-2-Clause */
/* The front of the store: names and plain text above, files below. */
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/str.h"
#include "store/entries.h"
#include "store/front.h"
#include "store/lines.h"
#include "store/lock.h"

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
	struct records *from;
	int r = lines_head(s, at, &outer, &from, err);

	if (r != TOKENWARD_OK && r != TOKENWARD_NOT_FOUND &&
	    r != TOKENWARD_DAMAGED)
		return r;
	*ret = r ? 0 : seal_generation(outer.data, outer.len);
	return r ? TOKENWARD_OK : lines_check_shadow(s, at, from, err);
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
	    kind_word(at->kind), at->name);
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
	    store_join(s, &epoch, err) != TOKENWARD_OK ||
	    lines_check_remove(s, &at, err) != TOKENWARD_OK)
		return err->code;
	return s->records.ops->drop(&s->records, at.file.text, err);
}

int
store_check_remove(struct store *s, const char *name, struct error *err)
{
	struct place at;
	int kind, r = TOKENWARD_OK;

	for (kind = 0; r == TOKENWARD_OK && kind < RECORD_KIND_MAX; kind++) {
		r = find_place(s, (enum record_kind)kind, name, &at, err);
		if (r == TOKENWARD_OK)
			r = lines_check_remove(s, &at, err);
	}
	return r;
}

int
store_settle(struct store *s, enum record_kind kind, struct error *err)
{
	return s->records.ops->settle(&s->records, kind, err);
}

int
store_settle_header(struct store *s, struct error *err)
{
	return files_settle(&s->files, ".", err);
}

bool
store_mark(struct store *s, enum record_kind kind, const char *name,
    struct store_mark *ret)
{
	struct error err = {0};
	struct place at;

	*ret = (struct store_mark){0};
	if (!store_has_stamps(s) ||
	    find_place(s, kind, name, &at, &err) != TOKENWARD_OK)
		return false;
	_Static_assert(sizeof(ret->file) == sizeof(at.file.text), "a name");
	memcpy(ret->file, at.file.text, sizeof(ret->file));
	return s->records.ops->stamp(&s->records, ret->file, &ret->st);
}

bool
store_stamp(
    struct store *s, enum record_kind kind, const char *name, struct stat *ret)
{
	struct store_mark mark;
	bool is_there = store_mark(s, kind, name, &mark);

	if (is_there)
		*ret = mark.st;
	return is_there;
}

bool
store_is_as_marked(struct store *s, const struct store_mark *mark)
{
	const struct stat *was = &mark->st;
	struct stat is;

	return s->records.ops->stamp && was->st_ino != 0 &&
	       s->records.ops->stamp(&s->records, mark->file, &is) &&
	       is.st_ino == was->st_ino && is.st_size == was->st_size &&
	       is.st_ctim.tv_sec == was->st_ctim.tv_sec &&
	       is.st_ctim.tv_nsec == was->st_ctim.tv_nsec;
}

bool
store_has_stamps(struct store *s)
{
	struct error err = {0};
	bool others;

	return s->records.ops->stamp &&
	       lines_are_there(s, &others, &err) == TOKENWARD_OK && !others;
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
