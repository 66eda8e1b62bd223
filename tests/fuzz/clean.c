/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Foreign text made fit to be shown: never longer than asked, UTF-8, nothing
 * in it that acts on a terminal, clean text left as it is.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "fuzz.h"

static bool
acts(const char *s, size_t len)
{
	static const char *const marks[] = {"\xe2\x80\xae", "\xe2\x80\x8b",
	    "\xe2\x80\x8f", "\xe2\x81\xa6", "\xef\xbb\xbf", "\xc2\x9b",
	    "\xe2\x80\xa8", "\xc2\xad"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (memmem(s, len, marks[i], strlen(marks[i])))
			return true;
	return !fuzz_is_line(s, len);
}

static bool
is_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return false;
	return true;
}

static int
once(struct input in)
{
	cleanup_buf struct buf out = BUF_INIT, again = BUF_INIT;
	size_t max = (size_t)input_byte(&in) * 4;
	const char *s = (const char *)in.at;

	faults_on();
	str_clean(&out, s, in.left, max);
	faults_off();
	REQUIRE(!out.failed || faults_hit());
	if (out.failed)
		return TOKENWARD_FAILED;
	REQUIRE(out.len <= max);
	REQUIRE(!acts(buf_str(&out), out.len));
	REQUIRE(str_is_utf8(buf_str(&out), out.len));
	str_clean(&again, buf_str(&out), out.len, max);
	REQUIRE(buf_equal(&out, &again));
	if (in.left <= max && is_plain(s, in.left))
		REQUIRE(out.len == in.left &&
			memcmp(buf_str(&out), s, in.left) == 0);
	return TOKENWARD_OK;
}

FUZZ(clean)
{
	return fuzz_run(once, data, len);
}
