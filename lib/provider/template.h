/* SPDX-License-Identifier: BSD-2-Clause */
/* Templates: text with {name} in it, nothing more. */
#ifndef PROVIDER_TEMPLATE_H
#define PROVIDER_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct piece {
	const char *at; /* not NUL-terminated */
	size_t len;
	bool name; /* stood in braces */
};

/* 1 a piece, 0 the end, -1 a brace that is no part of {name}. */
int template_next(const char **at, struct piece *ret);
bool piece_is(const struct piece *p, const char *name);
/* Names are [a-z][a-z0-9_]*. */
bool template_is_name(const char *s);
bool template_uses(const char *text, const char *name);

/* Where in the template of a URL a piece stands. */
enum url_part {
	URL_WHOLE,  /* nothing but {token_url} */
	URL_ORIGIN, /* begins the URL: scheme, host and port in one */
	URL_HOST,
	URL_PATH,
	URL_QUERY
};
enum url_part template_url_part(const char *url, const struct piece *p);

#endif
