/* SPDX-License-Identifier: BSD-2-Clause */
/* A small store whose records are on the move, between its files and shelves of
   fake_place.h; another handle of it is open. */
#ifndef UNIT_MOVING_H
#define UNIT_MOVING_H

#include "store/migrate.h"
#include "store/store.h"

#define MOVING_HOME (-1) /* the files, as a place */

extern const unsigned char moving_master[KEY_LEN];
extern struct store *moving_store, *moving_other;

/* Of every test: .init and .fini. */
void moving_begin(void);
void moving_end(void);
void moving_open(struct store **ret);

int moving_put(struct store *to, enum record_kind kind, const char *name,
    const char *text, uint64_t generation, struct error *err);
/* The text of a record, "" for none; static memory. */
const char *moving_text(struct store *from, enum record_kind kind,
    const char *name, uint64_t *generation);
int moving_count(struct store *from);
/* For store_each(): counts, and none may be damaged; data: int. */
int moving_count_one(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage);
void assert_moving_whole(struct store *from);

/* Moves them; more: options of the place. */
int moving_to(int place, struct error *err);
int moving_to_with(
    struct migration *m, int place, const char *more, struct error *err);
size_t moving_records(int place);
int moving_where(
    int place, const char *more, struct where *ret, struct error *err);
/* They lie there and nowhere else. */
void assert_moving_done(int place, size_t n);

/* Out of the files, from shelf to shelf, and back. */
#define MOVING_WAYS 3
struct moving_way {
	int from, to;
};
extern const struct moving_way moving_ways[MOVING_WAYS];
/* Said again it ends well, and back to where it began. */
void moving_end_way(size_t way);

#endif
