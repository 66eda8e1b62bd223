/* SPDX-License-Identifier: BSD-2-Clause */
/* A slot as a list of base/frame.h, for the header's codec. */
#ifndef KEY_SLOTS_H
#define KEY_SLOTS_H

#include "base/buf.h"
#include "base/error.h"
#include "base/frame.h"
#include "key/key.h"

/* By its number; NULL: it is not among them. */
const struct key_slot *slot_find(
    const struct key_slot *v, size_t n, uint32_t id);
/* Appends the field; a failure sticks in the buffer. */
void slot_encode(
    const struct key_slot *slot, const char *field, struct buf *out);
/* *ret is the caller's to free, on failure too.  TOKENWARD_DAMAGED. */
int slot_decode(
    const struct frame_field *f, struct key_slot *ret, struct error *err);

#endif
