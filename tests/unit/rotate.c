/* SPDX-License-Identifier: BSD-2-Clause */
/* A new secret: staged, proved, switched; each step survives a kill. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "core/core.h"
#include "unit.h"
#include "world.h"

static struct tokenward *tw;

static void
start(void)
{
	world_make();
	tw = world_open(0);
	world_add(tw, "n", "old");
}

static void
stop(void)
{
	tokenward_close(tw);
	world_end();
}

TestSuite(rotate, .init = start, .fini = stop, .timeout = 30);

static int
rotate(struct tokenward_credential *c, unsigned flags)
{
	int r = tokenward_rotate_credential(tw, "n", c, flags);

	tokenward_credential_free(c);
	return r;
}

static int
rotate_to(const char *secret, unsigned flags)
{
	return rotate(world_bag(tw, secret, NULL), flags);
}

/* "1c 2s": number and state of every version there is. */
static const char *
versions(void)
{
	static char text[200];
	struct credential *c;
	struct error err;
	size_t i, n = 0;

	assert_ok(credential_load(tw, "n", &c, &err), err);
	text[0] = '\0';
	for (i = 0; i < c->versions_n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%lld%c",
		    i ? " " : "", (long long)c->versions[i].number,
		    "scp"[c->versions[i].state]);
	credential_free(c);
	return text;
}

static void
assert_asks_with(const char *secret)
{
	char words[100];

	snprintf(words, sizeof(words), "client:%s ", secret);
	cr_assert(
	    strstr(world_request(), words) != NULL, "%s", world_request());
}

Test(rotate, the_new_secret_is_proved_and_switched_in)
{
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(rotate_to("new", 0), tw->err);
	assert_asks_with("new");
	cr_assert_str_eq(versions(), "1p 2c");
	/* the token of the proof is the one to use */
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	cr_assert_eq(world_requests(), 2);
	assert_ok(world_get(tw, "n", TOKENWARD_TOKEN_NEW), tw->err);
	assert_asks_with("new");
}

Test(rotate, a_secret_that_is_refused_is_not_switched_in)
{
	static const struct {
		const char *script;
		int result;
	} rows[] = {
	    {"outcome=bad_credentials error=invalid_client", TOKENWARD_REFUSED},
	    {"outcome=secret_expired", TOKENWARD_EXPIRED},
	    {"outcome=temporary", TOKENWARD_UNAVAILABLE},
	    {"outcome=rate_limited", TOKENWARD_COOLDOWN},
	    {"crash", TOKENWARD_UNAVAILABLE},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		world_script(rows[i].script);
		cr_assert_eq(rotate_to("wrong", 0), rows[i].result, "%s",
		    tokenward_error(tw));
		cr_assert(strstr(versions(), "1c") != NULL);
		world_script("life=60");
		assert_ok(world_get(tw, "n", TOKENWARD_TOKEN_NEW), tw->err);
		assert_asks_with("old");
		cr_assert_str_eq(world_token.warning, "");
	}
}

Test(rotate, a_failure_says_that_the_old_one_stays)
{
	world_script("outcome=bad_credentials error=invalid_client");
	assert_fails(rotate_to("wrong", 0), tw->err, TOKENWARD_REFUSED,
	    "the old one stays");
	cr_assert(strstr(tokenward_error(tw), "invalid_client") != NULL);
	cr_assert(strstr(tokenward_error(tw), "wrong") == NULL);
}

Test(rotate, a_failure_closes_no_gate_for_the_old_one)
{
	world_script("outcome=bad_credentials");
	cr_assert_eq(rotate_to("wrong", 0), TOKENWARD_REFUSED);
	world_script("life=60");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_asks_with("old");
}

Test(rotate, a_success_opens_the_gate)
{
	world_script("when=client:old outcome=bad_credentials\nlife=60");
	cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_REFUSED);
	assert_ok(rotate_to("new", 0), tw->err);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.warning, "");
}

Test(rotate, untried_if_so_wished)
{
	assert_ok(rotate_to("new", TOKENWARD_ROTATE_NO_TRY), tw->err);
	cr_assert_eq(world_requests(), 0);
	cr_assert_str_eq(versions(), "1p 2c");
	world_script("life=60");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_asks_with("new");
}

Test(rotate, the_client_id_stays_unless_another_is_given)
{
	world_script("life=60");
	assert_ok(rotate_to("two", 0), tw->err);
	cr_assert_str_eq(world_field(tw, "n", "client_id"), "client");
	assert_ok(rotate(world_bag(tw, "three", "client_id", "me3", NULL), 0),
	    tw->err);
	cr_assert(strstr(world_request(), "me3:three ") != NULL);
	cr_assert_str_eq(world_field(tw, "n", "client_id"), "me3");
	cr_assert_str_eq(world_field(tw, "n", "previous.client_id"), "client");
}

Test(rotate, dates_are_those_of_the_new_one)
{
	world_script("life=60");
	assert_ok(rotate(world_bag(tw, "new", "issued_at", "2026-01-01",
			     "lifetime", "10d", NULL),
		      0),
	    tw->err);
	cr_assert_str_eq(
	    world_field(tw, "n", "secret.expires_at"), "2026-01-11T00:00:00Z");
	assert_ok(rotate_to("newer", 0), tw->err);
	cr_assert_str_eq(world_field(tw, "n", "secret.expires_at"), "");
}

Test(rotate, one_fallback_is_kept)
{
	world_script("life=60");
	assert_ok(rotate_to("two", 0), tw->err);
	assert_ok(rotate_to("three", 0), tw->err);
	cr_assert_str_eq(versions(), "2p 3c");
}

Test(rotate, said_twice_it_is_done_once)
{
	world_script("life=60");
	assert_ok(rotate_to("new", 0), tw->err);
	assert_ok(rotate_to("new", 0), tw->err);
	cr_assert_str_eq(versions(), "1p 2c");
	cr_assert_eq(world_requests(), 1);
	assert_ok(rotate_to("new", TOKENWARD_ROTATE_NO_TRY), tw->err);
	cr_assert_str_eq(versions(), "1p 2c");
}

Test(rotate, a_secret_is_needed)
{
	assert_fails(rotate_to(NULL, 0), tw->err, TOKENWARD_USAGE, "needed");
	assert_fails(rotate_to(NULL, TOKENWARD_ROTATE_NO_TRY), tw->err,
	    TOKENWARD_USAGE, "needed");
}

Test(rotate, an_unknown_name_is_said)
{
	struct tokenward_credential *c = world_bag(tw, "new", NULL);

	assert_fails(tokenward_rotate_credential(tw, "m", c, 0), tw->err,
	    TOKENWARD_NOT_FOUND, "m");
	tokenward_credential_free(c);
}

/* ---- interrupted ------------------------------------------------------- */

/* Killed while the provider is asked: the new one is staged, durably. */
Test(rotate, killed_before_the_switch_it_goes_on_where_it_was)
{
	pid_t pid;
	int status;

	world_script("delay=20000 times=1\nlife=600");
	pid = fork();
	if (pid == 0) {
		tw = world_open(0);
		rotate_to("new", 0);
		_exit(0);
	}
	while (world_requests() == 0)
		clock_sleep_ms(5);
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_str_eq(versions(), "1c 2s");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_asks_with("old");
	assert_ok(rotate_to("new", 0), tw->err);
	cr_assert_str_eq(versions(), "1p 2c");
	assert_asks_with("new");
}

Test(rotate, another_secret_takes_the_place_of_a_staged_one)
{
	world_script("outcome=bad_credentials times=1\nlife=600");
	cr_assert_eq(rotate_to("typo", 0), TOKENWARD_REFUSED);
	cr_assert_str_eq(versions(), "1c 2s");
	assert_ok(rotate_to("right", 0), tw->err);
	cr_assert_str_eq(versions(), "1p 3c");
	assert_asks_with("right");
}

/* The secret in use said again takes a mistaken one back. */
Test(rotate, the_secret_in_use_is_no_new_one)
{
	world_script("outcome=bad_credentials times=1\nlife=600");
	cr_assert_eq(rotate_to("typo", 0), TOKENWARD_REFUSED);
	assert_ok(rotate_to("old", 0), tw->err);
	cr_assert_str_eq(versions(), "1c");
}

Test(rotate, killed_after_the_switch_it_is_done)
{
	struct credential *c;
	struct secret_version *v;
	struct error err;

	world_script("when=client:old outcome=bad_credentials\nlife=600");
	cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_REFUSED);
	/* as after the second step, the tokens record untouched */
	assert_ok(credential_load(tw, "n", &c, &err), err);
	credential_version(c, VERSION_CURRENT)->state = VERSION_PREVIOUS;
	v = credential_add_version(c);
	v->state = VERSION_CURRENT;
	v->client_id = strdup("client");
	v->added_at = tokenward_now(tw);
	cr_assert(version_set_secret(v, "client_secret", "new", 3));
	assert_ok(credential_save(tw, c, &err), err);
	credential_free(c);
	assert_ok(rotate_to("new", 0), tw->err);
	cr_assert_str_eq(versions(), "1p 2c");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_asks_with("new");
}

/* ---- several secrets --------------------------------------------------- */

Test(rotate, a_secret_that_is_not_said_again_stays)
{
	struct tokenward_credential *c;

	world_provider("loop", "pair", "\"token\": {",
	    "\"secrets\": [\"client_secret\", \"api_key\"],\n  \"token\": {\n"
	    "    \"params\": {\"key\": \"{api_key}\"},");
	c = world_bag(tw, "one", "provider", "pair", "client_id", "me", NULL);
	assert_ok(
	    tokenward_credential_set_secret(tw, c, "api_key", "thekey", 6, 0),
	    tw->err);
	assert_ok(tokenward_add_credential(tw, "m", c, 0, NULL), tw->err);
	tokenward_credential_free(c);
	world_script("life=60");
	c = world_bag(tw, "two", NULL);
	assert_ok(tokenward_rotate_credential(tw, "m", c, 0), tw->err);
	tokenward_credential_free(c);
	cr_assert(
	    strstr(world_request(), "me:two ") != NULL, "%s", world_request());
	cr_assert(strstr(world_request(), "key=thekey") != NULL, "%s",
	    world_request());
}

/* The token that proves the secret is of the terms before. */
Test(rotate, terms_changed_meanwhile_do_not_get_the_old_terms_token)
{
	struct tokenward_credential *c;
	struct tokenward *own;
	int status;
	pid_t pid;

	world_script("times=1 delay=400 life=600\nlife=600");
	pid = fork();
	if (pid == 0) {
		own = world_open(0);
		c = world_bag(own, "new", NULL);
		_exit(tokenward_rotate_credential(own, "n", c, 0));
	}
	while (world_requests() == 0)
		clock_sleep_ms(5);
	c = world_bag(tw, NULL, "scope", "other", NULL);
	assert_ok(tokenward_edit_credential(tw, "n", c, 0, NULL), tw->err);
	tokenward_credential_free(c);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	cr_assert(strstr(world_request(), "scope=other") != NULL);
	assert_asks_with("new");
}
