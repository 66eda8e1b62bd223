/* SPDX-License-Identifier: BSD-2-Clause */
/* Why nothing opened the store: a sentence on each way there is. */
#include <string.h>
#include "base/cleanup.h"
#include "key/walk.h"

void
walk_add_reason(struct walk *w, const char *text)
{
	buf_printf(&w->reasons, "%s%s", w->reasons.len ? "; " : "", text);
}

/* The more telling, the earlier. */
static const int ranks[] = {TOKENWARD_DAMAGED, TOKENWARD_NOT_ALLOWED,
    TOKENWARD_FAILED, TOKENWARD_LOCKED, TOKENWARD_CONFIG};
#define RANKS (sizeof(ranks) / sizeof(ranks[0]))

static size_t
rank(int code)
{
	size_t i;

	for (i = 0; i < RANKS && ranks[i] != code; i++)
		;
	return i;
}

void
walk_add_failure(struct walk *w, const struct error *err)
{
	int code = err->code;

	w->no_memory |= err->no_memory;
	/* What is away, asks or has nothing leaves the store locked. */
	if (rank(code) == RANKS)
		code = TOKENWARD_LOCKED;
	if (rank(code) < rank(w->code))
		w->code = code;
	walk_add_reason(w, err->text);
}

static void
add_unreadable(struct walk *w, const struct stack *s)
{
	const struct stack_line *line = NULL;
	cleanup_buf struct buf where = BUF_INIT;

	while ((line = stack_next(s, MODULE_KEY, line)))
		if (line->fault) {
			stack_where(&where, line);
			buf_printf(&w->reasons, "%san unlock line%s: %s",
			    w->reasons.len ? "; " : "", buf_str(&where),
			    line->fault);
			return;
		}
}

/* The module whose line is for the slot. */
static const char *
kind_of_line(const struct stack *s, const struct key_slot *slot)
{
	if (strcmp(slot->kind, recovery_method.name) == 0 &&
	    walk_covers_recovery(s, passphrase_method.name))
		return passphrase_method.name;
	return slot->kind;
}

/* Slots that no line is for. */
static void
add_untried(struct walk *w, const struct stack *s)
{
	size_t i;

	for (i = 0; i < w->h->slots_n; i++)
		if (!key_stack_line(s, kind_of_line(s, &w->h->slots[i])))
			buf_printf(&w->reasons,
			    "%skey slot %u: no unlock line names %s",
			    w->reasons.len ? "; " : "", w->h->slots[i].id,
			    w->h->slots[i].kind);
	if (w->h->slots_n == 0)
		walk_add_reason(w, "it has no key slot");
}

int
walk_report(struct walk *w, const struct stack *s, struct error *err)
{
	const char *what =
	    walk_has_slot(w->h, passphrase_method.name) ? "passphrase"
	    : walk_has_slot(w->h, recovery_method.name) ? "recovery code"
							: NULL;

	add_unreadable(w, s);
	add_untried(w, s);
	if (w->no_memory || w->reasons.failed)
		return error_memory(err);
	return error_set(err, w->code, "the store %s is locked: %s%s%s%s",
	    w->ctx.store_path ? w->ctx.store_path : "", buf_str(&w->reasons),
	    what ? "; \"tokenward unlock\" on a terminal asks for the " : "",
	    what ? what : "", what ? " and keeps the key for a while" : "");
}
