/* SPDX-License-Identifier: BSD-2-Clause */
/* A boot clock that moves only when somebody sleeps. */
#ifndef TESTS_FAKE_CLOCK_H
#define TESTS_FAKE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* From now on it is that late; sleep(ms) is told of each pause, NULL: nobody
   is.  0: the real one again. */
void fake_clock(int64_t now_ms, void (*sleep)(int64_t ms));
/* Where what nanosleep() is asked is put, and nobody sleeps; NULL: really. */
void fake_nanosleep(struct timespec *to);

#endif
