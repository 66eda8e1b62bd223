/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that could not be had.  Once that has happened, nothing that a
 * library says of a peer is believed, and whatever fails has failed for that.
 */
#ifndef FETCH_LACK_H
#define FETCH_LACK_H

#include <stdbool.h>

#define LACK_STAGE "memory"
#define LACK_WORDS "the fetch helper ran out of memory"

void lack_note(void);
bool lack_noted(void); /* ever */

#endif
