/* SPDX-License-Identifier: BSD-2-Clause */
/* Templates of a provider file with a credential's values in their place. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "provider/request.h"
#include "provider/template.h"
#include "provider/url.h"

static void
put_uuid(struct buf *out)
{
	unsigned char r[16];

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r)) {
		out->failed = true;
		return;
	}
	r[6] = (r[6] & 0x0f) | 0x40; /* RFC 9562: version 4, variant 10 */
	r[8] = (r[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof(r); i++)
		buf_printf(out, "%s%02x",
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", r[i]);
}

static int
put_var(struct request *r, const char *name, struct buf *out, struct error *err)
{
	const struct provider_var *var = provider_var(r->provider, name);
	const char *value = strmap_get(&r->credential->vars, name);

	errno = 0;
	if (!value && var)
		value = var->fallback;
	if (!value || !var || !provider_var_takes(var, value))
		return error_read(err, TOKENWARD_CONFIG,
		    "%s: the variable \"%s\" has no value that provider %s "
		    "takes: say it with \"tokenward edit %s --set %s=VALUE\"",
		    r->credential->name, name, r->provider->id,
		    r->credential->name, name);
	buf_put_str(out, value);
	return TOKENWARD_OK;
}

static int
put_secret(
    struct request *r, const char *name, struct buf *out, struct error *err)
{
	const struct buf *value;
	int res = request_secret(r, name, &value, err);

	if (res == TOKENWARD_OK)
		buf_put(out, value->data, value->len);
	return res;
}

static int
put_name(
    struct request *r, const char *name, struct buf *out, struct error *err)
{
	const char *id;
	int res;

	if (strcmp(name, "client_id") == 0) {
		res = request_client_id(r, &id, err);
		if (res == TOKENWARD_OK)
			buf_put_str(out, id);
		return res;
	}
	if (strlist_has(&r->provider->secrets, name))
		return put_secret(r, name, out, err);
	if (strcmp(name, "scope") == 0)
		buf_put_str(out, r->scope ? r->scope : "");
	else if (strcmp(name, "token_url") == 0)
		buf_put_str(out, r->url ? r->url : "");
	else if (strcmp(name, "uuid") == 0)
		put_uuid(out);
	else
		return put_var(r, name, out, err);
	return TOKENWARD_OK;
}

static int
put_piece(struct request *r, const struct piece *p, struct buf *out,
    struct error *err)
{
	cleanup_free char *name = NULL;

	if (!p->name) {
		buf_put(out, p->at, p->len);
		return TOKENWARD_OK;
	}
	name = strndup(p->at, p->len);
	return name ? put_name(r, name, out, err) : error_memory(err);
}

int
request_expand(
    struct request *r, const char *text, struct buf *out, struct error *err)
{
	struct piece p;
	int res = TOKENWARD_OK;

	while (res == TOKENWARD_OK && template_next(&text, &p) == 1)
		res = put_piece(r, &p, out, err);
	if (res == TOKENWARD_OK && out->failed)
		res = error_memory(err);
	return res;
}

static int
bad_value(struct request *r, const struct piece *p, const char *why,
    struct error *err)
{
	return error_set(err, TOKENWARD_CONFIG,
	    "%s: the value of \"%.*s\" cannot stand in the URL of provider "
	    "%s: %s",
	    r->credential->name, (int)p->len, p->at, r->provider->id, why);
}

/* A label or several, that cannot reach beyond the host they stand in. */
static bool
fits_host(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && s[0] != '.' && s[len - 1] != '.' &&
	       !strstr(s, "..") &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-_")] == '\0';
}

/* scheme://host:port and no more. */
static bool
fits_origin(const char *s, struct error *why)
{
	cleanup_buf struct buf origin = BUF_INIT;
	const char *host = strstr(s, "://");

	return host && !strpbrk(host + 3, "/?") &&
	       url_origin(s, &origin, why) == TOKENWARD_OK;
}

static int
put_url_piece(struct request *r, const struct piece *p, struct buf *out,
    struct error *err)
{
	cleanup_buf struct buf value = BUF_INIT;
	enum url_part part = template_url_part(r->provider->url, p);
	struct error why = {0};
	const char *s;
	bool fits;
	int res = put_piece(r, p, &value, err);

	if (res != TOKENWARD_OK)
		return res;
	s = buf_str(&value);
	fits = part != URL_ORIGIN || fits_origin(s, &why);
	if (value.failed || why.no_memory)
		return error_memory(err);
	if (!fits)
		return bad_value(
		    r, p, "it is no plain https://host[:port]", err);
	if (part == URL_HOST && !fits_host(s))
		return bad_value(r, p, "it is no part of a host name", err);
	if (part == URL_PATH && (!strcmp(s, ".") || !strcmp(s, "..")))
		return bad_value(r, p, "it would change the path", err);
	if (part == URL_PATH)
		path_put(out, s, value.len);
	else if (part == URL_QUERY)
		form_put(out, s, value.len);
	else
		buf_put(out, s, value.len);
	return TOKENWARD_OK;
}

static int
expand_url(struct request *r, struct buf *out, struct error *err)
{
	const char *at = r->provider->url;
	struct piece p;
	int res = TOKENWARD_OK;

	while (res == TOKENWARD_OK && template_next(&at, &p) == 1) {
		if (p.name)
			res = put_url_piece(r, &p, out, err);
		else
			buf_put(out, p.at, p.len);
	}
	return res;
}

int
request_url(struct request *r, struct error *err)
{
	cleanup_buf struct buf url = BUF_INIT;
	int res = TOKENWARD_OK;

	if (r->credential->token_url)
		buf_put_str(&url, r->credential->token_url);
	else if (provider_wants_token_url(r->provider))
		return error_set(err, TOKENWARD_USAGE,
		    "provider %s needs the URL of the token endpoint: say it "
		    "with --token-url",
		    r->provider->id);
	else
		res = expand_url(r, &url, err);
	if (res != TOKENWARD_OK)
		return res;
	r->url = url.failed ? NULL : strdup(buf_str(&url));
	return r->url ? TOKENWARD_OK : error_memory(err);
}
