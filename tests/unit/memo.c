/* SPDX-License-Identifier: BSD-2-Clause */
/* Asked again in one process: memory, unless anything has changed. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/secret.h"
#include "core/core.h"
#include "unit.h"
#include "world.h"

/* Two handles: two processes that know nothing of each other. */
static struct tokenward *tw, *other;

static void
start(void)
{
	world_make();
	tw = world_open(0);
	other = world_open(0);
	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-1");
}

static void
stop(void)
{
	tokenward_close(tw);
	tokenward_close(other);
	cr_assert_eq(secret_in_use(), 0);
	world_end();
}

TestSuite(memo, .init = start, .fini = stop, .timeout = 30);

static void
assert_next(const char *value)
{
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, value);
}

Test(memo, remembers_without_the_file_s_content)
{
	struct tokenward_token *a, *b;

	assert_ok(tokenward_get_token(tw, "n", NULL, &a), tw->err);
	assert_ok(tokenward_get_token(tw, "n", NULL, &b), tw->err);
	cr_assert(a == b, "the same object, counted");
	tokenward_token_free(a);
	cr_assert_str_eq(tokenward_token_value(b), "token-1");
	cr_assert_str_eq(tokenward_token_header_name(b), "Authorization");
	cr_assert_str_eq(tokenward_token_header_value(b), "Bearer token-1");
	cr_assert_eq(tokenward_token_is_cached(b), 1);
	cr_assert(tokenward_token_query_name(b) == NULL);
	cr_assert(tokenward_token_extra_header(b, 0) == NULL);
	tokenward_token_free(b);
}

Test(memo, a_rejection_elsewhere_is_seen)
{
	assert_ok(tokenward_reject_token(other, "n", "token-1", 7), other->err);
	assert_next("token-2");
}

Test(memo, a_renewal_elsewhere_is_seen)
{
	assert_ok(world_get(other, "n", TOKENWARD_TOKEN_NEW), other->err);
	assert_next("token-2");
	cr_assert_eq(world_requests(), 2);
}

Test(memo, an_edit_elsewhere_is_seen)
{
	struct tokenward_credential *c =
	    world_bag(other, NULL, "scope", "x", NULL);

	assert_ok(
	    tokenward_edit_credential(other, "n", c, 0, NULL), other->err);
	tokenward_credential_free(c);
	assert_next("token-2");
}

Test(memo, a_removal_elsewhere_is_seen)
{
	assert_ok(tokenward_remove_credential(other, "n"), other->err);
	cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_NOT_FOUND);
}

Test(memo, another_name_or_wish_is_another_token)
{
	struct tokenward_token_params p = {.size = sizeof(p), .scope = "a"};

	world_add(tw, "m", "s");
	assert_ok(world_get(tw, "m", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	assert_ok(world_get_params(tw, "m", &p), tw->err);
	cr_assert_str_eq(world_token.value, "token-3");
	assert_ok(world_get(tw, "m", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	assert_next("token-1");
}

/* This process moves on in time. */
Test(memo, age_is_seen)
{
	tw->clock_offset = 200;
	assert_next("token-1");
	tw->clock_offset = 301;
	assert_next("token-2");
	tw->clock_offset = 2000;
	assert_next("token-3");
}

Test(memo, the_end_of_the_secret_is_warned_of)
{
	struct tokenward_credential *c =
	    world_bag(tw, NULL, "lifetime", "100s", "warn", "50s", NULL);

	assert_ok(tokenward_edit_credential(tw, "n", c, 0, NULL), tw->err);
	tokenward_credential_free(c);
	assert_next("token-1");
	assert_next("token-1");
	cr_assert_str_eq(world_token.warning, "");
	tw->clock_offset = 60;
	assert_next("token-1");
	cr_assert(strstr(world_token.warning, "ends") != NULL, "%s",
	    world_token.warning);
	assert_next("token-1");
	cr_assert(world_token.warning[0], "and again");
}
