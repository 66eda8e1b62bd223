/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a client proves itself: a file per method, one table.  A method adds
 * what it needs to a request under way (RFC 6749, 2.3).
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/buf.h"
#include "base/error.h"
#include "provider/provider.h"
#include "record/record.h"

/* A request under way: parameters for the body or the query, headers. */
struct request {
	const struct provider *provider;
	const struct credential *credential;
	const struct secret_version *version;
	struct buf params;  /* secret: frame list, order kept */
	struct buf headers; /* secret: frame list "name" -> value */
};

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

/* application/x-www-form-urlencoded, RFC 6749 Appendix B; appends. */
void form_put(struct buf *out, const char *s, size_t len);

#endif
