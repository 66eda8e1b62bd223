/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots of modules that are programs; the unlock lines of the stack. */
#ifndef KEY_MODULE_SLOT_H
#define KEY_MODULE_SLOT_H

#include "key/key.h"
#include "module/module.h"

/* The stack in force for this store. */
struct key_stack {
	const struct stack *s;
	struct stack own;
};
int key_stack_get(
    const struct key_context *ctx, struct key_stack *ret, struct error *err);
void key_stack_free(struct key_stack *k);
/* The first readable unlock line of that module; NULL: none. */
const struct stack_line *key_stack_line(
    const struct stack *s, const char *kind);
/* Where a line is missed: it may be one of those that cannot be read.  The
   sentence of the first of them; TOKENWARD_CONFIG. */
int key_stack_check(const struct stack *s, struct error *err);

/*
 * Whether a readable line can do its work: its module is there, or nothing
 * asks for it, and has the options that are given.  TOKENWARD_CONFIG.
 */
struct header;
int key_line_check(const struct header *h, const struct key_context *ctx,
    const struct stack_line *line, struct error *err);

/*
 * line NULL: that of the stack, or without options.  Missing module:
 * TOKENWARD_CONFIG; what it needs is not here: TOKENWARD_UNAVAILABLE; see
 * module_result_code().
 */
int module_slot_open(const struct key_context *ctx,
    const struct stack_line *line, const struct key_slot *slot,
    unsigned char *ret_kek, bool *ret_slow, struct error *err);
/* Fills params, and salt if there is none.  After a failure that left nothing
   elsewhere the slot has no kind any more. */
int module_slot_enroll(const struct key_context *ctx, const char *arg,
    struct key_slot *slot, unsigned char *ret_kek, struct error *err);
/* What the module keeps elsewhere for the slot. */
int module_slot_forget(const struct key_context *ctx,
    const struct key_slot *slot, struct error *err);

#endif
