/* SPDX-License-Identifier: BSD-2-Clause */
/* The grants there are; a new one is a file and a row. */
#include "grant/grant.h"

const struct grant *const grants[] = {&grant_client_credentials, NULL};

const struct grant *
grant_find(const char *name)
{
	for (size_t i = 0; grants[i]; i++) {
		if (str_equal(grants[i]->name, name))
			return grants[i];
	}
	return NULL;
}
