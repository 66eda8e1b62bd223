/* SPDX-License-Identifier: BSD-2-Clause */
/* A request under way: what methods and grants add to, before it is bytes. */
#ifndef PROVIDER_REQUEST_H
#define PROVIDER_REQUEST_H

#include "provider/provider.h"

struct request {
	const struct provider *provider;
	const struct credential *credential;
	const struct secret_version *version;
	char *url;          /* without what the file adds to the query */
	char *scope;        /* as it is sent; NULL: none */
	struct buf params;  /* secret: lists "n" and "v", or "b" if bare */
	struct buf headers; /* secret: name in lower case -> value */
	struct buf redact;  /* secret: "v" */
};
#define REQUEST_INIT                                                   \
	{                                                              \
		.params = BUF_SECRET_INIT, .headers = BUF_SECRET_INIT, \
		.redact = BUF_SECRET_INIT                              \
	}
void request_free(struct request *r);
#define cleanup_request __attribute__((cleanup(request_free)))

/*
 * One more parameter.  An empty value is left out (RFC 6749, 3.2); a name
 * that is there already is refused, but for "resource" (RFC 8707).
 */
int request_param(struct request *r, const char *name, const void *value,
    size_t len, struct error *err);
/* The same for a number or boolean, which JSON writes without quotes. */
int request_param_bare(
    struct request *r, const char *name, const char *value, struct error *err);
/* Printable ASCII; name in lower case. */
int request_header(struct request *r, const char *name, const void *value,
    size_t len, struct error *err);
/* The secret of that name, or an error that says it is missing. */
int request_secret(struct request *r, const char *name, const struct buf **ret,
    struct error *err);
int request_client_id(struct request *r, const char **ret, struct error *err);
/* A template with its names replaced, as it is; appends. */
int request_expand(
    struct request *r, const char *text, struct buf *out, struct error *err);
/* The file's URL, or the credential's own. */
int request_url(struct request *r, struct error *err);
/* The parameters as bytes of a body or a query; appends. */
int request_form(const struct request *r, struct buf *out, struct error *err);
int request_json(const struct request *r, struct buf *out, struct error *err);

/* application/x-www-form-urlencoded, RFC 6749 Appendix B; appends. */
void form_put(struct buf *out, const char *s, size_t len);
/* The same for a segment of a path: only unreserved characters stay. */
void path_put(struct buf *out, const char *s, size_t len);

#endif
