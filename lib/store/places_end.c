/* SPDX-License-Identifier: BSD-2-Clause */
/* A place emptied, and whether two names are one place. */
#include <stdlib.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "store/front.h"
#include "store/record_list.h"

#define PASSES 5

/* Also what an earlier try, which was killed, had put there or dropped. */
int
records_settle(struct records *r, struct error *err)
{
	int code = r->ops->settle(r, RECORD_CREDENTIAL, err);

	return code ? code : r->ops->settle(r, RECORD_TOKENS, err);
}

/* ---- two names for one place ------------------------------------------- */

/* A key that no record ever has. */
static void
find_probe(const struct store *s, struct place *ret)
{
	static const char text[] = "/probe of a place";
	unsigned char index[INDEX_LEN];

	crypto_generichash(index, INDEX_LEN, (const unsigned char *)text,
	    sizeof(text), s->keys->index, SEAL_KEY_LEN);
	place_of_index(RECORD_TOKENS, index, ret);
}

static int
must_give_back(struct records *r, const struct place *at,
    const struct buf *bytes, struct error *err)
{
	cleanup_buf struct buf got = BUF_INIT;
	int code = r->ops->get(r, at->file.text, &got, err);

	if (code != TOKENWARD_OK && code != TOKENWARD_NOT_FOUND)
		return code;
	return code == TOKENWARD_OK && buf_equal(&got, bytes)
		   ? TOKENWARD_OK
		   : error_set(err, TOKENWARD_FAILED,
			 "%s does not give back what it was given",
			 where_name(r->where));
}

/*
 * What is put into one and found in the other says that emptying one would
 * empty both.
 */
int
records_same(struct store *s, struct records *in, struct records *other,
    bool *ret_same, struct error *err)
{
	cleanup_buf struct buf bytes = BUF_INIT, got = BUF_INIT;
	unsigned char *room = buf_room(&bytes, INDEX_LEN);
	struct error ignored;
	struct place at;
	int r;

	if (!room)
		return error_memory(err);
	randombytes_buf(room, INDEX_LEN);
	bytes.len = INDEX_LEN;
	find_probe(s, &at);
	r = in->ops->put(in, at.file.text, &bytes, true, err);
	if (r == TOKENWARD_OK)
		r = must_give_back(in, &at, &bytes, err);
	if (r != TOKENWARD_OK)
		return r;
	r = other->ops->get(other, at.file.text, &got, err);
	*ret_same = r == TOKENWARD_OK && buf_equal(&got, &bytes);
	if (r == TOKENWARD_OK || r == TOKENWARD_NOT_FOUND)
		return in->ops->drop(in, at.file.text, err);
	in->ops->drop(in, at.file.text, &ignored);
	return r;
}

/* ---- emptying ---------------------------------------------------------- */

static int
empty_once(struct records *r, void (*done)(void *), void *data,
    size_t *ret_dropped, struct error *err)
{
	struct record_list l = {0};
	struct place at;
	size_t i;
	int code = record_list(r, &l, err);

	for (i = l.n; code == TOKENWARD_OK && i-- > 0;) { /* tokens first */
		place_of_index(
		    (enum record_kind)l.v[i].kind, l.v[i].index, &at);
		code = r->ops->drop(r, at.file.text, err);
		if (done)
			done(data);
	}
	*ret_dropped = l.n;
	record_list_free(&l);
	return code;
}

int
records_empty(
    struct records *r, void (*done)(void *), void *data, struct error *err)
{
	size_t n;
	int i, code;

	for (i = 0; i < PASSES; i++) {
		code = empty_once(r, done, data, &n, err);
		if (code == TOKENWARD_OK && n == 0)
			return records_settle(r, err);
		if (code != TOKENWARD_OK)
			return code;
	}
	return error_set(err, TOKENWARD_FAILED,
	    "%s still has records that it says it removed",
	    where_name(r->where));
}
