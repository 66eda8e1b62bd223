/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of making and changing credentials share.
 *
 *   change.c         add and edit, the locks, who is told
 *   change_update.c  one that is there: what changes, and what that drops
 */
#ifndef CORE_CHANGE_H
#define CORE_CHANGE_H

#include "core/core.h"

struct update {
	struct tokenward *tw;
	const char *name;
	const struct tokenward_credential *given;
	unsigned flags;
	struct credential *c;
	struct provider *p;
	struct buf before; /* its encoding, to see whether anything changed */
	bool rotated;      /* another secret is in use */
};
void update_free(struct update *u);
#define cleanup_update __attribute__((cleanup(update_free)))

/* With what is given; the record lock is held. */
int credential_update(
    struct update *u, enum tokenward_change *ret, struct error *err);

/* Every secret that the provider wants, and no other; its client id. */
int check_all_secrets(const struct provider *p, const struct secret_version *v,
    const char *name, struct error *err);
/* The origins a record would speak to; its own list is what is sealed. */
int pin_origins(
    const struct provider *p, struct credential *c, struct error *err);

#endif
