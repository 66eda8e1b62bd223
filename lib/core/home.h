/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a copy of a store would change what both have elsewhere. */
#ifndef CORE_HOME_H
#define CORE_HOME_H

#include "core/core.h"
#include "store/home.h"

/* What lies elsewhere for the slot may be another store's as well. */
bool slot_is_shared(
    const struct tokenward *tw, enum home home, const struct key_slot *slot);
/* What a key module keeps for a slot that is gone goes, unless another copy of
   the store may need it; appends what to say.  True: there is nothing more to
   be done about it. */
bool end_slot(const struct tokenward *tw, const struct header *h,
    const struct key_slot *gone, struct buf *text);
/* gone.c: a slot is noted before the header without it is written, or before
   its module is asked to make it, which ends when the header has the slot, */
int gone_note(struct header *h, const struct key_slot *slot, struct error *err);
int gone_end(struct header *h, unsigned slot, struct error *err);
bool gone_has(const struct header *h, unsigned slot);
/* and forgotten after; whatever cannot be stays noted, and is told: what was
   to be done is done.  master: that of the header; its lock must not be held. */
void gone_finish(
    struct tokenward *tw, const unsigned char *master, struct buf *text);
/* What was kept for a slot whose making failed goes, or err, which says that,
   says so too; without a kind it has nothing elsewhere. */
void gone_undo(struct tokenward *tw, const unsigned char *master,
    const struct key_slot *slot, struct error *err);
/* Not this store's to change, for it is not where it was made; what: why that
   matters. */
int refuse_moved(struct tokenward *tw, const char *what, struct error *err);
/* The store it is a copy of has it too; what: the rest of the sentence. */
int refuse_copy(struct tokenward *tw, const char *what, struct error *err);

#endif
