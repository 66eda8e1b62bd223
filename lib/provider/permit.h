/* SPDX-License-Identifier: BSD-2-Clause */
/* What may be sent, and where to: asked when a credential is stored and
   again before each request. */
#ifndef PROVIDER_PERMIT_H
#define PROVIDER_PERMIT_H

#include "provider/provider.h"

/* Scope tokens of RFC 6749, 3.3, with blanks between; NULL: there is none. */
int permit_scope(
    const struct provider *p, const char *scope, struct error *err);
int permit_audience(const char *audience, struct error *err);
/* RFC 8707: absolute, without fragment. */
int permit_resources(const struct strlist *resources, struct error *err);
/* The shape of one request, by the three above. */
int permit_shape(
    const struct provider *p, const struct shape *shape, struct error *err);
/*
 * The canonical origin of a token URL, and whether plain http is good enough
 * for it: to a loopback address that somebody gave, or that the file has; or
 * anywhere if file and credential both say so.  code is the result if not.
 */
int permit_origin(const struct provider *p, const struct credential *c,
    const char *url, int code, struct buf *ret, struct error *err);
/* The origin is one of those that were sealed with the secret. */
int permit_pinned(const struct provider *p, const struct credential *c,
    const char *url, struct error *err);

#endif
