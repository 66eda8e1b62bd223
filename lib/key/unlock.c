/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk: the kernel's cache, then every slot of every method in the order
 * of the table, until a key verifies the header.  Nothing in the header is
 * trusted before that.
 */
#include <string.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "key/methods.h"
#include "store/header.h"

struct walk {
	const struct header *h;
	struct key_context ctx; /* its ask is ours: one question for all */
	tokenward_ask_fn ask;
	void *ask_data;
	bool asked;
	struct buf answer; /* secret */
	long answered;
	unsigned char *kek;
	unsigned char *master;
	int code; /* of the most telling failure */
	struct buf reasons;
};

/* Several passphrase slots, one question. */
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

static void
walk_begin(struct walk *w, const struct header *h,
    const struct key_context *ctx, unsigned char *master)
{
	*w = (struct walk){.h = h,
	    .ctx = *ctx,
	    .ask = ctx->ask,
	    .ask_data = ctx->ask_data,
	    .answer = BUF_SECRET_INIT,
	    .kek = secret_alloc(KEY_LEN),
	    .master = master,
	    .code = TOKENWARD_LOCKED};
	if (ctx->ask) {
		w->ctx.ask = ask_once;
		w->ctx.ask_data = w;
	}
}

static void
walk_end(struct walk *w)
{
	secret_free(w->kek);
	buf_free(&w->answer);
	buf_free(&w->reasons);
}

static void
add_reason(struct walk *w, const char *text)
{
	buf_printf(&w->reasons, "%s%s", w->reasons.len ? "; " : "", text);
}

static void
add_failure(struct walk *w, const struct error *err)
{
	if (w->code == TOKENWARD_LOCKED)
		w->code = err->code;
	add_reason(w, err->text);
}

/* TOKENWARD_OK: w->master is the key, though the header may disagree. */
static int
try_slot(struct walk *w, const struct key_method *m, const struct key_slot *s)
{
	struct error err = {0};
	int r = key_slot_open(w->h, s, &w->ctx, w->kek, w->master, &err);

	(void)m;
	if (r != TOKENWARD_OK)
		add_failure(w, &err);
	return r;
}

/* The first slot of that method that opens; NULL: none. */
static const struct key_slot *
try_method(struct walk *w, const struct key_method *m)
{
	size_t i;

	for (i = 0; i < w->h->slots_n; i++)
		if (strcmp(w->h->slots[i].kind, m->name) == 0 &&
		    try_slot(w, m, &w->h->slots[i]) == TOKENWARD_OK)
			return &w->h->slots[i];
	return NULL;
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

/* The slot that opened; NULL: none did. */
static const struct key_slot *
try_methods(struct walk *w, bool humans)
{
	const struct key_method *const *m;
	const struct key_slot *s;

	for (m = key_methods; *m; m++) {
		if (!has_slot(w->h, (*m)->name))
			continue;
		if ((*m)->needs_human && !(humans && w->ask)) {
			add_reason(w, "nobody can be asked for the passphrase");
			continue;
		}
		s = try_method(w, *m);
		if (s)
			return s;
	}
	return NULL;
}

static void
add_unknown_slots(struct walk *w)
{
	size_t i;

	for (i = 0; i < w->h->slots_n; i++)
		if (!key_method_find(w->h->slots[i].kind))
			buf_printf(&w->reasons,
			    "%sthere is no key module \"%s\" here",
			    w->reasons.len ? "; " : "", w->h->slots[i].kind);
	if (w->h->slots_n == 0)
		add_reason(w, "it has no key slot");
}

/* What was found wrong with a file has its cure in its own sentence. */
static const char *
cure(const struct walk *w)
{
	if (has_slot(w->h, passphrase_method.name))
		return "; \"tokenward unlock\" on a terminal asks for the "
		       "passphrase and keeps the key for a while";
	return w->code == TOKENWARD_LOCKED ? "; put the key back where it was"
					   : "";
}

static int
report(struct walk *w, struct error *err)
{
	add_unknown_slots(w);
	return error_set(err, w->code, "the store %s is locked: %s%s",
	    w->ctx.store_path ? w->ctx.store_path : "", buf_str(&w->reasons),
	    cure(w));
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
walk_slots(struct walk *w, struct key_opened *ret, struct error *err)
{
	const struct key_slot *s = try_methods(w, true);

	if (!s)
		return report(w, err);
	if (!header_verify(w->h, w->master))
		return error_set(err, TOKENWARD_DAMAGED,
		    "the header of the store %s was changed or is damaged, "
		    "though its key fits; \"tokenward doctor --repair\" puts "
		    "its last copy back",
		    w->ctx.store_path ? w->ctx.store_path : "");
	*ret = (struct key_opened){
	    .kind = s->kind, .slot = s->id, .human = key_needs_human(s->kind)};
	return TOKENWARD_OK;
}

int
unlock_master(const struct header *h, const struct key_context *ctx,
    unsigned char *ret_master, struct key_opened *ret, struct error *err)
{
	struct walk w;
	int r = TOKENWARD_OK;

	walk_begin(&w, h, ctx, ret_master);
	if (!w.kek)
		r = error_memory(err);
	else if (try_cache(&w))
		*ret = (struct key_opened){.kind = "keyring-cache"};
	else
		r = walk_slots(&w, ret, err);
	walk_end(&w);
	if (r != TOKENWARD_OK)
		wipe(ret_master, KEY_LEN);
	return r;
}

const char *
unlock_unattended(const struct header *h, const struct key_context *ctx)
{
	unsigned char *master = secret_alloc(KEY_LEN);
	const struct key_slot *s = NULL;
	struct walk w;

	walk_begin(&w, h, ctx, master);
	if (master && w.kek)
		s = try_methods(&w, false);
	if (s && !header_verify(h, master))
		s = NULL;
	walk_end(&w);
	secret_free(master);
	return s ? s->kind : NULL;
}
