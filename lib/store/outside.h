/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of a store module's records share.
 *
 *   place_module.c   starting it, and one record
 *   outside_each.c   the keys of all
 */
#ifndef STORE_OUTSIDE_H
#define STORE_OUTSIDE_H

#include "module/module.h"
#include "store/front.h"

struct outside {
	struct stack_line line; /* the module, the options that are in force */
	struct module *module;  /* NULL: it did not start, for that reason */
	struct error failed;
	char seen[sizeof(struct files_name)]; /* the record looked at last */
	bool has_version;
	struct buf version; /* of it; empty: there was none */
};

/* What every request begins with; key may be NULL. */
void outside_request(const struct records *r, const char *key, struct buf *ret);
/* For what must be done none is no answer. */
int outside_must(struct records *r, const char *operation,
    const struct buf *request, struct buf *reply, struct error *err);
/* TOKENWARD_FAILED: "the store module NAME ...". */
int outside_blame(const struct records *r, struct error *err, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
int outside_each(struct records *r, enum record_kind kind, files_each_fn fn,
    void *data, struct error *err);

#endif
