/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk: the kernel's cache, then the unlock lines of the stack, each with
 * every slot of its kind, until a key verifies the header.  Nothing in the
 * header is trusted before that.
 *
 * The cache is asked before the stack is even read: that is what a warm start
 * costs.  What the stack says about it decides whether a key is put there.
 */
#include <string.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "key/methods.h"
#include "key/module_slot.h"
#include "key/recovery_code.h"
#include "store/header.h"

#define CACHE "keyring-cache"
#define KEEP_SECONDS (8 * 3600)

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
	struct buf reasons;
};

/* ---- reasons ----------------------------------------------------------- */

static void
add_reason(struct walk *w, const char *text)
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

static void
add_failure(struct walk *w, const struct error *err)
{
	int code = err->code;

	/* What is away, asks or has nothing leaves the store locked. */
	if (rank(code) == RANKS)
		code = TOKENWARD_LOCKED;
	if (rank(code) < rank(w->code))
		w->code = code;
	add_reason(w, err->text);
}

/* ---- the human --------------------------------------------------------- */

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
	}
	if (w->answered > 0 && w->answered <= (long)cap)
		memcpy(answer, w->answer.data, (size_t)w->answered);
	return w->answered;
}

static bool
has_slot(const struct header *h, const char *kind)
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
	return strcmp(kind, recovery_method.name) == 0 && w->answered > 0 &&
	       has_slot(w->h, passphrase_method.name) &&
	       !recovery_looks_like(
		   (const char *)w->answer.data, (size_t)w->answered);
}

/* ---- beginning and end ------------------------------------------------- */

static void
walk_begin(struct walk *w, const struct header *h,
    const struct key_context *ctx, unsigned char *master)
{
	*w = (struct walk){.h = h,
	    .ctx = *ctx,
	    .ask = ctx->ask,
	    .ask_data = ctx->ask_data,
	    .answer = BUF_SECRET_INIT,
	    .programs = true,
	    .kek = secret_alloc(KEY_LEN),
	    .master = master,
	    .code = TOKENWARD_CONFIG};
	if (has_slot(h, passphrase_method.name) &&
	    has_slot(h, recovery_method.name))
		w->ctx.question = "Passphrase or recovery code";
}

static void
walk_end(struct walk *w)
{
	secret_free(w->kek);
	buf_free(&w->answer);
	buf_free(&w->reasons);
}

/* ---- one line ---------------------------------------------------------- */

static enum tokenward_module_result
result_of(int code)
{
	switch (code) {
	case TOKENWARD_OK:
		return TOKENWARD_MODULE_OK;
	case TOKENWARD_NOT_FOUND:
		return TOKENWARD_MODULE_NONE;
	case TOKENWARD_UNAVAILABLE:
		return TOKENWARD_MODULE_AWAY;
	case TOKENWARD_LOCKED:
		return TOKENWARD_MODULE_DENIED;
	case TOKENWARD_DAMAGED:
		return TOKENWARD_MODULE_BROKEN;
	default:
		return TOKENWARD_MODULE_FAILED;
	}
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
		add_failure(w, &err);
	}
	return result_of(r);
}

static enum tokenward_module_result
nobody_to_ask(struct walk *w, const struct key_method *m)
{
	struct error err;

	error_set(&err, TOKENWARD_LOCKED, "nobody can be asked for the %s%s",
	    m->name, m == &recovery_method ? " code" : "");
	add_failure(w, &err);
	return TOKENWARD_MODULE_ASK;
}

static enum tokenward_module_result
try_slots(struct walk *w, const struct stack_line *line, const char *kind)
{
	const struct key_method *m = key_method_find(kind);
	enum tokenward_module_result r = TOKENWARD_MODULE_NONE;
	size_t i;

	if (!has_slot(w->h, kind) || (!m && !w->programs))
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
static bool
covers_recovery(const struct stack *s, const char *kind)
{
	return strcmp(kind, passphrase_method.name) == 0 &&
	       !key_stack_line(s, recovery_method.name);
}

static enum tokenward_module_result
run_line(void *data, const struct stack_line *line)
{
	struct walk *w = data;
	enum tokenward_module_result r = try_slots(w, line, line->module), more;

	if (r == TOKENWARD_MODULE_OK ||
	    !covers_recovery(w->stack, line->module))
		return r;
	more = try_slots(w, line, recovery_method.name);
	return more == TOKENWARD_MODULE_NONE ? r : more;
}

/* ---- the stack --------------------------------------------------------- */

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
	    covers_recovery(s, passphrase_method.name))
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
		add_reason(w, "it has no key slot");
}

static int
report(struct walk *w, const struct stack *s, struct error *err)
{
	bool ask = has_slot(w->h, passphrase_method.name);

	add_unreadable(w, s);
	add_untried(w, s);
	return error_set(err, w->code, "the store %s is locked: %s%s",
	    w->ctx.store_path ? w->ctx.store_path : "", buf_str(&w->reasons),
	    ask ? "; \"tokenward unlock\" on a terminal asks for the "
		  "passphrase and keeps the key for a while"
		: "");
}

/* The slot that opened is in w->opened, if the stack's result is good. */
static bool
walk_stack(struct walk *w, const struct stack *s)
{
	w->stack = s;
	return stack_walk(s, MODULE_KEY, run_line, w, NULL) ==
		   TOKENWARD_MODULE_OK &&
	       w->opened;
}

static bool
keep_of(const struct stack *s, int64_t *ret)
{
	const struct stack_line *line = key_stack_line(s, CACHE);
	const char *text = line ? strmap_get(&line->options, "timeout") : NULL;

	*ret = line ? KEEP_SECONDS : 0;
	return !text || duration_parse(text, ret);
}

static int
walk_slots(struct walk *w, const struct stack *s, struct key_opened *ret,
    struct error *err)
{
	if (!walk_stack(w, s))
		return report(w, s, err);
	if (!header_verify(w->h, w->master))
		return error_set(err, TOKENWARD_DAMAGED,
		    "the header of the store %s was changed or is damaged, "
		    "though its key fits; \"tokenward doctor --repair\" puts "
		    "its last copy back",
		    w->ctx.store_path ? w->ctx.store_path : "");
	*ret = (struct key_opened){.kind = w->opened->kind,
	    .slot = w->opened->id,
	    .human = key_needs_human(w->opened->kind)};
	if ((ret->human || w->slow) && !keep_of(s, &ret->keep))
		ret->keep = 0;
	return TOKENWARD_OK;
}

static bool
try_cache(struct walk *w)
{
	if (!keyring_get(w->h->store_id, w->h->epoch, w->master))
		return false;
	if (header_verify(w->h, w->master))
		return true;
	keyring_forget(w->h->store_id, w->h->epoch);
	add_reason(w, "the key that the kernel kept was not this store's");
	return false;
}

static int
unlock(struct walk *w, struct key_opened *ret, struct error *err)
{
	struct key_stack k;
	int r;

	if (try_cache(w)) {
		*ret = (struct key_opened){.kind = CACHE};
		return TOKENWARD_OK;
	}
	if (key_stack_get(&w->ctx, &k, err) != TOKENWARD_OK)
		return err->code;
	r = walk_slots(w, k.s, ret, err);
	key_stack_free(&k);
	return r;
}

int
unlock_master(const struct header *h, const struct key_context *ctx,
    unsigned char *ret_master, struct key_opened *ret, struct error *err)
{
	struct walk w;
	int r;

	walk_begin(&w, h, ctx, ret_master);
	r = w.kek ? unlock(&w, ret, err) : error_memory(err);
	walk_end(&w);
	if (r != TOKENWARD_OK)
		wipe(ret_master, KEY_LEN);
	return r;
}

static const char *
unattended(struct walk *w)
{
	struct error err;
	struct key_stack k;
	bool good;

	w->ask = NULL;
	if (!w->master || !w->kek ||
	    key_stack_get(&w->ctx, &k, &err) != TOKENWARD_OK)
		return NULL;
	good = walk_stack(w, k.s) && header_verify(w->h, w->master);
	key_stack_free(&k);
	return good ? w->opened->kind : NULL;
}

const char *
unlock_unattended(
    const struct header *h, const struct key_context *ctx, bool slow)
{
	unsigned char *master = secret_alloc(KEY_LEN);
	const char *kind;
	struct walk w;

	walk_begin(&w, h, ctx, master);
	w.programs = slow;
	kind = unattended(&w);
	walk_end(&w);
	secret_free(master);
	return kind;
}

int
unlock_keep(
    const struct key_context *ctx, int64_t *ret_seconds, struct error *err)
{
	const struct stack_line *line;
	struct key_stack k;
	int r = key_stack_get(ctx, &k, err);

	if (r != TOKENWARD_OK)
		return r;
	line = key_stack_line(k.s, CACHE);
	if (!keep_of(k.s, ret_seconds)) {
		r = error_set(err, TOKENWARD_CONFIG,
		    "its timeout wants a duration such as 8h, not \"%s\"",
		    strmap_get(&line->options, "timeout"));
		error_prefix(err, "%s:%u: the unlock line of " CACHE ": ",
		    line->file ? line->file : "", line->line);
	}
	key_stack_free(&k);
	return r;
}
