/* SPDX-License-Identifier: BSD-2-Clause */
/* Moving records from place to place; see migrate.h. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "store/front.h"
#include "store/lock.h"
#include "store/migrate.h"
#include "store/record_list.h"

#define WAIT_MS 10000

static void
step(const struct migration *m)
{
	if (m->step)
		m->step(m->data);
}

/* ---- the header -------------------------------------------------------- */

enum header_change { HEADER_BEGIN, HEADER_TURN, HEADER_END, HEADER_RENAME };

static bool
change(struct header *h, enum header_change what, const struct where *to)
{
	struct where before = h->records;

	if (what == HEADER_BEGIN) {
		h->has_other = true;
		return where_copy(&h->other, to);
	}
	if (what == HEADER_TURN) {
		h->records = h->other;
		h->other = before;
		return true;
	}
	if (what == HEADER_RENAME) {
		where_free(&h->records);
		return where_copy(&h->records, to);
	}
	where_free(&h->other);
	h->has_other = false;
	return true;
}

/*
 * When the two are turned round the copy of the header is replaced as well:
 * put back, it would say that the place that is emptied next is the right one.
 */
static int
write_header(const struct migration *m, enum header_change what,
    const struct where *to, struct error *err)
{
	const struct buf *now = &m->s->header.bytes;
	struct header h;
	int r = header_decode(now->data, now->len, &h, err);

	if (r != TOKENWARD_OK)
		return r;
	if (!change(&h, what, to))
		r = error_memory(err);
	else if (what == HEADER_TURN || what == HEADER_RENAME)
		r = store_replace_header(m->s, &h, m->master, err);
	else
		r = store_write_header(m->s, &h, m->master, err);
	header_free(&h);
	return r;
}

/* ---- copying ----------------------------------------------------------- */

static int
refuse_damaged(const struct records *from, const char *key, struct error *err)
{
	cleanup_buf struct buf path = BUF_INIT;

	records_path(from, key, &path);
	return error_prefix(err,
	    "the record %s cannot be moved (\"tokenward store verify\" tells "
	    "what helps): ",
	    buf_str(&path));
}

/* Only what is not there yet is written: begun again, it goes on. */
static int
put_copy(struct migration *m, struct records *to, const char *key,
    const struct buf *bytes, struct error *err)
{
	cleanup_buf struct buf there = BUF_INIT;
	int r = to->ops->get(to, key, &there, err);

	if (r == TOKENWARD_OK && buf_equal(&there, bytes))
		return TOKENWARD_OK;
	if (r != TOKENWARD_OK && r != TOKENWARD_NOT_FOUND &&
	    r != TOKENWARD_DAMAGED)
		return r;
	m->copied++;
	return to->ops->put(to, key, bytes, true, err);
}

static int
copy(struct migration *m, struct records *from, struct records *to,
    struct listed *one, struct error *err)
{
	cleanup_buf struct buf bytes = BUF_INIT;
	struct place at;
	int r;

	place_of_index((enum record_kind)one->kind, one->index, &at);
	r = from->ops->get(from, at.file.text, &bytes, err);
	if (r == TOKENWARD_NOT_FOUND)
		return TOKENWARD_OK; /* removed meanwhile */
	if (r == TOKENWARD_DAMAGED)
		return refuse_damaged(from, at.file.text, err);
	if (r == TOKENWARD_OK)
		r = put_copy(m, to, at.file.text, &bytes, err);
	if (r == TOKENWARD_OK)
		listed_note(one, &bytes);
	step(m);
	return r;
}

static int
copy_all(struct migration *m, struct records *from, struct records *to,
    struct record_list *known, struct error *err)
{
	size_t i;
	int r = record_list(from, known, err);

	for (i = 0; r == TOKENWARD_OK && i < known->n; i++)
		r = copy(m, from, to, &known->v[i], err);
	return r;
}

/* What was written after it was copied. */
static int
copy_late(struct migration *m, struct records *from, struct records *to,
    struct listed *one, const struct listed *known, struct error *err)
{
	cleanup_buf struct buf head = BUF_INIT;
	struct place at;
	int r;

	place_of_index((enum record_kind)one->kind, one->index, &at);
	r = from->ops->head(from, at.file.text, &head, err);
	if (r == TOKENWARD_OK && known && listed_is(known, &head))
		return r;
	if (r != TOKENWARD_OK && r != TOKENWARD_NOT_FOUND &&
	    r != TOKENWARD_DAMAGED)
		return r;
	return copy(m, from, to, one, err);
}

/* What was removed after it was copied. */
static int
drop_late(struct migration *m, struct records *to,
    const struct record_list *present, struct error *err)
{
	struct record_list copies = {0};
	struct place at;
	size_t i;
	int r = record_list(to, &copies, err);

	for (i = 0; r == TOKENWARD_OK && i < copies.n; i++) {
		if (record_list_find(present, &copies.v[i]))
			continue;
		place_of_index(
		    (enum record_kind)copies.v[i].kind, copies.v[i].index, &at);
		r = to->ops->drop(to, at.file.text, err);
		step(m);
	}
	record_list_free(&copies);
	return r;
}

static int
even_out(struct migration *m, struct records *from, struct records *to,
    const struct record_list *known, struct error *err)
{
	struct record_list present = {0};
	size_t i;
	int r = record_list(from, &present, err);

	for (i = 0; r == TOKENWARD_OK && i < present.n; i++)
		r = copy_late(m, from, to, &present.v[i],
		    record_list_find(known, &present.v[i]), err);
	if (r == TOKENWARD_OK)
		r = drop_late(m, to, &present, err);
	if (r == TOKENWARD_OK)
		r = records_settle(to, err);
	record_list_free(&present);
	return r;
}

/* No writer is at work, and the next will find the new header. */
static int
turn(struct migration *m, struct records *to, const struct record_list *known,
    struct error *err)
{
	cleanup_lock int epoch = -1;
	struct store *s = m->s;
	int r;

	if (lock_take(s->files.dir, LOCK_AT_EPOCH, store_until(s, WAIT_MS),
		&epoch, err) != TOKENWARD_OK)
		return error_prefix(err, "%s: ", s->files.path);
	r = even_out(m, &s->records, to, known, err);
	return r ? r : write_header(m, HEADER_TURN, NULL, err);
}

/* ---- the place before -------------------------------------------------- */

/* What may lie in the other place goes, unless it is the same place, or one
   that is another store's. */
static int
clear_other(struct migration *m, struct error *err)
{
	struct records other;
	bool stays = m->leave && m->s->header.other.module;
	bool same = false;
	int r;

	records_open(&other, m->s, &m->s->header.other);
	r = records_same(m->s, &m->s->records, &other, &same, err);
	if (r == TOKENWARD_OK && !same && !stays)
		r = records_empty(&other, m->step, m->data, err);
	records_close(&other);
	m->changed = true;
	return r ? r : write_header(m, HEADER_END, NULL, err);
}

/* ---- all of it --------------------------------------------------------- */

static int
check_empty(struct records *r, struct error *err)
{
	cleanup_buf struct buf name = BUF_INIT;
	struct record_list l = {0};
	size_t n;
	int code = record_list(r, &l, err);

	n = l.n;
	record_list_free(&l);
	if (code != TOKENWARD_OK || n == 0)
		return code;
	where_put(r->where, &name);
	return error_set(err, TOKENWARD_EXISTS,
	    "%s holds %zu record%s of this store already, which may be newer "
	    "than those there are now (a backup of the store was put back, or "
	    "a copy of it was moved there): look at them, and remove them by "
	    "hand",
	    buf_str(&name), n, n == 1 ? "" : "s");
}

/* Before anything is written down: a place that will do. */
static int
begin(struct migration *m, const struct where *to, struct error *err)
{
	struct records fresh;
	int r;

	records_open(&fresh, m->s, to);
	r = records_same(m->s, &fresh, &m->s->records, &m->same, err);
	if (r == TOKENWARD_OK && !m->same)
		r = check_empty(&fresh, err);
	records_close(&fresh);
	if (r != TOKENWARD_OK)
		return r;
	m->changed = true;
	return write_header(m, m->same ? HEADER_RENAME : HEADER_BEGIN, to, err);
}

static int
move_over(struct migration *m, struct error *err)
{
	struct record_list known = {0};
	struct where to = {0};
	struct records fresh;
	int r;

	/* A copy: the header's is replaced when the two are turned round. */
	if (!where_copy(&to, &m->s->header.other))
		return error_memory(err);
	records_open(&fresh, m->s, &to);
	r = copy_all(m, &m->s->records, &fresh, &known, err);
	if (r == TOKENWARD_OK)
		r = turn(m, &fresh, &known, err);
	records_close(&fresh);
	record_list_free(&known);
	where_free(&to);
	return r ? r : clear_other(m, err);
}

int
store_migrate(struct migration *m, const struct where *to, struct error *err)
{
	const struct header *h = &m->s->header;
	int r = TOKENWARD_OK;

	if (h->has_other && !where_equal(&h->other, to))
		r = clear_other(m, err);
	if (r != TOKENWARD_OK || where_equal(&h->records, to))
		return r;
	if (!h->has_other)
		r = begin(m, to, err);
	return r || m->same ? r : move_over(m, err);
}

int
store_empty_modules(struct store *s, struct error *err)
{
	const struct where *both[] = {
	    &s->header.records, s->header.has_other ? &s->header.other : NULL};
	struct records r;
	size_t i;
	int code = TOKENWARD_OK;

	for (i = 0; code == TOKENWARD_OK && i < 2; i++) {
		if (!both[i] || !both[i]->module)
			continue;
		records_open(&r, s, both[i]);
		code = records_empty(&r, NULL, NULL, err);
		records_close(&r);
	}
	return code;
}
