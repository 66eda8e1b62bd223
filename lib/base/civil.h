/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates of the calendar in UTC, without the C library, which reads TZ first. */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdint.h>
#include <time.h>

#define CIVIL_FIRST INT64_C(-62167219200) /* of the year 0 */
#define CIVIL_LAST INT64_C(253402300799)  /* of the year 9999 */

/* Year, month, day, hour, minute, second; t in the years 0 to 9999. */
void civil_of_time(int64_t t, struct tm *ret);
/* The 31st of February is the 3rd of March or the 2nd. */
int64_t time_of_civil(const struct tm *tm);

#endif
