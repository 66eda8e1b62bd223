/* SPDX-License-Identifier: BSD-2-Clause */
/* Gone, or under another name; also when it was interrupted. */
#include <dirent.h>
#include <stdio.h>
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
}

static void
stop(void)
{
	tokenward_close(tw);
	world_end();
}

TestSuite(remove, .init = start, .fini = stop, .timeout = 30);

static unsigned
files(const char *folder)
{
	DIR *d = opendir(world_path(folder));
	struct dirent *e;
	unsigned n = 0;

	cr_assert(d != NULL);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static int
exists(const char *name)
{
	struct tokenward_credential *c;
	int r = tokenward_get_credential(tw, name, &c);

	if (r == TOKENWARD_OK)
		tokenward_credential_free(c);
	return r;
}

Test(remove, nothing_is_left_of_it)
{
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_eq(files("store/credentials"), 1);
	cr_assert_eq(files("store/tokens"), 1);
	assert_ok(tokenward_remove_credential(tw, "n"), tw->err);
	cr_assert_eq(files("store/credentials"), 0);
	cr_assert_eq(files("store/tokens"), 0);
	assert_fails(tokenward_remove_credential(tw, "n"), tw->err,
	    TOKENWARD_NOT_FOUND, "no credential");
	cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_NOT_FOUND);
}

Test(remove, what_was_removed_can_be_added_anew)
{
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(tokenward_remove_credential(tw, "n"), tw->err);
	world_add(tw, "n", "other");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	cr_assert(strstr(world_request(), "client:other") != NULL);
}

Test(remove, a_damaged_credential_may_go)
{
	char path[600] = "";
	struct dirent *e;
	DIR *d = opendir(world_path("store/credentials"));

	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			snprintf(path, sizeof(path), "store/credentials/%s",
			    e->d_name);
	closedir(d);
	unit_write(world_path(path), "rubbish", 7);
	cr_assert_eq(exists("n"), TOKENWARD_DAMAGED);
	assert_ok(tokenward_remove_credential(tw, "n"), tw->err);
	cr_assert_eq(exists("n"), TOKENWARD_NOT_FOUND);
}

/* ---- rename ------------------------------------------------------------ */

Test(remove, a_renamed_one_keeps_secret_token_and_gates)
{
	struct tokenward_token_params p = {.size = sizeof(p), .scope = "bad"};

	world_script("when=scope=bad outcome=bad_scope\nlife=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_eq(world_get_params(tw, "n", &p), TOKENWARD_CONFIG);
	assert_ok(tokenward_rename_credential(tw, "n", "m"), tw->err);
	cr_assert_eq(exists("n"), TOKENWARD_NOT_FOUND);
	cr_assert_str_eq(world_field(tw, "m", "name"), "m");
	assert_ok(world_get(tw, "m", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-1");
	cr_assert_eq(world_get_params(tw, "m", &p), TOKENWARD_CONFIG);
	cr_assert_eq(world_requests(), 2);
	assert_ok(world_get(tw, "m", TOKENWARD_TOKEN_NEW), tw->err);
	cr_assert(strstr(world_request(), "client:s ") != NULL);
	cr_assert_eq(files("store/credentials"), 1);
	cr_assert_eq(files("store/tokens"), 1);
}

Test(remove, a_name_that_is_taken_is_not_given_away)
{
	world_add(tw, "m", "other");
	assert_fails(tokenward_rename_credential(tw, "n", "m"), tw->err,
	    TOKENWARD_EXISTS, "another credential");
	assert_fails(tokenward_rename_credential(tw, "n", "n"), tw->err,
	    TOKENWARD_USAGE, "same");
	assert_fails(tokenward_rename_credential(tw, "n", "a b"), tw->err,
	    TOKENWARD_USAGE, "name");
	assert_fails(tokenward_rename_credential(tw, "x", "y"), tw->err,
	    TOKENWARD_NOT_FOUND, "x");
	cr_assert_eq(exists("n"), TOKENWARD_OK);
	world_script("life=60");
	assert_ok(world_get(tw, "m", 0), tw->err);
	cr_assert(strstr(world_request(), "client:other ") != NULL);
}

static void
keep_copy(const char *name, struct buf *credential, struct buf *tokens)
{
	struct error err;
	uint64_t generation;

	assert_ok(store_read(tw->store, RECORD_CREDENTIAL, name, credential,
		      &generation, &err),
	    err);
	assert_ok(store_read(tw->store, RECORD_TOKENS, name, tokens,
		      &generation, &err),
	    err);
}

static void
note(const char *name, const char *text)
{
	struct tokenward_credential *c =
	    world_bag(tw, NULL, "note", text, NULL);

	assert_ok(tokenward_edit_credential(tw, name, c, 0, NULL), tw->err);
	tokenward_credential_free(c);
}

/* As a kill leaves it: whole under both names. */
static void
rename_half(void)
{
	struct buf credential = BUF_SECRET_INIT;
	uint64_t generation;
	struct error err;

	assert_ok(store_read(tw->store, RECORD_CREDENTIAL, "n", &credential,
		      &generation, &err),
	    err);
	assert_ok(tokenward_rename_credential(tw, "n", "m"), tw->err);
	assert_ok(store_write(tw->store, RECORD_CREDENTIAL, "n", &credential, 0,
		      true, &err),
	    err);
	buf_free(&credential);
}

Test(remove, what_was_changed_since_an_interrupted_rename_is_not_lost)
{
	rename_half();
	note("n", "later");
	assert_ok(tokenward_rename_credential(tw, "n", "m"), tw->err);
	cr_assert_str_eq(world_field(tw, "m", "note"), "later");
	assert_ok(tokenward_rename_credential(tw, "m", "n"), tw->err);
	rename_half();
	note("m", "later still");
	assert_fails(tokenward_rename_credential(tw, "n", "m"), tw->err,
	    TOKENWARD_EXISTS, "remove the one");
	cr_assert_str_eq(world_field(tw, "m", "note"), "later still");
	assert_ok(tokenward_remove_credential(tw, "n"), tw->err);
	cr_assert_str_eq(world_field(tw, "m", "note"), "later still");
}

/* Killed after each step: said again, it is finished, and nothing is lost. */
Test(remove, an_interrupted_rename_is_finished_by_saying_it_again)
{
	struct buf credential = BUF_SECRET_INIT, tokens = BUF_SECRET_INIT;
	struct error err;
	int step;

	world_script("life=6000");
	assert_ok(world_get(tw, "n", 0), tw->err);
	for (step = 0; step < 2; step++) {
		buf_clear(&credential);
		buf_clear(&tokens);
		keep_copy("n", &credential, &tokens);
		assert_ok(tokenward_rename_credential(tw, "n", "m"), tw->err);
		/* the old ones are there still, or its credential alone */
		assert_ok(store_write(tw->store, RECORD_CREDENTIAL, "n",
			      &credential, 0, true, &err),
		    err);
		if (step == 0)
			assert_ok(store_write(tw->store, RECORD_TOKENS, "n",
				      &tokens, 0, true, &err),
			    err);
		assert_ok(tokenward_rename_credential(tw, "n", "m"), tw->err);
		cr_assert_eq(exists("n"), TOKENWARD_NOT_FOUND);
		assert_ok(world_get(tw, "m", 0), tw->err);
		cr_assert_str_eq(world_token.value, "token-1");
		assert_ok(tokenward_rename_credential(tw, "m", "n"), tw->err);
	}
	cr_assert_eq(world_requests(), 1);
	buf_free(&credential);
	buf_free(&tokens);
}
