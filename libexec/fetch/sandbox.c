/* SPDX-License-Identifier: BSD-2-Clause */
/* The order matters: each step needs what the next one takes away. */
#include "sandbox.h"

int
sandbox_enter(bool *ret_landlock, struct error *err)
{
	int r = limits_set(err);

	r = r ? r : landlock_enter(ret_landlock, err);
	return r ? r : seccomp_enter(err);
}
