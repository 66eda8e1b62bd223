/* SPDX-License-Identifier: BSD-2-Clause */
/* The one parser of URLs (provider/url.h). */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "provider/url.h"

#define URL_MAX 2048u
#define HOST_MAX 253u
#define LABEL_MAX 63u

struct authority {
	const char *host;
	size_t host_len;
	const char *port; /* NULL: none is written */
	size_t port_len;
};

static const char ALNUM[] = "0123456789abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool
all_of(const char *s, size_t len, const char *set)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\0' || !strchr(set, s[i]))
			return false;
	}
	return true;
}

/* What is wrong with the characters of a URL, NULL: nothing. */
static const char *
bad_character(const char *url)
{
	static const char others[] = "-._~:/?#[]@!$&'()*+,;=%";
	size_t len = strlen(url);

	if (len > URL_MAX)
		return "it is longer than 2048 characters";
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)url[i];

		if (c >= 0x80)
			return "it has a character outside ASCII (write a "
			       "host name in its xn-- form)";
		if (!strchr(ALNUM, c) && !strchr(others, c))
			return "it has a blank or another character that "
			       "no URL has";
	}
	return strchr(url, '#') ? "it has a fragment (#)" : NULL;
}

static const char *
split_port(struct authority *a, const char *after, const char *end)
{
	if (after == end)
		return NULL;
	if (*after != ':')
		return "there is something odd after its host";
	a->port = after + 1;
	a->port_len = (size_t)(end - a->port);
	return NULL;
}

static const char *
split(const char *s, size_t len, struct authority *ret)
{
	const char *end = s + len, *after;
	bool bracket = len > 0 && *s == '[';

	*ret = (struct authority){.host = s};
	if (memchr(s, '@', len))
		return "it has a user name or password before an @";
	if (memchr(s, '%', len))
		return "its host has a percent sign";
	after = memchr(s, bracket ? ']' : ':', len);
	if (bracket && !after)
		return "its [ has no ]";
	if (!after)
		after = end;
	ret->host_len = (size_t)(after - s) + bracket;
	return split_port(ret, after + bracket, end);
}

static const char *
check_label(const char *s, size_t len)
{
	if (len == 0)
		return "its host has an empty label or a dot at an end";
	if (len > LABEL_MAX)
		return "its host has a label of more than 63 characters";
	if (!strchr(ALNUM, *s) || !strchr(ALNUM, s[len - 1]))
		return "its host has a label that begins or ends with - or _";
	return NULL;
}

/*
 * Other programs read 127.1, 0x7f.1 or 2130706433 as addresses: where the
 * last label is a number, only four plain decimal ones will do.
 */
static const char *
check_number(const char *host, const char *last)
{
	unsigned char address[4];

	if (*last < '0' || *last > '9')
		return NULL;
	if (all_of(last, strlen(last), "0123456789") ||
	    strncasecmp(last, "0x", 2) == 0) {
		if (inet_pton(AF_INET, host, address) != 1)
			return "its host is a number but no IPv4 address of "
			       "four plain parts";
	}
	return NULL;
}

static const char *
check_name(char *host)
{
	const char *label = host, *what = NULL, *last = host;
	static const char set[] = "-_.0123456789abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (!all_of(host, strlen(host), set))
		return "its host has a character that no host has";
	for (; !what && label; last = label ? label : last) {
		size_t len = strcspn(label, ".");

		what = check_label(label, len);
		label = label[len] ? label + len + 1 : NULL;
	}
	return what ? what : check_number(host, last);
}

static void
lower(char *s)
{
	for (; *s; s++) {
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s | 0x20);
	}
}

/* An address has many spellings, inet_ntop() has one. */
static const char *
put_v6(struct buf *ret, char *host)
{
	unsigned char address[16];
	char text[INET6_ADDRSTRLEN];

	host[strlen(host) - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, address) != 1 ||
	    !inet_ntop(AF_INET6, address, text, sizeof(text)))
		return "its brackets hold no IPv6 address";
	buf_printf(ret, "[%s]", text);
	return NULL;
}

static const char *
put_host(struct buf *ret, const struct authority *a)
{
	char host[HOST_MAX + 1];
	const char *what;

	if (a->host_len == 0)
		return "it has no host";
	if (a->host_len > HOST_MAX)
		return "its host is longer than 253 characters";
	memcpy(host, a->host, a->host_len);
	host[a->host_len] = '\0';
	if (*host == '[')
		return put_v6(ret, host);
	what = check_name(host);
	lower(host);
	buf_put_str(ret, host);
	return what;
}

static const char *
put_port(struct buf *ret, const struct authority *a, unsigned usual)
{
	unsigned long port = usual;

	if (a->port) {
		if (a->port_len == 0 || a->port_len > 5 || *a->port == '0' ||
		    !all_of(a->port, a->port_len, "0123456789"))
			return "its port is no plain number from 1 to 65535";
		port = strtoul(a->port, NULL, 10);
		if (port > 65535)
			return "its port is above 65535";
	}
	buf_printf(ret, ":%lu", port);
	return NULL;
}

static const char *
put_origin(struct buf *ret, const char *url)
{
	bool plain = url_is_plain(url);
	const char *what = bad_character(url), *s;
	struct authority a;

	if (what)
		return what;
	if (!plain && strncasecmp(url, "https:", 6) != 0)
		return "it does not begin with https://";
	s = url + (plain ? 5 : 6);
	if (strncmp(s, "//", 2) != 0)
		return "it does not begin with https://";
	s += 2;
	what = split(s, strcspn(s, "/?"), &a);
	if (what)
		return what;
	buf_put_str(ret, plain ? "http://" : "https://");
	what = put_host(ret, &a);
	return what ? what : put_port(ret, &a, plain ? 80 : 443);
}

int
url_origin(const char *url, struct buf *ret, struct error *err)
{
	const char *what;

	buf_clear(ret);
	what = put_origin(ret, url);
	if (what) {
		buf_clear(ret);
		return error_set(
		    err, TOKENWARD_USAGE, "not a usable URL: %s", what);
	}
	if (!ret->failed)
		return TOKENWARD_OK;
	buf_clear(ret); /* half an origin is none */
	return error_memory(err);
}

bool
url_is_plain(const char *url)
{
	return strncasecmp(url, "http:", 5) == 0;
}

bool
url_is_loopback(const char *origin)
{
	char host[HOST_MAX + 1];
	unsigned char address[4];
	size_t len;

	if (!url_is_plain(origin) || strncmp(origin + 5, "//", 2) != 0)
		return false;
	origin += 7;
	if (strncmp(origin, "[::1]", 5) == 0)
		return origin[5] == '\0' || strchr(":/?", origin[5]);
	len = strcspn(origin, ":/?");
	if (len > HOST_MAX)
		return false;
	memcpy(host, origin, len);
	host[len] = '\0';
	return strcasecmp(host, "localhost") == 0 ||
	       (inet_pton(AF_INET, host, address) == 1 && address[0] == 127);
}
