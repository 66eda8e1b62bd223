/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plan comes from a process we trust; it is checked all the same.  The
 * origin is worked out by our own parser and by libcurl's, and both must
 * come to the one that is pinned.
 */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/frame.h"
#include "provider/url.h"
#include "target.h"

#define PROXY_PORT 1080 /* libcurl's, when none is written */
#define DNS_PORT 53

static const char *const methods[] = {"GET", "POST"};
static const char *const proxies[] = {"http", "https", "socks5", "socks5h"};

/* libcurl's own business, or ways to confuse a server about the request. */
static const char *const reserved[] = {"accept-encoding", "connection",
    "content-length", "expect", "host", "keep-alive", "proxy-authorization",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"};

#define N(table) (sizeof(table) / sizeof((table)[0]))

static bool
is_one_of(const char *const *table, size_t n, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strlen(table[i]) == len && memcmp(table[i], s, len) == 0)
			return true;
	return false;
}

static int
refuse(struct error *err, const char *what)
{
	return error_set(err, TOKENWARD_CONFIG, "%s", what);
}

static bool
breaks_lines(const void *data, size_t len)
{
	return len && (memchr(data, 0, len) || memchr(data, '\r', len) ||
			  memchr(data, '\n', len));
}

static int
check_headers(const struct plan *p, struct error *err)
{
	struct frame_reader reader;
	struct frame_field f;

	frame_open(&reader, p->headers.data, p->headers.len);
	while (frame_next(&reader, &f) == 1) {
		if (is_one_of(reserved, N(reserved), f.key, f.key_len))
			return refuse(
			    err, "a header that tokenward sets by itself");
		if (breaks_lines(f.value, f.len))
			return refuse(err, "a header with a line break");
	}
	return TOKENWARD_OK;
}

static int
check_text(const struct plan *p, struct error *err)
{
	if (!is_one_of(methods, N(methods), p->method, strlen(p->method)))
		return refuse(err, "a method other than GET and POST");
	if (strcmp(p->method, "GET") == 0 && p->body.len)
		return refuse(err, "a GET with a body");
	if (breaks_lines(p->url, strlen(p->url)))
		return refuse(err, "a URL with a line break");
	if (breaks_lines(p->body.data, p->body.len))
		return refuse(err, "a body with a line break");
	return check_headers(p, err);
}

/* The origin as libcurl understands the URL, in our spelling. */
static int
origin_by_curl(CURLU *url, struct buf *ret, struct error *err)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	cleanup_buf struct buf text = BUF_INIT;
	int r;

	curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
	curl_url_get(url, CURLUPART_HOST, &host, 0);
	curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
	if (scheme && host && port)
		buf_printf(&text, "%s://%s:%s", scheme, host, port);
	r = url_origin(buf_str(&text), ret, err);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return r;
}

static int
check_origin(const struct plan *p, CURLU *url, struct error *err)
{
	cleanup_buf struct buf ours = BUF_INIT, curls = BUF_INIT;
	int r = url_origin(p->url, &ours, err);

	r = r ? r : origin_by_curl(url, &curls, err);
	if (r)
		return r;
	if (strcmp(buf_str(&ours), p->origin) != 0 ||
	    strcmp(buf_str(&curls), p->origin) != 0)
		return refuse(err,
		    "the URL leads to another origin than the one the secret "
		    "was stored for");
	return TOKENWARD_OK;
}

static int
check_plain(const struct plan *p, struct target *t, struct error *err)
{
	if (!url_is_plain(p->url) || p->plain_http)
		return TOKENWARD_OK;
	t->loopback = url_is_loopback(p->origin);
	if (!t->loopback)
		return refuse(err, "plain http is not allowed here");
	if (p->proxy)
		return refuse(
		    err, "a loopback address does not go through a proxy");
	return TOKENWARD_OK;
}

static uint16_t
port_of(CURLU *url)
{
	char *text = NULL;
	unsigned long port = 0;

	if (curl_url_get(url, CURLUPART_PORT, &text, 0) == CURLUE_OK)
		port = strtoul(text, NULL, 10);
	curl_free(text);
	return (uint16_t)port;
}

static int
check_proxy(const char *proxy, struct target *t, struct error *err)
{
	CURLU *url = curl_url();
	char *scheme = NULL;
	cleanup_buf struct buf text = BUF_INIT;
	bool good;

	buf_printf(&text, "%s%s", strstr(proxy, "://") ? "" : "http://", proxy);
	good = url && !text.failed &&
	       curl_url_set(url, CURLUPART_URL, buf_str(&text),
		   CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	       curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	       is_one_of(proxies, N(proxies), scheme, strlen(scheme));
	if (good) {
		t->ports[0] = port_of(url);
		if (!t->ports[0])
			t->ports[0] =
			    strcmp(scheme, "https") == 0 ? 443 : PROXY_PORT;
	}
	curl_free(scheme);
	curl_url_cleanup(url);
	return good ? TOKENWARD_OK
		    : refuse(err, "the proxy is no http, https, socks5 or "
				  "socks5h URL");
}

/* The pinned origin always has its port written. */
static uint16_t
origin_port(const char *origin)
{
	const char *colon = strrchr(origin, ':');

	return colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
}

void
target_free(struct target *t)
{
	curl_url_cleanup(t->url);
	t->url = NULL;
}

int
target_check(const struct plan *p, struct target *ret, struct error *err)
{
	int r = check_text(p, err);

	ret->url = curl_url();
	if (!ret->url)
		return error_memory(err);
	if (r == 0 && curl_url_set(ret->url, CURLUPART_URL, p->url,
			  CURLU_PATH_AS_IS | CURLU_DISALLOW_USER) != CURLUE_OK)
		r = refuse(err, "libcurl does not understand the URL");
	r = r ? r : check_origin(p, ret->url, err);
	r = r ? r : check_plain(p, ret, err);
	ret->ports[0] = origin_port(p->origin);
	ret->ports[1] = ret->loopback ? ret->ports[0] : DNS_PORT;
	if (r == 0 && p->proxy)
		r = check_proxy(p->proxy, ret, err);
	return r;
}
