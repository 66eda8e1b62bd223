/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time is handed in: whoever needs the time gets a struct now, and one
 * function makes it.  Age on one boot is counted on CLOCK_BOOTTIME, which
 * suspend does not stop and clock-setting does not move.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define BOOT_ID_LEN 16

struct now {
	int64_t wall_ms;                    /* since 1970 UTC */
	int64_t boot_ms;                    /* CLOCK_BOOTTIME */
	unsigned char boot_id[BOOT_ID_LEN]; /* zero: not known */
};

/* offset_s moves both clocks; the tests' handle on time. */
void clock_now(int64_t offset_s, struct now *ret);
/* CLOCK_BOOTTIME alone, for deadlines. */
int64_t clock_boot_ms(void);
void clock_sleep_ms(int64_t ms);

#endif
