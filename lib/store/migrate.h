/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records of a store moved to another place.  The header says where they
 * count, so there is one moment when that changes; whatever is cut short, the
 * same again finishes it, and the place that counted still does until then.
 *
 *   1  the header names the new place as one that may hold copies
 *   2  every record is copied; readers and writers go on in the old place
 *   3  writers are held off, what changed meanwhile is copied, and the
 *      header turns the two round
 *   4  the old place is emptied, and the header forgets it
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/store.h"

struct migration {
	struct store *s; /* unlocked; LOCK_STORE is held */
	const unsigned char *master;
	void (*step)(void *data); /* one of many is done; may be NULL */
	void *data;
	bool leave; /* what lies in a module stays there: another store has
			 it too */
	size_t copied;
	bool changed; /* there was something to do */
	bool same;    /* it is the place there was, under other options */
};

int store_migrate(
    struct migration *m, const struct where *to, struct error *err);
/* Every record of the store that lies in a module is taken away from there;
   what the header says is proved. */
int store_empty_modules(struct store *s, struct error *err);

#endif
