/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes that are the same in every run. */
#ifndef SUPPORT_DICE_H
#define SUPPORT_DICE_H

#include <stdint.h>

/* libsodium takes its bytes from there, if called before sodium_init(). */
void dice_use(void);
void dice_begin(uint64_t seed);

#endif
