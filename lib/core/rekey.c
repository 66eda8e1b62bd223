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
#include "core/home.h"
#include "core/rekey.h"

#define CACHE_SECONDS (8 * 3600)

/* ---- the header -------------------------------------------------------- */

static int
wrap_slots(struct rekey *k, struct header *h, struct error *err)
{
	size_t i, n = 0;
	int r;

	for (i = 0; i < h->slots_n; i++) {
		if (!k->opens[i]) {
			r = gone_note(h, &h->slots[i], err);
			if (r != TOKENWARD_OK)
				return r;
			slot_free(&h->slots[i]);
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
	return r ? r : finish(k, k->keys->fresh, err);
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
	memcpy(k->keys->fresh, k->keys->master, KEY_LEN);
	if (r == TOKENWARD_OK && !store_is_rekeyed(k->tw->store))
		return r; /* somebody else finished it */
	return r ? r : finish(k, k->keys->master, err);
}

/* Records of another store are not sealed anew behind its back. */
static int
check_home(struct tokenward *tw, struct error *err)
{
	const struct header *h = store_header(tw->store);
	enum home home = HOME_HERE;

	if (h->records.module &&
	    store_home(tw->store, &home, err) != TOKENWARD_OK)
		return err->code;

	if (home == HOME_MOVED)
		return refuse_moved(tw,
		    "a new master key would lock out others who have its "
		    "records",
		    err);
	if (home == HOME_COPY)
		return refuse_copy(tw,
		    "a new master key would lock that one out of its records: "
		    "give the copy some of its own first (\"store migrate --to "
		    "files\")",
		    err);
	return TOKENWARD_OK;
}

static int
prepare(struct rekey *k, struct error *err)
{
	int r;

	k->ctx = k->tw->keys;
	k->ctx.one_slot = true;
	k->ctx.dialogs = true;
	if (k->ctx.ask) {
		k->ctx.ask = rekey_watch_answer;
		k->ctx.ask_data = k;
	}
	k->tw->opened = true;
	r = rekey_try_slots(k, err);
	return r ? r : check_home(k->tw, err);
}

static int
rekey(struct rekey *k, struct error *err)
{
	bool begun;
	int r = need_store(k->tw, err);

	if (r != TOKENWARD_OK)
		return r;
	k->keys = secret_alloc(sizeof(*k->keys));
	if (!k->keys)
		return error_memory(err);
	begun = store_is_rekeyed(k->tw->store);
	r = begun ? resume(k, err) : prepare(k, err);
	if (r == TOKENWARD_OK && !begun)
		r = start(k, err);
	if (r == TOKENWARD_OK)
		gone_finish(k->tw, k->keys->fresh, &k->text);
	if (r == TOKENWARD_OK && !begun)
		say_dropped(k);
	return r;
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
	secret_free(k.keys);
	buf_free(&k.missing);
	buf_free(&k.text);
	return call_end(tw, r);
}
