/* SPDX-License-Identifier: BSD-2-Clause */
/* The API said 401: that token is dead, and no other. */
#include <string.h>
#include "core/core.h"
#include "unit.h"
#include "world.h"

static struct tokenward *tw;

static void
start(void)
{
	world_make();
	tw = world_open(0);
	world_add(tw, "n", "s");
	world_script("life=600");
}

static void
stop(void)
{
	tokenward_close(tw);
	world_end();
}

TestSuite(reject, .init = start, .fini = stop, .timeout = 30);

static int
reject(const char *value)
{
	return tokenward_reject_token(tw, "n", value, strlen(value));
}

Test(reject, a_rejected_token_is_never_served_again)
{
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(reject("token-1"), tw->err);
	cr_assert_eq(world_requests(), 1, "asks nobody");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
}

Test(reject, not_even_when_no_other_can_be_had)
{
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(reject("token-1"), tw->err);
	world_script("outcome=temporary");
	cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_UNAVAILABLE);
	cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_UNAVAILABLE);
}

Test(reject, only_the_very_token_is_meant)
{
	static const char *const others[] = {
	    "token-2", "token-", "token-11", "Token-1", "x"};
	size_t i;

	assert_ok(world_get(tw, "n", 0), tw->err);
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_ok(reject(others[i]), tw->err);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-1");
	cr_assert_eq(world_requests(), 1);
}

Test(reject, a_token_renewed_meanwhile_stays)
{
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(world_get(tw, "n", TOKENWARD_TOKEN_NEW), tw->err);
	assert_ok(reject("token-1"), tw->err);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	cr_assert_eq(world_requests(), 2);
}

Test(reject, tokens_of_other_wishes_stay)
{
	struct tokenward_token_params p = {.size = sizeof(p), .scope = "a"};

	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(world_get_params(tw, "n", &p), tw->err);
	assert_ok(reject("token-2"), tw->err);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-1");
	assert_ok(world_get_params(tw, "n", &p), tw->err);
	cr_assert_str_eq(world_token.value, "token-3");
}

Test(reject, of_a_token_object_is_the_same)
{
	struct tokenward_token *t;

	assert_ok(tokenward_get_token(tw, "n", NULL, &t), tw->err);
	assert_ok(tokenward_reject(tw, "n", t), tw->err);
	tokenward_token_free(t);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
}

Test(reject, what_is_not_there_is_said)
{
	assert_fails(tokenward_reject_token(tw, "m", "t", 1), tw->err,
	    TOKENWARD_NOT_FOUND, "m");
	assert_fails(reject(""), tw->err, TOKENWARD_USAGE, "no token");
	assert_ok(reject("never seen"), tw->err);
	cr_assert_eq(world_requests(), 0);
}

static int
again_at(int64_t offset)
{
	struct tokenward *other = world_open(offset);
	int r = world_get(other, "n", TOKENWARD_TOKEN_REJECTED);

	tokenward_close(other);
	return r;
}

Test(reject, without_a_value_what_others_just_bought_so_stays)
{
	assert_ok(again_at(0), tw->err);
	cr_assert_str_eq(world_token.value, "token-1");
	assert_ok(again_at(0), tw->err);
	cr_assert_str_eq(world_token.value, "token-1");
	assert_ok(again_at(9), tw->err);
	cr_assert_eq(world_requests(), 1);
	assert_ok(again_at(12), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	assert_ok(reject("token-2"), tw->err);
	assert_ok(again_at(13), tw->err);
	cr_assert_str_eq(world_token.value, "token-3");
}

Test(reject, without_a_value_what_was_bought_otherwise_goes)
{
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(again_at(0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
}

Test(reject, without_a_value_what_the_handle_gave_out_is_meant)
{
	assert_ok(world_get(tw, "n", TOKENWARD_TOKEN_REJECTED), tw->err);
	cr_assert_str_eq(world_token.value, "token-1");
	assert_ok(world_get(tw, "n", TOKENWARD_TOKEN_REJECTED), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(world_get(tw, "n", TOKENWARD_TOKEN_REJECTED), tw->err);
	cr_assert_str_eq(world_token.value, "token-3");
}
