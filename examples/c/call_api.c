/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls an API with a token and prints the answer.  After a 401 the token is
 * given back as refused, and the call is made once more with another one.
 *
 *     cc call_api.c $(pkg-config --cflags --libs tokenward libcurl) \
 *         -o call_api
 *     ./call_api shop https://api.example/orders
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tokenward/tokenward.h>

#ifndef EXAMPLE_LIBEXEC_DIR
#define EXAMPLE_LIBEXEC_DIR NULL
#endif

#define STATUS_UNAUTHORIZED 401

/* An API call: what is asked, what came back. */
struct call {
	const char *url;
	const char *ca_file; /* NULL: the system's certificates */
	char *body;
	size_t len;
	long status;
};

static size_t
gather(char *data, size_t one, size_t n, void *into)
{
	struct call *call = into;
	char *longer = realloc(call->body, call->len + n + 1);

	(void)one; /* always 1 */
	if (longer == NULL)
		return 0;
	memcpy(longer + call->len, data, n);
	call->body = longer;
	call->len += n;
	call->body[call->len] = '\0';
	return n;
}

/*
 * "Name: value" of the token, then what the provider wants besides.  A token
 * that belongs into the query has no header; this example knows none such.
 */
static struct curl_slist *
headers_of(const struct tokenward_token *token)
{
	const char *name = tokenward_token_header_name(token);
	const char *value = tokenward_token_header_value(token), *more;
	struct curl_slist *list = NULL;
	char *line;
	size_t len;

	if (name == NULL)
		return NULL;
	len = strlen(name) + strlen(value) + sizeof ": ";
	line = malloc(len);
	if (line == NULL)
		return NULL;
	snprintf(line, len, "%s: %s", name, value);
	list = curl_slist_append(list, line);
	explicit_bzero(line, len);
	free(line);
	for (size_t i = 0;
	     (more = tokenward_token_extra_header(token, i)) != NULL; i++)
		list = curl_slist_append(list, more);
	return list;
}

static CURLcode
set_up(CURL *curl, struct call *call, struct curl_slist *headers)
{
	CURLcode r;

	/* A token must not cross the network in the clear, nor follow a
	   redirection to somebody else. */
	r = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	if (r == CURLE_OK)
		r = curl_easy_setopt(curl, CURLOPT_URL, call->url);
	if (r == CURLE_OK && call->ca_file != NULL)
		r = curl_easy_setopt(curl, CURLOPT_CAINFO, call->ca_file);
	if (r == CURLE_OK)
		r = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (r == CURLE_OK)
		r = curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
	if (r == CURLE_OK)
		r = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, gather);
	if (r == CURLE_OK)
		r = curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
	return r;
}

static void
forget(struct curl_slist *headers)
{
	for (struct curl_slist *h = headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(headers);
}

/* One call; 0 if there was an answer, whatever its status. */
static int
perform(struct call *call, const struct tokenward_token *token)
{
	struct curl_slist *headers = headers_of(token);
	CURL *curl = curl_easy_init();
	CURLcode r = CURLE_OUT_OF_MEMORY;

	free(call->body);
	call->body = NULL;
	call->len = 0;
	if (curl != NULL && headers != NULL)
		r = set_up(curl, call, headers);
	if (r == CURLE_OK)
		r = curl_easy_perform(curl);
	if (r == CURLE_OK)
		r = curl_easy_getinfo(
		    curl, CURLINFO_RESPONSE_CODE, &call->status);
	if (r != CURLE_OK)
		fprintf(stderr, "call_api: %s: %s\n", call->url,
		    curl_easy_strerror(r));
	curl_easy_cleanup(curl);
	forget(headers);
	return r == CURLE_OK ? TOKENWARD_OK : TOKENWARD_UNAVAILABLE;
}

/* Gets a token, calls, and gives the token back if the API refused it. */
static int
call_once(struct tokenward *tw, const char *name, struct call *call)
{
	struct tokenward_token *token;
	const char *value;
	int r = tokenward_get_token(tw, name, /* params= */ NULL, &token);

	if (r != TOKENWARD_OK) {
		fprintf(stderr, "call_api: %s\n", tokenward_error(tw));
		return r;
	}
	r = perform(call, token);
	value = tokenward_token_value(token);
	if (r == TOKENWARD_OK && call->status == STATUS_UNAUTHORIZED &&
	    (r = tokenward_reject_token(tw, name, value, strlen(value))) != 0)
		fprintf(stderr, "call_api: %s\n", tokenward_error(tw));
	tokenward_token_free(token);
	return r;
}

static int
call_twice(struct tokenward *tw, const char *name, struct call *call)
{
	int r = call_once(tw, name, call);

	if (r == TOKENWARD_OK && call->status == STATUS_UNAUTHORIZED)
		r = call_once(tw, name, call);
	return r;
}

int
main(int argc, char **argv)
{
	struct tokenward_open_params params = {
	    .size = sizeof params,
	    .libexec_dir = EXAMPLE_LIBEXEC_DIR,
	};
	struct tokenward *tw;
	struct call call = {0};
	int r;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: call_api NAME URL [CA-FILE]\n");
		return TOKENWARD_USAGE;
	}
	call.url = argv[2];
	call.ca_file = argv[3];
	curl_global_init(CURL_GLOBAL_DEFAULT);
	r = tokenward_open(&params, &tw);
	if (r != TOKENWARD_OK)
		fprintf(stderr, "call_api: %s\n", tokenward_error(tw));
	else
		r = call_twice(tw, argv[1], &call);
	if (r == TOKENWARD_OK) {
		if (call.len > 0)
			fwrite(call.body, 1, call.len, stdout);
		if (call.status >= 400) {
			fprintf(stderr, "call_api: %s: status %ld\n", call.url,
			    call.status);
			r = TOKENWARD_FAILED;
		}
	}
	free(call.body);
	tokenward_close(tw);
	curl_global_cleanup();
	return r;
}
