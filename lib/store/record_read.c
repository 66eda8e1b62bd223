/* SPDX-License-Identifier: BSD-2-Clause */
/* A record read where it lies, and what is said of one that cannot be. */
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "store/front.h"
#include "store/lines.h"

static const struct {
	const char *word;
	uint8_t code; /* in the outer header */
} kinds[RECORD_KIND_MAX] = {
    [RECORD_CREDENTIAL] = {"credential", 1},
    [RECORD_TOKENS] = {"tokens record", 2},
};

const char *
kind_word(enum record_kind kind)
{
	return kinds[kind].word;
}

struct seal_id
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
damaged(const struct records *from, const struct place *at, struct error *err)
{
	cleanup_buf struct buf path = BUF_INIT;
	size_t n;

	records_path(from, at->file.text, &path);
	error_prefix(err, "the %s%s%s is damaged (%s): ", kinds[at->kind].word,
	    at->name ? " of " : "", at->name ? at->name : "", buf_str(&path));
	n = strlen(err->text);
	if (at->kind == RECORD_CREDENTIAL)
		snprintf(err->text + n, sizeof(err->text) - n,
		    "; bring the %s back from a backup, or remove the "
		    "credential and add it again",
		    from->where->module ? "record" : "file");
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

/* From *from; NULL: through the lines of the stack, and says from where. */
static int
ask_places(struct store *s, const struct place *at, struct records **from,
    struct buf *b, struct error *err)
{
	return *from ? (*from)->ops->get(*from, at->file.text, b, err)
		     : lines_get(s, at, b, from, err);
}

static int
get_bytes(struct store *s, const struct place *at, struct records **from,
    struct buf *b, struct error *err)
{
	struct records *asked = *from;
	int r = ask_places(s, at, from, b, err);
	struct error moving;
	bool moved = false;

	if ((r == TOKENWARD_NOT_FOUND || (r && s->records.where->module)) &&
	    (!asked || asked == &s->records) &&
	    records_have_moved(s, &moved, &moving) != TOKENWARD_OK) {
		*err = moving;
		return err->code;
	}
	if (moved) {
		*from = asked;
		buf_clear(b);
		r = ask_places(s, at, from, b, err);
	}
	return r == TOKENWARD_NOT_FOUND ? not_found(s, at, err) : r;
}

static int
read_place(struct store *s, const struct place *at, struct records **from,
    struct buf *out, uint64_t *ret_generation, bool *ret_damaged,
    struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;
	int r = get_bytes(s, at, from, &b, err);

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
place_read_bare(struct store *s, const struct place *at, struct records *from,
    struct buf *out, uint64_t *ret_generation, struct error *err)
{
	bool is_damaged;

	if (!from)
		from = &s->records;
	return read_place(s, at, &from, out, ret_generation, &is_damaged, err);
}

static int
read_or_say(struct store *s, const struct place *at, struct records *from,
    struct buf *out, uint64_t *ret_generation, struct error *err)
{
	bool is_damaged;
	int r = read_place(s, at, &from, out, ret_generation, &is_damaged, err);

	return is_damaged ? damaged(from, at, err) : r;
}

int
place_read_from(struct store *s, const struct place *at, struct records *from,
    struct buf *out, uint64_t *ret_generation, struct error *err)
{
	return read_or_say(
	    s, at, from ? from : &s->records, out, ret_generation, err);
}

int
place_read(struct store *s, const struct place *at, struct buf *out,
    uint64_t *ret_generation, struct error *err)
{
	return read_or_say(s, at, /* from= */ NULL, out, ret_generation, err);
}
