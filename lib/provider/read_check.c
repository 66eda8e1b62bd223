/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What no single member of a provider file can know: that every {name} means
 * something where it stands, that no secret gets into a URL, that the parts
 * fit each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "provider/reading.h"
#include "provider/template.h"
#include "provider/url.h"

/* The names a template may use beyond the variables. */
enum may {
	MAY_CLIENT_ID = 1,
	MAY_REQUEST = 2, /* scope, token_url, uuid */
	MAY_SECRETS = 4,
	MAY_TOKEN = 8, /* and nothing else */
};

static bool
may_use(const struct provider *p, const struct piece *piece, unsigned may)
{
	cleanup_free char *name = strndup(piece->at, piece->len);

	if (!name)
		return false;
	if (may & MAY_TOKEN)
		return strcmp(name, "token") == 0;
	if (strcmp(name, "client_id") == 0)
		return may & MAY_CLIENT_ID;
	if (strcmp(name, "scope") == 0 || strcmp(name, "uuid") == 0 ||
	    strcmp(name, "token_url") == 0)
		return may & MAY_REQUEST;
	if (strlist_has(&p->secrets, name))
		return may & MAY_SECRETS;
	return provider_var(p, name) != NULL;
}

static int
check_template(struct reading *r, const char *text, unsigned may)
{
	char where[160], word[80];
	const char *at = text;
	struct piece piece;
	int got;

	while ((got = template_next(&at, &piece)) == 1) {
		if (!piece.name || may_use(r->provider, &piece, may))
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)piece.len, piece.at);
		return reading_fail(r,
		    "\"%s\" uses {%s}, which is no variable of this file or "
		    "has no place here",
		    reading_name(r, where), word);
	}
	if (got < 0)
		return reading_fail(r,
		    "\"%s\" has a brace that is no part of a {name}",
		    reading_name(r, where));
	return TOKENWARD_OK;
}

static int
check_map(struct reading *r, const char *parent, const char *name,
    const struct strmap *m, unsigned may)
{
	int res = TOKENWARD_OK;

	for (size_t i = 0; res == TOKENWARD_OK && i < m->n; i++) {
		reading_end(r, 0);
		reading_begin(r, parent);
		reading_begin(r, name);
		reading_begin(r, m->v[i].key);
		res = check_template(r, m->v[i].value, may);
	}
	return res;
}

/* Where a person says a part of the host, the file must say how it looks. */
static int
check_host_var(struct reading *r, const struct piece *piece)
{
	cleanup_free char *name = strndup(piece->at, piece->len);
	const struct provider_var *var =
	    name ? provider_var(r->provider, name) : NULL;

	if (var && (var->pattern || var->values.n > 0))
		return TOKENWARD_OK;
	return reading_fail(r,
	    "{%.*s} stands where the host is and so needs a \"pattern\" or an "
	    "\"enum\"",
	    (int)piece->len, piece->at);
}

/* The URL with something harmless for each variable. */
static int
sample_url(struct reading *r, struct buf *out)
{
	const char *url = r->provider->url, *at = url;
	struct piece piece;
	int res = TOKENWARD_OK;

	while (res == TOKENWARD_OK && template_next(&at, &piece) == 1) {
		enum url_part part =
		    piece.name ? template_url_part(url, &piece) : URL_PATH;

		if (part == URL_ORIGIN && *at && !strchr("/?", *at))
			return reading_fail(r,
			    "what follows {%.*s} in the URL must begin "
			    "with /",
			    (int)piece.len, piece.at);
		if (part == URL_ORIGIN || part == URL_HOST)
			res = check_host_var(r, &piece);
		if (piece.name)
			buf_put_str(
			    out, part == URL_ORIGIN ? "https://x" : "x");
		else
			buf_put(out, piece.at, piece.len);
	}
	return res;
}

static int
check_url(struct reading *r)
{
	struct provider *p = r->provider;
	cleanup_buf struct buf sample = BUF_INIT, origin = BUF_INIT;
	int res;

	reading_end(r, 0);
	if (!p->url)
		return reading_lacks(r, "\"token.url\" is missing");
	reading_begin(r, "token");
	reading_begin(r, "url");
	if (provider_wants_token_url(p))
		return TOKENWARD_OK;
	res = check_template(r, p->url, MAY_CLIENT_ID);
	if (res == TOKENWARD_OK)
		res = sample_url(r, &sample);
	if (res != TOKENWARD_OK)
		return res;
	if (url_origin(buf_str(&sample), &origin, r->err) != TOKENWARD_OK) {
		error_clear(r->err);
		return reading_fail(r,
		    "\"token.url\" must be a plain https URL without user, "
		    "fragment or odd characters");
	}
	if (!url_is_plain(p->url) || p->plain_http == PLAIN_HTTP_ALLOWED ||
	    (p->plain_http == PLAIN_HTTP_LOOPBACK &&
		url_is_loopback(buf_str(&origin))))
		return TOKENWARD_OK;
	return reading_fail(r, "\"token.url\" must begin with https://, or "
			       "\"plain_http\" must permit it");
}

static int
check_params(struct reading *r)
{
	const struct provider *p = r->provider;
	const char *said[] = {p->grant_type_name, p->client_id_name,
	    p->client_secret_name, p->scope_name};

	for (size_t i = 0; i < p->params.n; i++) {
		const char *name = p->params.v[i].key;

		reading_end(r, 0);
		reading_begin(r, "token");
		reading_begin(r, "params");
		reading_begin(r, name);
		if (*name == '/' && (p->body != BODY_JSON || !is_pointer(name)))
			return reading_fail(r, "a parameter whose name is a "
					       "pointer needs a JSON body");
		for (size_t j = 0; j < sizeof(said) / sizeof(*said); j++) {
			if (said[j] && strcmp(said[j], name) == 0)
				return reading_fail(r,
				    "the parameter \"%s\" is sent already",
				    said[j]);
		}
	}
	return TOKENWARD_OK;
}

static int
check_auth(struct reading *r)
{
	struct provider *p = r->provider;
	bool basic = strlist_has(&p->auth, "client_secret_basic");
	bool post = strlist_has(&p->auth, "client_secret_post");

	reading_end(r, 0);
	reading_begin(r, "token");
	reading_begin(r, "auth");
	if (strcmp(p->method, "GET") == 0) {
		if (p->body == BODY_JSON)
			return reading_fail(r, "GET has no JSON body");
		p->body = BODY_NONE;
	}
	if (post && p->body == BODY_NONE)
		return reading_fail(r, "client_secret_post needs a body: a "
				       "secret never goes into a URL");
	if ((basic || post) && !strlist_has(&p->secrets, "client_secret"))
		return reading_fail(r, "client_secret_basic and _post need "
				       "client_secret among \"secrets\"");
	if (post && (!p->client_id_name || !p->client_secret_name))
		return reading_fail(r,
		    "client_secret_post needs names for client_id and "
		    "client_secret");
	if (basic && strmap_get(&p->headers, "authorization"))
		return reading_fail(r, "client_secret_basic makes the header "
				       "authorization itself");
	if (p->auth_default && !strlist_has(&p->auth, p->auth_default))
		return reading_fail(
		    r, "\"auth_default\" is not among \"auth\"");
	return TOKENWARD_OK;
}

static bool
is_header_value(const char *s)
{
	for (; s && *s; s++) {
		if (*s < 0x20 || *s > 0x7e)
			return false;
	}
	return true;
}

static int
check_texts(struct reading *r)
{
	const struct provider *p = r->provider;
	const char *mark = strstr(p->use_format, "{token}");

	reading_end(r, 0);
	reading_begin(r, "token");
	if (!is_header_value(p->content_type) || !is_header_value(p->accept) ||
	    !is_header_value(p->user_agent))
		return reading_fail(
		    r, "a header can hold printable ASCII only");
	reading_end(r, 0);
	reading_begin(r, "use");
	if (!mark || strstr(mark + 1, "{token}"))
		return reading_fail(
		    r, "\"use.format\" must have {token} in it, once");
	if (!is_header_value(p->use_format) ||
	    !str_is_visible(p->use_name, strlen(p->use_name)) ||
	    strpbrk(p->use_name, ":=&?#"))
		return reading_fail(r, "\"use\" must name a header or a "
				       "parameter in printable ASCII");
	return check_template(r, p->use_format, MAY_TOKEN);
}

static int
check_maps(struct reading *r)
{
	const struct provider *p = r->provider;
	/* Without a body the parameters go into the URL. */
	unsigned secrets = p->body == BODY_NONE ? 0 : MAY_SECRETS;
	int res = check_map(r, "token", "params", &p->params,
	    MAY_CLIENT_ID | MAY_REQUEST | secrets);

	if (res == TOKENWARD_OK)
		res = check_map(r, "token", "query", &p->query,
		    MAY_CLIENT_ID | MAY_REQUEST);
	if (res == TOKENWARD_OK)
		res = check_map(r, "token", "headers", &p->headers,
		    MAY_CLIENT_ID | MAY_REQUEST | MAY_SECRETS);
	if (res == TOKENWARD_OK)
		res = check_map(
		    r, "use", "headers", &p->use_headers, MAY_CLIENT_ID);
	return res;
}

int
read_check(struct reading *r)
{
	static int (*const checks[])(struct reading *) = {
	    check_url, check_auth, check_params, check_maps, check_texts};
	int res = TOKENWARD_OK;

	if (!r->provider->id)
		return reading_lacks(r, "\"id\" is missing");
	for (size_t i = 0;
	     res == TOKENWARD_OK && i < sizeof(checks) / sizeof(*checks); i++)
		res = checks[i](r);
	return res;
}
