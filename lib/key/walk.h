/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk over the unlock lines, between the files that make it. */
#ifndef KEY_WALK_H
#define KEY_WALK_H

#include "key/methods.h"
#include "key/module_slot.h"
#include "store/header.h"

struct walk {
	const struct header *h;
	struct key_context ctx; /* its ask is ours: one question for all */
	tokenward_ask_fn ask;
	void *ask_data;
	bool asked;
	struct buf answer; /* secret */
	long answered;
	bool programs; /* modules that are programs may be tried */
	const struct stack *stack;
	unsigned char *kek;
	unsigned char *master;
	const struct key_slot *opened;
	bool slow;
	int code; /* of the most telling failure */
	bool no_memory;
	struct buf reasons;
};

/* walk_line.c */
enum tokenward_module_result walk_run_line(
    void *data, const struct stack_line *line);
bool walk_has_slot(const struct header *h, const char *kind);
/* Who may type a passphrase may type a recovery code. */
bool walk_covers_recovery(const struct stack *s, const char *kind);

/* walk_report.c */
void walk_add_reason(struct walk *w, const char *text);
void walk_add_failure(struct walk *w, const struct error *err);
int walk_report(struct walk *w, const struct stack *s, struct error *err);

#endif
