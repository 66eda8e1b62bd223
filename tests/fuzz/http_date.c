/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates and delays of HTTP headers. */
#include <time.h>
#include "base/cleanup.h"
#include "fuzz.h"
#include "provider/answer.h"

#define TEN_YEARS INT64_C(315360000)

/* Such a date is written as the C library writes it, but for the name of
   the day, which nobody looks at, and days that no month has. */
static void
check_date(const char *s, int64_t t)
{
	time_t tt = (time_t)t;
	char text[64];
	struct tm tm;

	REQUIRE(t > 0);
	REQUIRE(gmtime_r(&tt, &tm));
	if (tm.tm_year > 9999 - 1900) /* by a leap second */
		return;
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	REQUIRE(strlen(text) == strlen(s));
	if (atoi(s + 5) == tm.tm_mday && strcmp(s + 23, ":60 GMT") &&
	    tm.tm_sec == atoi(s + 23))
		REQUIRE(strcmp(text + 4, s + 4) == 0);
}

static int
once(struct input in)
{
	cleanup_free char *s = input_text(&in);
	struct strpair pair = {(char *)"retry-after", s};
	struct http_answer a = {.headers = {&pair, 1}, .sent_at = 1800000000};
	int64_t t, wait = answer_retry_after(&a);

	if (http_date(s, &t))
		check_date(s, t);
	REQUIRE(wait >= -1);
	REQUIRE(wait <= TEN_YEARS || http_date(s, &t));
	return TOKENWARD_OK;
}

FUZZ(http_date)
{
	return fuzz_run(once, data, len);
}
