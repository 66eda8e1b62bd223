/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists, maps and small questions about text. */
#include <stdlib.h>
#include <string.h>
#include "base/str.h"

bool
strlist_add(struct strlist *l, const char *s)
{
	char *copy = strdup(s);
	char **v = copy ? reallocarray(l->v, l->n + 1, sizeof(*v)) : NULL;

	if (!v) {
		free(copy);
		return false;
	}
	l->v = v;
	l->v[l->n++] = copy;
	return true;
}

bool
strlist_copy(struct strlist *dst, const struct strlist *src)
{
	struct strlist copy = {0};
	size_t i;

	for (i = 0; i < src->n; i++)
		if (!strlist_add(&copy, src->v[i])) {
			strlist_free(&copy);
			return false;
		}
	strlist_free(dst);
	*dst = copy;
	return true;
}

bool
strlist_has(const struct strlist *l, const char *s)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

void
strlist_free(struct strlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strlist){0};
}

static struct strpair *
pair_find(const struct strmap *m, const char *key)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (strcmp(m->v[i].key, key) == 0)
			return &m->v[i];
	return NULL;
}

static bool
pair_add(struct strmap *m, char *key, char *value)
{
	struct strpair *v =
	    key && value ? reallocarray(m->v, m->n + 1, sizeof(*v)) : NULL;

	if (!v) {
		free(key);
		free(value);
		return false;
	}
	m->v = v;
	m->v[m->n++] = (struct strpair){key, value};
	return true;
}

bool
strmap_set(struct strmap *m, const char *key, const char *value)
{
	struct strpair *p = pair_find(m, key);
	char *copy;

	if (!p)
		return pair_add(m, strdup(key), strdup(value));
	copy = strdup(value);
	if (!copy)
		return false;
	free(p->value);
	p->value = copy;
	return true;
}

const char *
strmap_get(const struct strmap *m, const char *key)
{
	const struct strpair *p = pair_find(m, key);

	return p ? p->value : NULL;
}

bool
strmap_copy(struct strmap *dst, const struct strmap *src)
{
	struct strmap copy = {0};
	size_t i;

	for (i = 0; i < src->n; i++)
		if (!strmap_set(&copy, src->v[i].key, src->v[i].value)) {
			strmap_free(&copy);
			return false;
		}
	strmap_free(dst);
	*dst = copy;
	return true;
}

void
strmap_free(struct strmap *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		free(m->v[i].key);
		free(m->v[i].value);
	}
	free(m->v);
	*m = (struct strmap){0};
}

bool
str_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool
str_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool
is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

bool
str_is_name(const char *s)
{
	size_t i;

	if (!is_alnum((unsigned char)s[0]))
		return false;
	for (i = 1; s[i]; i++)
		if (i >= 128 ||
		    (!is_alnum((unsigned char)s[i]) && !strchr("._+@-", s[i])))
			return false;
	return true;
}

bool
str_is_visible(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] < 0x21 || s[i] > 0x7e)
			return false;
	return len > 0;
}

void
hex_put(struct buf *out, const unsigned char *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char *room = buf_room(out, 2 * len);
	size_t i;

	if (!room)
		return;
	for (i = 0; i < len; i++) {
		room[2 * i] = (unsigned char)digits[p[i] >> 4];
		room[2 * i + 1] = (unsigned char)digits[p[i] & 15];
	}
	out->len += 2 * len;
	out->data[out->len] = 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
hex_get(const char *s, unsigned char *out, size_t len)
{
	size_t i;
	int high, low;

	if (strlen(s) != 2 * len)
		return false;
	for (i = 0; i < len; i++) {
		high = hex_digit(s[2 * i]);
		low = hex_digit(s[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}
