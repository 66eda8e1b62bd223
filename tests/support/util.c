/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory, text, bytes and the clock of the token server of the tests. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "tokend.h"

static long long offset;

static void *
need(void *p)
{
	if (p == NULL) {
		fputs("tokend: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	return need(calloc(n, size));
}

void *
xrealloc(void *old, size_t size)
{
	return need(realloc(old, size));
}

char *
xstrdup(const char *s)
{
	return s == NULL ? NULL : need(strdup(s));
}

char *
text(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return need(n < 0 ? NULL : s);
}

void
bytes_add(struct bytes *b, const void *data, size_t len)
{
	b->data = xrealloc(b->data, b->len + len + 1);
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
bytes_free(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){0};
}

char *
random_hex(size_t n)
{
	char *s = xcalloc(1, 2 * n + 1);
	unsigned char raw[64];

	if (n > sizeof(raw) || getrandom(raw, n, 0) != (ssize_t)n)
		abort();
	for (size_t i = 0; i < n; i++)
		snprintf(s + 2 * i, 3, "%02x", raw[i]);
	return s;
}

static const char *const alphabets[] = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

/* The URL alphabet goes without padding, as in a JWT. */
char *
base64_of(const void *data, size_t len, bool url)
{
	const unsigned char *in = data;
	const char *alphabet = alphabets[url];
	char *out = xcalloc(1, (len + 2) / 3 * 4 + 1), *p = out;

	for (size_t i = 0; i < len; i += 3) {
		unsigned long v = (unsigned long)in[i] << 16;
		size_t have = len - i < 3 ? len - i : 3;

		if (have > 1)
			v |= (unsigned long)in[i + 1] << 8;
		if (have > 2)
			v |= in[i + 2];
		for (size_t k = 0; k < 4; k++) {
			if (k <= have)
				*p++ = alphabet[(v >> (18 - 6 * k)) & 63];
			else if (!url)
				*p++ = '=';
		}
	}
	return out;
}

/* Strict: the standard alphabet, padded, no blanks, no stray bits. */
bool
base64_read(const char *s, struct bytes *ret)
{
	size_t len = strlen(s), pad = 0;
	unsigned long v = 0;

	if (len % 4 != 0)
		return false;
	while (pad < 2 && pad < len && s[len - 1 - pad] == '=')
		pad++;
	bytes_add(ret, "", 0);
	for (size_t i = 0; i < len; i++) {
		const char *at =
		    i >= len - pad ? alphabets[0] : strchr(alphabets[0], s[i]);

		if (at == NULL || *at == '\0')
			return false;
		v = v << 6 | (unsigned long)(at - alphabets[0]);
		if (i % 4 == 3) {
			char raw[3] = {
			    (char)(v >> 16), (char)(v >> 8), (char)v};
			size_t n = i == len - 1 ? 3 - pad : 3;

			if (n < 3 && (v & ((1UL << (8 * (3 - n))) - 1)) != 0)
				return false;
			bytes_add(ret, raw, n);
			v = 0;
		}
	}
	return true;
}

bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; p != NULL && *p != '\0';) {
		size_t here = strcspn(p, " ");

		if (here == n && memcmp(p, word, n) == 0)
			return true;
		p += here + (p[here] == ' ');
	}
	return false;
}

/* The length of the character at s, 0 if it is none. */
static size_t
utf8_char(const unsigned char *s, size_t len)
{
	static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned long c = s[0];
	size_t n = c < 0x80       ? 1
		   : c >> 5 == 6  ? 2
		   : c >> 4 == 14 ? 3
		   : c >> 3 == 30 ? 4
				  : 0;

	if (n <= 1 || n > len)
		return n == 1 ? 1 : 0;
	c &= 0x7fUL >> n;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fUL);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return n;
}

bool
is_utf8(const char *s, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_char((const unsigned char *)s + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

long long
now(void)
{
	return (long long)time(NULL) + offset;
}

void
clock_move(long long seconds)
{
	offset = seconds;
}

long long
clock_offset(void)
{
	return offset;
}

long long
mono_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
