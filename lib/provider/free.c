/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a struct provider, and small questions to it. */
#include <stdlib.h>
#include <string.h>

#include "provider/provider.h"
#include "provider/template.h"

#define AT(name) offsetof(struct provider, name)
static const size_t texts[] = {AT(id), AT(name), AT(verified), AT(url),
    AT(method), AT(content_type), AT(accept), AT(user_agent), AT(auth_default),
    AT(client_id_name), AT(client_secret_name), AT(grant_type_name), AT(grant),
    AT(scope_name), AT(scope_separator), AT(scope_default), AT(type_default),
    AT(use_in), AT(use_name), AT(use_format), AT(renew_help)};
static const size_t lists[] = {AT(docs), AT(secrets), AT(auth), AT(bare),
    AT(token_at), AT(type_at), AT(refresh_at), AT(scope_at), AT(error_code_at),
    AT(error_message_at)};
static const size_t maps[] = {
    AT(params), AT(query), AT(headers), AT(keep), AT(use_headers)};

static void
free_var(struct provider_var *var)
{
	free(var->name);
	free(var->pattern);
	strlist_free(&var->values);
	free(var->fallback);
	free(var->about);
}

static void
free_rule(struct outcome_rule *rule)
{
	free(rule->status);
	free(rule->at);
	strlist_free(&rule->in);
	strlist_free(&rule->not_in);
	free(rule->contains);
}

void
provider_free(struct provider *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		free(*(char **)((char *)p + texts[i]));
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		strlist_free((struct strlist *)((char *)p + lists[i]));
	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++)
		strmap_free((struct strmap *)((char *)p + maps[i]));
	for (size_t i = 0; i < p->vars_n; i++)
		free_var(&p->vars[i]);
	for (size_t i = 0; i < p->expires_n; i++)
		free(p->expires[i].at);
	for (size_t i = 0; i < p->outcomes_n; i++)
		free_rule(&p->outcomes[i]);
	free(p->vars);
	free(p->expires);
	free(p->outcomes);
	free(p);
}

void
cleanup_provider_p(struct provider **p)
{
	provider_free(*p);
}

bool
provider_is_id(const char *s)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	return *s && *s != '-' && s[strspn(s, set)] == '\0' && strlen(s) <= 64;
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

bool
provider_wants_client_id(const struct provider *p)
{
	const char *name = "client_id";

	return strlist_has(&p->auth, "client_secret_basic") ||
	       strlist_has(&p->auth, "client_secret_post") ||
	       template_uses(p->url, name) || map_uses(&p->params, name) ||
	       map_uses(&p->query, name) || map_uses(&p->headers, name) ||
	       map_uses(&p->use_headers, name);
}

bool
provider_wants_token_url(const struct provider *p)
{
	return strcmp(p->url, "{token_url}") == 0;
}
