/* SPDX-License-Identifier: BSD-2-Clause */
/* A store of few records, for the tests of the store. */
#ifndef UNIT_SMALL_STORE_H
#define UNIT_SMALL_STORE_H

#include "store/store.h"

extern const unsigned char small_master[KEY_LEN];

/* Made under this name or path, and open. */
struct store *small_make(const char *name);
struct store *small_make_with(const char *path, const unsigned char *key);
int small_reopen(const char *path, struct store **s, struct error *err);

int small_put(struct store *s, enum record_kind kind, const char *name,
    const char *text, uint64_t generation, struct error *err);
int small_get(struct store *s, enum record_kind kind, const char *name,
    struct buf *plain, uint64_t *generation, struct error *err);
void small_expect(struct store *s, enum record_kind kind, const char *name,
    const char *text, uint64_t generation);
/* The path of a record's file; static memory. */
const char *small_file_of(
    struct store *s, enum record_kind kind, const char *name);

/* Two credentials and tokens of one. */
struct small_record {
	enum record_kind kind;
	const char *name, *text;
};
extern const struct small_record small_three[3];
struct store *small_make_three(const char *name);

/* What store_each() shows of it. */
struct small_seen {
	int whole, damaged;
	bool other;
};
int small_see(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage);
/* Never other data: either as before, or refused with the right result. */
void small_check(struct store *s, enum record_kind kind, const char *name,
    const char *text, bool whole);

/* By the copy of its header, as doctor does it. */
int small_repair(const char *path, struct error *err);

#endif
