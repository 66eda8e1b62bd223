/* SPDX-License-Identifier: BSD-2-Clause */
/* The client credentials grant: RFC 6749, 4.4; resources by RFC 8707. */
#include <string.h>

#include "grant/grant.h"

static int
put(struct request *r, const char *name, const char *value, struct error *err)
{
	if (!name || !value)
		return TOKENWARD_OK;
	return request_param(r, name, value, strlen(value), err);
}

static int
ask(const struct grant *self, struct request *r, const struct shape *shape,
    struct error *err)
{
	const struct credential *c = r->credential;
	const struct strlist *resources =
	    shape->resources && shape->resources->n > 0 ? shape->resources
							: &c->resources;
	const char *audience =
	    shape->audience && *shape->audience ? shape->audience : c->audience;
	int res = put(r, r->provider->grant_type_name, self->name, err);

	if (res == TOKENWARD_OK)
		res = put(r, r->provider->scope_name, r->scope, err);
	if (res == TOKENWARD_OK)
		res = put(r, "audience", audience, err);
	for (size_t i = 0; res == TOKENWARD_OK && i < resources->n; i++)
		res = put(r, "resource", resources->v[i], err);
	return res;
}

const struct grant grant_client_credentials = {"client_credentials", ask};
