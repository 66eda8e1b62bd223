/* SPDX-License-Identifier: BSD-2-Clause */
/* Cut short, changed byte by byte. */
#include <stdlib.h>
#include <string.h>
#include "mangle.h"
#include "unit.h"

/* On a copy of exactly this size, so that a step beyond it shows. */
static void
try_bytes(const unsigned char *data, size_t len, mangle_trip_fn trip)
{
	struct buf once = BUF_SECRET_INIT, twice = BUF_SECRET_INIT;
	unsigned char *exact = malloc(len + !len);

	memcpy(exact, data, len);
	if (trip(exact, len, &once)) {
		cr_assert(trip(once.data, once.len, &twice));
		cr_assert(buf_equal(&once, &twice));
	}
	free(exact);
	buf_free(&once);
	buf_free(&twice);
}

void
mangle(const struct buf *good, mangle_trip_fn trip)
{
	static const unsigned char flips[] = {0x01, 0x80, 0xff};
	struct buf b = BUF_SECRET_INIT;
	size_t i, k;

	cr_assert(trip(good->data, good->len, &b));
	cr_assert(buf_equal(good, &b));
	for (i = 0; i < good->len; i++)
		try_bytes(good->data, i, trip);
	for (i = 0; i < good->len; i++)
		for (k = 0; k < sizeof(flips); k++) {
			buf_set(&b, good->data, good->len);
			b.data[i] ^= flips[k];
			try_bytes(b.data, b.len, trip);
		}
	buf_free(&b);
}
