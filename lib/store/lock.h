/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks on single bytes of the store's one lock file: OFD locks, which the
 * kernel gives back when the last descriptor closes, whatever became of the
 * process.  A forked child closes its copies at once, or it would hold the
 * lock on.
 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include <stdint.h>
#include "base/error.h"

/*
 * Takes the byte at offset of dir/"lock", polling until deadline_ms
 * (CLOCK_BOOTTIME; 0: one try).  TOKENWARD_UNAVAILABLE: somebody else has
 * it; TOKENWARD_NOT_ALLOWED: read-only.  Several may share it.
 */
int lock_take(
    int dir, uint64_t offset, int64_t deadline_ms, int *ret, struct error *err);
int lock_share(
    int dir, uint64_t offset, int64_t deadline_ms, int *ret, struct error *err);
void lock_release(int *lock);

#endif
