/* SPDX-License-Identifier: BSD-2-Clause */
/* "vars" and "secrets" of a provider file: what a credential brings. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "provider/pattern.h"
#include "provider/reading.h"
#include "provider/template.h"

#define VALUE_MAX 1024u
#define VARS_MAX 64u

static const struct member var_members[] = {
    {"pattern", read_text, offsetof(struct provider_var, pattern)},
    {"enum", read_texts, offsetof(struct provider_var, values)},
    {"default", read_text, offsetof(struct provider_var, fallback)},
    {"about", read_text, offsetof(struct provider_var, about)},
    {NULL},
};

/* Names that mean something without being declared. */
static bool
is_taken(const char *name)
{
	static const char *const taken[] = {
	    "client_id", "scope", "token_url", "access_token", "token", "uuid"};

	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		if (strcmp(taken[i], name) == 0)
			return true;
	}
	return false;
}

static int
check_name(struct reading *r, const char *name)
{
	char quoted[160];

	if (!template_is_name(name))
		return reading_fail(r,
		    "\"%s\" is no name: small letters, digits and _ only",
		    reading_quote(name, quoted));
	if (is_taken(name))
		return reading_fail(
		    r, "\"%s\" has a meaning of its own already", name);
	return TOKENWARD_OK;
}

/* -1 where it is no pattern at all. */
static int
matches_whole(const char *pattern, const char *value)
{
	regmatch_t m;
	regex_t re;
	int got;

	if (regcomp(&re, pattern, REG_EXTENDED) != 0)
		return -1;
	got = regexec(&re, value, 1, &m, 0);
	regfree(&re);
	return got == 0 && m.rm_so == 0 && (size_t)m.rm_eo == strlen(value);
}

bool
provider_var_takes(const struct provider_var *var, const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len > VALUE_MAX || !str_is_utf8(value, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return false;
	}
	if (var->values.n > 0 && !strlist_has(&var->values, value))
		return false;
	return !var->pattern || matches_whole(var->pattern, value) == 1;
}

static int
check_var(struct reading *r, const struct provider_var *var)
{
	const char *p = var->pattern;
	size_t len = p ? strlen(p) : 0;

	if (p && (len < 2 || p[0] != '^' || p[len - 1] != '$'))
		return reading_fail(r,
		    "the pattern of \"%s\" must begin with ^ and end with $",
		    var->name);
	if (p && pattern_fault(p))
		return reading_fail(
		    r, "the pattern of \"%s\" %s", var->name, pattern_fault(p));
	if (p && matches_whole(p, "") == -1)
		return reading_fail(r,
		    "the pattern of \"%s\" is no extended regular expression",
		    var->name);
	if (var->fallback && !provider_var_takes(var, var->fallback))
		return reading_fail(r,
		    "the default of \"%s\" is not among its own values",
		    var->name);
	return TOKENWARD_OK;
}

static int
read_var(struct reading *r, struct provider *p, const char *name,
    struct json_object *v)
{
	struct provider_var *vars =
	    reallocarray(p->vars, p->vars_n + 1, sizeof(*vars));
	struct provider_var *var;
	int res;

	if (!vars)
		return error_memory(r->err);
	p->vars = vars;
	var = &vars[p->vars_n++];
	*var = (struct provider_var){.name = strdup(name)};
	if (!var->name)
		return error_memory(r->err);
	res = read_members(r, var_members, v, var);
	return res == TOKENWARD_OK ? check_var(r, var) : res;
}

int
read_vars(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	(void)m;
	if (!json_object_is_type(v, json_type_object) ||
	    json_object_object_length(v) > (int)VARS_MAX)
		return reading_fail(
		    r, "\"vars\" must be an object of at most 64 members");
	json_object_object_foreach(v, name, value)
	{
		size_t mark = reading_begin(r, name);
		int res = check_name(r, name);

		if (res == TOKENWARD_OK)
			res = read_var(r, at, name, value);
		if (res != TOKENWARD_OK)
			return res;
		reading_end(r, mark);
	}
	return TOKENWARD_OK;
}

int
read_secrets(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	struct strlist *l = at;
	int res = read_texts(r, m, v, at);

	for (size_t i = 0; res == TOKENWARD_OK && i < l->n; i++)
		res = check_name(r, l->v[i]);
	return res;
}

const struct provider_var *
provider_var(const struct provider *p, const char *name)
{
	for (size_t i = 0; i < p->vars_n; i++) {
		if (strcmp(p->vars[i].name, name) == 0)
			return &p->vars[i];
	}
	return NULL;
}
