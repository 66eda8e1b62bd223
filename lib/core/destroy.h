/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the end of a store share.
 *
 *   destroy.c        what is elsewhere, then the directory
 *   destroy_slots.c  key files and what modules keep
 *   key_files.c      key files that are this store's alone
 */
#ifndef CORE_DESTROY_H
#define CORE_DESTROY_H

#include "core/core.h"
#include "store/home.h"

struct destroying {
	struct tokenward *tw;
	bool keep_key_file, keep_records;
	unsigned char *master;
	struct error unproved; /* why the header is not believed; code 0: it
				  is */
	enum home home;        /* what is elsewhere goes only with the store
				  that it belongs to */
	struct strlist kept;   /* what stays elsewhere */
	struct strlist left;   /* others' files in the directory */
	struct buf text;
	struct error *err;
};

/* This stays elsewhere, and is told. */
int destroy_stays(struct destroying *d, const char *what, struct error *err);
int destroy_slots(struct destroying *d, struct error *err);

/* The key file of this slot was made for this store, and for no other. */
int look_for_key_file(const struct tokenward *tw, enum home home,
    const struct key_slot *s, bool *ret, struct error *err);
/* 0 or errno; EPERM where it is another one than the slot's. */
int remove_key_file(const char *path, const struct key_slot *s);
/* That it is gone is durable, whoever removed it; 0 or errno. */
int settle_key_file(const char *path);

#endif
