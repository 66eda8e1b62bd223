/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys of before a new master key, sealed under the present one in the
 * header: the one that names the files, so that names stay, and, until every
 * record is sealed anew, the master key before.
 */
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "store/header.h"
#include "store/seal.h"

#define NONCE_LEN 24

const char *const kept_names[KEPT_MAX] = {
    [KEPT_INDEX_KEY] = "index_key",
    [KEPT_OLD_MASTER] = "old_master",
};

static void
put_binding(struct buf *b, const struct header *h, enum kept which)
{
	buf_put(b, "kept", 4);
	buf_put(b, h->store_id, STORE_ID_LEN);
	buf_put_u32(b, (uint32_t)h->epoch);
	buf_put_str(b, kept_names[which]);
}

int
header_keep(struct header *h, enum kept which, const unsigned char *master,
    const unsigned char *key, struct error *err)
{
	cleanup_buf struct buf binding = BUF_INIT;
	struct kept_key *k = &h->kept[which];
	unsigned char *wrap = secret_alloc(SEAL_KEY_LEN);

	put_binding(&binding, h, which);
	if (!wrap || binding.failed) {
		secret_free(wrap);
		return error_memory(err);
	}
	subkey_derive(SUBKEY_KEPT, master, wrap);
	randombytes_buf(k->sealed, NONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(k->sealed + NONCE_LEN, NULL,
	    key, KEY_LEN, binding.data, binding.len, NULL, k->sealed, wrap);
	secret_free(wrap);
	k->there = true;
	return TOKENWARD_OK;
}

bool
header_kept(const struct header *h, enum kept which,
    const unsigned char *master, unsigned char *ret)
{
	cleanup_buf struct buf binding = BUF_INIT;
	const struct kept_key *k = &h->kept[which];
	unsigned char *wrap = k->there ? secret_alloc(SEAL_KEY_LEN) : NULL;
	bool good;

	if (!wrap)
		return false;
	put_binding(&binding, h, which);
	subkey_derive(SUBKEY_KEPT, master, wrap);
	good = !binding.failed &&
	       crypto_aead_xchacha20poly1305_ietf_decrypt(ret, NULL, NULL,
		   k->sealed + NONCE_LEN, KEPT_LEN - NONCE_LEN, binding.data,
		   binding.len, k->sealed, wrap) == 0;
	secret_free(wrap);
	return good;
}
