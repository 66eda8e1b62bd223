/* SPDX-License-Identifier: BSD-2-Clause */
/* Plans and replies as frames. */
#include <stdlib.h>
#include <string.h>
#include "base/frame.h"
#include "fetch/fetch.h"
#include "record/record.h"
#include "unit.h"

static void
fill_plan(struct plan *p)
{
	p->method = strdup("POST");
	p->url = strdup("https://api.example/token?x=\xc3\xa4");
	p->origin = strdup("https://api.example:443");
	p->ca = strdup("-----BEGIN\r\nCERTIFICATE-----\n");
	p->proxy = strdup("http://proxy.example:3128");
	frame_put_str(&p->headers, "authorization", "Basic x");
	buf_put_str(&p->body, "a=b");
	frame_put_str(&p->redact, "v", "secret");
	buf_put_str(&p->provider, "{}");
	p->plain_http = true;
	p->timeout_ms = 30000;
	p->tries = 3;
	p->exchange = true;
	p->need_landlock = true;
	p->clock_offset = -5;
}

Test(fetch_frames, a_plan_comes_back_as_it_was)
{
	struct plan p = PLAN_INIT, q = PLAN_INIT;
	struct buf b = BUF_SECRET_INIT;
	struct error err = {0};

	fill_plan(&p);
	assert_ok(plan_encode(&p, &b, &err), err);
	assert_ok(plan_decode(b.data, b.len, &q, &err), err);
	cr_assert_str_eq(q.method, p.method);
	cr_assert_str_eq(q.url, p.url);
	cr_assert_str_eq(q.origin, p.origin);
	cr_assert_str_eq(q.ca, p.ca);
	cr_assert_str_eq(q.proxy, p.proxy);
	cr_assert(buf_equal(&q.headers, &p.headers) && q.headers.secret);
	cr_assert(buf_equal(&q.body, &p.body) && q.body.secret);
	cr_assert(buf_equal(&q.redact, &p.redact) && q.redact.secret);
	cr_assert(buf_equal(&q.provider, &p.provider));
	cr_assert(q.plain_http && q.exchange && q.need_landlock);
	cr_assert(q.timeout_ms == 30000 && q.tries == 3);
	cr_assert_eq(q.clock_offset, -5);
	plan_free(&p);
	plan_free(&q);
	buf_free(&b);
}

Test(fetch_frames, every_cut_of_a_plan_is_refused)
{
	struct plan p = PLAN_INIT, q = PLAN_INIT;
	struct buf b = BUF_SECRET_INIT;
	struct error err = {0};
	size_t i;

	fill_plan(&p);
	assert_ok(plan_encode(&p, &b, &err), err);
	for (i = 0; i < b.len; i++)
		if (plan_decode(b.data, i, &q, &err) == TOKENWARD_OK)
			plan_free(&q); /* cut between two fields */
		else
			cr_assert_eq(q.url, NULL);
	plan_free(&p);
	buf_free(&b);
}

static const char *
refusal(const struct buf *b, struct error *err)
{
	struct plan q = PLAN_INIT;

	*err = (struct error){0};
	cr_assert_eq(
	    plan_decode(b->data, b->len, &q, err), TOKENWARD_UNAVAILABLE);
	return err->text;
}

Test(fetch_frames, a_plan_out_of_its_limits_is_refused)
{
	static const struct {
		const char *key, *value, *words;
	} rows[] = {{"unknown", "x", "not known"}, {"method", "GET", "twice"},
	    {"timeout-ms", "0", "range"}, {"tries", "17", "range"},
	    {"tries", "x", "range"}, {"plain-http", "2", "range"},
	    {"url", "a\nb", "plain text"}, {"url", "\xff", "plain text"},
	    {"url", "", "short"}, {"headers", "\7", "list"}};
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = BUF_SECRET_INIT;

		if (i < 2)
			frame_put_str(&b, "method", "POST");
		frame_put_str(&b, rows[i].key, rows[i].value);
		cr_assert(strstr(refusal(&b, &err), rows[i].words), "%s: %s",
		    rows[i].key, err.text);
		buf_free(&b);
	}
}

Test(fetch_frames, a_plan_without_its_essentials_is_refused)
{
	struct buf b = BUF_SECRET_INIT;
	struct error err;

	frame_put_str(&b, "method", "POST");
	cr_assert(strstr(refusal(&b, &err), "url: missing"), "%s", err.text);
	buf_free(&b);
}

static void
fill_reply(struct reply *r)
{
	buf_put_str(&r->token, "token");
	buf_put_str(&r->refresh, "refresh");
	r->type = strdup("Bearer");
	r->scope = strdup("a b");
	r->life = LIFE_NEVER;
	r->life_assumed = true;
	cr_assert(strmap_set(&r->keep, "Instance Url", "https://x"));
	cr_assert(strmap_set(&r->keep, "b", ""));
	r->status = 200;
	r->skew = -7;
	r->attempts = 2;
	r->exchange = strdup("> a\n< b\n");
	r->landlock = true;
}

Test(fetch_frames, a_reply_comes_back_as_it_was)
{
	struct reply r = REPLY_INIT, q = REPLY_INIT;
	struct buf b = BUF_SECRET_INIT;
	struct error err = {0};

	fill_reply(&r);
	assert_ok(reply_encode(&r, &b, &err), err);
	assert_ok(reply_decode(b.data, b.len, &q, &err), err);
	cr_assert(buf_equal(&q.token, &r.token) && q.token.secret);
	cr_assert(buf_equal(&q.refresh, &r.refresh) && q.refresh.secret);
	cr_assert_str_eq(q.type, "Bearer");
	cr_assert_str_eq(q.scope, "a b");
	cr_assert(q.life == LIFE_NEVER && q.life_assumed);
	cr_assert_eq(q.keep.n, 2);
	cr_assert_str_eq(strmap_get(&q.keep, "Instance Url"), "https://x");
	cr_assert_str_eq(strmap_get(&q.keep, "b"), "");
	cr_assert(q.status == 200 && q.skew == -7 && q.attempts == 2);
	cr_assert_eq(q.retry_after, -1);
	cr_assert_str_eq(q.exchange, "> a\n< b\n");
	cr_assert_eq(q.error_code, NULL);
	cr_assert(q.landlock);
	reply_free(&r);
	reply_free(&q);
	buf_free(&b);
}

static void
reply_refused(const char *key, const char *value, size_t len)
{
	struct reply q = REPLY_INIT;
	struct buf b = BUF_SECRET_INIT;
	struct error err = {0};

	if (strcmp(key, "outcome") != 0)
		frame_put_str(&b, "outcome", "blocked");
	frame_put(&b, key, value, len);
	cr_assert_eq(reply_decode(b.data, b.len, &q, &err),
	    TOKENWARD_UNAVAILABLE, "%s", key);
	cr_assert_eq(q.token.len, 0);
	buf_free(&b);
}

Test(fetch_frames, a_helper_cannot_pass_on_what_is_not_fit)
{
	static const struct {
		const char *key, *value;
	} rows[] = {{"outcome", "ok"}, {"outcome", "fine"}, {"token", "a"},
	    {"token", "a b"}, {"token", "a\n"}, {"refresh", "\xc3\xa4"},
	    {"type", "\x1b[2J"}, {"error-message", "a\nb"},
	    {"error-message", "\xe2\x80\xae"}, {"error-code", "\xc2\x9b"},
	    {"exchange", "a\rb"}, {"exchange", "x\n\x1b]0;"}, {"scope", "a\0b"},
	    {"life", "-2"}, {"status", "1000"}, {"attempts", "-1"},
	    {"stage", "12345678901234567"}, {"keep", "x"},
	    {"life", "9223372036854775808"}};
	char long_token[RECORD_SECRET_MAX + 1];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		reply_refused(rows[i].key, rows[i].value,
		    strcmp(rows[i].key, "scope") ? strlen(rows[i].value) : 3);
	memset(long_token, 'x', sizeof(long_token));
	reply_refused("token", long_token, sizeof(long_token));
}

Test(fetch_frames, outcomes_have_one_word_each)
{
	int i;

	for (i = 0; i < OUTCOME_MAX; i++)
		cr_assert_eq((int)outcome_parse(
				 outcome_names[i], strlen(outcome_names[i])),
		    i);
	cr_assert_eq(outcome_parse("", 0), OUTCOME_MAX);
	cr_assert_eq(outcome_parse("okay", 4), OUTCOME_MAX);
	cr_assert_eq(outcome_parse("OK", 2), OUTCOME_MAX);
}
