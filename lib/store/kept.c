/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys of before a new master key, sealed under the present one in the
 * header: the one that names the files, so that names stay, and, until every
 * record is sealed anew, the master key before.
 */
#include <errno.h>
#include <string.h>
#include <sodium.h>
#include "base/secret.h"
#include "store/header.h"
#include "store/seal.h"

#define NONCE_LEN 24

const char *const kept_names[KEPT_MAX] = {
    [KEPT_INDEX_KEY] = "index_key",
    [KEPT_OLD_MASTER] = "old_master",
};

/* What a kept key is bound to: which one, of which store, since when. */
struct binding {
	unsigned char bytes[4 + STORE_ID_LEN + 4 + 16];
	size_t len;
};

static void
bind(const struct header *h, enum kept which, struct binding *ret)
{
	unsigned char *p = ret->bytes;
	size_t name = strlen(kept_names[which]);

	memcpy(p, "kept", 4);
	memcpy(p + 4, h->store_id, STORE_ID_LEN);
	p += 4 + STORE_ID_LEN;
	*p++ = (unsigned char)(h->epoch >> 24);
	*p++ = (unsigned char)(h->epoch >> 16);
	*p++ = (unsigned char)(h->epoch >> 8);
	*p++ = (unsigned char)h->epoch;
	memcpy(p, kept_names[which], name);
	ret->len = (size_t)(p - ret->bytes) + name;
}

int
header_keep(struct header *h, enum kept which, const unsigned char *master,
    const unsigned char *key, struct error *err)
{
	struct binding binding;
	struct kept_key *k = &h->kept[which];
	unsigned char *wrap = secret_alloc(SEAL_KEY_LEN);

	if (!wrap)
		return error_memory(err);
	bind(h, which, &binding);
	subkey_derive(SUBKEY_KEPT, master, wrap);
	randombytes_buf(k->sealed, NONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(k->sealed + NONCE_LEN, NULL,
	    key, KEY_LEN, binding.bytes, binding.len, NULL, k->sealed, wrap);
	secret_free(wrap);
	k->there = true;
	return TOKENWARD_OK;
}

bool
header_kept(const struct header *h, enum kept which,
    const unsigned char *master, unsigned char *ret)
{
	struct binding binding;
	const struct kept_key *k = &h->kept[which];
	unsigned char *wrap = k->there ? secret_alloc(SEAL_KEY_LEN) : NULL;
	bool good;

	if (!wrap) {
		errno = k->there ? ENOMEM : 0;
		return false;
	}
	bind(h, which, &binding);
	subkey_derive(SUBKEY_KEPT, master, wrap);
	good = crypto_aead_xchacha20poly1305_ietf_decrypt(ret, NULL, NULL,
		   k->sealed + NONCE_LEN, KEPT_LEN - NONCE_LEN, binding.bytes,
		   binding.len, k->sealed, wrap) == 0;
	errno = 0;
	secret_free(wrap);
	return good;
}
