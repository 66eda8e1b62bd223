/* SPDX-License-Identifier: BSD-2-Clause */
/* All that the readonly lines hold, and what it forbids; see lines.h. */
#include "base/cleanup.h"
#include "store/lines.h"

/* ---- what cannot be changed -------------------------------------------- */

static int
refuse(const struct line *l, const struct place *at, const char *what,
    struct error *err)
{
	cleanup_buf struct buf where = BUF_INIT;

	where_put(&l->where, &where);
	stack_where(&where, l->of);
	if (!at || !at->name)
		return error_set(err, TOKENWARD_NOT_ALLOWED,
		    "the readonly store %s has %s", buf_str(&where), what);
	return error_set(err, TOKENWARD_NOT_ALLOWED,
	    "%s: the readonly store %s has %s", at->name, buf_str(&where),
	    what);
}

/* Lines stand in the order in which they are read. */
int
lines_check_shadow(struct store *s, const struct place *at,
    const struct records *from, struct error *err)
{
	struct lines *l;
	size_t i;

	if (lines_of(s, &l, err) != TOKENWARD_OK)
		return err->code;
	for (i = 0; i < l->n && l->v[i].from != &s->records; i++)
		if (l->v[i].from == from)
			return refuse(&l->v[i], at,
			    "a record of it, which is read first, so a change "
			    "here would not be seen: change it there, or move "
			    "that line down",
			    err);
	return TOKENWARD_OK;
}

static int
check_remove(struct line *l, const struct place *at, struct error *err)
{
	cleanup_buf struct buf ignored = BUF_INIT;

	if (l->from)
		l->code = l->from->ops->head(
		    l->from, at->file.text, &ignored, &l->why);
	if (l->code == TOKENWARD_OK)
		return refuse(l, at,
		    "a record of it, which is only read here: remove it there",
		    err);
	if (l->code == TOKENWARD_NOT_FOUND ||
	    (at->kind == RECORD_TOKENS && !line_must_answer(l)))
		return TOKENWARD_OK;
	*err = l->why;
	return err->code;
}

int
lines_check_remove(struct store *s, const struct place *at, struct error *err)
{
	struct lines *l;
	size_t i;
	int r = lines_of(s, &l, err);

	for (i = 0; r == TOKENWARD_OK && i < l->n; i++)
		if (l->v[i].from != &s->records)
			r = check_remove(&l->v[i], at, err);
	return r;
}

static int
is_record(void *data, const unsigned char *index)
{
	(void)data;
	(void)index;
	return TOKENWARD_EXISTS;
}

static int
check_rekey(struct line *l, struct error *err)
{
	int kind, r = TOKENWARD_OK;

	if (!l->from)
		*err = l->why;
	if (!l->from)
		return l->code;
	for (kind = 0; r == TOKENWARD_OK && kind < RECORD_KIND_MAX; kind++)
		r = l->from->ops->each(l->from, (enum record_kind)kind,
		    is_record, /* data= */ NULL, err);
	return r == TOKENWARD_EXISTS
		   ? refuse(l, /* at= */ NULL,
			 "records, which would not open with a new master key: "
			 "take that line out of the stack first",
			 err)
		   : r;
}

int
lines_check_rekey(struct store *s, struct error *err)
{
	struct lines *l;
	size_t i;
	int r = lines_of(s, &l, err);

	for (i = 0; r == TOKENWARD_OK && i < l->n; i++)
		if (l->v[i].from != &s->records)
			r = check_rekey(&l->v[i], err);
	return r;
}

/* ---- all records ------------------------------------------------------- */

static int
list_line(struct line *l, enum record_kind kind, struct record_list *ret,
    struct error *err)
{
	if (l->from)
		l->code = record_list_kind(l->from, kind, ret, &l->why);
	if (l->code == TOKENWARD_OK || !line_must_answer(l))
		return TOKENWARD_OK;
	*err = l->why;
	return err->code;
}

int
lines_list(struct store *s, enum record_kind kind, struct record_list *ret,
    struct error *err)
{
	struct lines *l;
	size_t i;
	int r = lines_of(s, &l, err);

	if (r == TOKENWARD_OK && l->n == 0)
		return record_list_kind(&s->records, kind, ret, err);
	for (i = 0; r == TOKENWARD_OK && i < l->n; i++)
		r = list_line(&l->v[i], kind, ret, err);
	record_list_once(ret);
	return r;
}

int
lines_tell_missing(struct store *s, lines_missing_fn missing, void *data)
{
	struct lines *l = s->lines;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && l && i < l->n; i++)
		if (l->v[i].code != TOKENWARD_OK)
			r = missing(data, &l->v[i].why);
	return r;
}

int
lines_each(struct store *s, line_fn each, void *data, struct error *err)
{
	struct lines *l;
	size_t i;
	int r = lines_of(s, &l, err);

	for (i = 0; r == TOKENWARD_OK && i < l->n; i++) {
		cleanup_buf struct buf what = BUF_INIT;
		struct line *line = &l->v[i];

		if (line->from == &s->records)
			continue;
		if (line->from)
			where_put(&line->where, &what);
		stack_where(&what, line->of);
		r = each(data, line, buf_str(&what));
	}
	return r;
}

struct asking {
	store_readonly_fn each;
	void *data;
	bool ask;
};

static int
ask_line(void *data, struct line *l, const char *what)
{
	struct asking *a = data;

	if (l->from && a->ask)
		l->code = records_check(l->from, &l->why);
	return a->each(a->data, what, l->code ? &l->why : NULL);
}

int
store_each_readonly(struct store *s, bool ask, store_readonly_fn each,
    void *data, struct error *err)
{
	struct asking a = {each, data, ask};

	return lines_each(s, ask_line, &a, err);
}
