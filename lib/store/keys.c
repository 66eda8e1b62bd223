/* SPDX-License-Identifier: BSD-2-Clause */
/* The subkeys of an open store, and new ones after a new master key. */
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/secret.h"
#include "store/front.h"
#include "store/lock.h"

#define JOIN_MS 5000
#define JOIN_TRIES 3

static const struct {
	enum subkey record, nonce;
} kinds[RECORD_KIND_MAX] = {
    [RECORD_CREDENTIAL] = {SUBKEY_CREDENTIALS, SUBKEY_CREDENTIALS_NONCE},
    [RECORD_TOKENS] = {SUBKEY_TOKENS, SUBKEY_TOKENS_NONCE},
};

static void
derive(struct seal_keys *k, enum record_kind kind, const unsigned char *master)
{
	subkey_derive(kinds[kind].record, master, k->record);
	subkey_derive(kinds[kind].nonce, master, k->nonce);
}

static void
derive_kind(struct keys *k, enum record_kind kind, const unsigned char *master,
    const unsigned char *old)
{
	derive(&k->record[kind], kind, master);
	if (old)
		derive(&k->old[kind], kind, old);
	k->has_old = old != NULL;
	k->ready[kind] = 1;
}

static int
derive_all(const struct store *s, struct keys *k, const unsigned char *master,
    const unsigned char *old, bool with_credentials, struct error *err)
{
	if (!s->header.kept[KEPT_INDEX_KEY].there)
		subkey_derive(SUBKEY_INDEX, master, k->index);
	else if (!header_kept(&s->header, KEPT_INDEX_KEY, master, k->index))
		return error_read(err, TOKENWARD_DAMAGED,
		    "the header of the store %s is damaged (index_key)",
		    s->files.path);
	derive_kind(k, RECORD_TOKENS, master, old);
	if (!with_credentials)
		return TOKENWARD_OK;
	if (sodium_init() < 0) /* the fast code */
		return error_set(err, TOKENWARD_FAILED,
		    "the system gives no random numbers");
	derive_kind(k, RECORD_CREDENTIAL, master, old);
	return TOKENWARD_OK;
}

/* The master key before, while it is needed. */
static int
derive_both(const struct store *s, struct keys *k, const unsigned char *master,
    bool with_credentials, struct error *err)
{
	unsigned char *old;
	int r;

	if (!s->header.kept[KEPT_OLD_MASTER].there)
		return derive_all(s, k, master, NULL, with_credentials, err);
	old = secret_alloc(KEY_LEN);
	if (!old)
		return error_memory(err);
	if (header_kept(&s->header, KEPT_OLD_MASTER, master, old))
		r = derive_all(s, k, master, old, with_credentials, err);
	else
		r = error_read(err, TOKENWARD_DAMAGED,
		    "the header of the store %s is damaged (old_master)",
		    s->files.path);
	secret_free(old);
	return r;
}

int
store_unlock(struct store *s, const unsigned char *master,
    bool with_credentials, struct error *err)
{
	struct keys *k = secret_alloc(sizeof(*k));
	int r;

	if (!k)
		return error_memory(err);
	subkey_derive(SUBKEY_HEADER, master, k->header);
	if (header_verify_key(&s->header, k->header))
		r = derive_both(s, k, master, with_credentials, err);
	else
		r = error_set(err, TOKENWARD_LOCKED,
		    "the key is not that of the store %s", s->files.path);
	if (r != TOKENWARD_OK) {
		secret_free(k);
		return r;
	}
	store_lock_keys(s);
	s->keys = k;
	return TOKENWARD_OK;
}

bool
store_is_unlocked(const struct store *s, bool with_credentials)
{
	return s->keys && s->keys->ready[with_credentials ? RECORD_CREDENTIAL
							  : RECORD_TOKENS];
}

void
store_lock_keys(struct store *s)
{
	secret_free(s->keys);
	s->keys = NULL;
}

void
store_on_rekey(struct store *s, store_renew_fn renew, void *data)
{
	s->renew = renew;
	s->renew_data = data;
}

int
store_renew(struct store *s, struct error *err)
{
	unsigned char id[STORE_ID_LEN];
	bool with_credentials = store_is_unlocked(s, true);

	memcpy(id, s->header.store_id, sizeof(id));
	if (store_reload(s, err) != TOKENWARD_OK)
		return err->code;
	if (memcmp(id, s->header.store_id, sizeof(id)) != 0)
		return error_set(err, TOKENWARD_CONFIG,
		    "there is another store at %s now; say it again",
		    s->files.path);
	if (store_is_unlocked(s, with_credentials))
		return TOKENWARD_OK;
	if (s->renew)
		return s->renew(s->renew_data, with_credentials, err);
	return error_set(err, TOKENWARD_LOCKED,
	    "the store %s got a new master key meanwhile; open it again",
	    s->files.path);
}

/*
 * Between two master keys, or two places, a record is lost with the header
 * that tells of the new one: that may be of somebody who was killed.
 */
static int
settle_change(struct store *s, struct error *err)
{
	return s->header.has_other || store_is_rekeyed(s)
		   ? store_settle_header(s, err)
		   : TOKENWARD_OK;
}

int
store_join(struct store *s, int *ret_lock, struct error *err)
{
	bool same;
	int i;

	for (i = 0; i < JOIN_TRIES; i++) {
		if (lock_share(s->files.dir, LOCK_AT_EPOCH,
			store_until(s, JOIN_MS), ret_lock, err) != TOKENWARD_OK)
			return error_prefix(err, "%s: ", s->files.path);
		if (header_compare(s, &same, err) != TOKENWARD_OK)
			return err->code;
		if (same)
			return settle_change(s, err);
		store_unlock_range(ret_lock);
		if (store_renew(s, err) != TOKENWARD_OK)
			return err->code;
	}
	return error_set(err, TOKENWARD_EXISTS,
	    "the header of the store %s is being changed; try again",
	    s->files.path);
}
