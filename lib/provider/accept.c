/* SPDX-License-Identifier: BSD-2-Clause */
/* What a credential brings to a provider, checked before it is stored. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "base/cleanup.h"
#include "base/near.h"
#include "provider/permit.h"
#include "provider/template.h"

static void
put_list(struct buf *out, const struct strlist *l, const char *last)
{
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			buf_put_str(out, i + 1 == l->n ? last : ", ");
		buf_put_str(out, l->v[i]);
	}
}

static int
unknown_var(const struct provider *p, const char *name, struct error *err)
{
	cleanup_buf struct buf has = BUF_INIT, clean = BUF_INIT;
	struct near n;

	near_begin(&n, name);
	for (size_t i = 0; i < p->vars_n; i++) {
		near_try(&n, p->vars[i].name);
		buf_printf(
		    &has, "%s%s", i > 0 ? ", " : "; it has: ", p->vars[i].name);
	}
	str_clean(&clean, name, strlen(name), 100);
	return error_set(err, TOKENWARD_USAGE,
	    "provider %s has no variable \"%s\"%s%s%s%s", p->id,
	    buf_str(&clean), p->vars_n ? buf_str(&has) : "; it has none",
	    n.best ? "; did you mean \"" : "", n.best ? n.best : "",
	    n.best ? "\"?" : "");
}

static int
bad_var(const struct provider *p, const struct provider_var *var,
    const char *value, struct error *err)
{
	cleanup_buf struct buf must = BUF_INIT, clean = BUF_INIT;

	if (var->about)
		buf_printf(&must, " (%s)", var->about);
	if (var->values.n > 0) {
		buf_put_str(&must, "; it can be ");
		put_list(&must, &var->values, " or ");
	} else if (var->pattern) {
		buf_printf(&must, "; it must match %s", var->pattern);
	}
	str_clean(&clean, value, strlen(value), 100);
	return error_set(err, TOKENWARD_USAGE,
	    "provider %s: \"%s\" is no value for the variable \"%s\"%s", p->id,
	    buf_str(&clean), var->name, buf_str(&must));
}

static bool
map_uses(const struct strmap *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++) {
		if (template_uses(m->v[i].value, name))
			return true;
	}
	return false;
}

/* A variable of the URL alone needs no value beside --token-url. */
static bool
is_needed(
    const struct provider *p, const struct credential *c, const char *name)
{
	return (!c->token_url && template_uses(p->url, name)) ||
	       map_uses(&p->params, name) || map_uses(&p->query, name) ||
	       map_uses(&p->headers, name) || map_uses(&p->use_headers, name);
}

static int
accept_vars(const struct provider *p, struct credential *c, struct error *err)
{
	for (size_t i = 0; i < c->vars.n; i++) {
		const char *name = c->vars.v[i].key;
		const struct provider_var *var = provider_var(p, name);

		if (!var)
			return unknown_var(p, name, err);
		errno = 0;
		if (!provider_var_takes(var, c->vars.v[i].value))
			return errno == ENOMEM
				   ? error_memory(err)
				   : bad_var(p, var, c->vars.v[i].value, err);
	}
	for (size_t i = 0; i < p->vars_n; i++) {
		const struct provider_var *var = &p->vars[i];

		if (var->fallback || strmap_get(&c->vars, var->name) ||
		    !is_needed(p, c, var->name))
			continue;
		return error_set(err, TOKENWARD_USAGE,
		    "provider %s needs --set %s=VALUE%s%s", p->id, var->name,
		    var->about ? ": " : "", var->about ? var->about : "");
	}
	return TOKENWARD_OK;
}

static int
must_choose(const struct provider *p, struct error *err)
{
	cleanup_buf struct buf names = BUF_INIT, options = BUF_INIT;

	put_list(&names, &p->auth, " or ");
	for (size_t i = 0; i < p->auth.n; i++) {
		const struct auth_method *m = auth_find(p->auth.v[i]);

		buf_printf(&options, "%s--auth %s", i > 0 ? " or " : "",
		    m && m->alias ? m->alias : p->auth.v[i]);
	}
	return error_set(err, TOKENWARD_USAGE,
	    "provider %s takes %s, and each application there only the one "
	    "it was registered with: look at the application's registration, "
	    "then say %s",
	    p->id, buf_str(&names), buf_str(&options));
}

static int
wrong_method(const struct provider *p, const char *name, struct error *err)
{
	cleanup_buf struct buf names = BUF_INIT, clean = BUF_INIT;

	put_list(&names, &p->auth, " or ");
	str_clean(&clean, name, strlen(name), 60);
	return error_set(err, TOKENWARD_USAGE,
	    "provider %s does not take the method \"%s\", but %s", p->id,
	    buf_str(&clean), buf_str(&names));
}

static int
accept_auth(const struct provider *p, struct credential *c, struct error *err)
{
	const char *name = c->auth ? c->auth : p->auth_default;
	const struct auth_method *m;
	char *copy;

	if (!name && p->auth.n > 1)
		return must_choose(p, err);
	m = auth_find(name ? name : p->auth.v[0]);
	if (!m || !strlist_has(&p->auth, m->name))
		return wrong_method(p, name ? name : p->auth.v[0], err);
	copy = strdup(m->name);
	if (!copy)
		return error_memory(err);
	free(c->auth);
	c->auth = copy;
	return TOKENWARD_OK;
}

/* "client_id", or in a JSON body the pointer "/client_id". */
static bool
param_is(const struct provider *p, const char *name, const char *word)
{
	if (!word)
		return false;
	if (p->body == BODY_JSON && *name == '/')
		name++;
	return str_prefix(name, word) &&
	       (name[strlen(word)] == '\0' ||
		   (p->body == BODY_JSON && name[strlen(word)] == '/'));
}

static int
accept_param(const struct provider *p, const char *name, struct error *err)
{
	const struct {
		const char *word, *instead;
	} taken[] = {
	    {p->client_id_name, "--client-id"},
	    {"client_id", "--client-id"},
	    {p->client_secret_name, "a secret from a file or a prompt"},
	    {"client_secret", "a secret from a file or a prompt"},
	    {p->grant_type_name, "the provider file"},
	    {"grant_type", "the provider file"},
	    {"client_assertion", "--auth"},
	    {"client_assertion_type", "--auth"},
	    {p->scope_name, "--scope"},
	    {"audience", "--audience"},
	    {"resource", "--resource"},
	};

	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		if (param_is(p, name, taken[i].word))
			return error_set(err, TOKENWARD_USAGE,
			    "the parameter \"%s\" is not set with --param, "
			    "but by %s",
			    taken[i].word, taken[i].instead);
	}
	return TOKENWARD_OK;
}

static int
accept_params(
    const struct provider *p, const struct credential *c, struct error *err)
{
	int res = TOKENWARD_OK;

	for (size_t i = 0; res == TOKENWARD_OK && i < c->params.n; i++) {
		const char *name = c->params.v[i].key;

		if (!str_is_visible(name, strlen(name)))
			return error_set(err, TOKENWARD_USAGE,
			    "the name of a parameter is printable ASCII "
			    "without blanks");
		if (!str_is_utf8(
			c->params.v[i].value, strlen(c->params.v[i].value)))
			return error_set(err, TOKENWARD_USAGE,
			    "the value of the parameter \"%s\" is not UTF-8",
			    name);
		res = accept_param(p, name, err);
	}
	return res;
}

static int
accept_wishes(
    const struct provider *p, const struct credential *c, struct error *err)
{
	const char *scope = c->scope && *c->scope ? c->scope : p->scope_default;
	int res = permit_scope(p, scope, err);

	if (res == TOKENWARD_OK && c->audience && *c->audience)
		res = permit_audience(c->audience, err);
	if (res == TOKENWARD_OK)
		res = permit_resources(&c->resources, err);
	return res;
}

int
provider_accept(
    const struct provider *p, struct credential *c, struct error *err)
{
	struct strlist origins = {0};
	int res;

	errno = 0;
	res = accept_vars(p, c, err);
	if (res == TOKENWARD_OK)
		res = accept_auth(p, c, err);
	if (res == TOKENWARD_OK)
		res = accept_wishes(p, c, err);
	if (res == TOKENWARD_OK)
		res = accept_params(p, c, err);
	if (res == TOKENWARD_OK)
		res = provider_origins(p, c, &origins, err);
	strlist_free(&origins);
	return res && errno == ENOMEM ? error_memory(err) : res;
}
