/* SPDX-License-Identifier: BSD-2-Clause */
/* One pass from left to right; at each place the longest word is taken. */
#include <stdlib.h>
#include <string.h>
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/frame.h"
#include "base/str.h"
#include "redact.h"
#include "unescape.h"

#define CUT_LEAST 4u /* a shorter beginning of a word says too little */

static const char mark[] = "<redacted>";

void
redact_free(struct redact *r)
{
	buf_free(&r->words);
}

struct word {
	const unsigned char *p;
	size_t len;
};

static bool
next_word(const struct redact *r, size_t *at, struct word *ret)
{
	if (*at >= r->words.len)
		return false;
	ret->len = get_u32(r->words.data + *at);
	ret->p = r->words.data + *at + 4;
	*at += 4 + ret->len;
	return true;
}

static void
add(struct redact *r, const struct buf *b)
{
	struct word w;
	size_t at = 0;

	if (b->failed)
		r->words.failed = true;
	if (r->words.failed) /* half a word may be there */
		return;
	while (next_word(r, &at, &w))
		if (w.len == b->len && memcmp(w.p, b->data, w.len) == 0)
			return;
	buf_put_u32(&r->words, (uint32_t)b->len);
	buf_put(&r->words, b->data, b->len);
}

/* Without padding: that is a beginning of the one with it. */
static void
url_safe(struct buf *b)
{
	size_t i;

	for (i = 0; i < b->len; i++)
		if (b->data[i] == '+')
			b->data[i] = '-';
		else if (b->data[i] == '/')
			b->data[i] = '_';
}

static void
add_hex(struct redact *r, const void *word, size_t len)
{
	cleanup_buf struct buf b = BUF_SECRET_INIT;
	size_t i;

	hex_put(&b, word, len);
	add(r, &b);
	for (i = 0; i < b.len; i++)
		if (b.data[i] >= 'a')
			b.data[i] -= 'a' - 'A';
	add(r, &b);
}

void
redact_add(struct redact *r, const void *word, size_t len)
{
	cleanup_buf struct buf b = BUF_SECRET_INIT;

	if (len == 0)
		return;
	buf_put(&b, word, len);
	add(r, &b);
	buf_clear(&b);
	base64_put(&b, word, len);
	while (b.len && b.data[b.len - 1] == '=')
		b.len--;
	add(r, &b);
	url_safe(&b);
	add(r, &b);
	add_hex(r, word, len);
}

void
redact_add_list(struct redact *r, const void *list, size_t len)
{
	struct frame_reader reader;
	struct frame_field f;

	frame_open(&reader, list, len);
	while (frame_next(&reader, &f) == 1)
		redact_add(r, f.value, f.len);
}

/* Bytes of s that say w, or its beginning where s ends; 0: neither. */
static size_t
says(const struct word *w, const char *s, size_t len, unescape_fn *unescape)
{
	unsigned char c[UNESCAPE_MAX];
	size_t i = 0, have = 0, used, n;

	while (have < w->len) {
		used = i < len ? unescape(s + i, len - i, c, &n) : 0;
		if (used == 0)
			return have >= CUT_LEAST ? len : 0;
		if (n > w->len - have || memcmp(w->p + have, c, n) != 0)
			return 0;
		have += n;
		i += used;
	}
	return i;
}

static size_t
match(const struct redact *r, const char *s, size_t len)
{
	struct word w;
	size_t at = 0, best = 0, i, n;

	while (next_word(r, &at, &w))
		for (i = 0; i < unescapes_n; i++) {
			n = says(&w, s, len, unescapes[i]);
			if (n > best)
				best = n;
		}
	return best;
}

static bool
was_cut(const char *s, size_t len)
{
	return len >= 3 && memcmp(s + len - 3, "...", 3) == 0;
}

void
redact_put(const struct redact *r, struct buf *out, const char *s, size_t len)
{
	size_t i, n, cut, end = was_cut(s, len) ? len - 3 : len;

	if (r->words.failed) { /* a word is missing: show nothing at all */
		buf_put_str(out, mark);
		return;
	}
	for (i = 0; i < len; i += n) {
		n = match(r, s + i, len - i);
		cut = i < end && end < len ? match(r, s + i, end - i) : 0;
		n = n > cut ? n : cut;
		if (n)
			buf_put_str(out, mark);
		else
			buf_put_byte(out, (unsigned char)s[i]);
		n = n ? n : 1;
	}
}

void
redact_string(const struct redact *r, char **s)
{
	cleanup_buf struct buf b = BUF_INIT;

	if (!*s)
		return;
	redact_put(r, &b, *s, strlen(*s));
	free(*s);
	*s = b.failed ? NULL : strdup(buf_str(&b));
}
