/* SPDX-License-Identifier: BSD-2-Clause */
/* Gates over processes and time: who is asked, when, and what is said. */
#include <stdio.h>
#include <string.h>
#include "core/core.h"
#include "unit.h"
#include "world.h"

TestSuite(look, .init = world_make, .fini = world_end, .timeout = 30);

#define HOUR 3600

/* By a process of its own, at a time of its own. */
static int
get_at(int64_t offset, unsigned flags, char *text, size_t cap)
{
	struct tokenward *tw = world_open(offset);
	int r = world_get(tw, "n", flags);

	if (text)
		snprintf(text, cap, "%s", tokenward_error(tw));
	tokenward_close(tw);
	return r;
}

static int
code_at(int64_t offset)
{
	return get_at(offset, 0, NULL, 0);
}

static void
add_at_zero(void)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	tokenward_close(tw);
}

static void
edit(const char *field, const char *value)
{
	struct tokenward *tw = world_open(0);
	struct tokenward_credential *c =
	    world_bag(tw, NULL, field, value, NULL);

	assert_ok(tokenward_edit_credential(tw, "n", c, 0, NULL), tw->err);
	tokenward_credential_free(c);
	tokenward_close(tw);
}

Test(look, refused_credentials_are_asked_three_times_in_the_first_hour)
{
	int64_t t;

	add_at_zero();
	world_script("outcome=bad_credentials error=invalid_client status=401");
	for (t = 0; t < HOUR - 30; t += 60)
		cr_assert_eq(code_at(t), TOKENWARD_REFUSED);
	cr_assert_eq(world_requests(), 2);
	cr_assert_eq(code_at(HOUR + 5), TOKENWARD_REFUSED);
	cr_assert_eq(world_requests(), 3);
	cr_assert_eq(code_at(6 * HOUR), TOKENWARD_REFUSED);
	cr_assert_eq(world_requests(), 3);
	cr_assert_eq(code_at(7 * HOUR + 10), TOKENWARD_REFUSED);
	cr_assert_eq(world_requests(), 4);
}

Test(look, a_refusal_says_who_why_and_what_to_do)
{
	static const char *const words[] = {"n: ", "127.0.0.1:18080",
	    "invalid_client", "rotate n", "next try", "token n --retry"};
	char text[1024];
	size_t i;

	add_at_zero();
	world_script("outcome=bad_credentials error=invalid_client status=401");
	cr_assert_eq(get_at(0, 0, text, sizeof(text)), TOKENWARD_REFUSED);
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		cr_assert(
		    strstr(text, words[i]) != NULL, "%s: %s", words[i], text);
	cr_assert_eq(get_at(60, 0, text, sizeof(text)), TOKENWARD_REFUSED);
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		cr_assert(
		    strstr(text, words[i]) != NULL, "%s: %s", words[i], text);
	cr_assert(strstr(text, "since") != NULL, "%s", text);
}

Test(look, a_provider_that_heals_is_found_out_by_one_probe)
{
	add_at_zero();
	world_script("outcome=bad_credentials times=1\nlife=600");
	cr_assert_eq(code_at(0), TOKENWARD_REFUSED);
	cr_assert_eq(code_at(800), TOKENWARD_REFUSED);
	cr_assert_eq(code_at(901), TOKENWARD_OK);
	cr_assert_eq(code_at(902), TOKENWARD_OK);
	cr_assert_eq(world_requests(), 2);
	/* and the count starts anew */
	world_script("outcome=bad_credentials");
	cr_assert_eq(code_at(2000), TOKENWARD_REFUSED);
	cr_assert_eq(code_at(2000 + 890), TOKENWARD_REFUSED);
	cr_assert_eq(world_requests(), 3);
	cr_assert_eq(code_at(2000 + 905), TOKENWARD_REFUSED);
	cr_assert_eq(world_requests(), 4);
}

Test(look, retry_asks_in_spite_of_the_gate)
{
	add_at_zero();
	world_script("outcome=bad_credentials times=2\nlife=600");
	cr_assert_eq(code_at(0), TOKENWARD_REFUSED);
	cr_assert_eq(
	    get_at(10, TOKENWARD_TOKEN_RETRY, NULL, 0), TOKENWARD_REFUSED);
	cr_assert_eq(code_at(20), TOKENWARD_REFUSED);
	cr_assert_eq(world_requests(), 2);
	cr_assert_eq(get_at(30, TOKENWARD_TOKEN_RETRY, NULL, 0), TOKENWARD_OK);
	cr_assert_eq(code_at(40), TOKENWARD_OK);
	cr_assert_eq(world_requests(), 3);
}

Test(look, retry_serves_what_is_fresh)
{
	add_at_zero();
	world_script("life=600");
	cr_assert_eq(code_at(0), TOKENWARD_OK);
	cr_assert_eq(get_at(1, TOKENWARD_TOKEN_RETRY, NULL, 0), TOKENWARD_OK);
	cr_assert_eq(world_requests(), 1);
}

Test(look, what_the_refusal_was_about_opens_its_gate)
{
	static const struct {
		const char *field, *value;
		bool opens;
	} rows[] = {
	    {"note", "asked the owner", false},
	    {"owner", "ops@example.com", false},
	    {"warn", "2d", false},
	    {"client_id", "another", true},
	    {"auth", "client_secret_post", true},
	    {"vars", "path=oauth", true},
	    {"token_url", "http://127.0.0.1:18080/other", true},
	};
	unsigned before;
	size_t i;

	add_at_zero();
	world_script("outcome=bad_credentials");
	cr_assert_eq(code_at(0), TOKENWARD_REFUSED);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		edit(rows[i].field, rows[i].value);
		before = world_requests();
		cr_assert_eq(code_at(1), TOKENWARD_REFUSED);
		cr_assert_eq(world_requests() - before, rows[i].opens, "%s",
		    rows[i].field);
	}
}

/* The file says another path: nobody edited the credential. */
Test(look, another_url_in_the_file_opens_it_too)
{
	add_at_zero();
	world_script("outcome=bad_credentials");
	cr_assert_eq(code_at(0), TOKENWARD_REFUSED);
	world_provider("loop", "loop", "{origin}/{path}", "{origin}/v2/{path}");
	cr_assert_eq(code_at(1), TOKENWARD_REFUSED);
	cr_assert_eq(world_requests(), 2);
	cr_assert(strstr(world_request(), "/v2/token") != NULL);
}

Test(look, a_bad_scope_stops_that_request_for_a_minute)
{
	struct tokenward_token_params p = {.size = sizeof(p), .scope = "bad"};
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	world_script("when=scope=bad outcome=bad_scope error=invalid_scope\n"
		     "life=600");
	assert_fails(world_get_params(tw, "n", &p), tw->err, TOKENWARD_CONFIG,
	    "invalid_scope");
	assert_fails(
	    world_get_params(tw, "n", &p), tw->err, TOKENWARD_CONFIG, "show n");
	cr_assert_eq(world_requests(), 1);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.warning, "");
	tokenward_close(tw);
	tw = world_open(59);
	cr_assert_eq(world_get_params(tw, "n", &p), TOKENWARD_CONFIG);
	cr_assert_eq(world_requests(), 2);
	tokenward_close(tw);
	tw = world_open(61);
	cr_assert_eq(world_get_params(tw, "n", &p), TOKENWARD_CONFIG);
	cr_assert_eq(world_requests(), 3);
	tokenward_close(tw);
}

Test(look, retry_after_is_kept_by_everybody)
{
	struct tokenward *tw = world_open(0);
	int64_t now = tokenward_now(tw), at;

	world_add(tw, "n", "s");
	world_script("outcome=rate_limited status=429 retry=30");
	cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_COOLDOWN);
	at = tokenward_retry_at(tw);
	cr_assert(
	    at >= now + 30 && at <= now + 32, "%lld", (long long)(at - now));
	tokenward_close(tw);
	cr_assert_eq(code_at(28), TOKENWARD_COOLDOWN);
	cr_assert_eq(world_requests(), 1);
	world_script("life=600");
	cr_assert_eq(code_at(32), TOKENWARD_OK);
	cr_assert_eq(world_requests(), 2);
}

Test(look, an_absurd_retry_after_is_an_hour)
{
	add_at_zero();
	world_script("outcome=rate_limited retry=99999999");
	cr_assert_eq(code_at(0), TOKENWARD_COOLDOWN);
	cr_assert_eq(code_at(HOUR - 10), TOKENWARD_COOLDOWN);
	cr_assert_eq(world_requests(), 1);
	cr_assert_eq(code_at(HOUR + 2), TOKENWARD_COOLDOWN);
	cr_assert_eq(world_requests(), 2);
}

Test(look, trouble_is_asked_about_ever_more_rarely)
{
	int64_t t;

	add_at_zero();
	world_script("outcome=temporary status=503");
	for (t = 0; t < 600; t += 5)
		cr_assert_eq(code_at(t), TOKENWARD_UNAVAILABLE);
	cr_assert(world_requests() >= 6 && world_requests() <= 10, "%u",
	    world_requests());
}

Test(look, a_good_token_is_served_whatever_the_gate)
{
	static const char *const scripts[] = {"outcome=bad_credentials",
	    "outcome=rate_limited retry=600", "outcome=temporary",
	    "outcome=bad_request", "outcome=untrusted"};
	struct tokenward *tw;
	size_t i;

	add_at_zero();
	for (i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		world_script("life=6000 token=good");
		cr_assert_eq(
		    get_at(0, TOKENWARD_TOKEN_NEW | TOKENWARD_TOKEN_RETRY, NULL,
			0),
		    TOKENWARD_OK);
		world_script(scripts[i]);
		cr_assert_neq(
		    get_at(1, TOKENWARD_TOKEN_NEW, NULL, 0), TOKENWARD_OK);
		tw = world_open(2);
		assert_ok(world_get(tw, "n", 0), tw->err);
		cr_assert_str_eq(world_token.value, "good");
		tokenward_close(tw);
		tw = world_open(5970); /* mandatory */
		assert_ok(world_get(tw, "n", 0), tw->err);
		cr_assert_str_eq(world_token.value, "good");
		cr_assert(world_token.warning[0], "%s", scripts[i]);
		tokenward_close(tw);
	}
}

Test(look, after_its_recorded_end_a_refused_secret_has_expired)
{
	static const struct {
		const char *outcome;
		int before, after;
	} rows[] = {
	    {"outcome=bad_credentials", 5, 6},
	    {"outcome=blocked", 5, 6},
	    {"outcome=secret_expired", 6, 6},
	};
	struct tokenward_credential *c;
	struct tokenward *tw;
	size_t i;

	add_at_zero();
	for (i = 0; i < 3; i++) {
		tw = world_open(0);
		c = world_bag(tw, NULL, "lifetime", "1d", NULL);
		assert_ok(
		    tokenward_edit_credential(tw, "n", c, 0, NULL), tw->err);
		tokenward_credential_free(c);
		tokenward_close(tw);
		world_script(rows[i].outcome);
		cr_assert_eq(get_at(100, TOKENWARD_TOKEN_RETRY, NULL, 0),
		    rows[i].before);
		cr_assert_eq(get_at(90000, TOKENWARD_TOKEN_RETRY, NULL, 0),
		    rows[i].after);
		cr_assert_eq(code_at(90001), rows[i].after);
		edit("client_id", i % 2 ? "client" : "other");
	}
}

Test(look, an_end_that_only_the_server_knows_is_not_called_recorded)
{
	char text[1024];

	add_at_zero();
	world_script("outcome=secret_expired");
	cr_assert_eq(get_at(0, 0, text, sizeof(text)), TOKENWARD_EXPIRED);
	cr_assert(strstr(text, "recorded end") == NULL, "%s", text);
	cr_assert(strstr(text, "rotate n") != NULL, "%s", text);
	edit("lifetime", "1d");
	cr_assert_eq(get_at(90000, TOKENWARD_TOKEN_RETRY, text, sizeof(text)),
	    TOKENWARD_EXPIRED);
	cr_assert(strstr(text, "recorded end has passed") != NULL, "%s", text);
}

/* No recorded date ever stops a request. */
Test(look, a_secret_past_its_end_is_still_asked_with)
{
	struct tokenward *tw = world_open(0);
	struct tokenward_credential *c = world_bag(tw, "s", "provider", "loop",
	    "client_id", "client", "expires_at", "2001-01-01", NULL);

	assert_ok(tokenward_add_credential(tw, "n", c, 0, NULL), tw->err);
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert(
	    strstr(world_token.warning, "ended"), "%s", world_token.warning);
	tokenward_credential_free(c);
	tokenward_close(tw);
}

static void
put_gate(struct tokens *t, enum gate_kind kind, const char *key, int code)
{
	struct gate *g = tokens_set_gate(t, kind, key);

	clock_now(0, &g->last);
	g->since = g->last;
	g->wait_ms = 600000;
	g->failures = 1;
	g->code = code;
	g->reason = strdup("it said so");
}

static int
put_gates(void *data, struct tokens *t, struct error *err)
{
	(void)data;
	(void)err;
	put_gate(t, GATE_REFUSED, "of another secret", TOKENWARD_REFUSED);
	put_gate(t, GATE_RATE, NULL, TOKENWARD_COOLDOWN);
	return TOKENWARD_OK;
}

/* The refusal was of a secret that is in use no more. */
Test(look, a_stale_refusal_does_not_hide_a_rate_limit)
{
	struct tokenward *tw = world_open(0);
	struct error err;

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(tokens_change(tw, "n", true, put_gates, NULL, &err), err);
	cr_assert_eq(
	    world_get(tw, "n", 0), TOKENWARD_COOLDOWN, "%s", tw->err.text);
	cr_assert_eq(world_requests(), 0);
	tokenward_close(tw);
}
