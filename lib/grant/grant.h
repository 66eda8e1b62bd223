/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked for: a file per grant, one table (RFC 6749, 4.4). */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include "base/error.h"
#include "provider/request.h"

struct grant {
	const char *name;
	int (*ask)(const struct grant *self, struct request *r,
	    const struct shape *shape, struct error *err);
};
extern const struct grant *const grants[]; /* NULL ends */
const struct grant *grant_find(const char *name);

extern const struct grant grant_client_credentials;

#endif
