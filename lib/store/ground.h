/* SPDX-License-Identifier: BSD-2-Clause */
/* The file system that a store is on, for doctor. */
#ifndef STORE_GROUND_H
#define STORE_GROUND_H

#include "store/store.h"

enum ground {
	GROUND_FIRM,     /* this kernel's own, on a disk of this machine */
	GROUND_MEMORY,   /* gone when the machine is started again */
	GROUND_NETWORK,  /* others may write there at the same time */
	GROUND_PROGRAM,  /* a program makes it */
	GROUND_MODELESS, /* one mode and one owner for all files */
	GROUND_UNKNOWN,
	GROUND_MAX
};

enum ground store_ground(const struct store *s, const char **ret_name);

#endif
