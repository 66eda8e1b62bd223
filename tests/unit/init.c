/* SPDX-License-Identifier: BSD-2-Clause */
/* A store made, or left alone. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/secret.h"
#include "core/core.h"
#include "unit.h"
#include "world.h"

TestSuite(init, .init = world_make, .fini = world_end, .timeout = 30);

static struct tokenward *
open_new(const char *store)
{
	struct tokenward_open_params p = {
	    .size = sizeof(p), .store = store, .flags = TOKENWARD_OPEN_NEW};
	struct tokenward *tw;

	cr_assert_eq(
	    tokenward_open(&p, &tw), TOKENWARD_OK, "%s", tokenward_error(tw));
	return tw;
}

static int
init(struct tokenward *tw, const char *key, unsigned flags, int *created)
{
	const char *keys[] = {key, NULL};
	char *text = NULL;
	int r = tokenward_init_store(tw, keys, flags, created, &text);

	cr_assert_eq(text != NULL, r == 0 && *created);
	tokenward_text_free(text);
	return r;
}

static mode_t
mode_of(const char *name)
{
	struct stat st;

	cr_assert_eq(stat(world_path(name), &st), 0, "%s", name);
	return st.st_mode & 07777;
}

Test(init, a_store_is_private_whatever_the_umask)
{
	struct tokenward *tw;
	int created;

	umask(0);
	tw = open_new(world_path("a/b/store"));
	assert_ok(init(tw, "keyfile", 0, &created), tw->err);
	cr_assert_eq(created, 1);
	cr_assert_eq(mode_of("a/b/store"), 0700);
	cr_assert_eq(mode_of("a/b/store/header"), 0600);
	cr_assert_eq(mode_of("a/b/store/lock"), 0600);
	cr_assert_eq(mode_of("a/b/store/credentials"), 0700);
	cr_assert_eq(mode_of("a/b/store/tokens"), 0700);
	cr_assert_eq(mode_of(".config/tokenward/key"), 0600);
	tokenward_close(tw);
	cr_assert_eq(secret_in_use(), 0);
}

Test(init, a_new_store_works_at_once)
{
	struct tokenward *tw = open_new(world_path("new"));
	struct tokenward_credential *c;
	int created;

	assert_ok(init(tw, "keyfile", 0, &created), tw->err);
	cr_assert_eq(
	    tokenward_get_credential(tw, "n", &c), TOKENWARD_NOT_FOUND);
	tokenward_close(tw);
}

Test(init, a_store_that_is_there_is_left_alone)
{
	struct tokenward *tw = world_open(0);
	int created;

	world_add(tw, "n", "s");
	assert_fails(init(tw, "keyfile", 0, &created), tw->err,
	    TOKENWARD_EXISTS, "--if-missing");
	assert_ok(
	    init(tw, "keyfile", TOKENWARD_INIT_IF_MISSING, &created), tw->err);
	cr_assert_eq(created, 0);
	cr_assert_str_eq(world_field(tw, "n", "name"), "n");
	tokenward_close(tw);
}

Test(init, a_key_of_no_known_kind_makes_nothing)
{
	struct tokenward *tw = open_new(world_path("new"));
	int created;

	assert_fails(init(tw, "magic", 0, &created), tw->err, TOKENWARD_USAGE,
	    "keyfile");
	cr_assert_neq(access(world_path("new/header"), F_OK), 0);
	assert_ok(init(tw, "keyfile", 0, &created), tw->err);
	tokenward_close(tw);
}

Test(init, no_store_is_said_where_one_is_needed)
{
	struct tokenward_open_params p = {
	    .size = sizeof(p), .store = world_path("nothing")};
	struct tokenward *tw;

	assert_fails(tokenward_open(&p, &tw), tw->err, TOKENWARD_CONFIG,
	    "tokenward init");
	cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_CONFIG);
	cr_assert(strstr(tokenward_error(tw), "nothing") != NULL);
	tokenward_close(tw);
}

Test(init, an_empty_path_is_no_store)
{
	struct tokenward_open_params p = {
	    .size = sizeof(p), .store = "", .flags = TOKENWARD_OPEN_NEW};
	struct tokenward *tw;
	int created;

	if (tokenward_open(&p, &tw) == TOKENWARD_OK)
		cr_assert_neq(init(tw, "keyfile", 0, &created), TOKENWARD_OK);
	tokenward_close(tw);
}

Test(init, locking_says_what_opens_it_again)
{
	struct tokenward *tw = world_open(0);
	char *text = NULL;

	world_add(tw, "n", "s");
	assert_ok(tokenward_lock(tw, &text), tw->err);
	cr_assert(text && strstr(text, "keyfile") != NULL);
	tokenward_text_free(text);
	cr_assert_eq(secret_in_use(), 0, "no key is left");
	cr_assert_str_eq(world_field(tw, "n", "name"), "n");
	assert_ok(tokenward_unlock(tw, 0), tw->err);
	tokenward_close(tw);
}

Test(init, without_its_key_file_a_store_stays_shut)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	tokenward_close(tw);
	cr_assert_eq(unlink(world_path("key")), 0);
	tw = world_open(0);
	assert_fails(world_get(tw, "n", 0), tw->err, TOKENWARD_LOCKED, "key");
	tokenward_close(tw);
}
