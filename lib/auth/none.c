/* SPDX-License-Identifier: BSD-2-Clause */
/* No method: what the provider wants stands in the file's own parameters. */
#include "auth/auth.h"

static int
prove(const struct auth_method *self, struct request *r, struct error *err)
{
	(void)self;
	(void)r;
	(void)err;
	return TOKENWARD_OK;
}

const struct auth_method auth_none = {"none", NULL, prove};
