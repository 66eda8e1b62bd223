/* SPDX-License-Identifier: BSD-2-Clause */
/* What the readers of stack.conf share. */
#ifndef MODULE_STACK_FILE_H
#define MODULE_STACK_FILE_H

#include "module/module.h"

/* An empty line at the end; NULL: no memory. */
struct stack_line *stack_add(
    struct stack *s, enum module_kind kind, const char *file, unsigned number);
/* Makes it one that must fail; false: no memory, as below. */
bool stack_fault(struct stack_line *line, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A line that fails every kind. */
bool stack_fault_all(
    struct stack *s, const char *file, unsigned number, const char *text);
/* One line of text, without its newline; an include is only returned. */
bool stack_read_line(struct stack *s, const char *text, const char *file,
    unsigned number, struct buf *ret_include);

extern const char stack_default_text[];

#endif
