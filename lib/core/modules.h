/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules and stacks as the command line shows them.
 *
 *   modules.c  every module there is
 *   stacks.c   every line in force
 */
#ifndef CORE_MODULES_H
#define CORE_MODULES_H

#include "core/core.h"

struct shown {
	struct module_info info;
	struct buf path, options;
	struct error err;
	struct tokenward_module_info out;
};

/* The module of a line; what is wrong with it is the result, and stands in
   s->err. */
int shown_make(
    struct tokenward *tw, const struct stack_line *line, struct shown *s);
void shown_free(struct shown *s);
/* Where a column says of whom it is, the sentence need not. */
const char *shown_fault(const struct stack_line *line, const struct error *err);

#endif
