/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a client proves itself: a file per method, one table.  A method adds
 * what it needs to a request under way (RFC 6749, 2.3).
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/buf.h"
#include "base/error.h"
#include "provider/request.h"

struct auth_method {
	const char *name;  /* registered: client_secret_basic, ... */
	const char *alias; /* basic, post; or NULL */
	int (*prove)(const struct auth_method *self, struct request *r,
	    struct error *err);
};
extern const struct auth_method *const auth_methods[]; /* NULL ends */
/* By name or alias; NULL: unknown.  auth_names() lists them for messages. */
const struct auth_method *auth_find(const char *name);
void auth_names(struct buf *out);

extern const struct auth_method auth_basic;
extern const struct auth_method auth_post;
extern const struct auth_method auth_none;

#endif
