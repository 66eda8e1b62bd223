/* SPDX-License-Identifier: BSD-2-Clause */
/* A codec against its own output, cut short and changed byte by byte. */
#ifndef TESTS_MANGLE_H
#define TESTS_MANGLE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"

/* Decodes, and encodes again what came out; false: refused. */
typedef bool (*mangle_trip_fn)(const void *data, size_t len, struct buf *out);
/*
 * The good bytes come back as they are.  Of every truncation and every
 * changed byte: refused, or read as something that is written and read the
 * same from then on.
 */
void mangle(const struct buf *good, mangle_trip_fn trip);

#endif
