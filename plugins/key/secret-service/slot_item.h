/* SPDX-License-Identifier: BSD-2-Clause */
/* The item of a key slot.  Results and sentences as in secrets.h. */
#ifndef SECRET_SERVICE_SLOT_ITEM_H
#define SECRET_SERVICE_SLOT_ITEM_H

#include "secrets.h"

#define SLOT_KEY_LEN 32

/* kek is written with the result ok only. */
int slot_item_read(struct secrets *s, GVariant *attributes, unsigned char *kek);
/* In the collection of that name; read back, or not made. */
int slot_item_make(struct secrets *s, const char *name, const char *label,
    GVariant *attributes, const unsigned char *kek);
/* None is ok. */
int slot_item_delete(struct secrets *s, GVariant *attributes);

#endif
