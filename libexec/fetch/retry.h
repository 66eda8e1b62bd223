/* SPDX-License-Identifier: BSD-2-Clause */
/* When to try again after no answer came. */
#ifndef FETCH_RETRY_H
#define FETCH_RETRY_H

#include <stdint.h>

/*
 * Milliseconds to wait after the given number of tries, -1 to give up.
 * Full jitter: anything from 0.2 s to a bound that doubles up to 2 s.
 */
int64_t retry_wait(
    unsigned done, unsigned most, int64_t left_ms, uint32_t random);

#endif
