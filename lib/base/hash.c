/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers and texts into a hash, the same on every machine. */
#include <string.h>
#include "base/hash.h"

void
hash_u64(crypto_generichash_state *h, uint64_t v)
{
	unsigned char bytes[8];
	int i;

	for (i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(v >> 8 * i);
	crypto_generichash_update(h, bytes, sizeof(bytes));
}

void
hash_text(crypto_generichash_state *h, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	hash_u64(h, len);
	if (s)
		crypto_generichash_update(h, (const unsigned char *)s, len);
}
