/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one parser of URLs: the origin that is pinned, the origin that is
 * checked and the one handed to libcurl come from the same place.
 */
#ifndef PROVIDER_URL_H
#define PROVIDER_URL_H

#include <stdbool.h>
#include "base/buf.h"
#include "base/error.h"

/*
 * Canonical origin "https://host:port": lower case, port always written,
 * IPv6 in brackets.  Refuses what is not plain: other schemes, userinfo,
 * fragments, empty or odd hosts, backslashes, control characters, ports
 * out of 1..65535, percent signs in the host.  The buffer gets a string.
 */
int url_origin(const char *url, struct buf *ret, struct error *err);
/* http://127.x.x.x, http://[::1] or http://localhost. */
bool url_is_loopback(const char *origin);
bool url_is_plain(const char *url); /* starts with http: */

#endif
