/* SPDX-License-Identifier: BSD-2-Clause */
/* Provider, credential and shape become the plan of one token request. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "base/cleanup.h"
#include "base/frame.h"
#include "grant/grant.h"
#include "provider/permit.h"
#include "provider/request.h"
#include "provider/url.h"

/* Scopes are always given with blanks; the file says what is sent. */
static char *
join_scope(const char *scope, const char *separator)
{
	cleanup_buf struct buf out = BUF_INIT;

	while (*scope) {
		size_t len = strcspn(scope, " ");

		if (len > 0 && out.len > 0)
			buf_put_str(&out, separator);
		buf_put(&out, scope, len);
		scope += len + (scope[len] == ' ');
	}
	return out.failed ? NULL : strdup(buf_str(&out));
}

static int
choose_scope(struct request *r, const struct shape *shape, struct error *err)
{
	const struct provider *p = r->provider;
	const char *scope = r->credential->scope;

	if (shape->scope && *shape->scope)
		scope = shape->scope;
	if (!scope || !*scope)
		scope = p->scope_default;
	if (!scope)
		return p->scope_required ? permit_scope(p, NULL, err)
					 : TOKENWARD_OK;
	r->scope = join_scope(scope, p->scope_separator);
	return r->scope ? permit_scope(p, scope, err) : error_memory(err);
}

static int
put_secrets(struct request *r, struct error *err)
{
	const struct strlist *names = &r->provider->secrets;
	const struct buf *value;
	int res = TOKENWARD_OK;

	for (size_t i = 0; res == TOKENWARD_OK && i < names->n; i++) {
		res = request_secret(r, names->v[i], &value, err);
		if (res == TOKENWARD_OK)
			frame_put(&r->redact, "v", value->data, value->len);
	}
	return res;
}

static int
put_auth(struct request *r, struct error *err)
{
	const char *name = r->credential->auth;
	const struct auth_method *method = auth_find(name);

	if (method && strlist_has(&r->provider->auth, method->name))
		return method->prove(method, r, err);
	return error_set(err, TOKENWARD_CONFIG,
	    "%s: provider %s no longer takes the method %s: choose another "
	    "with \"tokenward edit %s --auth METHOD\"",
	    r->credential->name, r->provider->id, name ? name : "(none)",
	    r->credential->name);
}

/* The file's own parameters; the credential's of the same name win. */
static int
put_params(struct request *r, struct error *err)
{
	const struct strmap *own = &r->credential->params;
	const struct strmap *file = &r->provider->params;
	int res = TOKENWARD_OK;

	for (size_t i = 0; res == TOKENWARD_OK && i < file->n; i++) {
		cleanup_buf struct buf value = BUF_SECRET_INIT;
		const char *name = file->v[i].key;

		if (strmap_get(own, name))
			continue;
		if (strlist_has(&r->provider->bare, name)) {
			res =
			    request_param_bare(r, name, file->v[i].value, err);
			continue;
		}
		res = request_expand(r, file->v[i].value, &value, err);
		if (res == TOKENWARD_OK)
			res =
			    request_param(r, name, value.data, value.len, err);
	}
	for (size_t i = 0; res == TOKENWARD_OK && i < own->n; i++)
		res = request_param(r, own->v[i].key, own->v[i].value,
		    strlen(own->v[i].value), err);
	return res;
}

static const char *
content_type(const struct provider *p)
{
	if (p->content_type)
		return p->content_type;
	return p->body == BODY_JSON ? "application/json"
				    : "application/x-www-form-urlencoded";
}

static int
put_header(
    struct request *r, const char *name, const char *value, struct error *err)
{
	return request_header(r, name, value, strlen(value), err);
}

static int
put_headers(struct request *r, struct error *err)
{
	const struct provider *p = r->provider;
	const struct strmap *more = &p->headers;
	int res = put_header(r, "accept", p->accept, err);

	if (res == TOKENWARD_OK)
		res = put_header(r, "user-agent",
		    p->user_agent ? p->user_agent
				  : "tokenward/" PACKAGE_VERSION,
		    err);
	if (res == TOKENWARD_OK && p->body != BODY_NONE)
		res = put_header(r, "content-type", content_type(p), err);
	for (size_t i = 0; res == TOKENWARD_OK && i < more->n; i++) {
		cleanup_buf struct buf value = BUF_SECRET_INIT;

		res = request_expand(r, more->v[i].value, &value, err);
		if (res == TOKENWARD_OK)
			res = request_header(
			    r, more->v[i].key, value.data, value.len, err);
	}
	return res;
}

/* What the file adds, and without a body the parameters, go after "?". */
static int
put_query(struct request *r, struct buf *url, struct error *err)
{
	const struct strmap *query = &r->provider->query;
	cleanup_buf struct buf form = BUF_INIT;
	int res = TOKENWARD_OK;

	if (r->provider->body == BODY_NONE)
		res = request_form(r, &form, err);
	for (size_t i = 0; res == TOKENWARD_OK && i < query->n; i++) {
		cleanup_buf struct buf value = BUF_INIT;

		res = request_expand(r, query->v[i].value, &value, err);
		if (res != TOKENWARD_OK || value.len == 0)
			continue;
		if (form.len > 0)
			buf_put_byte(&form, '&');
		form_put(&form, query->v[i].key, strlen(query->v[i].key));
		buf_put_byte(&form, '=');
		form_put(&form, buf_str(&value), value.len);
	}
	buf_put_str(url, r->url);
	if (form.len > 0) {
		buf_put_byte(url, strchr(r->url, '?') ? '&' : '?');
		buf_put(url, form.data, form.len);
	}
	return res == TOKENWARD_OK && url->failed ? error_memory(err) : res;
}

static int
put_body(struct request *r, struct buf *out, struct error *err)
{
	switch (r->provider->body) {
	case BODY_FORM:
		return request_form(r, out, err);
	case BODY_JSON:
		return request_json(r, out, err);
	case BODY_NONE:
		break;
	}
	return TOKENWARD_OK;
}

static int
build(struct request *r, const struct shape *shape, struct error *err)
{
	const struct grant *grant = grant_find(r->provider->grant);
	int res = choose_scope(r, shape, err);

	if (res == TOKENWARD_OK)
		res = permit_shape(r->provider, shape, err);
	if (res == TOKENWARD_OK)
		res = put_secrets(r, err);
	if (res == TOKENWARD_OK)
		res = grant->ask(grant, r, shape, err);
	if (res == TOKENWARD_OK)
		res = put_auth(r, err);
	if (res == TOKENWARD_OK)
		res = put_params(r, err);
	return res == TOKENWARD_OK ? put_headers(r, err) : res;
}

static int
fill(struct request *r, struct plan *ret, struct error *err)
{
	cleanup_buf struct buf url = BUF_INIT, origin = BUF_INIT;
	const struct credential *c = r->credential;
	int res = put_body(r, &ret->body, err);

	if (res == TOKENWARD_OK)
		res = put_query(r, &url, err);
	if (res == TOKENWARD_OK)
		res = permit_origin(
		    r->provider, c, r->url, TOKENWARD_CONFIG, &origin, err);
	if (res != TOKENWARD_OK)
		return res;
	ret->method = strdup(r->provider->method);
	ret->url = strdup(buf_str(&url));
	ret->origin = strdup(buf_str(&origin));
	ret->ca = c->ca ? strdup(c->ca) : NULL;
	ret->proxy = c->proxy ? strdup(c->proxy) : NULL;
	ret->plain_http =
	    c->plain_http && r->provider->plain_http == PLAIN_HTTP_ALLOWED;
	buf_move(&ret->headers, &r->headers);
	buf_move(&ret->redact, &r->redact);
	if (!ret->method || !ret->url || !ret->origin || (c->ca && !ret->ca) ||
	    (c->proxy && !ret->proxy) || ret->headers.failed ||
	    ret->redact.failed || ret->body.failed)
		return error_memory(err);
	return TOKENWARD_OK;
}

int
provider_apply(const struct provider *p, const struct credential *c,
    const struct secret_version *v, const struct shape *shape, struct plan *ret,
    struct error *err)
{
	static const struct shape usual;
	cleanup_request struct request r = REQUEST_INIT;
	int res;

	r.provider = p;
	r.credential = c;
	r.version = v;
	errno = 0;
	res = request_url(&r, err);
	if (res == TOKENWARD_OK)
		res = permit_pinned(p, c, r.url, err);
	if (res == TOKENWARD_OK)
		res = build(&r, shape ? shape : &usual, err);
	if (res == TOKENWARD_OK)
		res = fill(&r, ret, err);
	return res && errno == ENOMEM ? error_memory(err) : res;
}
