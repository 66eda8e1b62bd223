/* SPDX-License-Identifier: BSD-2-Clause */
/* One HTTP exchange by libcurl, with nothing kept from an earlier one. */
#ifndef FETCH_HTTP_H
#define FETCH_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <curl/curl.h>
#include "base/buf.h"
#include "base/str.h"
#include "fetch/fetch.h"
#include "target.h"

#define HTTP_PARENT 0 /* the socket to whoever asked; its end is ours */

struct http_try {
	CURLcode code;     /* OK: an answer came, whole and within the limits */
	const char *limit; /* which limit the answer broke, or NULL */
	const char *limit_stage;
	bool any;         /* a byte of an answer came */
	bool out_of_time; /* at the deadline, and not at some timeout */
	char words[CURL_ERROR_SIZE];
	int os_errno;
	int proxy_status;
	const char *reached; /* the stage it came to, see struct reply */
	int status;
	char *status_line;
	struct strmap headers; /* names in lower case, the first of a name */
	size_t header_bytes;
	size_t header_lines;
	struct buf body;
	int64_t sent_at; /* wall seconds */
	int64_t answered_at;
};
#define HTTP_TRY_INIT            \
	{                        \
		.body = BUF_INIT \
	}

void http_try_free(struct http_try *t);
#define cleanup_http_try __attribute__((cleanup(http_try_free)))

/* The libcurl at hand can do what is asked of it. */
int http_check(struct error *err);
/* Ends the process when the parent is gone. */
void http_perform(const struct plan *p, const struct target *t,
    int64_t deadline_ms, struct http_try *ret);

/* options.c: every option, each one's result asked for. */
struct curl_slist;
CURLcode options_set(CURL *easy, const struct plan *p, const struct target *t,
    struct curl_slist *headers, int64_t left_ms);
/* Which one failed, for the message. */
const char *options_failed(void);
CURLcode headers_make(const struct plan *p, struct curl_slist **ret);

#endif
