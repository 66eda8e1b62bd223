/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new master key.  The header comes first: it has the new slots, and the
 * old master key sealed under the new one, so that a record opens whichever
 * key it has.  Then every record is sealed anew, one at a time under its own
 * lock.  Then the header forgets the old key.  Cut short anywhere, the same
 * again finishes it.
 *
 * A writer that knows the old header only could still put down a record that
 * nobody opens later; so writers share the lock of the epoch while they make
 * sure of the header and write, and the header changes under that lock alone.
 */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "store/front.h"
#include "store/lines.h"
#include "store/lock.h"

#define WAIT_MS 10000
#define PASSES 3

bool
store_is_rekeyed(const struct store *s)
{
	return s->header.kept[KEPT_OLD_MASTER].there;
}

int
store_rekey_begin(struct store *s, struct header *h,
    const unsigned char *old_master, const unsigned char *master,
    struct error *err)
{
	cleanup_lock int epoch = -1;

	if (!store_is_unlocked(s, true) || s->header.epoch == UINT32_MAX)
		return error_set(err, TOKENWARD_LOCKED,
		    "the store %s is not unlocked", s->files.path);
	if (lines_check_rekey(s, err) != TOKENWARD_OK)
		return err->code;
	h->epoch = s->header.epoch + 1;
	if (header_keep(h, KEPT_INDEX_KEY, master, s->keys->index, err) !=
		TOKENWARD_OK ||
	    header_keep(h, KEPT_OLD_MASTER, master, old_master, err) !=
		TOKENWARD_OK)
		return err->code;
	if (lock_take(s->files.dir, LOCK_AT_EPOCH, store_until(s, WAIT_MS),
		&epoch, err) != TOKENWARD_OK)
		return error_prefix(err, "%s: ", s->files.path);
	if (store_replace_header(s, h, master, err) != TOKENWARD_OK)
		return err->code;
	return store_unlock(s, master, true, err);
}

struct list {
	unsigned char (*v)[INDEX_LEN];
	size_t n, cap;
};

static int
remember(void *data, const unsigned char *index)
{
	struct list *l = data;
	void *more;

	if (l->n == l->cap) {
		more = reallocarray(l->v, 2 * l->cap + 64, INDEX_LEN);
		if (!more)
			return TOKENWARD_FAILED;
		l->v = more;
		l->cap = 2 * l->cap + 64;
	}
	memcpy(l->v[l->n++], index, INDEX_LEN);
	return 0;
}

static bool
is_new(struct store *s, const struct place *at)
{
	cleanup_buf struct buf outer = BUF_INIT;
	struct error ignored;

	return s->records.ops->head(&s->records, at->file.text, &outer,
		   &ignored) == TOKENWARD_OK &&
	       seal_epoch(outer.data, outer.len) == s->header.epoch;
}

/* Tokens that cannot be read would count as none: they may go. */
static int
seal_anew(struct store *s, const struct place *at, struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	cleanup_lock int lock = -1;
	uint64_t generation;
	int r = place_lock(s, at, store_until(s, WAIT_MS), &lock, err);

	if (r == TOKENWARD_OK)
		r = place_read_from(
		    s, at, /* from= */ NULL, &plain, &generation, err);
	if (r == TOKENWARD_NOT_FOUND)
		return TOKENWARD_OK;
	if (r == TOKENWARD_DAMAGED && at->kind == RECORD_TOKENS)
		return s->records.ops->drop(&s->records, at->file.text, err);
	return r ? r : place_write(s, at, &plain, generation, true, err);
}

struct pass {
	struct store *s;
	size_t done, damaged;
	struct error *first; /* what was damaged */
};

static int
seal_kind(struct pass *p, enum record_kind kind, struct error *err)
{
	struct list l = {0};
	struct place at;
	size_t i;
	int r =
	    p->s->records.ops->each(&p->s->records, kind, remember, &l, err);

	if (r == TOKENWARD_FAILED && !err->code)
		r = error_memory(err);
	for (i = 0; r == TOKENWARD_OK && i < l.n; i++) {
		place_of_index(kind, l.v[i], &at);
		if (is_new(p->s, &at))
			continue;
		p->done++;
		r = seal_anew(p->s, &at, err);
		if (r != TOKENWARD_DAMAGED)
			continue;
		if (p->damaged++ == 0)
			*p->first = *err;
		r = TOKENWARD_OK;
	}
	free(l.v);
	return r;
}

/* Until there is nothing more to do: a directory that is written to while
   it is read may give an entry late. */
int
store_rekey_records(struct store *s, size_t *ret_done, struct error *err)
{
	struct error first = {0};
	struct pass p = {.s = s, .first = &first};
	bool idle = false;
	int i, r = TOKENWARD_OK;

	*ret_done = 0;
	error_clear(err);
	for (i = 0; r == TOKENWARD_OK && !idle && i < PASSES; i++) {
		p.done = p.damaged = 0;
		r = seal_kind(&p, RECORD_CREDENTIAL, err);
		if (r == TOKENWARD_OK)
			r = seal_kind(&p, RECORD_TOKENS, err);
		*ret_done += p.done - p.damaged;
		idle = p.done == p.damaged;
	}
	if (r == TOKENWARD_OK && !idle)
		r = error_set(err, TOKENWARD_UNAVAILABLE,
		    "records that were sealed anew still have the old key, "
		    "which is kept for them: say it again");
	if (r == TOKENWARD_OK)
		r = records_settle(&s->records, err);
	if (r != TOKENWARD_OK || p.damaged == 0)
		return r;
	*err = first;
	return error_prefix(err,
	    "%zu record%s could not be sealed anew: ", p.damaged,
	    p.damaged == 1 ? "" : "s");
}

int
store_rekey_end(struct store *s, const unsigned char *master, struct error *err)
{
	struct header h;
	int r;

	if (header_decode(s->header.bytes.data, s->header.bytes.len, &h, err) !=
	    TOKENWARD_OK)
		return err->code;
	h.kept[KEPT_OLD_MASTER].there = false;
	r = store_replace_header(s, &h, master, err);
	header_free(&h);
	return r ? r : store_unlock(s, master, true, err);
}
