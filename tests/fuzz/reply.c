/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An answer of the fetch helper, should the helper have fallen to the server
 * it spoke to: what the library takes from it is fit to be stored and shown.
 */
#include "base/cleanup.h"
#include "core/core.h"
#include "fuzz.h"

static void
check_text(const char *s, size_t max)
{
	if (!s)
		return;
	REQUIRE(fuzz_is_line(s, strlen(s)));
	REQUIRE(str_is_utf8(s, strlen(s)));
	REQUIRE(strlen(s) <= max);
}

static void
check_codec(const struct reply *r)
{
	cleanup_buf struct buf one = BUF_SECRET_INIT, two = BUF_SECRET_INIT;
	cleanup_reply struct reply back = REPLY_INIT;
	struct error err;

	REQUIRE(reply_encode(r, &one, &err) == TOKENWARD_OK);
	REQUIRE(reply_decode(one.data, one.len, &back, &err) == 0);
	REQUIRE(reply_encode(&back, &two, &err) == TOKENWARD_OK);
	REQUIRE(buf_equal(&one, &two));
}

/* As purchase_store() and the store do it. */
static void
check_record(struct reply *r)
{
	struct provider provider = {.use_in = (char *)"header",
	    .use_name = (char *)"Authorization",
	    .use_format = (char *)"Bearer {token}"};
	struct secret_version version = {.number = 1};
	struct purchase p = {.provider = &provider,
	    .version = &version,
	    .shape_key = "",
	    .reply = *r};
	cleanup_tokens struct tokens t = {0}, back = {0};
	cleanup_buf struct buf out = BUF_SECRET_INIT;
	const struct now now = {0};
	struct error err;
	struct tokenward_token *object;

	if (r->outcome != OUTCOME_OK) {
		REQUIRE(gate_record(&t, r, "", "x", &now, 0));
		return;
	}
	REQUIRE(purchase_store(&p, &t));
	REQUIRE(tokens_encode(&t, &out, &err) == TOKENWARD_OK);
	REQUIRE(tokens_decode(out.data, out.len, &back, &err) == 0);
	REQUIRE(buf_equal(&back.v[0].value, &r->token));
	object = token_object_new(&back.v[0], false, NULL);
	REQUIRE(object);
	tokenward_token_free(object);
}

static int
once(struct input in)
{
	cleanup_reply struct reply r = REPLY_INIT;
	struct error err = {0};
	int res;

	faults_on();
	res = reply_decode(in.at, in.left, &r, &err);
	faults_off();
	if (res) {
		fuzz_error(&err, res);
		REQUIRE(!r.token.data && !r.keep.v);
		return res;
	}
	check_text(r.type, 128);
	check_text(r.error_code, 128);
	check_text(r.error_message, 512);
	check_text(r.stage, 16);
	check_text(r.scope, 65536);
	REQUIRE((r.outcome == OUTCOME_OK) ==
		str_is_visible(buf_str(&r.token), r.token.len));
	check_codec(&r);
	check_record(&r);
	return res;
}

FUZZ(reply)
{
	return fuzz_run(once, data, len);
}
