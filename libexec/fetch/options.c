/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libcurl is told.  Defaults are written down where a mistake about
 * them would send a secret to the wrong place.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/frame.h"
#include "provider/url.h"
#include "http.h"

#define CONNECT_SHARE 3 /* one of this many parts of the time may connect */
#define CONNECT_LEAST_MS 1000

static const struct {
	CURLoption option;
	long value;
} numbers[] = {
    /* nowhere else */
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_MAXREDIRS, 0},
    {CURLOPT_POSTREDIR, 0},
    {CURLOPT_AUTOREFERER, 0},
    {CURLOPT_UNRESTRICTED_AUTH, 0},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
    {CURLOPT_PATH_AS_IS, 1},
    {CURLOPT_HSTS_CTRL, 0},
    {CURLOPT_HEADEROPT, CURLHEADER_SEPARATE},
    {CURLOPT_HTTPPROXYTUNNEL, 1},
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
    {CURLOPT_PROXYAUTH, CURLAUTH_BASIC},
    /* to nobody else */
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_SSL_OPTIONS, 0},
    {CURLOPT_SSL_SESSIONID_CACHE, 0},
    {CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_PROXY_SSL_VERIFYPEER, 1},
    {CURLOPT_PROXY_SSL_VERIFYHOST, 2},
    {CURLOPT_PROXY_SSL_OPTIONS, 0},
    /* plain HTTP/1.1 */
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_HTTP09_ALLOWED, 0},
    {CURLOPT_HTTP_CONTENT_DECODING, 0},
    {CURLOPT_TRANSFER_ENCODING, 0},
    {CURLOPT_IGNORE_CONTENT_LENGTH, 0},
    {CURLOPT_FAILONERROR, 0},
    /* nothing kept, no signals, no waiting at the end */
    {CURLOPT_FRESH_CONNECT, 1},
    {CURLOPT_FORBID_REUSE, 1},
    {CURLOPT_DNS_CACHE_TIMEOUT, 0},
    {CURLOPT_TCP_FASTOPEN, 0},
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_QUICK_EXIT, 1},
    {CURLOPT_NOPROGRESS, 1},
    {CURLOPT_VERBOSE, 0},
};

static const struct {
	CURLoption option;
	const char *value;
} strings[] = {
    {CURLOPT_NOPROXY, ""}, /* not the environment's either */
    {CURLOPT_PRE_PROXY, NULL},
    {CURLOPT_ACCEPT_ENCODING, NULL},
    {CURLOPT_COOKIEFILE, NULL},
    {CURLOPT_REDIR_PROTOCOLS_STR, "https"},
    {CURLOPT_DEFAULT_PROTOCOL, "https"},
};

static CURLoption failed;

const char *
options_failed(void)
{
	const struct curl_easyoption *o = curl_easy_option_by_id(failed);

	return o ? o->name : "unknown";
}

#define SET(easy, option, value) \
	(failed = (option), curl_easy_setopt((easy), (option), (value)))

static CURLcode
set_tables(CURL *easy)
{
	CURLcode code = CURLE_OK;
	size_t i;

	for (i = 0; !code && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		code = SET(easy, numbers[i].option, numbers[i].value);
	for (i = 0; !code && i < sizeof(strings) / sizeof(strings[0]); i++)
		code = SET(easy, strings[i].option, strings[i].value);
	return code;
}

static bool
is_loopback(const struct sockaddr *a)
{
	const struct sockaddr_in *v4 =
	    (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *v6 =
	    (const struct sockaddr_in6 *)(const void *)a;

	if (a->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return a->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* A name may resolve to anything: plain http stays on this host. */
static curl_socket_t
open_loopback(void *data, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)data;
	(void)purpose;
	if (!is_loopback(&a->addr)) {
		errno = EACCES;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static CURLcode
set_target(CURL *easy, const struct plan *p, const struct target *t)
{
	CURLcode code = SET(easy, CURLOPT_CURLU, t->url);

	code = code ? code
		    : SET(easy, CURLOPT_PROTOCOLS_STR,
			  url_is_plain(p->url) ? "http" : "https");
	code = code ? code : SET(easy, CURLOPT_PROXY, p->proxy ? p->proxy : "");
	if (!code && t->loopback)
		code = SET(easy, CURLOPT_OPENSOCKETFUNCTION, open_loopback);
	return code;
}

/* Certificates of the plan's own, and then no others. */
static CURLcode
set_ca(CURL *easy, const struct plan *p)
{
	struct curl_blob blob = {.data = p->ca, .flags = CURL_BLOB_NOCOPY};
	CURLcode code;

	if (!p->ca)
		return CURLE_OK;
	blob.len = strlen(p->ca);
	code = SET(easy, CURLOPT_CAINFO, NULL);
	code = code ? code : SET(easy, CURLOPT_CAPATH, NULL);
	code = code ? code : SET(easy, CURLOPT_CAINFO_BLOB, &blob);
	code = code ? code : SET(easy, CURLOPT_PROXY_CAINFO, NULL);
	code = code ? code : SET(easy, CURLOPT_PROXY_CAPATH, NULL);
	return code ? code : SET(easy, CURLOPT_PROXY_CAINFO_BLOB, &blob);
}

static CURLcode
set_times(CURL *easy, int64_t left_ms)
{
	int64_t connect = left_ms / CONNECT_SHARE;
	CURLcode code = SET(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);

	if (connect < CONNECT_LEAST_MS)
		connect = CONNECT_LEAST_MS;
	return code ? code
		    : SET(easy, CURLOPT_CONNECTTIMEOUT_MS,
			  (long)(connect < left_ms ? connect : left_ms));
}

static CURLcode
set_request(CURL *easy, const struct plan *p, struct curl_slist *headers)
{
	CURLcode code = SET(easy, CURLOPT_HTTPHEADER, headers);

	if (code || strcmp(p->method, "GET") == 0)
		return code ? code : SET(easy, CURLOPT_HTTPGET, 1L);
	code = SET(easy, CURLOPT_POST, 1L);
	code = code ? code
		    : SET(easy, CURLOPT_POSTFIELDSIZE_LARGE,
			  (curl_off_t)p->body.len);
	return code ? code : SET(easy, CURLOPT_POSTFIELDS, buf_str(&p->body));
}

CURLcode
options_set(CURL *easy, const struct plan *p, const struct target *t,
    struct curl_slist *headers, int64_t left_ms)
{
	CURLcode code = set_tables(easy);

	code = code ? code : set_target(easy, p, t);
	code = code ? code : set_ca(easy, p);
	code = code ? code : set_times(easy, left_ms);
	code = code ? code
		    : SET(easy, CURLOPT_MAXFILESIZE_LARGE,
			  (curl_off_t)FETCH_ANSWER_MAX);
	return code ? code : set_request(easy, p, headers);
}

/* Header-Name: names of a frame are lower case, some servers are not. */
static void
put_name(struct buf *out, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf_put_byte(out,
		    (unsigned char)((i == 0 || name[i - 1] == '-') &&
					    name[i] >= 'a' && name[i] <= 'z'
					? name[i] - 'a' + 'A'
					: name[i]));
}

static bool
add_header(struct curl_slist **list, const struct frame_field *f)
{
	cleanup_buf struct buf line = BUF_SECRET_INIT;
	struct curl_slist *longer;

	put_name(&line, f->key, f->key_len);
	buf_put_str(&line, f->len ? ": " : ";");
	buf_put(&line, f->value, f->len);
	longer = line.failed ? NULL : curl_slist_append(*list, buf_str(&line));
	if (longer)
		*list = longer;
	return longer;
}

CURLcode
headers_make(const struct plan *p, struct curl_slist **ret)
{
	struct frame_reader reader;
	struct frame_field f;

	/* No asking before sending, no form where the plan says nothing. */
	*ret = curl_slist_append(NULL, "Expect:");
	if (!*ret)
		return CURLE_OUT_OF_MEMORY;
	frame_open(&reader, p->headers.data, p->headers.len);
	while (frame_next(&reader, &f) == 1)
		if (!add_header(ret, &f))
			return CURLE_OUT_OF_MEMORY;
	return CURLE_OK;
}
