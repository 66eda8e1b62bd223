/* SPDX-License-Identifier: BSD-2-Clause */
/* The methods there are; a new one is a file and a row. */
#include <string.h>

#include "auth/auth.h"

const struct auth_method *const auth_methods[] = {
    &auth_basic, &auth_post, &auth_none, NULL};

const struct auth_method *
auth_find(const char *name)
{
	for (size_t i = 0; auth_methods[i]; i++) {
		if (str_equal(auth_methods[i]->name, name) ||
		    (name && str_equal(auth_methods[i]->alias, name)))
			return auth_methods[i];
	}
	return NULL;
}

void
auth_names(struct buf *out)
{
	for (size_t i = 0; auth_methods[i]; i++) {
		if (i > 0)
			buf_put_str(out, ", ");
		buf_put_str(out, auth_methods[i]->name);
		if (auth_methods[i]->alias)
			buf_printf(out, " (%s)", auth_methods[i]->alias);
	}
}
