/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Redaction: a secret that stands in a text, in any of the spellings it is
 * looked for, does not stand in what comes out.  The input is the length of
 * the secret, the secret, and then pieces: a byte says whether the secret
 * follows (spelled how) or so many bytes as they are.
 */
#include "base/base64.h"
#include "base/cleanup.h"
#include "fetch/redact.h"
#include "fetch/unescape.h"
#include "fuzz.h"
#include "provider/request.h"

#define SECRET_MOST 40

static void
spell_json(struct buf *out, const uint8_t *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x80)
			buf_printf(out, "\\u%04x", s[i]);
		else
			buf_put_byte(out, s[i]);
}

static void
spell_json_short(struct buf *out, const uint8_t *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\' || s[i] == '/')
			buf_put_byte(out, '\\');
		buf_put_byte(out, s[i]);
	}
}

static void
spell_percent(struct buf *out, const uint8_t *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_printf(out, i & 1 ? "%%%02x" : "%%%02X", s[i]);
}

static void
spell_form(struct buf *out, const uint8_t *s, size_t len)
{
	form_put(out, (const char *)s, len);
}

static void
spell_path(struct buf *out, const uint8_t *s, size_t len)
{
	path_put(out, (const char *)s, len);
}

static void
spell_base64(struct buf *out, const uint8_t *s, size_t len)
{
	base64_put(out, s, len);
}

static void
spell_hex(struct buf *out, const uint8_t *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_printf(out, "\\x%02x", s[i]);
}

static void
spell_plain(struct buf *out, const uint8_t *s, size_t len)
{
	buf_put(out, s, len);
}

static void (*const spellings[])(struct buf *, const uint8_t *, size_t) = {
    spell_plain, spell_json, spell_json_short, spell_percent, spell_form,
    spell_path, spell_base64, spell_hex};
#define SPELLINGS (sizeof(spellings) / sizeof(spellings[0]))

static void
make_text(struct input *in, const uint8_t *secret, size_t len, struct buf *out)
{
	const uint8_t *p;
	uint8_t how;
	size_t n;

	while (in->left > 0) {
		how = input_byte(in);
		if (how & 0x80) {
			spellings[how % SPELLINGS](out, secret, len);
			continue;
		}
		p = input_bytes(in, how, &n);
		buf_put(out, p, n);
	}
}

/* The word is there from s on, by one way of reading. */
static bool
says(unescape_fn *unescape, const uint8_t *word, size_t len, const char *s,
    size_t left)
{
	unsigned char c[UNESCAPE_MAX];
	size_t have = 0, used, n;

	while (have < len && left > 0) {
		used = unescape(s, left, c, &n);
		if (used == 0 || n > len - have || memcmp(word + have, c, n))
			return false;
		REQUIRE(used <= left);
		have += n;
		s += used;
		left -= used;
	}
	return have == len;
}

static void
check_gone(const uint8_t *word, size_t len, const struct buf *out)
{
	const char *s = buf_str(out);

	for (size_t at = 0; at < out->len; at++)
		for (size_t i = 0; i < unescapes_n; i++)
			REQUIRE(!says(
			    unescapes[i], word, len, s + at, out->len - at));
}

/* A word of which a part may stand in the mark that takes its place. */
static bool
is_of_the_mark(const uint8_t *word, size_t len)
{
	return memchr(word, '<', len) || memchr(word, '>', len) ||
	       memmem("<redacted>", 10, word, len);
}

static int
once(struct input in)
{
	cleanup_buf struct buf text = BUF_INIT, out = BUF_INIT;
	struct redact r = REDACT_INIT;
	size_t len;
	const uint8_t *secret =
	    input_bytes(&in, input_byte(&in) % SECRET_MOST, &len);

	make_text(&in, secret, len, &text);
	if (text.len > 2048)
		return TOKENWARD_OK;
	faults_on();
	redact_add(&r, secret, len);
	redact_put(&r, &out, buf_str(&text), text.len);
	faults_off();
	redact_free(&r);
	if (len == 0)
		REQUIRE(faults_hit() || buf_equal(&text, &out));
	else if (!out.failed && !is_of_the_mark(secret, len))
		check_gone(secret, len, &out);
	return out.failed ? TOKENWARD_FAILED : TOKENWARD_OK;
}

FUZZ(redact)
{
	return fuzz_run(once, data, len);
}
