/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's cache of a store's key, asked from wherever this is started:
 *
 *     keyring_probe put|get|forget STORE-ID      (32 hex digits)
 *
 * Exits 0 when it could, 1 when not.  The key is 32 times 0x5a.
 */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "key/key.h"
#include "store/header.h"

int
main(int argc, char **argv)
{
	unsigned char id[STORE_ID_LEN], key[KEY_LEN], got[KEY_LEN] = {0};

	memset(key, 0x5a, sizeof(key));
	if (argc != 3 || strlen(argv[2]) != 2 * STORE_ID_LEN ||
	    !hex_get(argv[2], id, STORE_ID_LEN)) {
		fprintf(stderr, "usage: keyring_probe put|get|forget ID\n");
		return 2;
	}
	if (strcmp(argv[1], "put") == 0)
		return keyring_put(id, 1, key, 60) ? 0 : 1;
	if (strcmp(argv[1], "forget") == 0)
		return keyring_forget(id, 1) ? 0 : 1;
	return keyring_get(id, 1, got) && memcmp(got, key, KEY_LEN) == 0 ? 0
									 : 1;
}
