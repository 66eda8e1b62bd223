/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening, locking and re-wrapping with passphrases that a login knows.  Only
 * passphrase slots are tried: a PIN, say, is not to be guessed at with what
 * was typed for something else.
 */
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/events.h"
#include "core/login.h"
#include "key/methods.h"
#include "key/module_slot.h"

struct login {
	struct tokenward *tw;
	const struct header *h;
	struct key_context ctx;
	const struct buf *answer; /* to whatever a slot asks */
	unsigned char *kek, *master;
	const struct key_slot *opened;
	struct error *err;
};

static long
give(void *data, const struct tokenward_question *question, char *answer,
    size_t cap)
{
	const struct buf *known = ((struct login *)data)->answer;

	(void)question;
	if (known->len == 0 || known->len > cap)
		return -1;
	memcpy(answer, known->data, known->len);
	return (long)known->len;
}

static int
begin(struct login *l, struct tokenward *tw, const struct buf *answer)
{
	l->tw = tw;
	l->err = &tw->err;
	l->answer = answer;
	call_begin(tw);
	if (need_store(tw, &tw->err) != TOKENWARD_OK)
		return tw->err.code;
	l->h = store_header(tw->store);
	l->ctx = tw->keys;
	l->ctx.ask = give;
	l->ctx.ask_data = l;
	l->kek = secret_alloc(KEY_LEN);
	l->master = secret_alloc(KEY_LEN);
	return l->kek && l->master ? TOKENWARD_OK : error_memory(&tw->err);
}

static int
end(struct login *l, int result)
{
	secret_free(l->kek);
	secret_free(l->master);
	l->tw->opened = true; /* the stack is to be wiped */
	return call_end(l->tw, result);
}

/* ---- the passphrase slots ---------------------------------------------- */

static bool
is_passphrase(const char *kind)
{
	return strcmp(kind, passphrase_method.name) == 0;
}

static int
try_slot(struct login *l, const struct key_slot *s)
{
	int r = key_slot_open(l->h, s, &l->ctx, l->kek, l->master, l->err);

	if (r == TOKENWARD_OK && !header_verify(l->h, l->master))
		r = error_read(l->err, TOKENWARD_DAMAGED,
		    "key slot %u opens, but the header of the store %s was "
		    "changed or is damaged",
		    s->id, l->tw->path);
	if (r == TOKENWARD_OK)
		l->opened = s;
	return r;
}

static int
try_slots(struct login *l)
{
	size_t i;
	int r = error_set(l->err, TOKENWARD_NOT_FOUND,
	    "no key slot of the store %s is for a passphrase", l->tw->path);

	for (i = 0; r != TOKENWARD_OK && i < l->h->slots_n; i++)
		if (is_passphrase(l->h->slots[i].kind))
			r = try_slot(l, &l->h->slots[i]);
	return r;
}

/* ---- what is told ------------------------------------------------------- */

/* It is done: a line that fails is no reason to say otherwise. */
static void
tell(struct login *l, enum event event, const char *reason)
{
	struct error ignored;

	event_raise(l->tw, &ignored, event, "reason", reason, NULL);
}

static void
tell_change(struct login *l)
{
	struct error ignored;
	char number[16];

	snprintf(number, sizeof(number), "%u", (unsigned)l->opened->id);
	event_raise(l->tw, &ignored, EVENT_KEY_CHANGED, "slot", number, "kind",
	    l->opened->kind, NULL);
}

/* ---- open and lock ----------------------------------------------------- */

/* Every other module has nothing for a login. */
static enum tokenward_module_result
run_line(void *data, const struct stack_line *line)
{
	struct login *l = data;

	if (!is_passphrase(line->module))
		return TOKENWARD_MODULE_NONE;
	return try_slots(l) == TOKENWARD_OK ? TOKENWARD_MODULE_OK
					    : TOKENWARD_MODULE_DENIED;
}

static int
walk(struct login *l)
{
	struct key_stack k;
	bool good;

	if (key_stack_get(&l->ctx, &k, l->err) != TOKENWARD_OK)
		return l->err->code;
	error_set(l->err, TOKENWARD_CONFIG,
	    "the unlock lines of the stack do not let a passphrase open the "
	    "store %s",
	    l->tw->path);
	good = stack_walk(k.s, MODULE_KEY, run_line, l, NULL) ==
		   TOKENWARD_MODULE_OK &&
	       l->opened;
	key_stack_free(&k);
	return good ? TOKENWARD_OK : l->err->code;
}

static bool
is_open(const struct login *l)
{
	return keyring_get(l->h->store_id, l->h->epoch, l->master) &&
	       header_verify(l->h, l->master);
}

static int
open_and_keep(struct login *l)
{
	int64_t keep = 0;
	int r = unlock_keep(&l->ctx, &keep, l->err);

	if (r != TOKENWARD_OK)
		return r;
	if (keep <= 0)
		return error_set(l->err, TOKENWARD_CONFIG,
		    "the kernel may not keep a key: no unlock line names "
		    "keyring-cache");
	r = is_open(l) ? TOKENWARD_OK : walk(l);
	if (r == TOKENWARD_OK &&
	    !keyring_put(l->h->store_id, l->h->epoch, l->master, keep))
		r = error_set(l->err, TOKENWARD_FAILED,
		    "the kernel's keyring would not keep the key");
	if (r == TOKENWARD_OK && l->opened)
		tell(l, EVENT_STORE_UNLOCKED, "login");
	return r;
}

int
login_open(struct tokenward *tw, const struct buf *passphrase)
{
	struct login l = {0};
	const char *kind = NULL;
	int r = begin(&l, tw, passphrase);

	if (r == TOKENWARD_OK &&
	    !unlock_unattended(l.h, &tw->keys, false, &kind))
		r = error_memory(l.err);
	if (r == TOKENWARD_OK && !kind)
		r = open_and_keep(&l);
	return end(&l, r);
}

int
login_lock(struct tokenward *tw)
{
	struct login l = {0};
	int r = begin(&l, tw, NULL);

	if (r == TOKENWARD_OK) {
		keyring_forget(l.h->store_id, l.h->epoch);
		keyring_forget(l.h->store_id, l.h->epoch - 1);
		tell(&l, EVENT_STORE_LOCKED, "the last session ended");
	}
	return end(&l, r);
}

/* ---- change ------------------------------------------------------------ */

static bool
same_slot(const struct key_slot *a, const struct key_slot *b)
{
	return a->id == b->id && strcmp(a->kind, b->kind) == 0 &&
	       memcmp(a->wrapped, b->wrapped, SLOT_WRAPPED_LEN) == 0;
}

static struct key_slot *
slot_now(const struct login *l, struct header *h)
{
	size_t i;

	for (i = 0; i < h->slots_n; i++)
		if (same_slot(&h->slots[i], l->opened))
			return &h->slots[i];
	error_set(l->err, TOKENWARD_EXISTS,
	    "another process changed key slot %u of the store %s meanwhile",
	    l->opened->id, l->tw->path);
	return NULL;
}

/* fresh takes the place of the slot; what was there is freed with it. */
static int
put_in_place(struct login *l, struct header *h, struct key_slot *fresh)
{
	struct key_slot *place = slot_now(l, h), old;
	int r;

	if (!place)
		return l->err->code;
	fresh->id = place->id;
	fresh->created_at = tokenward_now(l->tw);
	r = slot_wrap(fresh, h->store_id, l->kek, l->master, l->err);
	if (r != TOKENWARD_OK)
		return r;
	old = *place;
	*place = *fresh;
	*fresh = old;
	return store_replace_header(l->tw->store, h, l->master, l->err);
}

static int
publish(struct login *l, struct key_slot *fresh)
{
	cleanup_lock int lock = -1;
	struct header h = {0};
	int r = lock_header(l->tw, l->master, &lock, &h, l->err);

	if (r == TOKENWARD_OK)
		r = put_in_place(l, &h, fresh);
	header_free(&h);
	return r;
}

/* The header is read again under the lock: the slot is kept by its copy. */
static int
rewrap(struct login *l, const struct buf *new)
{
	struct key_slot fresh = {0}, before = *l->opened;
	int r;

	l->opened = &before;
	l->answer = new;
	before.kind = (char *)(uintptr_t)passphrase_method.name;
	r = key_enroll(&l->ctx, passphrase_method.name, &fresh, l->kek, l->err);
	if (r == TOKENWARD_OK)
		r = publish(l, &fresh);
	if (r == TOKENWARD_OK)
		tell_change(l);
	slot_free(&fresh);
	return r;
}

int
login_change(struct tokenward *tw, const struct buf *old, const struct buf *new)
{
	struct login l = {0};
	int r = begin(&l, tw, old);

	if (r == TOKENWARD_OK)
		r = try_slots(&l);
	if (r == TOKENWARD_OK)
		r = rewrap(&l, new);
	return end(&l, r);
}
