/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A copied directory names the same things elsewhere as the one it was copied
 * from: records in a module, what key modules keep, key files.  They belong
 * to one of the two, which is the one in the directory that the header names.
 */
#ifndef STORE_HOME_H
#define STORE_HOME_H

#include "store/store.h"

enum home {
	HOME_HERE,  /* or not known */
	HOME_COPY,  /* the store it is a copy of is where it was made */
	HOME_MOVED, /* that is not there: moved, or a copy of what was moved */
};

/* What the header says is proved. */
int store_home(const struct store *s, enum home *ret, struct error *err);
/* The store that it is a copy of has this slot too, or cannot be asked. */
bool store_home_has(const struct store *s, const struct key_slot *slot);
/* It is the directory at that path, whatever leads there; where nothing may
   be looked at, another one is. */
int store_is_at(
    const struct store *s, const char *path, bool *ret, struct error *err);
/* From now on this is the directory; LOCK_STORE is held. */
int store_make_home(
    struct store *s, const unsigned char *master, struct error *err);

#endif
