/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place for records, as the header keeps it and as a human writes it: the
 * store's own files, or a store module with options of its own.
 */
#ifndef STORE_WHERE_H
#define STORE_WHERE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/frame.h"
#include "base/str.h"

#define WHERE_FILES "files"

struct where {
	char *module; /* NULL: files */
	struct strmap options;
};

void where_free(struct where *w);
#define cleanup_where __attribute__((cleanup(where_free)))
/* False: no memory, and dst is empty. */
bool where_copy(struct where *dst, const struct where *src);
bool where_equal(const struct where *a, const struct where *b);
const char *where_name(const struct where *w); /* the module's */
/* "secret-service label=x", fit to be printed; appends. */
void where_put(const struct where *w, struct buf *out);

/* MODULE or MODULE=OPTIONS, these as in a line of a stack. */
int where_parse(const char *text, struct where *ret, struct error *err);
/* A line of a stack, without what is the host's own. */
struct stack_line;
int where_of_line(
    const struct stack_line *line, struct where *ret, struct error *err);

/*
 * The store line that speaks of this place; NULL: none does.  It need not say
 * all that the place is known by, but a readonly line that says otherwise
 * means another place.
 */
struct stack;
const struct stack_line *where_line(
    const struct where *w, const struct stack *stack);

/* In the header. */
void where_encode(const struct where *w, const char *key, struct buf *out);
/* False: it is none, or no memory (errno). */
bool where_decode(const struct frame_field *f, struct where *ret);

#endif
