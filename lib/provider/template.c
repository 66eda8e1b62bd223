/* SPDX-License-Identifier: BSD-2-Clause */
/* Templates: text with {name} in it. */
#include <string.h>

#include "provider/template.h"

static const char NAME[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

int
template_next(const char **at, struct piece *ret)
{
	const char *s = *at;

	if (*s == '\0')
		return 0;
	if (*s == '}')
		return -1;
	if (*s != '{') {
		*ret = (struct piece){s, strcspn(s, "{}"), false};
		*at = s + ret->len;
		return 1;
	}
	s++;
	*ret = (struct piece){s, strspn(s, NAME), true};
	if (ret->len == 0 || s[ret->len] != '}')
		return -1;
	*at = s + ret->len + 1;
	return 1;
}

bool
piece_is(const struct piece *p, const char *name)
{
	return strlen(name) == p->len && memcmp(p->at, name, p->len) == 0;
}

bool
template_is_name(const char *s)
{
	return *s >= 'a' && *s <= 'z' && s[strspn(s, NAME)] == '\0' &&
	       strlen(s) <= 64;
}

bool
template_uses(const char *text, const char *name)
{
	struct piece p;

	while (template_next(&text, &p) == 1) {
		if (p.name && piece_is(&p, name))
			return true;
	}
	return false;
}

enum url_part
template_url_part(const char *url, const struct piece *p)
{
	const char *host, *mark;

	if (p->at == url + 1)
		return piece_is(p, "token_url") ? URL_WHOLE : URL_ORIGIN;
	host = strstr(url, "://");
	host = host && host < p->at ? host + 3 : NULL;
	mark = memchr(url, '?', (size_t)(p->at - url));
	if (mark)
		return URL_QUERY;
	if (host && !memchr(host, '/', (size_t)(p->at - host)))
		return URL_HOST;
	return URL_PATH;
}
