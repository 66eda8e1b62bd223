/* SPDX-License-Identifier: BSD-2-Clause */
/* A request under way. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/frame.h"
#include "provider/request.h"

void
request_free(struct request *r)
{
	free(r->url);
	free(r->scope);
	buf_free(&r->params);
	buf_free(&r->headers);
	buf_free(&r->redact);
}

static bool
has_param(const struct request *r, const char *name)
{
	struct frame_reader reader;
	struct frame_field f;

	frame_open(&reader, r->params.data, r->params.len);
	while (frame_next(&reader, &f) == 1) {
		if (frame_key_is(&f, "n") && strlen(name) == f.len &&
		    memcmp(f.value, name, f.len) == 0)
			return true;
	}
	return false;
}

static int
add_param(struct request *r, const char *name, const char *key,
    const void *value, size_t len, struct error *err)
{
	char quoted[100];
	cleanup_buf struct buf clean = BUF_INIT;

	if (len == 0)
		return TOKENWARD_OK;
	if (strcmp(name, "resource") != 0 && has_param(r, name)) {
		str_clean(&clean, name, strlen(name), sizeof(quoted) - 1);
		return error_set(err, TOKENWARD_CONFIG,
		    "%s: the parameter \"%s\" would be sent twice",
		    r->provider->id, buf_str(&clean));
	}
	frame_put_str(&r->params, "n", name);
	frame_put(&r->params, key, value, len);
	return r->params.failed ? error_memory(err) : TOKENWARD_OK;
}

int
request_param(struct request *r, const char *name, const void *value,
    size_t len, struct error *err)
{
	return add_param(r, name, "v", value, len, err);
}

int
request_param_bare(
    struct request *r, const char *name, const char *value, struct error *err)
{
	return add_param(r, name, "b", value, strlen(value), err);
}

int
request_header(struct request *r, const char *name, const void *value,
    size_t len, struct error *err)
{
	const char *s = value;

	for (size_t i = 0; i < len; i++) {
		if (s[i] < 0x20 || s[i] > 0x7e)
			return error_set(err, TOKENWARD_CONFIG,
			    "%s: the value for the header \"%s\" has "
			    "characters that no header can hold",
			    r->provider->id, name);
	}
	if (len > 0)
		frame_put(&r->headers, name, value, len);
	return r->headers.failed ? error_memory(err) : TOKENWARD_OK;
}

int
request_secret(struct request *r, const char *name, const struct buf **ret,
    struct error *err)
{
	*ret = version_secret(r->version, name);
	if (*ret && (*ret)->len > 0)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_CONFIG,
	    "%s: version %lld of the secret has no \"%s\", which provider %s "
	    "needs: store it with \"tokenward rotate %s\"",
	    r->credential->name, (long long)r->version->number, name,
	    r->provider->id, r->credential->name);
}

int
request_client_id(struct request *r, const char **ret, struct error *err)
{
	*ret = r->version->client_id;
	if (*ret && **ret)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_CONFIG,
	    "%s: no client id is stored, and provider %s needs one: say it "
	    "with --client-id",
	    r->credential->name, r->provider->id);
}
