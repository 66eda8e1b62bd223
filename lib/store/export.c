/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and names within an export file. */
#include <string.h>
#include "base/secret.h"
#include "store/export_file.h"

const unsigned char export_magic[EXPORT_MAGIC_LEN] = {
    0x89, 'T', 'W', 'X', '\r', '\n', 0x1a, '\n'};

struct export_keys *
export_keys_new(const unsigned char *master)
{
	struct export_keys *k =
	    sodium_init() < 0 ? NULL : secret_alloc(sizeof(*k));

	if (!k)
		return NULL;
	subkey_derive(SUBKEY_INDEX, master, k->index);
	subkey_derive(SUBKEY_EXPORT, master, k->file);
	subkey_derive(SUBKEY_CREDENTIALS, master, k->record.record);
	subkey_derive(SUBKEY_CREDENTIALS_NONCE, master, k->record.nonce);
	return k;
}

crypto_generichash_state *
export_mac(struct export_keys *k)
{
	uintptr_t at = ((uintptr_t)k->mac_room + 63) & ~(uintptr_t)63;

	return (crypto_generichash_state *)at;
}

void
export_mac_begin(struct export_keys *k)
{
	crypto_generichash_init(
	    export_mac(k), k->file, SEAL_KEY_LEN, EXPORT_MAC_LEN);
}

void
export_index(const struct export_keys *k, const char *name, unsigned char *ret)
{
	crypto_generichash(ret, INDEX_LEN, (const unsigned char *)name,
	    strlen(name), k->index, SEAL_KEY_LEN);
}

/* The generation is the record's place in the file. */
struct seal_id
export_seal_id(
    const struct header *h, const unsigned char *index, uint64_t generation)
{
	return (struct seal_id){.store_id = h->store_id,
	    .index = index,
	    .kind = EXPORT_KIND,
	    .format = FORMAT_VERSION,
	    .suite = (uint8_t)h->suite,
	    .epoch = (uint32_t)h->epoch,
	    .generation = generation};
}
