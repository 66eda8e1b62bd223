/* SPDX-License-Identifier: BSD-2-Clause */
/* A store made, opened for a while, locked again. */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/core.h"
#include "key/key.h"

#define CACHE_SECONDS (8 * 3600)

/* What each way to unlock protects against, and what will still fail. */
static const struct {
	const char *kind, *text;
} advice[] = {
    {"keyfile",
	"The store opens by itself with the key file %s: jobs work, also "
	"after a reboot. It protects backups and copies of the store, not "
	"against somebody who can read that file too: keep it out of "
	"backups of the store."},
    {"passphrase",
	"The store opens with your passphrase%s, which the kernel remembers "
	"for 8 hours. Jobs without a terminal fail after that time and after "
	"a reboot: run \"tokenward unlock --for 30d\" then, or make the "
	"store with --key keyfile."},
};

static void
put_advice(struct buf *out, const struct header *h)
{
	const char *hole, *path;
	size_t i, k;

	for (i = 0; i < h->slots_n; i++)
		for (k = 0; k < sizeof(advice) / sizeof(advice[0]); k++) {
			if (strcmp(advice[k].kind, h->slots[i].kind) != 0)
				continue;
			path = strmap_get(&h->slots[i].params, "path");
			hole = strstr(advice[k].text, "%s");
			if (out->len)
				buf_put_byte(out, '\n');
			buf_put(out, advice[k].text,
			    (size_t)(hole - advice[k].text));
			buf_put_str(out, path ? path : "");
			buf_put_str(out, hole + 2);
		}
}

static int
enroll(struct tokenward *tw, const char *text, const unsigned char *master,
    struct header *h, struct error *err)
{
	struct key_slot *slot = &h->slots[h->slots_n];
	unsigned char *kek;
	int r;

	if (h->slots_n >= SLOTS_MAX)
		return error_set(err, TOKENWARD_USAGE,
		    "a store has at most %d keys", SLOTS_MAX);
	kek = secret_alloc(KEY_LEN);
	if (!kek)
		return error_memory(err);
	h->slots_n++;
	r = key_enroll(&tw->keys, text, slot, kek, err);
	slot->id = h->next_slot++;
	slot->created_at = h->created_at;
	if (r == TOKENWARD_OK)
		r = slot_wrap(slot, h->store_id, kek, master, err);
	secret_free(kek);
	return r;
}

static int
new_header(struct tokenward *tw, const char *const *keys,
    const unsigned char *master, struct header *h, struct error *err)
{
	static const char *const best[] = {"keyfile", NULL};
	int r = TOKENWARD_OK;

	h->format = h->min_reader = FORMAT_VERSION;
	h->suite = 1;
	h->epoch = 1;
	h->sequence = 1;
	h->next_slot = 1;
	h->created_at = tokenward_now(tw);
	randombytes_buf(h->store_id, sizeof(h->store_id));
	for (keys = keys && *keys ? keys : best; r == TOKENWARD_OK && *keys;
	     keys++)
		r = enroll(tw, *keys, master, h, err);
	return r;
}

static int
make(struct tokenward *tw, const char *const *keys, char **ret_text,
    struct error *err)
{
	unsigned char *master = secret_alloc(KEY_LEN);
	cleanup_buf struct buf text = BUF_INIT;
	struct header h = {0};
	int r;

	if (!master)
		return error_memory(err);
	randombytes_buf(master, KEY_LEN);
	r = new_header(tw, keys, master, &h, err);
	if (r == TOKENWARD_OK)
		r = store_create(tw->path, &h, master, &tw->store, err);
	if (r == TOKENWARD_OK &&
	    !unlock_unattended(store_header(tw->store), &tw->keys))
		keyring_put(h.store_id, h.epoch, master, CACHE_SECONDS);
	if (r == TOKENWARD_OK) {
		put_advice(&text, &h);
		*ret_text = strdup(buf_str(&text));
	}
	header_free(&h);
	secret_free(master);
	return r;
}

/* Said again, it makes whole what was killed in the making. */
static int
is_there(struct tokenward *tw, unsigned flags, struct error *err)
{
	int r =
	    tw->store ? TOKENWARD_OK : store_open(tw->path, &tw->store, err);

	if (r == TOKENWARD_OK)
		r = store_finish(tw->store, err);
	if (!tw->store || flags & TOKENWARD_INIT_IF_MISSING)
		return r;
	return error_set(err, TOKENWARD_EXISTS,
	    "there is a store at %s already: \"%s doctor\" "
	    "looks at it, --if-missing leaves it alone",
	    tw->path, command_name(tw));
}

static int
init(struct tokenward *tw, const char *const *keys, unsigned flags,
    int *ret_created, char **ret_text, struct error *err)
{
	int r;

	*ret_text = NULL;
	*ret_created = 0;
	if (tw->broken || tw->unopened.code == TOKENWARD_DAMAGED) {
		*err = tw->unopened;
		return err->code;
	}
	if (store_exists(tw->path))
		return is_there(tw, flags, err);
	r = make(tw, keys, ret_text, err);
	if (r == TOKENWARD_EXISTS) /* made by another process meanwhile */
		return is_there(tw, flags, err);
	*ret_created = 1;
	return r;
}

int
tokenward_init_store(struct tokenward *tw, const char *const *keys,
    unsigned flags, int *ret_created, char **ret_text)
{
	call_begin(tw);
	return call_end(
	    tw, init(tw, keys, flags, ret_created, ret_text, &tw->err));
}

/* ---- unlock and lock --------------------------------------------------- */

static int
keep_key(struct tokenward *tw, int64_t seconds, struct error *err)
{
	const struct header *h = store_header(tw->store);
	unsigned char *master = secret_alloc(KEY_LEN);
	struct key_opened by;
	int r = master ? find_master(tw, master, &by, err) : error_memory(err);

	if (r == TOKENWARD_OK)
		r = store_unlock(tw->store, master, false, err);
	if (r == TOKENWARD_OK && !keyring_put(h->store_id, h->epoch, master,
				     seconds ? seconds : CACHE_SECONDS))
		r = error_set(err, TOKENWARD_FAILED,
		    "the key is right, but the kernel's keyring would not "
		    "keep it (\"%s doctor\" says more)",
		    command_name(tw));
	secret_free(master);
	return r;
}

/* An unattended slot opens the store anyway: nothing needs to be kept. */
static int
unlock(struct tokenward *tw, int64_t seconds, struct error *err)
{
	if (!tw->store) {
		*err = tw->unopened;
		return err->code;
	}
	if (unlock_unattended(store_header(tw->store), &tw->keys))
		return need_keys(tw, false, err);
	return keep_key(tw, seconds, err);
}

int
tokenward_unlock(struct tokenward *tw, int64_t seconds)
{
	call_begin(tw);
	return call_end(tw, unlock(tw, seconds, &tw->err));
}

static int
lock(struct tokenward *tw, char **ret_text, struct error *err)
{
	const struct header *h;
	const char *kind;

	*ret_text = NULL;
	if (!tw->store) {
		*err = tw->unopened;
		return err->code;
	}
	h = store_header(tw->store);
	keyring_forget(h->store_id, h->epoch);
	keyring_forget(h->store_id, h->epoch - 1); /* a rekey cut short */
	store_lock_keys(tw->store);
	kind = unlock_unattended(h, &tw->keys);
	if (kind && asprintf(ret_text,
			"the next call will unlock the store by itself: it "
			"has a %s that needs nobody",
			kind) < 0)
		return error_memory(err);
	return TOKENWARD_OK;
}

int
tokenward_lock(struct tokenward *tw, char **ret_text)
{
	call_begin(tw);
	return call_end(tw, lock(tw, ret_text, &tw->err));
}
