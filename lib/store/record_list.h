/* SPDX-License-Identifier: BSD-2-Clause */
/* The records of a place, sorted, and which write of each was seen. */
#ifndef STORE_RECORD_LIST_H
#define STORE_RECORD_LIST_H

#include "store/front.h"

#define SEEN_LEN 16

struct listed {
	unsigned char kind; /* enum record_kind */
	unsigned char index[INDEX_LEN];
	unsigned char seen[SEEN_LEN]; /* zeros: none */
};

struct record_list {
	struct listed *v;
	size_t n, cap;
};

/* Credentials, then tokens; each kind sorted. */
int record_list(
    struct records *from, struct record_list *ret, struct error *err);
/* One kind, in no order; added to what is there. */
int record_list_kind(struct records *from, enum record_kind kind,
    struct record_list *ret, struct error *err);
void record_list_free(struct record_list *l);
/* Sorted, and what is there twice stays once. */
void record_list_once(struct record_list *l);
/* NULL: it is not in it. */
const struct listed *record_list_find(
    const struct record_list *l, const struct listed *what);
/* Every write has first bytes of its own; bytes has at least these. */
void listed_note(struct listed *one, const struct buf *bytes);
bool listed_is(const struct listed *one, const struct buf *bytes);

#endif
