/* SPDX-License-Identifier: BSD-2-Clause */
/* Ordered names and values: headers, form fields, flat JSON objects. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tokend.h"

typedef int (*compare)(const char *, const char *);

static char *
copy(const char *s, size_t len)
{
	char *out = xcalloc(1, len + 1);

	if (len > 0)
		memcpy(out, s, len);
	return out;
}

void
pairs_add(struct pairs *p, const char *name, size_t name_len, const char *value,
    size_t value_len)
{
	struct pair *at;

	p->item = xrealloc(p->item, (p->n + 1) * sizeof(*p->item));
	at = &p->item[p->n++];
	at->name = copy(name, name_len);
	at->value = copy(value, value_len);
	at->len = value_len;
}

void
pairs_free(struct pairs *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->item[i].name);
		free(p->item[i].value);
	}
	free(p->item);
	*p = (struct pairs){0};
}

static const char *
get(const struct pairs *p, const char *name, compare cmp)
{
	for (size_t i = 0; i < p->n; i++) {
		if (cmp(p->item[i].name, name) == 0)
			return p->item[i].len > 0 ? p->item[i].value : NULL;
	}
	return NULL;
}

static size_t
count(const struct pairs *p, const char *name, compare cmp)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += cmp(p->item[i].name, name) == 0;
	return n;
}

const char *
pairs_get(const struct pairs *p, const char *name)
{
	return get(p, name, strcmp);
}

size_t
pairs_count(const struct pairs *p, const char *name)
{
	return count(p, name, strcmp);
}

const char *
pairs_get_nocase(const struct pairs *p, const char *name)
{
	return get(p, name, strcasecmp);
}

size_t
pairs_count_nocase(const struct pairs *p, const char *name)
{
	return count(p, name, strcasecmp);
}
