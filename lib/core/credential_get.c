/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of a credential read as text and as numbers. */
#include <stdio.h>
#include <stdlib.h>
#include "base/cleanup.h"
#include "core/core.h"

static const char *
item_of(
    const struct field *f, const struct tokenward_credential *c, size_t index)
{
	const void *at = (const char *)c->rec + f->offset;
	const struct strlist *l = at;

	if (f->kind == FIELD_TEXT)
		return index == 0 ? *(char *const *)at : NULL;
	if (f->kind == FIELD_LIST)
		return index < l->n ? l->v[index] : NULL;
	if (f->kind == FIELD_FLAG)
		return index == 0 ? (*(const bool *)at ? "true" : "false")
				  : NULL;
	return NULL;
}

const char *
tokenward_credential_get(
    const struct tokenward_credential *c, const char *field, size_t index)
{
	const struct field *f = field ? field_find(field) : NULL;
	const char *text;
	char numbered[80];

	if (!c || !field)
		return NULL;
	if (index == 0 && (text = strmap_get(&c->text, field)))
		return text;
	snprintf(numbered, sizeof(numbered), "%s#%zu", field, index);
	text = strmap_get(&c->text, numbered);
	return text || !f ? text : item_of(f, c, index);
}

int64_t
tokenward_credential_number(
    const struct tokenward_credential *c, const char *field, int64_t fallback)
{
	char key[80];
	const char *text;
	char *end;
	long long v;

	if (!c || !field)
		return fallback;
	snprintf(key, sizeof(key), "%s!", field);
	text = strmap_get(&c->text, key);
	if (!text)
		return fallback;
	v = strtoll(text, &end, 10);
	return *end ? fallback : (int64_t)v;
}
