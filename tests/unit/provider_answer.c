/* SPDX-License-Identifier: BSD-2-Clause */
/* provider/answer: limits and hostile bytes.  Whole answers are on record
   in tests/providers. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/secret.h"
#include "provider/provider.h"
#include "record/record.h"
#include "unit.h"

static struct provider *
plain(void)
{
	static const char text[] =
	    "{\"schema\":1,\"id\":\"x\",\"token\":{\"url\":\"https://h/\"},"
	    "\"response\":{\"jwt_exp\":true,\"keep\":{\"k\":\"/k\"}}}";
	struct provider *p = NULL;
	struct error err;

	assert_ok(provider_read(text, strlen(text), "x", &p, &err), err);
	return p;
}

static void
answer(const struct provider *p, const struct buf *body, struct reply *ret)
{
	struct http_answer a = {.status = 200,
	    .body = buf_str(body),
	    .len = body->len,
	    .sent_at = 1800000000};

	provider_answer(p, &a, ret);
}

static void
with_token(struct buf *body, size_t len)
{
	buf_clear(body);
	buf_put_str(body, "{\"token_type\":\"bearer\",\"access_token\":\"");
	for (size_t i = 0; i < len; i++)
		buf_put_byte(body, 'x');
	buf_put_str(body, "\"}");
}

Test(provider_answer, a_token_has_at_most_64_kib)
{
	cleanup_provider struct provider *p = plain();
	cleanup_buf struct buf body = BUF_INIT;
	cleanup_reply struct reply r = REPLY_INIT, s = REPLY_INIT;

	with_token(&body, RECORD_SECRET_MAX);
	answer(p, &body, &r);
	cr_expect(r.outcome == OUTCOME_OK);
	cr_expect(r.token.len == RECORD_SECRET_MAX && r.token.secret);
	with_token(&body, RECORD_SECRET_MAX + 1);
	answer(p, &body, &s);
	cr_expect(s.outcome == OUTCOME_TEMPORARY && s.token.len == 0);
	cr_expect_str_eq(s.stage, "answer");
}

Test(provider_answer, bombs)
{
	cleanup_provider struct provider *p = plain();
	cleanup_buf struct buf body = BUF_INIT;
	cleanup_reply struct reply r = REPLY_INIT, s = REPLY_INIT;

	for (size_t i = 0; i < FETCH_ANSWER_MAX / 5; i++)
		buf_put_str(&body, "{\"a\":");
	answer(p, &body, &r);
	cr_expect(r.outcome == OUTCOME_TEMPORARY);
	cr_expect(strstr(r.error_message, "nested too deeply"));
	buf_clear(&body);
	buf_put_byte(&body, '{');
	for (size_t i = 0; i < 50000; i++)
		buf_printf(&body, "%s\"%zu\":0", i ? "," : "", i);
	buf_put_byte(&body, '}');
	answer(p, &body, &s);
	cr_expect(s.outcome == OUTCOME_TEMPORARY);
	cr_expect(strstr(s.error_message, "too many members"));
}

Test(provider_answer, every_flipped_bit_is_survived)
{
	static const char text[] =
	    "{\"access_token\":\"e30.eyJleHAiOjF9.c2ln\",\"token_type\":"
	    "\"bearer\",\"expires_in\":1.5e3,\"scope\":[\"a\"],\"k\":null,"
	    "\"error\":\"\"}";
	cleanup_provider struct provider *p = plain();
	cleanup_buf struct buf body = BUF_INIT;
	size_t before = secret_in_use();

	for (size_t i = 0; i < 8 * (sizeof(text) - 1); i++) {
		cleanup_reply struct reply r = REPLY_INIT;
		cleanup_buf struct buf frame = BUF_SECRET_INIT;
		struct error err;

		buf_set(&body, text, sizeof(text) - 1);
		body.data[i / 8] ^= (unsigned char)(1u << i % 8);
		answer(p, &body, &r);
		cr_expect((r.outcome == OUTCOME_OK) == (r.token.len > 0));
		cr_expect(reply_encode(&r, &frame, &err) == 0, "%s", err.text);
	}
	cr_expect(secret_in_use() == before);
}

Test(provider_answer, dates)
{
	static const char *const bad[] = {"", "now", "0",
	    "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
	    "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 24:49:37 GMT",
	    "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMTx",
	    "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1900 08:49:37 GMT"};
	int64_t t = 0;

	cr_expect(http_date("Sun, 06 Nov 1994 08:49:37 GMT", &t));
	cr_expect(t == 784111777);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_not(http_date(bad[i], &t), "%s", bad[i]);
}

Test(provider_answer, the_clocks_apart)
{
	cleanup_provider struct provider *p = plain();
	cleanup_reply struct reply r = REPLY_INIT;
	struct http_answer a = {
	    .status = 503, .sent_at = 1800000000, .date = 1800000090};

	provider_answer(p, &a, &r);
	cr_expect(r.skew == 90);
	cr_expect(r.status == 503);
}
