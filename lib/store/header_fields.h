/* SPDX-License-Identifier: BSD-2-Clause */
/* What the header's encoder and its decoder agree upon. */
#ifndef STORE_HEADER_FIELDS_H
#define STORE_HEADER_FIELDS_H

#include <stddef.h>
#include <stdint.h>
#include "store/header.h"

#define HEADER_MAGIC_LEN 8
extern const unsigned char header_magic[HEADER_MAGIC_LEN];

/* The plain numbers; every one must be there, once. */
struct header_number {
	const char *key;
	size_t offset; /* of an int64_t in struct header */
	int64_t min, max;
};
#define HEADER_NUMBERS 6u
extern const struct header_number header_numbers[HEADER_NUMBERS];

#endif
