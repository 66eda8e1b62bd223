/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the front share: open.c and store.c. */
#ifndef STORE_FRONT_H
#define STORE_FRONT_H

#include "store/files.h"
#include "store/header.h"
#include "store/seal.h"
#include "store/store.h"

/*
 * The subkeys, in the locked arena.  So are the flags that say they are
 * there: a forked child finds them zeroed like the keys, and never seals
 * anything with a key of zeros.
 */
struct keys {
	unsigned char header[SEAL_KEY_LEN];
	unsigned char index[SEAL_KEY_LEN];
	struct seal_keys record[RECORD_KIND_MAX];
	unsigned char ready[RECORD_KIND_MAX];
};

struct store {
	struct files files;
	struct header header;
	struct keys *keys; /* NULL: locked */
};

#endif
