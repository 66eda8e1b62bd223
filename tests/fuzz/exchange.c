/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fetch helper's work with the network left out: a plan is made from a
 * shipped provider file and a secret, the answer is the input, and neither
 * the secret nor a token is in what is shown of the exchange.  The input is
 * text: the provider, the secret, then the answer as in answer.c.
 */
#include <curl/curl.h>
#include "answers.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "core/core.h"
#include "fetch/http.h"
#include "fetch/sandbox.h"
#include "fetch/work.h"

static struct written_answer written;

/* ---- in the place of the network --------------------------------------- */

int
http_check(struct error *err)
{
	(void)err;
	return TOKENWARD_OK;
}

int
landlock_ports(const uint16_t *ports, size_t n, struct error *err)
{
	(void)err;
	REQUIRE(n == 2 && ports[0] > 0);
	return TOKENWARD_OK;
}

void
http_try_free(struct http_try *t)
{
	free(t->status_line);
	strmap_free(&t->headers);
	buf_free(&t->body);
}

void
http_perform(const struct plan *p, const struct target *t, int64_t deadline_ms,
    struct http_try *ret)
{
	(void)p;
	(void)t;
	(void)deadline_ms;
	faults_off();
	ret->reached = "receive";
	ret->any = true;
	ret->status = written.status;
	ret->status_line = strdup("HTTP/1.1 200 OK");
	REQUIRE(strmap_copy(&ret->headers, &written.headers));
	buf_put(&ret->body, written.body, written.len);
	ret->sent_at = ret->answered_at = 1800000000;
	REQUIRE(ret->status_line && !ret->body.failed);
	faults_on();
}

/* ---- the plan ---------------------------------------------------------- */

static struct credential *
make_credential(const struct provider *p, const char *secret)
{
	struct credential *c = credential_new();
	struct secret_version *v = c ? credential_add_version(c) : NULL;

	REQUIRE(v);
	c->name = strdup("shop");
	c->token_url = strdup("https://login.example/token");
	c->auth = p->auth.n > 1 ? strdup(p->auth.v[p->auth.n - 1]) : NULL;
	v->client_id = strdup("shop-1");
	for (size_t i = 0; i < p->secrets.n; i++)
		REQUIRE(version_set_secret(
		    v, p->secrets.v[i], secret, strlen(secret)));
	for (size_t i = 0; i < p->vars_n; i++)
		if (p->vars[i].values.n)
			REQUIRE(strmap_set(
			    &c->vars, p->vars[i].name, p->vars[i].values.v[0]));
	return c;
}

static void
make_plan(const struct provider *p, struct credential *c, struct plan *plan)
{
	struct error err = {0};

	if (provider_accept(p, c, &err) ||
	    provider_origins(p, c, &c->origins, &err) ||
	    provider_apply(p, c, &c->versions[0], NULL, plan, &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	plan->exchange = true;
	plan->timeout_ms = 1000;
	plan->tries = 1;
}

/* As it must be to have been stored, and long enough to be told apart. */
static bool
is_secret(const char *s)
{
	size_t len = strlen(s);

	return len >= 5 && len < 200 && fuzz_is_line(s, len) &&
	       str_is_utf8(s, len);
}

/* ---- the check --------------------------------------------------------- */

/* Words that our own marks may have in them, or that cleaning may make. */
static bool
is_ambiguous(const char *word)
{
	return strpbrk(word, "<>\\") || strstr("<redacted>", word) ||
	       strlen(word) < 5;
}

static void
check_hidden(const struct reply *r, const char *word)
{
	if (is_ambiguous(word))
		return;
	REQUIRE(!r->exchange || !strstr(r->exchange, word));
	REQUIRE(!r->error_message || !strstr(r->error_message, word));
	REQUIRE(!r->error_code || !strstr(r->error_code, word));
}

static void
check_all_hidden(const struct reply *r, const char *secret)
{
	cleanup_buf struct buf b = BUF_INIT;

	check_hidden(r, secret);
	base64_put(&b, secret, strlen(secret));
	check_hidden(r, buf_str(&b));
	if (r->token.len)
		check_hidden(r, buf_str(&r->token));
	if (r->refresh.len)
		check_hidden(r, buf_str(&r->refresh));
}

static struct verdict kept;

static void
run(struct plan *plan, const char *secret)
{
	cleanup_reply struct reply r = REPLY_INIT;

	faults_on();
	work(plan, INT64_MAX, &r);
	faults_off();
	answer_check(&r);
	check_all_hidden(&r, secret);
	if (fuzz_is_plain())
		answer_keep(&r, &kept);
	else if (!r.stage || strcmp(r.stage, "memory") != 0)
		answer_compare(&kept, &r);
}

static int
once(struct input in)
{
	cleanup_free char *line = input_line(&in), *secret = input_line(&in);
	cleanup_credential struct credential *c = NULL;
	const struct provider *p;
	const struct buf *text;
	cleanup_plan struct plan plan = PLAN_INIT;

	if (!secret || !is_secret(secret))
		return TOKENWARD_USAGE;
	p = shipped_provider(line, &text);
	buf_put(&plan.provider, text->data, text->len);
	c = make_credential(p, secret);
	make_plan(p, c, &plan);
	answer_read(&in, &written);
	run(&plan, secret);
	answer_free(&written);
	return TOKENWARD_OK;
}

FUZZ(exchange)
{
	return fuzz_run(once, data, len);
}
