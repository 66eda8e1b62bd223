/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers of a server, read by the rules of a shipped provider file.  The
 * input is text: the provider, the status, headers, an empty line, a body.
 */
#include "answers.h"
#include "base/cleanup.h"

#define SENT_AT INT64_C(1800000000)

static struct verdict kept; /* of the run without faults */

static int
once(struct input in)
{
	cleanup_free char *line = input_line(&in);
	const struct provider *p = shipped_provider(line, NULL);
	cleanup_reply struct reply r = REPLY_INIT;
	struct written_answer written;
	struct http_answer a = {.sent_at = SENT_AT};
	const char *date;

	answer_read(&in, &written);
	a.status = written.status;
	a.headers = written.headers;
	a.body = written.body;
	a.len = written.len;
	date = strmap_get(&a.headers, "date");
	if (!date || !http_date(date, &a.date))
		a.date = 0;
	faults_on();
	provider_answer(p, &a, &r);
	faults_off();
	answer_check(&r);
	answer_free(&written);
	if (fuzz_is_plain())
		answer_keep(&r, &kept);
	else
		answer_compare(&kept, &r);
	return TOKENWARD_OK;
}

FUZZ(answer)
{
	return fuzz_run(once, data, len);
}
