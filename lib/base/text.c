/* SPDX-License-Identifier: BSD-2-Clause */
/* Foreign text: is it UTF-8, and how to show it without harm. */
#include <string.h>
#include "base/str.h"

/* Bytes of the character at s, its code point in *cp; 0: not UTF-8. */
static size_t
utf8_next(const unsigned char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80             ? 1
		   : (s[0] & 0xe0) == 0xc0 ? 2
		   : (s[0] & 0xf0) == 0xe0 ? 3
		   : (s[0] & 0xf8) == 0xf0 ? 4
					   : 0;
	size_t i;

	if (n == 0 || n > len)
		return 0;
	*cp = n == 1 ? s[0] : s[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (*cp < least[n] || *cp > 0x10ffff ||
	    (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return n;
}

bool
str_is_utf8(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t cp;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = utf8_next(p, len, &cp);
		if (n == 0)
			return false;
	}
	return true;
}

/* Characters that move the cursor, turn the line or cannot be seen. */
static bool
is_harmful(uint32_t cp)
{
	static const struct {
		uint32_t from, to;
	} table[] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x61c, 0x61c},
	    {0x115f, 0x1160}, {0x180e, 0x180e}, {0x200b, 0x200f},
	    {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
	    {0xd800, 0xf8ff}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
	    {0xfff0, 0xfffb}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff}};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (cp >= table[i].from && cp <= table[i].to)
			return true;
	return false;
}

bool
str_is_clean(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t cp = 0;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = utf8_next(p, len, &cp);
		if (n == 0 || is_harmful(cp))
			return false;
	}
	return true;
}

static void
put_escaped(struct buf *out, const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		buf_printf(out, "\\x%02x", p[i]);
}

void
str_clean(struct buf *out, const char *s, size_t len, size_t max)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n, start = out->len, cut = start; /* where dots still fit */
	uint32_t cp = 0;

	for (; len > 0 && !out->failed; p += n, len -= n) {
		n = utf8_next(p, len, &cp);
		if (n == 0 || is_harmful(cp))
			put_escaped(out, p, n ? n : (n = 1));
		else
			buf_put(out, p, n);
		if (out->len - start + 3 <= max)
			cut = out->len;
		if (out->len - start > max) {
			out->len = cut;
			buf_put(out, "...", max < 3 ? max : 3);
			return;
		}
	}
}
