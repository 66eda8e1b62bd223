/* SPDX-License-Identifier: BSD-2-Clause */
/* client_secret_post: id and secret in the body (RFC 6749, 2.3.1). */
#include <string.h>

#include "auth/auth.h"

static int
prove(const struct auth_method *self, struct request *r, struct error *err)
{
	const struct provider *p = r->provider;
	const struct buf *secret;
	const char *id;
	int res = request_client_id(r, &id, err);

	(void)self;
	if (res == TOKENWARD_OK)
		res = request_secret(r, "client_secret", &secret, err);
	if (res == TOKENWARD_OK)
		res = request_param(r, p->client_id_name, id, strlen(id), err);
	if (res == TOKENWARD_OK)
		res = request_param(
		    r, p->client_secret_name, secret->data, secret->len, err);
	return res;
}

const struct auth_method auth_post = {"client_secret_post", "post", prove};
