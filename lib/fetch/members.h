/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A struct as a frame, by a table of its members.  Unknown keys, keys said
 * twice, and whatever is out of its limits are refused.
 */
#ifndef FETCH_MEMBERS_H
#define FETCH_MEMBERS_H

#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/error.h"

struct member;

/* A kind of member: how it is written, how it is read. */
struct member_kind {
	void (*put)(struct buf *out, const struct member *m, const void *at);
	/* NULL, or what is wrong with it. */
	const char *(*get)(const struct member *m, const unsigned char *v,
	    size_t len, void *at);
	bool repeats;
};

extern const struct member_kind member_line;   /* char *, UTF-8, one line */
extern const struct member_kind member_clean;  /* the same, see str_clean() */
extern const struct member_kind member_lines;  /* the same, several lines */
extern const struct member_kind member_string; /* char *, anything */
extern const struct member_kind member_bytes;  /* struct buf */
extern const struct member_kind member_list;   /* struct buf, a frame list */
extern const struct member_kind member_token;  /* struct buf, visible ASCII */
extern const struct member_kind member_num;    /* int64_t */
extern const struct member_kind member_int;    /* int */
extern const struct member_kind member_flag;   /* bool */
extern const struct member_kind member_word;   /* enum outcome */
extern const struct member_kind member_map;    /* struct strmap */

struct member {
	const char *key;
	const struct member_kind *kind;
	size_t offset;
	int64_t least; /* of a number; of bytes, 1: must be there */
	int64_t most;  /* of a number; of bytes; of entries */
};

/* what names the frame in messages; a bad one is TOKENWARD_UNAVAILABLE. */
int members_encode(const struct member *table, size_t n, const char *what,
    const void *object, struct buf *out, struct error *err);
int members_decode(const struct member *table, size_t n, const char *what,
    const void *data, size_t len, void *object, struct error *err);

#endif
