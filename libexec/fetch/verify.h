/* SPDX-License-Identifier: BSD-2-Clause */
/* What OpenSSL finds wrong with a peer's certificates. */
#ifndef FETCH_VERIFY_H
#define FETCH_VERIFY_H

#include <stdbool.h>
#include <curl/curl.h>

/* For one exchange; forgets the last one. */
CURLcode verify_watch(CURL *easy);
/* Static text, or NULL: nothing was found wrong. */
const char *verify_fault(void);
/* What the peer said of the handshake when it ended it, a word or two of
   RFC 8446, 6.2; or NULL. */
const char *verify_alert(void);

#endif
