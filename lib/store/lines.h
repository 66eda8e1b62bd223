/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading through the store lines of the stack.  Each readonly line is a
 * place more where a record may lie; the line that may be written stands for
 * where the header says that the records lie.  Without readonly lines all of
 * this is the store's own place.
 *
 *   lines.c  which there are, one record   lines_rules.c  all, what is forbidden
 */
#ifndef STORE_LINES_H
#define STORE_LINES_H

#include "module/module.h"
#include "store/front.h"
#include "store/record_list.h"

struct line {
	const struct stack_line *of;
	struct records *from; /* NULL: the line must fail */
	struct records readonly;
	struct where where; /* of readonly */
	int code;           /* of the last look there, and why */
	struct error why;
};

struct lines {
	struct line *v;
	size_t n;             /* 0: nothing but the store's own place is read */
	struct lines *before; /* of the header before */
};

/* Those of the store; made when they are first wanted. */
int lines_of(struct store *s, struct lines **ret, struct error *err);
/* required, requisite */
bool line_must_answer(const struct line *l);
/* At the end of a call: the stack may be another one in the next. */
void lines_free(struct store *s);
/* The header is another one: looked at anew, but somebody may walk them. */
void lines_retire(struct store *s);

/*
 * The walk of the stack's table; the first place that has the record ends
 * it.  *ret_from is that place.  In none: TOKENWARD_NOT_FOUND.
 */
int lines_get(struct store *s, const struct place *at, struct buf *out,
    struct records **ret_from, struct error *err);
int lines_head(struct store *s, const struct place *at, struct buf *out,
    struct records **ret_from, struct error *err);
/* *ret: something besides the store's own place is read. */
int lines_are_there(struct store *s, bool *ret, struct error *err);
/* Nothing that is written there would be read: TOKENWARD_NOT_ALLOWED. */
int lines_check_shadow(struct store *s, const struct place *at,
    const struct records *from, struct error *err);
/* What is only read cannot be taken away: TOKENWARD_NOT_ALLOWED. */
int lines_check_remove(
    struct store *s, const struct place *at, struct error *err);
/* Nor sealed anew: no readonly place may hold a record. */
int lines_check_rekey(struct store *s, struct error *err);

/*
 * All records of a kind, sorted, each once.  A line that need not answer and
 * does not is told to missing(), and the others' records are listed.
 */
typedef int (*lines_missing_fn)(void *data, const struct error *why);
int lines_list(struct store *s, enum record_kind kind, struct record_list *ret,
    struct error *err);
int lines_tell_missing(struct store *s, lines_missing_fn missing, void *data);
/* Each readonly place; what: its module and its line, for a sentence. */
typedef int (*line_fn)(void *data, struct line *l, const char *what);
int lines_each(struct store *s, line_fn each, void *data, struct error *err);

#endif
