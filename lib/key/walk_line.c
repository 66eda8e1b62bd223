/* SPDX-License-Identifier: BSD-2-Clause */
/* One line of the stack with every slot of its kind, and one question. */
#include <string.h>
#include "base/cleanup.h"
#include "key/recovery_code.h"
#include "key/walk.h"
#include "module/module.h"

/* Several slots that ask, one question. */
static long
ask_once(void *data, const struct tokenward_question *question, char *answer,
    size_t cap)
{
	struct walk *w = data;
	unsigned char *room;

	if (!w->asked) {
		w->asked = true;
		room = buf_room(&w->answer, cap);
		w->answered =
		    room ? w->ask(w->ask_data, question, (char *)room, cap)
			 : -1;
		if (w->answered > 0 && w->answered <= (long)cap)
			w->answer.len = (size_t)w->answered;
	}
	if (w->answer.len > 0)
		memcpy(answer, w->answer.data, w->answer.len);
	return w->answered;
}

bool
walk_has_slot(const struct header *h, const char *kind)
{
	size_t i;

	for (i = 0; i < h->slots_n; i++)
		if (strcmp(h->slots[i].kind, kind) == 0)
			return true;
	return false;
}

/* A passphrase was typed, and no code: that was told already. */
static bool
is_for_others(const struct walk *w, const char *kind)
{
	return strcmp(kind, recovery_method.name) == 0 && w->answer.len > 0 &&
	       walk_has_slot(w->h, passphrase_method.name) &&
	       !recovery_looks_like(
		   (const char *)w->answer.data, w->answer.len);
}

/* Why it failed is a sentence: for the walk a failure is as good as any. */
static enum tokenward_module_result
result_of(int code)
{
	if (code == TOKENWARD_OK)
		return TOKENWARD_MODULE_OK;
	return code == TOKENWARD_NOT_FOUND ? TOKENWARD_MODULE_NONE
					   : TOKENWARD_MODULE_FAILED;
}

/* Passphrase and recovery code share a question, others ask their own. */
static void
choose_asker(struct walk *w, const struct key_method *m)
{
	w->ctx.ask = w->ask && m ? ask_once : w->ask;
	w->ctx.ask_data = m ? w : w->ask_data;
}

/* TOKENWARD_OK: w->master is the key, though the header may disagree. */
static enum tokenward_module_result
try_slot(
    struct walk *w, const struct stack_line *line, const struct key_slot *s)
{
	struct error err = {0};
	bool slow = false;
	int r = key_slot_open_by(
	    w->h, s, &w->ctx, line, w->kek, w->master, &slow, &err);

	if (r == TOKENWARD_OK) {
		w->opened = s;
		w->slow = slow;
	} else {
		walk_add_failure(w, &err);
	}
	return result_of(r);
}

static enum tokenward_module_result
nobody_to_ask(struct walk *w, const struct key_method *m)
{
	struct error err;

	error_set(&err, TOKENWARD_LOCKED, "nobody can be asked for the %s%s",
	    m->name, m == &recovery_method ? " code" : "");
	walk_add_failure(w, &err);
	return TOKENWARD_MODULE_ASK;
}

static enum tokenward_module_result
try_slots(struct walk *w, const struct stack_line *line, const char *kind)
{
	const struct key_method *m = key_method_find(kind);
	enum tokenward_module_result r = TOKENWARD_MODULE_NONE;
	size_t i;

	if (!walk_has_slot(w->h, kind) || (!m && !w->programs))
		return r;
	if (m && m->needs_human && !w->ask)
		return nobody_to_ask(w, m);
	choose_asker(w, m);
	for (i = 0; i < w->h->slots_n && r != TOKENWARD_MODULE_OK; i++)
		if (strcmp(w->h->slots[i].kind, kind) == 0 &&
		    !is_for_others(w, kind))
			r = try_slot(w, line, &w->h->slots[i]);
	return r;
}

/* Who may type a passphrase may type a recovery code. */
bool
walk_covers_recovery(const struct stack *s, const char *kind)
{
	return strcmp(kind, passphrase_method.name) == 0 &&
	       !key_stack_line(s, recovery_method.name);
}

/* The stack wants it, and no slot will say that it is not there. */
static bool
is_missed(const struct header *h, const struct key_context *ctx,
    const struct stack_line *line)
{
	return (line->control == CONTROL_REQUIRED ||
		   line->control == CONTROL_REQUISITE) &&
	       !module_built_in(MODULE_KEY, line->module) &&
	       !walk_has_slot(h, line->module) &&
	       !key_has_program(ctx, line->module);
}

int
key_line_check(const struct header *h, const struct key_context *ctx,
    const struct stack_line *line, struct error *err)
{
	if (!is_missed(h, ctx, line))
		return module_check_built_in(line, err);
	error_set(err, TOKENWARD_CONFIG, "it is not installed");
	return module_blame(line, err);
}

enum tokenward_module_result
walk_run_line(void *data, const struct stack_line *line)
{
	struct walk *w = data;
	struct error err;
	enum tokenward_module_result r, more;

	if (key_line_check(w->h, &w->ctx, line, &err) != TOKENWARD_OK) {
		walk_add_failure(w, &err);
		return TOKENWARD_MODULE_FAILED;
	}
	r = try_slots(w, line, line->module);
	if (r == TOKENWARD_MODULE_OK ||
	    !walk_covers_recovery(w->stack, line->module))
		return r;
	more = try_slots(w, line, recovery_method.name);
	return more == TOKENWARD_MODULE_NONE ? r : more;
}
