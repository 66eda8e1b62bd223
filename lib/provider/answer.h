/* SPDX-License-Identifier: BSD-2-Clause */
/* One HTTP answer being read; only answer*.c and its parts look here. */
#ifndef PROVIDER_ANSWER_H
#define PROVIDER_ANSWER_H

#include "provider/provider.h"

struct json_object;

struct answer {
	const struct provider *provider;
	const struct http_answer *http;
	struct json_object *root; /* NULL: no JSON object */
	const char *fault;        /* then why */
	unsigned fault_line;
	bool *failed; /* no memory: what was read may be the wrong thing */
};

enum found {
	FOUND_NONE, /* nothing there, null, "", an object, an array */
	FOUND_STRING,
	FOUND_OTHER /* number or boolean */
};

/* The text at a pointer or "header:Name", appended. */
enum found answer_get(const struct answer *a, const char *at, struct buf *out);
/* The first of the list where something is found. */
enum found answer_first(
    const struct answer *a, const struct strlist *at, struct buf *out);
/* What the answer means by the file's rules, then by the standard's words,
   then by its status; OUTCOME_OK is a promise that a token must keep. */
enum outcome answer_outcome(const struct answer *a);
/* Seconds from before the request. */
int64_t answer_life(
    const struct answer *a, const struct buf *token, bool *ret_assumed);
/* Seconds of Retry-After, -1: none that makes sense. */
int64_t answer_retry_after(const struct http_answer *http);

#endif
