/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of apply under way, between the files that read it. */
#ifndef CORE_APPLY_READING_H
#define CORE_APPLY_READING_H

#include "base/json_read.h"
#include "core/apply.h"

struct apply_reading {
	struct tokenward *tw;
	struct apply_line *line;
	struct json_value secret, secret_file; /* at NULL: not there */
	bool verbatim;
};

/* apply_line.c */
int apply_wrong_kind(const char *member, const char *want,
    const struct json_value *v, struct error *err);
bool apply_is(const struct json_value *v, enum json_kind kind);
/* apply_secret.c: when the whole line was understood */
int apply_secrets(struct apply_reading *r, struct error *err);

#endif
