/* SPDX-License-Identifier: BSD-2-Clause */
/* What may be sent, and where to. */
#include <string.h>

#include "base/cleanup.h"
#include "provider/permit.h"
#include "provider/url.h"

#define SCOPE_MAX 8192u
#define RESOURCE_MAX 2048u

static bool
is_scope(const char *s)
{
	if (*s == '\0' || strlen(s) > SCOPE_MAX)
		return false;
	for (; *s; s++) {
		if (*s < 0x20 || *s > 0x7e || *s == '"' || *s == '\\')
			return false;
	}
	return true;
}

int
permit_scope(const struct provider *p, const char *scope, struct error *err)
{
	if (!scope && p->scope_required)
		return error_set(err, TOKENWARD_USAGE,
		    "provider %s needs a scope: say it with --scope", p->id);
	if (scope && !is_scope(scope))
		return error_set(err, TOKENWARD_USAGE,
		    "a scope is words of printable ASCII without \" and \\, "
		    "with blanks between them");
	return TOKENWARD_OK;
}

int
permit_audience(const char *audience, struct error *err)
{
	size_t len = strlen(audience);

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)audience[i] < 0x20 || audience[i] == 0x7f)
			len = 0;
	}
	if (len > 0 && len <= RESOURCE_MAX && str_is_utf8(audience, len))
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_USAGE,
	    "an audience is text without control characters, of at most %u "
	    "bytes",
	    RESOURCE_MAX);
}

static bool
is_resource(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char more[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
	size_t scheme = strspn(s, more);

	return *s && strchr(letters, *s) && s[scheme] == ':' && s[scheme + 1] &&
	       !strpbrk(s, "#\"<>\\^`{|}") && strlen(s) <= RESOURCE_MAX &&
	       str_is_visible(s, strlen(s));
}

int
permit_resources(const struct strlist *resources, struct error *err)
{
	cleanup_buf struct buf clean = BUF_INIT;

	for (size_t i = 0; i < resources->n; i++) {
		const char *s = resources->v[i];

		if (is_resource(s))
			continue;
		str_clean(&clean, s, strlen(s), 100);
		return error_set(err, TOKENWARD_USAGE,
		    "the resource \"%s\" must be an absolute URI without a "
		    "fragment (RFC 8707)",
		    buf_str(&clean));
	}
	return TOKENWARD_OK;
}

int
permit_shape(
    const struct provider *p, const struct shape *shape, struct error *err)
{
	int res = TOKENWARD_OK;

	if (shape->scope && *shape->scope)
		res = permit_scope(p, shape->scope, err);
	if (res == TOKENWARD_OK && shape->audience && *shape->audience)
		res = permit_audience(shape->audience, err);
	if (res == TOKENWARD_OK && shape->resources)
		res = permit_resources(shape->resources, err);
	return res;
}

/* Somebody typed this address: as a token URL, or as a variable. */
static bool
is_explicit(const struct provider *p, const struct credential *c)
{
	return c->token_url || (*p->url == '{' && c->vars.n > 0);
}

int
permit_origin(const struct provider *p, const struct credential *c,
    const char *url, int code, struct buf *ret, struct error *err)
{
	if (url_origin(url, ret, err) != TOKENWARD_OK) {
		err->code = code;
		return error_prefix(err, "the token endpoint: ");
	}
	if (!url_is_plain(url))
		return TOKENWARD_OK;
	if (url_is_loopback(buf_str(ret)) &&
	    (p->plain_http != PLAIN_HTTP_NEVER || is_explicit(p, c)))
		return TOKENWARD_OK;
	if (p->plain_http == PLAIN_HTTP_ALLOWED && c->plain_http)
		return TOKENWARD_OK;
	return error_set(err, code,
	    "%s is plain http: the secret and every token could be read on "
	    "the way; use https%s",
	    buf_str(ret),
	    p->plain_http == PLAIN_HTTP_ALLOWED
		? ", or accept that with --allow-plain-http"
		: "");
}

int
permit_pinned(const struct provider *p, const struct credential *c,
    const char *url, struct error *err)
{
	cleanup_buf struct buf origin = BUF_INIT;
	int res = permit_origin(p, c, url, TOKENWARD_CONFIG, &origin, err);

	if (res != TOKENWARD_OK)
		return error_prefix(err, "%s: ", c->name);
	if (strlist_has(&c->origins, buf_str(&origin)))
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_CONFIG,
	    "%s: provider %s now leads to %s, but the secret was stored for "
	    "%s and goes nowhere else; if the change is right: "
	    "\"tokenward edit %s --rebind\"",
	    c->name, p->id, buf_str(&origin),
	    c->origins.n > 0 ? c->origins.v[0] : "nowhere", c->name);
}
