/* SPDX-License-Identifier: BSD-2-Clause */
/* Times and durations, from text and to text; bars and distances of them. */
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/cli.h"
#include "fuzz.h"

#define YEAR_10000 INT64_C(253402300800)

static void
check_times(const char *text, int64_t now)
{
	cleanup_buf struct buf out = BUF_INIT;
	int64_t t = -1, back = -1;

	if (!time_parse(text, now, &t) || strcmp(text, "now") == 0)
		return;
	REQUIRE(t >= 0 && t < YEAR_10000);
	time_put(&out, t);
	REQUIRE(time_parse(buf_str(&out), now, &back));
	REQUIRE(back == t);
}

static void
check_durations(const char *text)
{
	cleanup_buf struct buf out = BUF_INIT;
	int64_t seconds = -1, back = -1;

	if (!duration_parse(text, &seconds))
		return;
	REQUIRE(seconds >= 0 && seconds <= INT64_MAX / 4096);
	REQUIRE(strspn(text, "0123456789") == strlen(text) - 1);
	duration_put(&out, seconds);
	if (!strchr(buf_str(&out), ' ')) { /* one unit */
		REQUIRE(duration_parse(buf_str(&out), &back));
		REQUIRE(back <= seconds);
	}
}

/* Any numbers can be shown. */
static void
show(int64_t a, int64_t b, int64_t c)
{
	cleanup_buf struct buf out = BUF_INIT;

	time_put(&out, a);
	duration_put(&out, a);
	bar_put(&out, a, b, c);
	relative_put(&out, a, b);
	REQUIRE(out.len < 200);
	REQUIRE(str_is_utf8(buf_str(&out), out.len));
}

/* Beyond any time that comes out of a parser, short of what overflows. */
static int64_t
number(struct input *in)
{
	return (int64_t)input_u64(in) >> 2;
}

static int
once(struct input in)
{
	int64_t a = number(&in), b = number(&in), c = number(&in);
	cleanup_free char *text = input_text(&in);

	check_times(text, a);
	check_durations(text);
	show(a, b, c);
	return TOKENWARD_OK;
}

FUZZ(time)
{
	return fuzz_run(once, data, len);
}
