/* SPDX-License-Identifier: BSD-2-Clause */
/* One flag; libcurl may have a thread for names. */
#include <stdatomic.h>
#include "lack.h"

static atomic_bool noted;

void
lack_note(void)
{
	noted = true;
}

bool
lack_noted(void)
{
	return noted;
}
