/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types that applications and modules share.
 *
 * A result is also the exit status of the command line: one table serves
 * both, see tokenward_result_name() and tokenward(1), EXIT STATUS.
 */
#ifndef TOKENWARD_TYPES_H
#define TOKENWARD_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tokenward_result {
	TOKENWARD_OK = 0,
	TOKENWARD_FAILED = 1,    /* the sentence says what (disk full, ...) */
	TOKENWARD_USAGE = 2,     /* bad input */
	TOKENWARD_NOT_FOUND = 3, /* no credential of that name */
	TOKENWARD_LOCKED = 4,    /* no key: locked, wrong, or a human needed */
	TOKENWARD_REFUSED = 5,   /* the provider refused the credentials */
	TOKENWARD_EXPIRED = 6,   /* the same, after the recorded end */
	TOKENWARD_COOLDOWN = 7,  /* rate limited, now or earlier */
	TOKENWARD_UNAVAILABLE = 8,  /* network or server trouble: try later */
	TOKENWARD_DAMAGED = 9,      /* store or record damaged */
	TOKENWARD_CONFIG = 10,      /* provider file, scope, origin, no store */
	TOKENWARD_NOT_ALLOWED = 11, /* owner, mode, read-only, strict */
	TOKENWARD_EXISTS = 12,      /* the name is taken */
	TOKENWARD_RESULT_MAX
};

/* A point in time in seconds since 1970 UTC; these two mean no time at all. */
#define TOKENWARD_TIME_UNKNOWN INT64_MIN
#define TOKENWARD_TIME_NEVER INT64_MAX

#ifdef __cplusplus
}
#endif
#endif
