/* SPDX-License-Identifier: BSD-2-Clause */
/* Percent signs: for forms and queries, and for paths. */
#include <string.h>

#include "provider/request.h"

static void
put(struct buf *out, const char *s, size_t len, const char *keep)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || (c && strchr(keep, c)))
			buf_put_byte(out, c);
		else if (c == ' ' && *keep == '*')
			buf_put_byte(out, '+');
		else
			buf_printf(out, "%%%02X", c);
	}
}

void
form_put(struct buf *out, const char *s, size_t len)
{
	put(out, s, len, "*-._");
}

void
path_put(struct buf *out, const char *s, size_t len)
{
	put(out, s, len, "-._~");
}
