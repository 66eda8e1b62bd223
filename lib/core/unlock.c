/* SPDX-License-Identifier: BSD-2-Clause */
/* A store opened for a while, and locked again. */
#include <stdio.h>
#include <sodium.h>
#include "base/secret.h"
#include "core/events.h"
#include "key/key.h"

/* So far down the stack hashes and ciphers leave words of their keys. */
#define DEEP (32 * 1024)

/* For as long as was asked for, else as the stack says. */
static int
keep_seconds(struct tokenward *tw, int64_t *seconds, struct error *err)
{
	int64_t by_stack = 0;
	int r = unlock_keep(&tw->keys, &by_stack, err);

	if (r != TOKENWARD_OK)
		return r;
	if (by_stack <= 0)
		return error_set(err, TOKENWARD_CONFIG,
		    "the kernel may not keep a key: no unlock line names "
		    "keyring-cache");
	if (*seconds == 0)
		*seconds = by_stack;
	return TOKENWARD_OK;
}

static int
keep_key(struct tokenward *tw, int64_t seconds, struct error *err)
{
	const struct header *h = store_header(tw->store);
	unsigned char *master = secret_alloc(KEY_LEN);
	struct key_opened by;
	int r = master ? keep_seconds(tw, &seconds, err) : error_memory(err);

	if (r == TOKENWARD_OK)
		r = find_master(tw, master, &by, err);
	if (r == TOKENWARD_OK)
		r = store_unlock(tw->store, master, false, err);
	if (r == TOKENWARD_OK &&
	    !keyring_put(h->store_id, h->epoch, master, seconds))
		r = error_set(err, TOKENWARD_FAILED,
		    "the key is right, but the kernel's keyring would not "
		    "keep it (\"%s doctor\" says more)",
		    command_name(tw));
	secret_free(master);
	return r;
}

/* A quick unattended slot opens the store anyway: nothing is to be kept. */
static int
unlock(struct tokenward *tw, int64_t seconds, struct error *err)
{
	const char *kind;
	int r;

	if (need_store(tw, err) != TOKENWARD_OK)
		return err->code;
	if (!unlock_unattended(
		store_header(tw->store), &tw->keys, false, &kind))
		return error_memory(err);
	if (kind)
		return need_keys(tw, false, err);
	tw->keys.dialogs = true;
	r = keep_key(tw, seconds, err);
	tw->keys.dialogs = false;
	return r;
}

int
tokenward_unlock(struct tokenward *tw, int64_t seconds)
{
	int r;

	if (!tw)
		return null_argument(tw);
	call_begin(tw);
	r = unlock(tw, seconds, &tw->err);
	if (r == TOKENWARD_OK)
		r = event_raise_done(tw, &tw->err, EVENT_STORE_UNLOCKED,
		    "the store is unlocked", NULL);
	return call_end(tw, r);
}

static int
lock(struct tokenward *tw, char **ret_text, struct error *err)
{
	const struct header *h;
	const char *kind;

	*ret_text = NULL;
	if (need_store(tw, err) != TOKENWARD_OK)
		return err->code;
	h = store_header(tw->store);
	keyring_forget(h->store_id, h->epoch);
	keyring_forget(h->store_id, h->epoch - 1); /* a rekey cut short */
	store_lock_keys(tw->store);
	tw->opened = true;
	if (!unlock_unattended(h, &tw->keys, true, &kind)) {
		error_memory(err);
		return error_prefix(err, "the store is locked, but ");
	}
	if (kind && asprintf(ret_text,
			"the next call will unlock the store by itself: it "
			"has a %s that needs nobody",
			kind) < 0) {
		*ret_text = NULL;
		return error_memory(err);
	}
	return TOKENWARD_OK;
}

int
tokenward_lock(struct tokenward *tw, char **ret_text)
{
	int r;

	if (!tw || !ret_text)
		return null_argument(tw);
	call_begin(tw);
	r = lock(tw, ret_text, &tw->err);
	sodium_stackzero(DEEP);
	if (r == TOKENWARD_OK)
		r = event_raise_done(tw, &tw->err, EVENT_STORE_LOCKED,
		    "the store is locked", "reason", "lock", NULL);
	return call_end(tw, text_end(r, ret_text));
}
