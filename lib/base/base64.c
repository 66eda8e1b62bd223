/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 by libsodium, straight into a buffer. */
#include <sodium.h>
#include "base/base64.h"
#include "base/secret.h"
#include "base/str.h"

void
base64_put(struct buf *out, const void *data, size_t len)
{
	size_t text =
	    sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
	unsigned char *room = buf_room(out, text);

	if (!room)
		return;
	sodium_bin2base64(
	    (char *)room, text, data, len, sodium_base64_VARIANT_ORIGINAL);
	out->len += text - 1;
}

bool
base64url_get(struct buf *out, const char *s, size_t len)
{
	size_t n = 0;
	unsigned char *room = buf_room(out, len);

	while (len > 0 && s[len - 1] == '=')
		len--;
	if (!room || (len > 0 && !str_is_visible(s, len)))
		return false; /* libsodium reads some bytes above 127 */
	if (sodium_base642bin(room, len, s, len, NULL, &n, NULL,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
		wipe(room, len);
		return false;
	}
	out->len += n;
	out->data[out->len] = 0;
	return true;
}
