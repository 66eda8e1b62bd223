/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of records; see record_list.h. */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "store/record_list.h"

struct listing {
	struct record_list *l;
	enum record_kind kind;
	bool failed;
};

static int
add(void *data, const unsigned char *index)
{
	struct listing *w = data;
	struct record_list *l = w->l;
	struct listed *more;

	if (l->n == l->cap) {
		more = reallocarray(l->v, 2 * l->cap + 64, sizeof(*more));
		w->failed = !more;
		if (!more)
			return TOKENWARD_FAILED;
		l->v = more;
		l->cap = 2 * l->cap + 64;
	}
	l->v[l->n] = (struct listed){.kind = (unsigned char)w->kind};
	memcpy(l->v[l->n++].index, index, INDEX_LEN);
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return memcmp(x->index, y->index, INDEX_LEN);
}

int
record_list_kind(struct records *from, enum record_kind kind,
    struct record_list *ret, struct error *err)
{
	struct listing w = {.l = ret, .kind = kind};
	int r = from->ops->each(from, kind, add, &w, err);

	return w.failed ? error_memory(err) : r;
}

int
record_list(struct records *from, struct record_list *ret, struct error *err)
{
	int kind, r = TOKENWARD_OK;

	for (kind = 0; r == TOKENWARD_OK && kind < RECORD_KIND_MAX; kind++)
		r = record_list_kind(from, (enum record_kind)kind, ret, err);
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare);
	return r;
}

void
record_list_once(struct record_list *l)
{
	size_t i, n = 0;

	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), compare);
	for (i = 0; i < l->n; i++)
		if (n == 0 || compare(&l->v[n - 1], &l->v[i]) != 0)
			l->v[n++] = l->v[i];
	l->n = n;
}

void
record_list_free(struct record_list *l)
{
	free(l->v);
	*l = (struct record_list){0};
}

const struct listed *
record_list_find(const struct record_list *l, const struct listed *what)
{
	return l->n ? bsearch(what, l->v, l->n, sizeof(*l->v), compare) : NULL;
}

static void
hash(const struct buf *bytes, unsigned char *ret)
{
	size_t len = bytes->len < SEAL_OUTER_LEN ? bytes->len : SEAL_OUTER_LEN;

	crypto_generichash(ret, SEEN_LEN, bytes->data, len, NULL, 0);
}

void
listed_note(struct listed *one, const struct buf *bytes)
{
	hash(bytes, one->seen);
}

bool
listed_is(const struct listed *one, const struct buf *bytes)
{
	unsigned char now[SEEN_LEN];

	hash(bytes, now);
	return memcmp(now, one->seen, SEEN_LEN) == 0;
}
