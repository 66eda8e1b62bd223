/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Provider files of anybody's making.  The input is the file's text, a NUL,
 * and lines of what a credential brings ("scope=a b", "var.host=x"); what is
 * accepted makes a plan that leads to the pinned origin, shows no secret and
 * gets through to the helper, where its answers are read.
 */
#include "answers.h"
#include "base/cleanup.h"
#include "base/frame.h"
#include "base/json_scan.h"
#include "provider/url.h"

#define SECRET "fuzz-secret-4711"

/* ---- the credential ---------------------------------------------------- */

static void
set(struct credential *c, const char *key, const char *value)
{
	const struct {
		const char *key;
		char **at;
	} texts[] = {{"auth", &c->auth}, {"scope", &c->scope},
	    {"audience", &c->audience}, {"token_url", &c->token_url},
	    {"proxy", &c->proxy}, {"client_id", &c->versions[0].client_id}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].key, key) == 0) {
			free(*texts[i].at);
			REQUIRE((*texts[i].at = strdup(value)));
		}
	if (strcmp(key, "resource") == 0)
		REQUIRE(strlist_add(&c->resources, value));
	else if (strcmp(key, "plain_http") == 0)
		c->plain_http = true;
	else if (str_prefix(key, "var."))
		REQUIRE(strmap_set(&c->vars, key + 4, value));
	else if (str_prefix(key, "param."))
		REQUIRE(strmap_set(&c->params, key + 6, value));
}

static struct credential *
read_credential(struct input *in)
{
	struct credential *c = credential_new();
	char *line, *value;

	REQUIRE(c && credential_add_version(c));
	REQUIRE((c->name = strdup("shop")));
	set(c, "client_id", "shop-1");
	while ((line = input_line(in))) {
		value = strchr(line, '=');
		if (value) {
			*value++ = '\0';
			set(c, line, value);
		}
		free(line);
	}
	return c;
}

static void
give_secrets(const struct provider *p, struct credential *c)
{
	for (size_t i = 0; i < p->secrets.n; i++)
		REQUIRE(version_set_secret(
		    &c->versions[0], p->secrets.v[i], SECRET, strlen(SECRET)));
}

/* ---- the plan ---------------------------------------------------------- */

static void
check_headers(const struct plan *plan)
{
	struct frame_reader r;
	struct frame_field f;

	frame_open(&r, plan->headers.data, plan->headers.len);
	while (frame_next(&r, &f) == 1)
		for (size_t i = 0; i < f.len; i++)
			REQUIRE(f.value[i] >= 0x20 && f.value[i] < 0x7f);
}

static void
check_body(const struct provider *p, const struct plan *plan)
{
	struct json_fault fault;

	if (p->body == BODY_JSON)
		REQUIRE(json_scan(
			    buf_str(&plan->body), plan->body.len, &fault) == 0);
	else
		for (size_t i = 0; i < plan->body.len; i++)
			REQUIRE(plan->body.data[i] > 0x20 &&
				plan->body.data[i] < 0x7f);
}

static void
check_plan(const struct provider *p, const struct credential *c,
    const struct plan *plan)
{
	cleanup_buf struct buf origin = BUF_INIT;
	struct error err;

	REQUIRE(url_origin(plan->url, &origin, &err) == TOKENWARD_OK);
	REQUIRE(strcmp(buf_str(&origin), plan->origin) == 0);
	REQUIRE(strlist_has(&c->origins, plan->origin));
	REQUIRE(!url_is_plain(plan->url) || url_is_loopback(plan->origin) ||
		(c->plain_http && p->plain_http == PLAIN_HTTP_ALLOWED));
	REQUIRE(!strstr(plan->url, SECRET));
	REQUIRE(p->secrets.n == 0 || memmem(plan->redact.data, plan->redact.len,
					 SECRET, strlen(SECRET)));
	check_headers(plan);
	check_body(p, plan);
}

static void
check_frame(struct plan *plan, const char *text, size_t len)
{
	cleanup_buf struct buf frame = BUF_SECRET_INIT;
	cleanup_plan struct plan back = PLAN_INIT;
	struct error err;

	plan->timeout_ms = 1000;
	plan->tries = 1;
	buf_set(&plan->provider, text, len);
	REQUIRE(plan_encode(plan, &frame, &err) == TOKENWARD_OK);
	REQUIRE(plan_decode(frame.data, frame.len, &back, &err) == 0);
}

static int
apply(const struct provider *p, struct credential *c, struct plan *plan,
    struct error *err)
{
	const struct shape shape = {.scope = c->scope};
	struct strmap headers = {0};
	int r;

	faults_on();
	r = provider_accept(p, c, err);
	r = r ? r : provider_origins(p, c, &c->origins, err);
	r = r ? r : provider_apply(p, c, &c->versions[0], &shape, plan, err);
	r = r ? r : provider_use_headers(p, c, &c->versions[0], &headers, err);
	faults_off();
	strmap_free(&headers);
	return r;
}

/* ---- its answers ------------------------------------------------------- */

static void
check_answers(const struct provider *p)
{
	static const char *const bodies[] = {"", "<html>", "[]",
	    "{\"access_token\":\"t0ken\",\"expires_in\":60}",
	    "{\"error\":\"invalid_client\",\"error_description\":\"no\"}",
	    "{\"data\":{\"token\":\"t0ken\",\"expires\":1},\"code\":1}"};
	static const int statuses[] = {200, 302, 400, 401, 429, 500};
	struct strpair pair = {(char *)"x-token", (char *)"t0ken"};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		cleanup_reply struct reply r = REPLY_INIT;
		struct http_answer a = {.status = statuses[i],
		    .headers = {&pair, 1},
		    .body = bodies[i],
		    .len = strlen(bodies[i]),
		    .sent_at = 1800000000};

		if (i == 3 || i == 5)
			a.status = 200;
		provider_answer(p, &a, &r);
		answer_check(&r);
	}
}

/* ---- the run ----------------------------------------------------------- */

static int
use(const struct provider *p, struct input in, const char *text)
{
	bool said = strstr(text, SECRET) ||
		    memmem(in.at, in.left, SECRET, strlen(SECRET));
	cleanup_credential struct credential *c = read_credential(&in);
	cleanup_plan struct plan plan = PLAN_INIT;
	struct error err = {0};
	int r;

	give_secrets(p, c);
	check_answers(p);
	r = apply(p, c, &plan, &err);
	if (r) {
		fuzz_error(&err, r);
		REQUIRE(said || !strstr(err.text, SECRET));
		return r;
	}
	if (!said)
		check_plan(p, c, &plan);
	check_frame(&plan, text, strlen(text));
	return r;
}

static int
once(struct input in)
{
	cleanup_free char *text = input_text(&in);
	cleanup_provider struct provider *p = NULL;
	struct error err = {0};
	int r;

	faults_on();
	r = provider_read(text, strlen(text), "FILE", &p, &err);
	faults_off();
	if (r) {
		fuzz_error(&err, r);
		REQUIRE(!p);
		return r;
	}
	REQUIRE(provider_is_id(p->id) && p->url && p->token_at.n > 0);
	return use(p, in, text);
}

FUZZ(provider)
{
	return fuzz_run(once, data, len);
}
