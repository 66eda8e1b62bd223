/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events, to whom the stack's notify lines name.  The line's own option
 * "events" (a list with commas, "*" at the end of a word for all that begin
 * so) says which it is told; without it, all.
 */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include "module/module.h"

struct notify {
	const struct stack *stack;
	const char *module_dir;
	int64_t deadline_ms; /* for all lines, which share what is left */
};

/*
 * event is of [a-z0-9.-] ("secret.expired"), fields are text without
 * secrets.  Fails only when a required line failed: the caller then gives
 * out no result.
 */
int notify_raise(const struct notify *n, const char *event,
    const struct strmap *fields, int64_t when, struct error *err);
/* TOKENWARD_CONFIG: a line cannot be read, so every event would fail. */
int notify_check(const struct stack *s, struct error *err);
/* Whether a line wants that event. */
bool notify_wants(const struct stack_line *line, const char *event);

#endif
