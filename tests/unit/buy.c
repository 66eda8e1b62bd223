/* SPDX-License-Identifier: BSD-2-Clause */
/* The purchase: what came of it is kept, and the old secret may help out. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/file.h"
#include "core/core.h"
#include "unit.h"
#include "world.h"

TestSuite(buy, .init = world_make, .fini = world_end, .timeout = 30);

/* The one file of a folder of the store, as a path. */
static const char *
only_file(const char *folder)
{
	char name[600] = "";
	DIR *d = opendir(world_path(folder));
	struct dirent *e;

	cr_assert(d != NULL);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			snprintf(
			    name, sizeof(name), "%s/%s", folder, e->d_name);
	closedir(d);
	cr_assert(name[0]);
	return world_path(name);
}

static int
get_at(int64_t offset)
{
	struct tokenward *tw = world_open(offset);
	int r = world_get(tw, "n", 0);

	tokenward_close(tw);
	return r;
}

static void
rotate_at(int64_t offset, const char *secret)
{
	struct tokenward *tw = world_open(offset);
	struct tokenward_credential *c = world_bag(tw, secret, NULL);

	assert_ok(
	    tokenward_rotate_credential(tw, "n", c, TOKENWARD_ROTATE_NO_TRY),
	    tw->err);
	tokenward_credential_free(c);
	tokenward_close(tw);
}

static void
add_rotated(void)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "old");
	tokenward_close(tw);
	rotate_at(0, "new");
}

/* ---- the previous version ---------------------------------------------- */

Test(buy, a_refused_new_secret_falls_back_to_the_old_one)
{
	struct tokenward *tw;

	add_rotated();
	world_script("when=client:new outcome=bad_credentials\n"
		     "when=client:old life=600");
	tw = world_open(1);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	cr_assert(
	    strstr(world_token.warning, "previous"), "%s", world_token.warning);
	cr_assert_eq(world_requests(), 2);
	tokenward_close(tw);
	cr_assert_eq(get_at(2), TOKENWARD_OK);
	cr_assert_eq(world_requests(), 2);
}

/* The new one's gate is closed: it is not asked at every renewal. */
Test(buy, the_old_secret_goes_on_while_the_new_ones_gate_is_closed)
{
	add_rotated();
	world_script("when=client:new outcome=bad_credentials\n"
		     "when=client:old life=200");
	cr_assert_eq(get_at(1), TOKENWARD_OK);
	cr_assert_eq(world_requests(), 2);
	cr_assert_eq(get_at(300), TOKENWARD_OK);
	cr_assert(strstr(world_request(), "client:old") != NULL);
	cr_assert_eq(world_requests(), 3);
	cr_assert_eq(get_at(600), TOKENWARD_OK);
	cr_assert_eq(world_requests(), 4);
	/* after a quarter of an hour it is tried again */
	world_script("life=200");
	cr_assert_eq(get_at(905), TOKENWARD_OK);
	cr_assert(strstr(world_request(), "client:new") != NULL);
	cr_assert_str_eq(world_token.warning, "");
}

Test(buy, the_old_secret_is_asked_once_and_not_again_and_again)
{
	int64_t t;

	add_rotated();
	world_script("outcome=bad_credentials");
	for (t = 1; t < 800; t += 60)
		cr_assert_eq(get_at(t), TOKENWARD_REFUSED);
	cr_assert_eq(world_requests(), 2);
}

Test(buy, only_a_refused_secret_is_replaced_by_the_old_one)
{
	static const char *const scripts[] = {"outcome=temporary",
	    "outcome=bad_scope", "outcome=rate_limited", "outcome=blocked"};
	unsigned before;
	size_t i;

	add_rotated();
	for (i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		world_script(scripts[i]);
		before = world_requests();
		cr_assert_neq(get_at(1 + (int64_t)i * 7200), TOKENWARD_OK);
		cr_assert_eq(world_requests() - before, 1, "%s", scripts[i]);
	}
}

Test(buy, the_old_secret_helps_out_within_the_overlap_only)
{
	struct tokenward *tw;

	world_provider("loop", "loop", "{\"assume\": 300}",
	    "{\"assume\": 300},\n  \"secret\": {\"overlap\": 3600}");
	add_rotated();
	world_script("when=client:new outcome=bad_credentials\nlife=60");
	cr_assert_eq(get_at(3500), TOKENWARD_OK);
	cr_assert_eq(world_requests(), 2);
	tw = world_open(3700);
	assert_fails(
	    world_get(tw, "n", 0), tw->err, TOKENWARD_REFUSED, "refused");
	cr_assert_eq(world_requests(), 2, "the gate of the new one");
	tokenward_close(tw);
}

Test(buy, an_old_secret_past_its_end_does_not_help_out)
{
	struct tokenward *tw = world_open(0);
	struct tokenward_credential *c = world_bag(tw, "old", "provider",
	    "loop", "client_id", "client", "lifetime", "100s", NULL);

	assert_ok(tokenward_add_credential(tw, "n", c, 0, NULL), tw->err);
	tokenward_credential_free(c);
	tokenward_close(tw);
	rotate_at(1, "new");
	world_script("when=client:new outcome=bad_credentials\nlife=60");
	cr_assert_eq(get_at(200), TOKENWARD_REFUSED);
	cr_assert_eq(world_requests(), 1);
}

Test(buy, a_fallback_keeps_its_deadline_and_its_outcome)
{
	struct tokenward *tw;

	add_rotated();
	world_script("when=client:new outcome=bad_credentials\n"
		     "when=client:old outcome=temporary status=502");
	tw = world_open(1);
	cr_assert_neq(world_get(tw, "n", 0), TOKENWARD_OK);
	cr_assert(tokenward_error(tw)[0]);
	cr_assert_eq(world_requests(), 2);
	tokenward_close(tw);
}

Test(buy, without_time_for_the_old_secret_the_refusal_is_told)
{
	struct tokenward *tw;

	add_rotated();
	world_script("when=client:new delay=1150 outcome=bad_credentials "
		     "error=invalid_client\n"
		     "when=client:old life=600");
	tw = world_open(1);
	tw->timeout_ms = 1200;
	assert_fails(world_get(tw, "n", 0), tw->err, TOKENWARD_REFUSED,
	    "previous secret");
	cr_assert_eq(world_requests(), 1);
	tw->timeout_ms = 5000;
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_eq(world_requests(), 2);
	tokenward_close(tw);
}

/* ---- the same token again ---------------------------------------------- */

Test(buy, a_refused_token_given_out_again_is_no_token)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	world_script("token=same life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(tokenward_reject_token(tw, "n", "same", 4), tw->err);
	assert_fails(world_get(tw, "n", 0), tw->err, TOKENWARD_UNAVAILABLE,
	    "very token again");
	cr_assert_eq(world_requests(), 2);
	assert_fails(world_get(tw, "n", 0), tw->err, TOKENWARD_UNAVAILABLE,
	    "very token again");
	cr_assert_eq(world_requests(), 2, "the gate");
	tokenward_close(tw);
	tw = world_open(5);
	world_script("token=other life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "other");
	tokenward_close(tw);
}

Test(buy, the_same_token_twice_is_fine_when_nobody_refused_it)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	world_script("token=same life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(world_get(tw, "n", TOKENWARD_TOKEN_NEW), tw->err);
	cr_assert_str_eq(world_token.value, "same");
	tokenward_close(tw);
}

/* ---- damage ------------------------------------------------------------ */

Test(buy, a_damaged_tokens_record_is_warned_about_and_written_over)
{
	struct tokenward *tw = world_open(0);
	struct buf b = BUF_INIT;
	const char *path;

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	tokenward_close(tw);
	path = only_file("store/tokens");
	unit_read(path, &b);
	b.data[b.len / 2] ^= 1;
	unit_write(path, b.data, b.len);
	world_warnings();
	tw = world_open(1);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	cr_assert(strstr(world_warnings(), "damaged") != NULL);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	cr_assert_str_eq(world_warnings(), "");
	cr_assert_eq(world_requests(), 2);
	tokenward_close(tw);
	buf_free(&b);
}

Test(buy, a_damaged_credential_is_no_credential)
{
	struct tokenward *tw = world_open(0);
	struct buf b = BUF_INIT;
	const char *path;

	world_add(tw, "n", "s");
	path = only_file("store/credentials");
	unit_read(path, &b);
	b.data[b.len / 2] ^= 1;
	unit_write(path, b.data, b.len);
	assert_fails(
	    world_get(tw, "n", 0), tw->err, TOKENWARD_DAMAGED, "damaged");
	cr_assert_eq(world_requests(), 0);
	tokenward_close(tw);
	buf_free(&b);
}

Test(buy, a_damaged_credential_takes_no_good_token_away)
{
	struct tokenward *tw = world_open(0);
	struct buf b = BUF_INIT;
	const char *path;

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	tokenward_close(tw);
	path = only_file("store/credentials");
	unit_read(path, &b);
	b.data[b.len / 2] ^= 1;
	unit_write(path, b.data, b.len);
	cr_assert_eq(get_at(200), TOKENWARD_OK);
	cr_assert_eq(get_at(400), TOKENWARD_OK, "ahead of time");
	cr_assert(strstr(world_token.warning, "damaged") != NULL);
	cr_assert_eq(get_at(560), TOKENWARD_OK, "its last seconds");
	cr_assert_str_eq(world_token.value, "token-1");
	cr_assert_eq(get_at(700), TOKENWARD_DAMAGED);
	cr_assert_eq(world_requests(), 1);
	buf_free(&b);
}

Test(buy, a_credential_put_back_from_a_copy_is_refused)
{
	struct tokenward *tw = world_open(0);
	struct tokenward_credential *c;
	struct buf b = BUF_INIT;
	const char *path;

	world_add(tw, "n", "s");
	path = only_file("store/credentials");
	unit_read(path, &b);
	c = world_bag(tw, NULL, "note", "later", NULL);
	assert_ok(tokenward_edit_credential(tw, "n", c, 0, NULL), tw->err);
	tokenward_credential_free(c);
	unit_write(path, b.data, b.len);
	world_script("life=600");
	assert_fails(world_get(tw, "n", 0), tw->err, TOKENWARD_DAMAGED,
	    "older than one");
	cr_assert_eq(world_requests(), 0);
	tokenward_close(tw);
	buf_free(&b);
}

/* A token that can be bought again is given out all the same. */
Test(buy, a_token_that_cannot_be_kept_is_given_out)
{
	struct tokenward *tw = world_open(0);
	char blocked[1200];

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	snprintf(blocked, sizeof(blocked), "%s.new", only_file("store/tokens"));
	cr_assert_eq(mkdir(blocked, 0700), 0);
	world_warnings();
	assert_ok(world_get(tw, "n", TOKENWARD_TOKEN_NEW), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	cr_assert(strstr(world_warnings(), "could not be kept") != NULL);
	tokenward_close(tw);
}

/* Nobody could use what was bought: each call would buy another one. */
Test(buy, what_cannot_be_kept_is_not_bought_ahead_of_time)
{
	struct tokenward *tw = world_open(0);
	char blocked[1200];
	int64_t t;

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	tokenward_close(tw);
	snprintf(blocked, sizeof(blocked), "%s.new", only_file("store/tokens"));
	cr_assert_eq(mkdir(blocked, 0700), 0);
	for (t = 400; t < 410; t++)
		cr_assert_eq(get_at(t), TOKENWARD_OK);
	cr_assert(strstr(world_token.warning, "cannot write") != NULL);
	cr_assert_str_eq(world_token.value, "token-1");
	cr_assert_eq(world_requests(), 1);
	cr_assert_eq(get_at(595), TOKENWARD_OK, "its last seconds");
	cr_assert_str_eq(world_token.value, "token-2");
}

/* A disk that is full does not hide what the provider said. */
Test(buy, a_refusal_that_cannot_be_kept_is_told)
{
	struct tokenward *tw = world_open(0);
	char blocked[1200];

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	snprintf(blocked, sizeof(blocked), "%s.new", only_file("store/tokens"));
	cr_assert_eq(mkdir(blocked, 0700), 0);
	world_warnings();
	world_script("outcome=bad_credentials error=invalid_client");
	assert_fails(world_get(tw, "n", TOKENWARD_TOKEN_NEW), tw->err,
	    TOKENWARD_REFUSED, "invalid_client");
	cr_assert(strstr(world_warnings(), "could not be kept") != NULL);
	tokenward_close(tw);
}

Test(buy, two_credentials_have_nothing_to_do_with_each_other)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "one");
	world_add(tw, "m", "two");
	world_script("when=client:one outcome=bad_credentials\nlife=600");
	cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_REFUSED);
	assert_ok(world_get(tw, "m", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_REFUSED);
	cr_assert_eq(world_requests(), 2);
	tokenward_close(tw);
}

Test(buy, strict_asks_the_helper_and_starts_it_once)
{
	struct tokenward *tw = world_open_flags(0, TOKENWARD_OPEN_STRICT);

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_eq(world_requests(), 1);
	cr_assert(strstr(world_request(), "need-landlock"));
	world_script("unfenced");
	cr_assert_eq(
	    world_get(tw, "n", TOKENWARD_TOKEN_NEW), TOKENWARD_NOT_ALLOWED);
	cr_assert(strstr(tw->err.text, "Landlock"), "%s", tw->err.text);
	cr_assert_eq(world_requests(), 2);
	tokenward_close(tw);
	tw = world_open(0);
	assert_ok(world_get(tw, "n", TOKENWARD_TOKEN_NEW), tw->err);
	cr_assert_null(strstr(world_request(), "need-landlock"));
	tokenward_close(tw);
}
