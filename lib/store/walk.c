/* SPDX-License-Identifier: BSD-2-Clause */
/* Every credential of a store, wherever it lies. */
#include <string.h>
#include "base/cleanup.h"
#include "store/front.h"
#include "store/lines.h"

#define LIST_TRIES 5

struct walk {
	struct store *s;
	store_each_fn each;
	void *data;
	struct buf plain;
};

/* A record that vanished meanwhile is passed over. */
static int
give_one(void *data, const unsigned char *index)
{
	struct walk *w = data;
	struct place at;
	struct error err = {0};
	uint64_t generation;
	int r;

	place_of_index(RECORD_CREDENTIAL, index, &at);
	buf_clear(&w->plain);
	r = place_read(w->s, &at, &w->plain, &generation, &err);
	if (r == TOKENWARD_NOT_FOUND)
		return 0;
	return r == TOKENWARD_OK ? w->each(w->data, &w->plain, generation, NULL)
				 : w->each(w->data, NULL, generation, &err);
}

/* Of a place that need not answer, and does not. */
static int
give_missing(void *data, const struct error *why)
{
	struct walk *w = data;

	return w->each(w->data, NULL, 0, why);
}

/* While records are moved neither place has all of them in the end. */
static int
list_in_one_place(struct store *s, struct record_list *ret, struct error *err)
{
	struct error moving;
	bool moved;
	int i, r;

	if (records_have_moved(s, &moved, err) != TOKENWARD_OK)
		return err->code;
	for (i = 0; i < LIST_TRIES; i++) {
		record_list_free(ret);
		r = lines_list(s, RECORD_CREDENTIAL, ret, err);
		if (records_have_moved(s, &moved, &moving) != TOKENWARD_OK) {
			*err = moving;
			return err->code;
		}
		if (!moved)
			return r;
	}
	return error_set(err, TOKENWARD_EXISTS,
	    "the records of the store %s are being moved; try again",
	    s->files.path);
}

int
store_each(struct store *s, store_each_fn each, void *data, struct error *err)
{
	struct walk w = {
	    .s = s, .each = each, .data = data, .plain = BUF_SECRET_INIT};
	struct record_list all = {0};
	size_t i;
	int r;

	if (need_key(s, RECORD_CREDENTIAL, err) != TOKENWARD_OK)
		return err->code;
	r = list_in_one_place(s, &all, err);
	if (r == 0)
		r = lines_tell_missing(s, give_missing, &w);
	for (i = 0; r == 0 && i < all.n; i++)
		r = give_one(&w, all.v[i].index);
	record_list_free(&all);
	buf_free(&w.plain);
	return r;
}
