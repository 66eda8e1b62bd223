/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials from lines of JSON.
 *
 *   apply.c        the lines, one after the other, and what became of each
 *   apply_line.c   one line: JSON to a bag of fields
 *   apply_secret.c its secrets
 */
#ifndef CORE_APPLY_H
#define CORE_APPLY_H

#include "base/buf.h"
#include "core/core.h"

#define APPLY_LINE_MAX (1u << 20)

/* What a line says; apply_line_free() in any case. */
struct apply_line {
	char *name; /* NULL: it has none, or none that is fit to be told */
	struct tokenward_credential *c;
};
/*
 * text of len bytes, in a secret buffer: secrets go from there to secret
 * buffers only.  Nothing of a line that is not wholly understood is used.
 */
int apply_line_read(struct tokenward *tw, const char *text, size_t len,
    struct apply_line *ret, struct error *err);
void apply_line_free(struct apply_line *l);

#endif
