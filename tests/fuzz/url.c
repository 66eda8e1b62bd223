/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one parser of URLs: an origin is a fixed point, plain in every part,
 * and the same that libcurl makes of the URL where libcurl takes it.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include "base/cleanup.h"
#include "base/str.h"
#include "fuzz.h"
#include "provider/url.h"

static void
same_origin(const char *url, const char *origin)
{
	cleanup_buf struct buf got = BUF_INIT;
	struct error err;

	REQUIRE(url_origin(url, &got, &err) == TOKENWARD_OK);
	REQUIRE(strcmp(buf_str(&got), origin) == 0);
}

static void
check_shape(const char *origin)
{
	const char *host = strstr(origin, "://") + 3;
	const char *colon = strrchr(host, ':');
	size_t len;

	REQUIRE(
	    str_prefix(origin, "https://") || str_prefix(origin, "http://"));
	REQUIRE(colon && colon > host && colon[1] >= '1' && colon[1] <= '9');
	REQUIRE(atoi(colon + 1) >= 1 && atoi(colon + 1) <= 65535);
	REQUIRE(strlen(colon) <= 6);
	len = (size_t)(colon - host);
	if (*host == '[')
		REQUIRE(host[len - 1] == ']');
	else
		REQUIRE(strspn(host, "-_.0123456789"
				     "abcdefghijklmnopqrstuvwxyz") == len);
}

static void
check_loopback(const char *origin)
{
	const char *host = strstr(origin, "://") + 3;
	cleanup_free char *name =
	    strndup(host, (size_t)(strrchr(host, ':') - host));
	unsigned char address[4];
	bool is =
	    str_prefix(origin, "http://") &&
	    (strcmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0 ||
		(inet_pton(AF_INET, name, address) == 1 && address[0] == 127));

	REQUIRE(url_is_loopback(origin) == is);
}

static void
check_with_path(const char *origin)
{
	cleanup_buf struct buf longer = BUF_INIT;

	buf_printf(&longer, "%s/a/../b?c=d", origin);
	same_origin(buf_str(&longer), origin);
}

static void
check_curl(const char *url, const char *origin)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	cleanup_buf struct buf rebuilt = BUF_INIT;
	CURLU *u = curl_url();

	REQUIRE(u);
	if (curl_url_set(u, CURLUPART_URL, url,
		CURLU_PATH_AS_IS | CURLU_DISALLOW_USER) == CURLUE_OK) {
		curl_url_get(u, CURLUPART_SCHEME, &scheme, 0);
		curl_url_get(u, CURLUPART_HOST, &host, 0);
		curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
		REQUIRE(scheme && host && port);
		buf_printf(&rebuilt, "%s://%s:%s", scheme, host, port);
		same_origin(buf_str(&rebuilt), origin);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
}

static int
once(struct input in)
{
	cleanup_free char *url = input_text(&in);
	cleanup_buf struct buf origin = BUF_INIT;
	struct error err = {0};
	int r;

	faults_on();
	r = url_origin(url, &origin, &err);
	faults_off();
	url_is_loopback(url);
	if (r) {
		fuzz_error(&err, r);
		REQUIRE(origin.len == 0);
		return r;
	}
	check_shape(buf_str(&origin));
	same_origin(buf_str(&origin), buf_str(&origin));
	REQUIRE(url_is_plain(url) == str_prefix(buf_str(&origin), "http://"));
	check_loopback(buf_str(&origin));
	check_with_path(buf_str(&origin));
	check_curl(url, buf_str(&origin));
	return r;
}

FUZZ(url)
{
	return fuzz_run(once, data, len);
}
