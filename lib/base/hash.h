/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers and texts into a hash, the same on every machine. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>
#include <sodium.h>

/* Eight bytes, little endian. */
void hash_u64(crypto_generichash_state *h, uint64_t v);
/* Its length, then its bytes; NULL as "". */
void hash_text(crypto_generichash_state *h, const char *s);

#endif
