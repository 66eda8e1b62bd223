/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client_secret_basic (RFC 6749, 2.3.1): both halves form-encoded before
 * they are joined, which the RFC demands and many clients forget.  Files of
 * providers that forgot it too say so.
 */
#include <string.h>

#include "auth/auth.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/frame.h"

static void
put_half(struct buf *out, enum basic_encode how, const void *data, size_t len)
{
	if (how == BASIC_FORM)
		form_put(out, data, len);
	else if (how == BASIC_BASE64)
		base64_put(out, data, len);
	else
		buf_put(out, data, len);
}

static int
make(struct request *r, const char *id, const struct buf *secret,
    struct error *err)
{
	cleanup_buf struct buf pair = BUF_SECRET_INIT;
	cleanup_buf struct buf header = BUF_SECRET_INIT;
	enum basic_encode how = r->provider->basic_encode;

	/* RFC 7617: the first colon ends the user. */
	if (how == BASIC_RAW && strchr(id, ':'))
		return error_set(err, TOKENWARD_CONFIG,
		    "%s: a client id with a colon cannot be sent unencoded "
		    "in client_secret_basic",
		    r->credential->name);
	put_half(&pair, how, id, strlen(id));
	buf_put_byte(&pair, ':');
	put_half(&pair, how, secret->data, secret->len);
	buf_put_str(&header, "Basic ");
	base64_put(&header, pair.data, pair.len);
	if (pair.failed || header.failed)
		return error_memory(err);
	frame_put(&r->redact, "v", pair.data, pair.len);
	frame_put(&r->redact, "v", header.data + strlen("Basic "),
	    header.len - strlen("Basic "));
	return request_header(r, "authorization", header.data, header.len, err);
}

static int
prove(const struct auth_method *self, struct request *r, struct error *err)
{
	const struct buf *secret;
	const char *id;
	int res = request_client_id(r, &id, err);

	(void)self;
	if (res == TOKENWARD_OK)
		res = request_secret(r, "client_secret", &secret, err);
	return res == TOKENWARD_OK ? make(r, id, secret, err) : res;
}

const struct auth_method auth_basic = {"client_secret_basic", "basic", prove};
