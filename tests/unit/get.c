/* SPDX-License-Identifier: BSD-2-Clause */
/* A token by name: from the cache, from the provider, or why not. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/secret.h"
#include "core/core.h"
#include "unit.h"
#include "world.h"

TestSuite(get, .init = world_make, .fini = world_end, .timeout = 30);

static void
assert_token(const char *value, bool cached)
{
	cr_assert_str_eq(world_token.value, value);
	cr_assert_eq(world_token.cached, cached);
}

static long
timeout_of_request(void)
{
	const char *at = strstr(world_request(), "timeout=");

	return at ? atol(at + strlen("timeout=")) : -1;
}

Test(get, a_cold_token_is_fetched_and_then_kept)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s3cret");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("token-1", false);
	cr_assert_leq(world_token.expires_at - tokenward_now(tw), 600);
	cr_assert_gt(world_token.expires_at - tokenward_now(tw), 590);
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("token-1", true);
	tokenward_close(tw);
	tw = world_open(100);
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("token-1", true);
	cr_assert_str_eq(world_token.warning, "");
	cr_assert_eq(world_requests(), 1);
	cr_assert(strstr(world_request(), "auth=client:s3cret ") != NULL);
	cr_assert(strstr(world_request(), "POST http://127.0.0.1:18080/token"));
	cr_assert(strstr(world_request(), "grant_type=client_credentials"));
	tokenward_close(tw);
	cr_assert_eq(secret_in_use(), 0);
}

Test(get, names_that_are_not_there_ask_nobody)
{
	struct tokenward *tw = world_open(0);

	assert_fails(world_get(tw, "n", 0), tw->err, TOKENWARD_NOT_FOUND,
	    "no credential named \"n\"");
	assert_fails(
	    world_get(tw, "a\nb", 0), tw->err, TOKENWARD_USAGE, "a\\x0ab");
	assert_fails(world_get(tw, "", 0), tw->err, TOKENWARD_USAGE, "name");
	assert_fails(world_get(tw, NULL, 0), tw->err, TOKENWARD_USAGE, "name");
	assert_fails(
	    world_get(tw, "../n", 0), tw->err, TOKENWARD_USAGE, "name");
	cr_assert_eq(world_requests(), 0);
	tokenward_close(tw);
}

Test(get, every_wish_has_a_token_of_its_own)
{
	static const char *const resources[] = {"https://a.example/", NULL};
	struct tokenward_token_params p[] = {
	    {.size = sizeof(*p)},
	    {.size = sizeof(*p), .scope = "read"},
	    {.size = sizeof(*p), .scope = "read write"},
	    {.size = sizeof(*p), .audience = "api"},
	    {.size = sizeof(*p), .resources = resources},
	};
	struct tokenward_token_params empty = {
	    .size = sizeof(empty), .scope = "", .audience = ""};
	struct tokenward *tw = world_open(0);
	char value[32];
	unsigned i;

	world_add(tw, "n", "s");
	world_script("life=600");
	for (i = 0; i < 10; i++) {
		assert_ok(world_get_params(tw, "n", &p[i % 5]), tw->err);
		snprintf(value, sizeof(value), "token-%u", i % 5 + 1);
		assert_token(value, i >= 5);
	}
	cr_assert(
	    strstr(world_request(), "resource=https%3A%2F%2Fa.example%2F"));
	assert_ok(world_get_params(tw, "n", &empty), tw->err);
	assert_token("token-1", true);
	tokenward_close(tw);
}

/* A caller built when the struct was shorter. */
Test(get, parameters_may_be_shorter_than_ours)
{
	struct tokenward_token_params p = {
	    .size = offsetof(struct tokenward_token_params, flags),
	    .flags = ~0u};
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get_params(tw, "n", &p), tw->err);
	assert_ok(world_get_params(tw, "n", &p), tw->err);
	assert_token("token-1", true);
	assert_ok(world_get_params(tw, "n", NULL), tw->err);
	assert_token("token-1", true);
	tokenward_close(tw);
}

Test(get, new_buys_one_whatever_is_cached)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(world_get(tw, "n", TOKENWARD_TOKEN_NEW), tw->err);
	assert_token("token-2", false);
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("token-2", true);
	tokenward_close(tw);
}

/* In 50-65 % of its life one caller renews, and renews once. */
Test(get, an_aging_token_is_renewed_ahead_of_time)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	tokenward_close(tw);
	tw = world_open(295);
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("token-1", true);
	tokenward_close(tw);
	tw = world_open(301);
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("token-2", false);
	cr_assert(strstr(world_request(), " tries=1 "), "%s", world_request());
	cr_assert_leq(timeout_of_request(), 3000);
	cr_assert_gt(timeout_of_request(), 2000);
	tokenward_close(tw);
}

Test(get, renewal_ahead_of_time_fails_no_good_token)
{
	static const char *const scripts[] = {"outcome=temporary status=503",
	    "outcome=bad_credentials", "outcome=rate_limited", "crash",
	    "garbage", "silent"};
	struct tokenward *tw;
	unsigned i, before;
	char name[16];

	for (i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		snprintf(name, sizeof(name), "n%u", i);
		tw = world_open(0);
		world_add(tw, name, "s");
		world_script("token=old life=600");
		assert_ok(world_get(tw, name, 0), tw->err);
		tokenward_close(tw);
		tw = world_open(350);
		world_script(scripts[i]);
		before = world_requests();
		assert_ok(world_get(tw, name, 0), tw->err);
		assert_token("old", true);
		cr_assert(world_token.warning[0], "%s", scripts[i]);
		cr_assert_eq(world_requests(), before + 1);
		assert_ok(world_get(tw, name, 0), tw->err);
		assert_token("old", true);
		cr_assert_eq(
		    world_requests(), before + 1, "%s: the gate", scripts[i]);
		tokenward_close(tw);
	}
}

Test(get, renewal_ahead_of_time_stalls_nobody)
{
	struct tokenward *tw = world_open(0);
	int64_t start;

	world_add(tw, "n", "s");
	world_script("token=old life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	tokenward_close(tw);
	tw = world_open(350);
	tw->timeout_ms = 400;
	world_script("hang");
	start = clock_boot_ms();
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("old", true);
	cr_assert(clock_boot_ms() - start < 400 + 1500);
	tokenward_close(tw);
}

Test(get, a_token_near_its_end_is_renewed_first_but_serves_to_the_last)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	world_script("token=old life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	tokenward_close(tw);
	world_script("outcome=temporary status=500");
	tw = world_open(560);
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("old", true);
	cr_assert(strstr(world_token.warning, "still works"), "%s",
	    world_token.warning);
	cr_assert(
	    strstr(world_token.warning, "HTTP 500"), "%s", world_token.warning);
	tokenward_close(tw);
	tw = world_open(601);
	assert_fails(world_get(tw, "n", 0), tw->err, TOKENWARD_UNAVAILABLE,
	    "has trouble");
	tokenward_close(tw);
}

Test(get, a_helper_that_fails_is_trouble_and_no_token)
{
	static const struct {
		const char *script, *words;
	} rows[] = {
	    {"crash", "signal"},
	    {"silent", "without an answer"},
	    {"garbage", "no proper answer"},
	};
	struct tokenward *tw = world_open(0);
	char name[16];
	unsigned i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(name, sizeof(name), "n%u", i);
		world_add(tw, name, "s");
		world_script(rows[i].script);
		assert_fails(world_get(tw, name, 0), tw->err,
		    TOKENWARD_UNAVAILABLE, rows[i].words);
	}
	tokenward_close(tw);
}

/* Whoever comes next must not start it again at once, and again. */
Test(get, a_helper_that_fails_is_left_alone_for_a_while)
{
	struct tokenward *tw = world_open(0);
	unsigned i;

	world_add(tw, "n", "s");
	world_script("crash");
	for (i = 0; i < 5; i++)
		cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_UNAVAILABLE);
	cr_assert_eq(world_requests(), 1);
	tokenward_close(tw);
}

Test(get, a_missing_helper_is_said)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	cr_assert_eq(unlink(world_path("libexec/fetch")), 0);
	assert_fails(world_get(tw, "n", 0), tw->err, TOKENWARD_CONFIG, "fetch");
	tokenward_close(tw);
}

Test(get, every_call_ends_within_its_deadline)
{
	struct tokenward *tw = world_open(0);
	int64_t start = clock_boot_ms();

	world_add(tw, "n", "s");
	world_script("hang");
	tw->timeout_ms = 300;
	assert_fails(world_get(tw, "n", 0), tw->err, TOKENWARD_UNAVAILABLE,
	    "no answer within");
	cr_assert(clock_boot_ms() - start < 300 + 1500);
	tokenward_close(tw);
}

/* A writer that was stopped keeps its lock. */
Test(get, a_held_lock_does_not_hold_a_call_past_its_deadline)
{
	struct tokenward *tw = world_open(0), *other = world_open(0);
	int64_t start;
	struct error err;
	int lock = -1;

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(other, "m", 0) == TOKENWARD_NOT_FOUND ? 0 : 1,
	    other->err);
	assert_ok(
	    store_lock(other->store, LOCK_RECORD, "n", 0, &lock, &err), err);
	tw->timeout_ms = 1000;
	start = clock_boot_ms();
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("token-1", false);
	cr_assert(strstr(world_warnings(), "could not be kept") != NULL);
	cr_assert_lt(clock_boot_ms() - start, 1000 + 1000);
	start = clock_boot_ms();
	cr_assert_eq(
	    tokenward_rename_credential(tw, "m", "n"), TOKENWARD_UNAVAILABLE);
	cr_assert_eq(
	    tokenward_reject_token(tw, "n", "t", 1), TOKENWARD_UNAVAILABLE);
	cr_assert_lt(clock_boot_ms() - start, 2 * (1000 + 1000));
	store_unlock_range(&lock);
	tokenward_close(other);
	tokenward_close(tw);
}

/* The flight came free at the last moment. */
Test(get, without_time_left_nobody_is_asked_and_no_gate_closes)
{
	struct tokenward *tw = world_open(0);
	struct tokens t = {0};
	struct error err;

	world_add(tw, "n", "s");
	tw->timeout_ms = 0;
	assert_fails(world_get(tw, "n", 0), tw->err, TOKENWARD_UNAVAILABLE,
	    "time was up");
	cr_assert_eq(world_requests(), 0);
	assert_ok(tokens_load(tw, "n", &t, &err), err);
	cr_assert_eq(t.gates_n, 0);
	tokens_free(&t);
	tokenward_close(tw);
}

Test(get, a_deadline_of_hours_is_one_too)
{
	struct tokenward_open_params p = {.size = sizeof(p),
	    .store = world_path("store"),
	    .libexec_dir = world_path("libexec"),
	    .provider_dir = world_path("providers"),
	    .timeout = 7200};
	struct tokenward *tw;

	assert_ok(tokenward_open(&p, &tw), tw->err);
	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_eq(timeout_of_request(), 3600000);
	tokenward_close(tw);
	p.timeout = INT64_MAX;
	assert_ok(tokenward_open(&p, &tw), tw->err);
	assert_ok(world_get(tw, "n", TOKENWARD_TOKEN_NEW), tw->err);
	cr_assert_eq(timeout_of_request(), 3600000);
	tokenward_close(tw);
}

static long
slow_answer(
    void *data, const struct tokenward_question *q, char *answer, size_t cap)
{
	(void)q;
	(void)cap;
	clock_sleep_ms(*(int64_t *)data);
	memcpy(answer, "correct horse", 13);
	return 13;
}

Test(get, the_time_at_a_prompt_does_not_count)
{
	int64_t slow = 300, before;
	struct tokenward_open_params p = {.size = sizeof(p),
	    .store = world_path("store"),
	    .ask = slow_answer,
	    .ask_data = &slow};
	struct tokenward_question q = {.prompt = "?"};
	struct tokenward *tw;
	char answer[100];

	assert_ok(tokenward_open(&p, &tw), tw->err);
	call_begin(tw);
	before = tw->deadline_ms;
	cr_assert_eq(
	    tw->keys.ask(tw->keys.ask_data, &q, answer, sizeof(answer)), 13);
	cr_assert_geq(tw->deadline_ms - before, 300);
	call_end(tw, 0);
	tokenward_close(tw);
}

Test(get, min_valid_is_kept_or_warned_about)
{
	struct tokenward_token_params p = {.size = sizeof(p)};
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	tokenward_close(tw);
	tw = world_open(200);
	p.min_valid = 500;
	assert_ok(world_get_params(tw, "n", &p), tw->err);
	assert_token("token-2", false);
	cr_assert_str_eq(world_token.warning, "");
	p.min_valid = 3600;
	assert_ok(world_get_params(tw, "n", &p), tw->err);
	assert_token("token-2", true);
	cr_assert(
	    strstr(world_token.warning, "shorter"), "%s", world_token.warning);
	assert_ok(world_get_params(tw, "n", &p), tw->err);
	cr_assert(strstr(world_token.warning, "shorter"), "asked again");
	p.min_valid = -5;
	assert_ok(world_get_params(tw, "n", &p), tw->err);
	assert_token("token-2", true);
	cr_assert_eq(world_requests(), 2);
	tokenward_close(tw);
}

Test(get, refresh_and_rejected_asks_once)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(world_get(tw, "n", TOKENWARD_TOKEN_REJECTED), tw->err);
	assert_token("token-2", false);
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("token-2", true);
	tokenward_close(tw);
}

/* It was refused: nobody else may get it either, whatever comes next. */
Test(get, rejected_means_forgotten_also_when_no_other_is_had)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	world_script("token=dead life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_fails(world_get(tw, "n", TOKENWARD_TOKEN_REJECTED), tw->err,
	    TOKENWARD_UNAVAILABLE, "very token again");
	cr_assert_neq(world_get(tw, "n", 0), TOKENWARD_OK);
	tokenward_close(tw);
}

static void
set_modes(mode_t mode)
{
	static const char *const folders[] = {
	    "store/tokens", "store/credentials", "store"};
	size_t i;

	for (i = 0; i < 3; i++)
		cr_assert_eq(chmod(world_path(folders[i]), mode), 0);
	cr_assert_eq(chmod(world_path("store/lock"), mode & 0600), 0);
}

/* Root may write wherever it is.  (Skipping leaks within Criterion, and a
   leak counts as a failure where leaks are looked for.) */
Test(get, a_store_that_cannot_be_written_serves_what_is_valid)
{
	struct tokenward *tw;

	if (geteuid() == 0)
		return;
	tw = world_open(0);
	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	tokenward_close(tw);
	set_modes(0500);
	tw = world_open(10);
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("token-1", true);
	cr_assert_str_eq(world_token.warning, "");
	tokenward_close(tw);
	tw = world_open(590);
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("token-1", true);
	cr_assert(strstr(world_token.warning, "could not be renewed"), "%s",
	    world_token.warning);
	tokenward_close(tw);
	tw = world_open(700);
	assert_fails(world_get(tw, "n", 0), tw->err, TOKENWARD_NOT_ALLOWED,
	    "a new token is needed");
	tokenward_close(tw);
	cr_assert_eq(world_requests(), 1);
	set_modes(0700);
}

/* ---- in somebody else's process ---------------------------------------- */

Test(get, an_ignored_sigchld_is_no_obstacle)
{
	struct tokenward *tw = world_open(0);
	struct sigaction sa;

	signal(SIGCHLD, SIG_IGN);
	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_token("token-1", false);
	world_script("crash");
	cr_assert_eq(
	    world_get(tw, "n", TOKENWARD_TOKEN_NEW), TOKENWARD_UNAVAILABLE);
	cr_assert_eq(sigaction(SIGCHLD, NULL, &sa), 0);
	cr_assert(sa.sa_handler == SIG_IGN, "left as it was");
	tokenward_close(tw);
}

Test(get, the_callers_children_are_the_callers)
{
	struct tokenward *tw = world_open(0);
	int status;
	pid_t pid;

	world_add(tw, "n", "s");
	world_script("life=600");
	pid = fork();
	if (pid == 0)
		_exit(7);
	clock_sleep_ms(50);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_eq(waitpid(-1, &status, 0), pid);
	cr_assert_eq(WEXITSTATUS(status), 7);
	cr_assert_eq(waitpid(-1, &status, WNOHANG), -1, "no child of ours");
	tokenward_close(tw);
}
