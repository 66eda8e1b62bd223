/* SPDX-License-Identifier: BSD-2-Clause */
/* The store is opened with its master key, when a call first needs it. */
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/events.h"
#include "key/key.h"

/* With a look at whether another process changed the header meanwhile. */
int
find_master(struct tokenward *tw, unsigned char *ret_master,
    struct key_opened *ret, struct error *err)
{
	const struct header *h = store_header(tw->store);
	int64_t sequence = h->sequence;
	struct error again;
	int r = unlock_master(h, &tw->keys, ret_master, ret, err);

	tw->opened = true;
	if ((r == TOKENWARD_LOCKED || r == TOKENWARD_DAMAGED) &&
	    store_reload(tw->store, &again) == TOKENWARD_OK &&
	    h->sequence != sequence)
		r = unlock_master(h, &tw->keys, ret_master, ret, err);
	return r;
}

/* Another process gave the store a new master key. */
static int
renew(void *data, bool with_credentials, struct error *err)
{
	return need_keys(data, with_credentials, err);
}

/* Nothing is kept where the store opens by itself, and quickly. */
static void
keep_master(const struct tokenward *tw, const unsigned char *master,
    const struct key_opened *by)
{
	const struct header *h = store_header(tw->store);
	const char *kind = NULL;

	if (by->keep > 0 &&
	    (!by->human ||
		(unlock_unattended(h, &tw->keys, false, &kind) && !kind)))
		keyring_put(h->store_id, h->epoch, master, by->keep);
}

/*
 * A key that a human typed opens everything at once, so that nobody is asked
 * twice in one call, and is kept by the kernel for a while.
 */
static int
unlock_with(struct tokenward *tw, unsigned char *master, bool with_credentials,
    struct error *err)
{
	struct key_opened by;
	int r = find_master(tw, master, &by, err);

	if (r != TOKENWARD_OK)
		return r;
	use_store(tw);
	r = store_unlock(tw->store, master, with_credentials || by.human, err);
	store_on_rekey(tw->store, renew, tw);
	if (r == TOKENWARD_OK)
		keep_master(tw, master, &by);
	return r;
}

/* That nobody is told changes nothing: it has failed already. */
static void
tell_locked(struct tokenward *tw, const struct error *why)
{
	struct error ignored;

	if (!tw->only_looks)
		event_raise(tw, &ignored, EVENT_STORE_LOCKED, "reason",
		    why->text, NULL);
}

int
need_store(struct tokenward *tw, struct error *err)
{
	if (tw->store)
		return TOKENWARD_OK;
	*err = tw->unopened;
	return err->code;
}

int
need_keys(struct tokenward *tw, bool with_credentials, struct error *err)
{
	unsigned char *master;
	int r;

	if (need_store(tw, err) != TOKENWARD_OK)
		return err->code;
	if (store_is_unlocked(tw->store, with_credentials))
		return TOKENWARD_OK;
	master = secret_alloc(KEY_LEN);
	if (!master)
		return error_memory(err);
	r = unlock_with(tw, master, with_credentials, err);
	secret_free(master);
	if (r == TOKENWARD_LOCKED)
		tell_locked(tw, err);
	return r;
}
