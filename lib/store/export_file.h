/* SPDX-License-Identifier: BSD-2-Clause */
/* What writer and reader of an export file share. */
#ifndef STORE_EXPORT_FILE_H
#define STORE_EXPORT_FILE_H

#include <sodium.h>
#include "store/export.h"
#include "store/seal.h"
#include "store/store.h"

#define EXPORT_MAGIC_LEN 8
#define EXPORT_MAC_LEN 32
#define EXPORT_KIND 1 /* credentials, as in a store */

extern const unsigned char export_magic[EXPORT_MAGIC_LEN];

struct export_keys {
	unsigned char index[SEAL_KEY_LEN];
	unsigned char file[SEAL_KEY_LEN]; /* of the MAC over all */
	struct seal_keys record;
	unsigned char mac_room[sizeof(crypto_generichash_state) + 64];
};
/* Of the bytes so far: it wants an alignment that the arena does not give. */
crypto_generichash_state *export_mac(struct export_keys *k);
void export_mac_begin(struct export_keys *k);
/* NULL: no memory. */
struct export_keys *export_keys_new(const unsigned char *master);
void export_index(
    const struct export_keys *k, const char *name, unsigned char *ret);
struct seal_id export_seal_id(
    const struct header *h, const unsigned char *index, uint64_t generation);

#endif
