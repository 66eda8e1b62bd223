/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records looked at.  Others may write meanwhile: what looks wrong for that
 * reason is looked at again.
 */
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/verify.h"

#define LOOKS 3

/* Sealed with a key that this store has not. */
static bool
is_foreign(const struct error *err)
{
	return strstr(err->text, "another master key") ||
	       strstr(err->text, "of another kind") ||
	       strstr(err->text, "not the record of that name");
}

/* ---- credentials ------------------------------------------------------- */

struct pair {
	struct buf plain; /* the credential's, secret */
	uint64_t generation;
	struct credential *c;
	struct tokens t;
	bool has_tokens;
};

static void
pair_free(struct pair *p)
{
	buf_free(&p->plain);
	credential_free(p->c);
	tokens_free(&p->t);
	*p = (struct pair){.plain = BUF_SECRET_INIT};
}
#define cleanup_pair __attribute__((cleanup(pair_free)))

static int
read_credential(
    struct verify *v, const struct entry *e, struct pair *p, struct error *why)
{
	unsigned char index[INDEX_LEN];
	int r =
	    store_read_entry(v->tw->store, e, &p->plain, &p->generation, why);

	if (r == TOKENWARD_OK)
		r = credential_decode(p->plain.data, p->plain.len, &p->c, why);
	if (r == TOKENWARD_OK)
		r = store_index(v->tw->store, p->c->name, index, why);
	if (r != TOKENWARD_OK || memcmp(index, e->index, INDEX_LEN) == 0)
		return r;
	return error_set(why, TOKENWARD_DAMAGED,
	    "it holds the credential of another name, which was sealed with "
	    "another master key");
}

/* The tokens record of the same name; one that is damaged is told by
   itself. */
static int
read_tokens(
    struct verify *v, const struct entry *e, struct pair *p, struct error *why)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	struct error err = {0};
	uint64_t generation;
	int r = store_read_index(
	    v->tw->store, RECORD_TOKENS, e->index, &plain, &generation, &err);

	if (r == TOKENWARD_OK)
		r = tokens_decode(plain.data, plain.len, &p->t, &err);
	p->has_tokens = r == TOKENWARD_OK;
	if (r == TOKENWARD_NOT_FOUND || r == TOKENWARD_DAMAGED)
		return TOKENWARD_OK;
	if (r != TOKENWARD_OK)
		*why = err;
	return r;
}

/* The credential, its tokens, the credential again: as they were together. */
static int
read_pair(
    struct verify *v, const struct entry *e, struct pair *p, struct error *why)
{
	cleanup_pair struct pair again = {.plain = BUF_SECRET_INIT};
	int i, r = TOKENWARD_OK;

	for (i = 0; i < LOOKS; i++) {
		pair_free(p);
		pair_free(&again);
		r = read_credential(v, e, p, why);
		if (r == TOKENWARD_OK)
			r = read_tokens(v, e, p, why);
		if (r != TOKENWARD_OK)
			return r;
		r = read_credential(v, e, &again, why);
		if (r != TOKENWARD_OK || again.generation == p->generation)
			return r;
	}
	return r;
}

static int
judge_pair(struct verify *v, const struct entry *e, const struct pair *p)
{
	char why[160];
	int64_t own = (int64_t)p->generation;
	int64_t known = p->has_tokens ? p->t.credential_generation : own;

	v->credentials++;
	if (known == own)
		return TOKENWARD_OK;
	snprintf(why, sizeof(why),
	    known > own ? "it is of generation %lld, its tokens record knows "
			  "%lld: an older copy was put back"
			: "it is of generation %lld, its tokens record is of "
			  "%lld: a copy of a store in use, or a change cut "
			  "short",
	    (long long)own, (long long)known);
	return verify_find(v, known > own ? STATE_OLDER : STATE_BEHIND, e->path,
	    p->c->name, why);
}

int
verify_credential(struct verify *v, const struct entry *e)
{
	cleanup_pair struct pair p = {.plain = BUF_SECRET_INIT};
	struct error why = {0};
	int r = read_pair(v, e, &p, &why);

	if (r == TOKENWARD_NOT_FOUND)
		return TOKENWARD_OK; /* removed meanwhile */
	if (r == TOKENWARD_DAMAGED)
		return verify_find(v,
		    is_foreign(&why) ? STATE_FOREIGN : STATE_DAMAGED, e->path,
		    NULL, why.text);
	if (r != TOKENWARD_OK) {
		*v->err = why;
		return r;
	}
	return judge_pair(v, e, &p);
}

/* ---- tokens ------------------------------------------------------------ */

static int
verify_orphan(struct verify *v, const struct entry *e)
{
	if (store_has_record(v->tw->store, RECORD_CREDENTIAL, e->index) ||
	    !store_has_record(v->tw->store, RECORD_TOKENS, e->index))
		return TOKENWARD_OK;
	return verify_find(v, STATE_ORPHAN, e->path, NULL,
	    "tokens of a credential that is not there");
}

int
verify_tokens(struct verify *v, const struct entry *e)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	cleanup_tokens struct tokens t = {0};
	struct error why = {0};
	uint64_t generation;
	int r = store_read_entry(v->tw->store, e, &plain, &generation, &why);

	if (r == TOKENWARD_OK)
		r = tokens_decode(plain.data, plain.len, &t, &why);
	if (r == TOKENWARD_NOT_FOUND)
		return TOKENWARD_OK;
	if (r == TOKENWARD_DAMAGED)
		return verify_find(v,
		    is_foreign(&why) ? STATE_FOREIGN : STATE_DAMAGED_TOKENS,
		    e->path, NULL, why.text);
	if (r != TOKENWARD_OK) {
		*v->err = why;
		return r;
	}
	v->tokens++;
	return verify_orphan(v, e);
}
