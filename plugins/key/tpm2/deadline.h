/* SPDX-License-Identifier: BSD-2-Clause */
/* A TPM that hangs does not hang who asks it. */
#ifndef TPM2_DEADLINE_H
#define TPM2_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* False: it is not done after that time, and never comes back: what it uses
   must stay. */
bool deadline_run(void (*work)(void *), void *data, int64_t ms);

#endif
