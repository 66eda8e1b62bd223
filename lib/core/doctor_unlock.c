/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What would happen if the store had to be opened now: the unlock lines in
 * their order, each with the key slots it is for.  What needs nobody is tried
 * for real, nobody is asked.
 */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/doctor.h"
#include "key/methods.h"
#include "key/module_slot.h"

#define CACHE "keyring-cache"

struct looking {
	struct doctor *d;
	const struct header *h;
	const struct stack *stack;
	struct key_context ctx;
	unsigned char *kek, *master;
	struct line_results *results, *now; /* of the line that is looked at */
	unsigned lines;
	bool kept, kept_said; /* by the kernel, now */
};

/* "unlock line 2, keyfile (/etc/tokenward/stack.conf:5)" */
static void
put_line_name(
    struct buf *b, const struct looking *l, const struct stack_line *line)
{
	buf_printf(b, "unlock line %u, %s", l->lines, line->module);
	stack_where(b, line);
}

/* ---- slots ------------------------------------------------------------- */

static const char *
cure_of(const struct key_slot *s, int code)
{
	if (code == TOKENWARD_NOT_ALLOWED)
		return strcmp(s->kind, "keyfile") == 0
			   ? "chmod 600 the key file, and give it to who "
			     "opens the store with it"
			   : NULL;
	return "bring back what it needs; if that is lost, remove the slot "
	       "(key remove) and add another (key add)";
}

static void
say_shut(struct looking *l, const char *line, const struct key_slot *s,
    const struct error *err)
{
	cleanup_buf struct buf name = BUF_INIT;
	bool bad = err->code == TOKENWARD_NOT_ALLOWED ||
		   err->code == TOKENWARD_DAMAGED;

	key_slot_name(s, &name);
	if (lacks_memory(l->d, err->no_memory || name.failed))
		return;
	find(l->d, bad ? "bad" : "weak", cure_of(s, err->code),
	    "%s: key slot %u (%s) does not open the store now: %s", line, s->id,
	    buf_str(&name), err->text);
}

static void
say_slot(struct looking *l, const char *line, const struct key_slot *s,
    const char *how)
{
	cleanup_buf struct buf name = BUF_INIT;
	const char *why;
	const char *grade = key_grade(s, &why);

	key_slot_name(s, &name);
	lacks_memory(l->d, name.failed);
	find(l->d, grade, NULL, "%s: key slot %u (%s) %s; %s", line, s->id,
	    buf_str(&name), how, why);
}

static int
try_slot(struct looking *l, const struct stack_line *line,
    const struct key_slot *s, struct error *err)
{
	int r = key_slot_open_by(
	    l->h, s, &l->ctx, line, l->kek, l->master, NULL, err);

	if (r == TOKENWARD_OK && !header_verify(l->h, l->master))
		return error_read(err, TOKENWARD_DAMAGED,
		    "its key fits, but the header was changed or is damaged");
	return r;
}

/* On that occasion and those after it; one slot that opens is enough for its
   line. */
static void
note(struct looking *l, enum occasion when, enum tokenward_module_result got)
{
	enum tokenward_module_result *on = l->now->on;

	for (; when < OCCASIONS; when++)
		if (on[when] != TOKENWARD_MODULE_OK)
			on[when] = got;
}

static void
look_at_slot(struct looking *l, const struct stack_line *line, const char *name,
    const struct key_slot *s)
{
	struct error err;

	if (key_slot_needs_human(s)) {
		note(l, AT_BOOT, TOKENWARD_MODULE_ASK);
		note(l, BY_PERSON, TOKENWARD_MODULE_OK);
		say_slot(l, name, s, "asks a person");
	} else if (try_slot(l, line, s, &err) == TOKENWARD_OK) {
		note(l, AT_BOOT, TOKENWARD_MODULE_AWAY);
		note(l,
		    strcmp(s->kind, "secret-service") == 0 ? IN_LOGIN : AT_BOOT,
		    TOKENWARD_MODULE_OK);
		say_slot(l, name, s, "opens the store by itself");
	} else {
		note(l, AT_BOOT, TOKENWARD_MODULE_FAILED);
		say_shut(l, name, s, &err);
	}
}

/* ---- lines ------------------------------------------------------------- */

static bool
is_for(const struct looking *l, const struct stack_line *line,
    const struct key_slot *s)
{
	if (strcmp(line->module, s->kind) == 0)
		return true;
	return strcmp(s->kind, recovery_method.name) == 0 &&
	       strcmp(line->module, passphrase_method.name) == 0 &&
	       !key_stack_line(l->stack, recovery_method.name);
}

static void
look_at_cache(struct looking *l, const char *name)
{
	l->kept_said = true;
	find(l->d, "ok", NULL, "%s: the kernel keeps %s", name,
	    l->kept ? "the store's key now, for this user"
		    : "no key of this store now");
}

/* why of a line that can be read names it already. */
static void
say_must_fail(struct looking *l, const struct stack_line *line, const char *why)
{
	cleanup_buf struct buf where = BUF_INIT;

	if (line->fault)
		stack_where(&where, line);
	note(l, AT_BOOT, TOKENWARD_MODULE_FAILED);
	if (!lacks_memory(l->d, where.failed))
		find(l->d, "bad", "correct the line",
		    "unlock line %u%s must fail: %s", l->lines, buf_str(&where),
		    why);
}

static void
look_at_slots(
    struct looking *l, const struct stack_line *line, const char *name)
{
	bool any = false;
	size_t i;

	for (i = 0; i < l->h->slots_n; i++)
		if (is_for(l, line, &l->h->slots[i])) {
			any = true;
			look_at_slot(l, line, name, &l->h->slots[i]);
		}
	if (!any)
		find(l->d, "ok", NULL, "%s: passed over, no key slot is for it",
		    name);
}

static void
look_at_line(struct looking *l, const struct stack_line *line)
{
	cleanup_buf struct buf name = BUF_INIT;
	struct error err = {0};

	l->lines++;
	l->now = &l->results[line - l->stack->v];
	if (!line->fault) {
		put_line_name(&name, l, line);
		key_line_check(l->h, &l->ctx, line, &err);
	}
	if (lacks_memory(l->d, name.failed || err.no_memory))
		return;
	if (line->fault || err.code)
		say_must_fail(l, line, line->fault ? line->fault : err.text);
	else if (strcmp(line->module, CACHE) == 0)
		look_at_cache(l, buf_str(&name));
	else
		look_at_slots(l, line, buf_str(&name));
}

/* It is asked before the stack is read, whatever that says. */
static void
look_at_unnamed_cache(struct looking *l)
{
	if (l->kept && !l->kept_said)
		find(l->d, "weak", "\"tokenward lock\" ends that",
		    "no unlock line names " CACHE ", but the kernel has kept "
		    "the store's key since before, and it opens the store");
}

static void
look_at_unused(struct looking *l, const struct key_slot *s)
{
	const struct stack_line *line = NULL;

	while ((line = stack_next(l->stack, MODULE_KEY, line)))
		if (!line->fault && is_for(l, line, s))
			return;
	find(l->d, "weak", "add a line for it to stack.conf",
	    "key slot %u: no unlock line names %s, so it opens nothing", s->id,
	    s->kind);
}

/* ---- the whole --------------------------------------------------------- */

/* Its machine is lost, and the store with it. */
static void
look_at_reserve(struct looking *l)
{
	size_t i;

	for (i = 0; i < l->h->slots_n; i++)
		if (!key_is_program(l->h->slots[i].kind))
			return;
	find(l->d, "fair", "tokenward key add recovery",
	    "every key is that of a module, which may be bound to this "
	    "machine or login: if that is lost, so is the store");
}

/* What is noted of them is gone when that is. */
static void
look_at_gone(struct looking *l)
{
	const struct key_slot *s;
	size_t i;

	for (i = 0; i < l->h->gone_n; i++) {
		s = &l->h->gone[i];
		find(l->d, "weak",
		    "\"tokenward key remove NUMBER\" tries it again",
		    "there is no key slot %u (any more), but what %s keeps "
		    "elsewhere for it may be there",
		    s->id, s->kind);
	}
}

static void
look_at_rekey(struct looking *l)
{
	if (store_is_rekeyed(l->d->tw->store))
		find(l->d, "weak", "tokenward key rekey",
		    "a new master key was begun and not finished: the old one "
		    "is still kept, and opens records that were not sealed "
		    "anew");
}

static void
look(struct looking *l)
{
	const struct stack_line *line = NULL;
	size_t i;

	l->kept = keyring_get(l->h->store_id, l->h->epoch, l->master) &&
		  header_verify(l->h, l->master);
	while ((line = stack_next(l->stack, MODULE_KEY, line)))
		look_at_line(l, line);
	look_at_unnamed_cache(l);
	for (i = 0; i < l->h->slots_n; i++)
		look_at_unused(l, &l->h->slots[i]);
	conclude_unlocking(l->d, l->stack, l->results, l->kept);
	look_at_reserve(l);
	look_at_gone(l);
	look_at_rekey(l);
}

static void
look_at_stack(struct looking *l)
{
	size_t i;

	l->results = calloc(l->stack->n + 1, sizeof(*l->results));
	if (lacks_memory(l->d, !l->results))
		return;
	for (i = 0; i < l->stack->n; i++)
		l->results[i] = (struct line_results){{TOKENWARD_MODULE_NONE,
		    TOKENWARD_MODULE_NONE, TOKENWARD_MODULE_NONE}};
	look(l);
	free(l->results);
}

void
look_at_unlocking(struct doctor *d)
{
	struct looking l = {.d = d,
	    .h = store_header(d->tw->store),
	    .ctx = d->tw->keys,
	    .kek = secret_alloc(KEY_LEN),
	    .master = secret_alloc(KEY_LEN)};
	struct error err;

	d->tw->opened = true;
	l.ctx.ask = NULL;
	l.ctx.dialogs = false;
	if (!l.kek || !l.master)
		error_memory(&err);
	else if (handle_stack(d->tw, &l.stack, &err) == TOKENWARD_OK)
		look_at_stack(&l);
	if (!l.lines && !l.stack && !lacks_memory(d, err.no_memory))
		find(d, "bad", NULL, "%s", err.text);
	secret_free(l.kek);
	secret_free(l.master);
}
