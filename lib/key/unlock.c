/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk: the kernel's cache, then the unlock lines of the stack, each with
 * every slot of its kind, until a key verifies the header.  Nothing in the
 * header is trusted before that.
 *
 * The cache is asked before the stack is even read: that is what a warm start
 * costs.  What the stack says about it decides whether a key is put there.
 */
#include <errno.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "key/walk.h"

#define CACHE "keyring-cache"
#define KEEP_SECONDS (8 * 3600)

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
	if (walk_has_slot(h, passphrase_method.name) &&
	    walk_has_slot(h, recovery_method.name))
		w->ctx.question = "Passphrase or recovery code";
}

static void
walk_end(struct walk *w)
{
	secret_free(w->kek);
	buf_free(&w->answer);
	buf_free(&w->reasons);
}

/* ---- the stack --------------------------------------------------------- */

/* The slot that opened is in w->opened, if the stack's result is good. */
static bool
walk_stack(struct walk *w, const struct stack *s)
{
	w->stack = s;
	return stack_walk(s, MODULE_KEY, walk_run_line, w, NULL) ==
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
		return walk_report(w, s, err);
	if (!header_verify(w->h, w->master))
		return error_read(err, TOKENWARD_DAMAGED,
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
	if (errno == ENOMEM)
		return false;
	keyring_forget(w->h->store_id, w->h->epoch);
	walk_add_reason(w, "the key that the kernel kept was not this store's");
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

static bool
unattended(struct walk *w, const char **ret)
{
	struct error err;
	struct key_stack k;

	w->ask = NULL;
	if (!w->master || !w->kek)
		return false;
	if (key_stack_get(&w->ctx, &k, &err) != TOKENWARD_OK)
		return !err.no_memory;
	if (walk_stack(w, k.s) && header_verify(w->h, w->master))
		*ret = w->opened->kind;
	key_stack_free(&k);
	return *ret || !w->no_memory;
}

bool
unlock_unattended(const struct header *h, const struct key_context *ctx,
    bool slow, const char **ret)
{
	unsigned char *master = secret_alloc(KEY_LEN);
	struct walk w;
	bool known;

	*ret = NULL;
	walk_begin(&w, h, ctx, master);
	w.programs = slow;
	known = unattended(&w, ret);
	walk_end(&w);
	secret_free(master);
	return known;
}

/* Without such a line nothing is kept, or nobody knows: one of them cannot be
   read. */
static int
find_keep(const struct stack *s, int64_t *ret_seconds, struct error *err)
{
	const struct stack_line *line = key_stack_line(s, CACHE);

	if (!line && key_stack_check(s, err) != TOKENWARD_OK)
		return err->code;
	if (keep_of(s, ret_seconds))
		return TOKENWARD_OK;
	error_set(err, TOKENWARD_CONFIG,
	    "its timeout wants a duration such as 8h, not \"%s\"",
	    strmap_get(&line->options, "timeout"));
	return module_blame(line, err);
}

int
unlock_keep(
    const struct key_context *ctx, int64_t *ret_seconds, struct error *err)
{
	struct key_stack k;
	int r = key_stack_get(ctx, &k, err);

	if (r != TOKENWARD_OK)
		return r;
	r = find_keep(k.s, ret_seconds, err);
	key_stack_free(&k);
	return r;
}
