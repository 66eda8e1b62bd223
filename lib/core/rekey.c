/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new master key for a store in use (store/rekey.c has the records' part).
 * Every slot is opened first, so that each wraps the new key too; nothing is
 * changed before all questions are answered.
 */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/events.h"
#include "key/key.h"

#define CACHE_SECONDS (8 * 3600)

/* In the locked arena. */
struct rekey_keys {
	unsigned char master[KEY_LEN]; /* the one there is */
	unsigned char fresh[KEY_LEN];
	unsigned char kek[SLOTS_MAX][KEY_LEN];
	unsigned char trial[KEY_LEN];
};

struct rekey {
	struct tokenward *tw;
	bool drop_others;
	struct key_context ctx;
	bool answered; /* a human gave an answer for this slot */
	struct rekey_keys *keys;
	bool opens[SLOTS_MAX];
	uint32_t ids[SLOTS_MAX]; /* of the slots that were looked at */
	size_t ids_n;
	struct buf missing; /* those that do not, and why */
	struct key_slot dropped[SLOTS_MAX];
	size_t dropped_n;
	struct buf text;
};

static long
watch_answer(void *data, const struct tokenward_question *question,
    char *answer, size_t cap)
{
	struct rekey *k = data;
	long n = k->tw->keys.ask(k->tw->keys.ask_data, question, answer, cap);

	k->answered |= n > 0;
	return n;
}

/* ---- the slots there are ----------------------------------------------- */

/*
 * A slot that did not open may be dropped when it was asked for; not so one
 * whose human mistyped.
 */
static int
keep_for_later(struct rekey *k, const struct key_slot *s, struct error *err)
{
	cleanup_buf struct buf name = BUF_INIT;

	if (k->answered)
		return error_prefix(err, "nothing was changed: ");
	key_slot_name(s, &name);
	buf_printf(&k->missing, "%s%u (%s: %s)", k->missing.len ? ", " : "",
	    s->id, buf_str(&name), err->text);
	return TOKENWARD_OK;
}

static int
try_slot(struct rekey *k, size_t i, struct error *err)
{
	const struct header *h = store_header(k->tw->store);
	const struct key_slot *s = &h->slots[i];
	int r;

	k->answered = false;
	r = key_slot_open(h, s, &k->ctx, k->keys->kek[i], k->keys->trial, err);
	if (r != TOKENWARD_OK)
		return keep_for_later(k, s, err);
	if (!header_verify(h, k->keys->trial))
		return error_set(err, TOKENWARD_DAMAGED,
		    "key slot %u opens, but the header of the store %s was "
		    "changed or is damaged; \"%s doctor --repair\" puts its "
		    "last copy back",
		    s->id, k->tw->path, command_name(k->tw));
	memcpy(k->keys->master, k->keys->trial, KEY_LEN);
	k->opens[i] = true;
	return TOKENWARD_OK;
}

static int
try_slots(struct rekey *k, struct error *err)
{
	const struct header *h = store_header(k->tw->store);
	bool any = false;
	size_t i;
	int r = TOKENWARD_OK;

	for (i = 0; r == TOKENWARD_OK && i < h->slots_n; i++) {
		k->ids[k->ids_n++] = h->slots[i].id;
		r = try_slot(k, i, err);
		any |= k->opens[i];
	}
	if (r != TOKENWARD_OK)
		return r;
	if (!any)
		return error_set(err, TOKENWARD_LOCKED,
		    "no key slot of the store %s opens, and a new master key "
		    "needs one that does: %s",
		    k->tw->path, buf_str(&k->missing));
	if (k->missing.len && !k->drop_others)
		return error_set(err, TOKENWARD_LOCKED,
		    "nothing was changed: these key slots cannot be renewed "
		    "now: %s; bring what they need, or give them up with "
		    "--drop-others",
		    buf_str(&k->missing));
	return TOKENWARD_OK;
}

/* ---- the header -------------------------------------------------------- */

static int
wrap_slots(struct rekey *k, struct header *h, struct error *err)
{
	size_t i, n = 0;
	int r;

	for (i = 0; i < h->slots_n; i++) {
		if (!k->opens[i]) {
			k->dropped[k->dropped_n++] = h->slots[i];
			h->slots[i] = (struct key_slot){0};
			continue;
		}
		r = slot_wrap(&h->slots[i], h->store_id, k->keys->kek[i],
		    k->keys->fresh, err);
		if (r != TOKENWARD_OK)
			return r;
		if (n != i) {
			h->slots[n] = h->slots[i];
			h->slots[i] = (struct key_slot){0};
		}
		n++;
	}
	h->slots_n = n;
	return TOKENWARD_OK;
}

/* The slots are those that were looked at, in the same order. */
static bool
same_slots(const struct rekey *k, const struct header *h)
{
	size_t i;

	for (i = 0; i < h->slots_n && i < k->ids_n; i++)
		if (h->slots[i].id != k->ids[i])
			return false;
	return h->slots_n == k->ids_n;
}

/*
 * Where the kernel keeps the old key it keeps the new one, under a name of
 * its own, before anybody needs it.
 */
static bool
keep_fresh(struct rekey *k, const struct header *now)
{
	return keyring_get(now->store_id, now->epoch, k->keys->trial) &&
	       keyring_put(now->store_id, now->epoch + 1, k->keys->fresh,
		   CACHE_SECONDS);
}

static int
begin(struct rekey *k, struct header *h, struct error *err)
{
	struct store *s = k->tw->store;
	int64_t epoch = h->epoch;
	bool kept;
	int r = wrap_slots(k, h, err);

	if (r == TOKENWARD_OK)
		r = store_unlock(s, k->keys->master, true, err);
	if (r != TOKENWARD_OK)
		return r;
	kept = keep_fresh(k, store_header(s));
	r = store_rekey_begin(s, h, k->keys->master, k->keys->fresh, err);
	if (kept)
		keyring_forget(store_header(s)->store_id,
		    r == TOKENWARD_OK ? epoch : epoch + 1);
	return r;
}

/* ---- the records ------------------------------------------------------- */

static int
finish(struct rekey *k, const unsigned char *master, struct error *err)
{
	size_t done = 0;
	int r = store_rekey_records(k->tw->store, &done, err);

	if (r == TOKENWARD_DAMAGED)
		return error_prefix(err,
		    "the new master key is in use, but the old one is still "
		    "needed (say \"%s key rekey\" again when this is mended): ",
		    command_name(k->tw));
	if (r == TOKENWARD_OK)
		r = store_rekey_end(k->tw->store, master, err);
	if (r == TOKENWARD_OK)
		put_line(&k->text,
		    "The store has a new master key; %zu record%s sealed "
		    "anew.",
		    done, done == 1 ? " was" : "s were");
	return r;
}

static void
say_dropped(struct rekey *k)
{
	struct error err;
	size_t i;

	for (i = 0; i < k->dropped_n; i++)
		key_slot_forget(store_header(k->tw->store), &k->dropped[i],
		    &k->tw->keys, &err);
	if (k->missing.len)
		put_line(
		    &k->text, "Dropped: key slot %s.", buf_str(&k->missing));
	put_line(&k->text,
	    "Copies of the store from before, as in backups, hold what they "
	    "held then and open as they did then.");
}

static int
start(struct rekey *k, struct error *err)
{
	cleanup_lock int lock = -1;
	struct header h = {0};
	int r;

	randombytes_buf(k->keys->fresh, KEY_LEN);
	r = lock_header(k->tw, k->keys->master, &lock, &h, err);
	if (r == TOKENWARD_OK && !same_slots(k, &h))
		r = error_set(err, TOKENWARD_EXISTS,
		    "the key slots of the store %s were changed by another "
		    "process meanwhile; say it again",
		    k->tw->path);
	if (r == TOKENWARD_OK)
		r = begin(k, &h, err);
	header_free(&h);
	if (r == TOKENWARD_OK)
		r = finish(k, k->keys->fresh, err);
	if (r == TOKENWARD_OK)
		say_dropped(k);
	return r;
}

/* Begun earlier, by whoever it was, and cut short. */
static int
resume(struct rekey *k, struct error *err)
{
	cleanup_lock int lock = -1;
	struct header h = {0};
	struct key_opened by;
	int r = find_master(k->tw, k->keys->master, &by, err);

	if (r == TOKENWARD_OK)
		r = lock_header(k->tw, k->keys->master, &lock, &h, err);
	header_free(&h);
	if (r == TOKENWARD_OK)
		r = store_unlock(k->tw->store, k->keys->master, true, err);
	if (r == TOKENWARD_OK && !store_is_rekeyed(k->tw->store))
		return r; /* somebody else finished it */
	return r ? r : finish(k, k->keys->master, err);
}

static int
rekey(struct rekey *k, struct error *err)
{
	int r;

	if (!k->tw->store) {
		*err = k->tw->unopened;
		return err->code;
	}
	k->keys = secret_alloc(sizeof(*k->keys));
	if (!k->keys)
		return error_memory(err);
	if (store_is_rekeyed(k->tw->store))
		return resume(k, err);
	k->ctx = k->tw->keys;
	k->ctx.one_slot = true;
	k->ctx.dialogs = true;
	if (k->ctx.ask) {
		k->ctx.ask = watch_answer;
		k->ctx.ask_data = k;
	}
	k->tw->opened = true;
	r = try_slots(k, err);
	return r ? r : start(k, err);
}

int
tokenward_rekey(struct tokenward *tw, unsigned flags, char **ret_text)
{
	struct rekey k = {
	    .tw = tw, .drop_others = flags & TOKENWARD_REKEY_DROP_OTHERS};
	int r;

	if (!tw || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	call_begin(tw);
	r = rekey(&k, &tw->err);
	if (r == TOKENWARD_OK)
		r = event_raise_done(tw, &tw->err, EVENT_STORE_REKEYED,
		    "the store has a new master key", NULL);
	if (r == TOKENWARD_OK)
		r = text_result(&k.text, ret_text, &tw->err);
	while (k.dropped_n > 0)
		slot_free(&k.dropped[--k.dropped_n]);
	secret_free(k.keys);
	buf_free(&k.missing);
	buf_free(&k.text);
	return call_end(tw, r);
}
