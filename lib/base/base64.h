/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 (RFC 4648): encoding, and url-safe decoding for a JWT's payload. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include "base/buf.h"

/* Standard alphabet with padding; appends.  Constant time per byte. */
void base64_put(struct buf *out, const void *data, size_t len);
/* URL-safe alphabet, padding optional; false on anything else.  Appends. */
bool base64url_get(struct buf *out, const char *s, size_t len);

#endif
