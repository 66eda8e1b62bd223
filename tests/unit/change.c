/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials made and changed: dates, origins, and what is never written. */
#include <stdio.h>
#include <string.h>
#include "core/core.h"
#include "unit.h"
#include "world.h"

#define DAY 86400
#define ORIGIN "http://127.0.0.1:18080"
#define ELSEWHERE "http://127.0.0.1:18081"

static struct tokenward *tw;

static void
start(void)
{
	world_make();
	tw = world_open(0);
}

static void
stop(void)
{
	tokenward_close(tw);
	world_end();
}

TestSuite(change, .init = start, .fini = stop, .timeout = 30);

static const char *
field(const char *name)
{
	return world_field(tw, "n", name);
}

static void
at(int64_t offset)
{
	tokenward_close(tw);
	tw = world_open(offset);
}

/* Both free the bag. */
static int
add(struct tokenward_credential *c, unsigned flags,
    enum tokenward_change *change)
{
	int r = tokenward_add_credential(tw, "n", c, flags, change);

	tokenward_credential_free(c);
	return r;
}

static int
edit(struct tokenward_credential *c, unsigned flags)
{
	int r = tokenward_edit_credential(tw, "n", c, flags, NULL);

	tokenward_credential_free(c);
	return r;
}

/* What lies in the store, every byte of it. */
static void
stored(struct buf *out)
{
	struct credential *c;
	struct error err;

	assert_ok(credential_load(tw, "n", &c, &err), err);
	buf_clear(out);
	assert_ok(credential_encode(c, out, &err), err);
	buf_put_u64(out, c->generation);
	credential_free(c);
}

/* ---- add --------------------------------------------------------------- */

Test(change, what_is_added_can_be_read_back)
{
	enum tokenward_change change = TOKENWARD_UNCHANGED;

	assert_ok(
	    add(world_bag(tw, "s", "provider", "loop", "client_id", "me",
		    "scope", "read write", "vars", "path=oauth", "params",
		    "k=v", "resources", "https://a/", "owner",
		    "ops@example.com", "note", "a note", "warn", "3d", NULL),
		0, &change),
	    tw->err);
	cr_assert_eq(change, TOKENWARD_CREATED);
	cr_assert_str_eq(field("name"), "n");
	cr_assert_str_eq(field("provider"), "loop");
	cr_assert_str_eq(field("client_id"), "me");
	cr_assert_str_eq(field("auth"), "client_secret_basic");
	cr_assert_str_eq(field("scope"), "read write");
	cr_assert_str_eq(field("vars"), "path=oauth");
	cr_assert_str_eq(field("params"), "k=v");
	cr_assert_str_eq(field("resources"), "https://a/");
	cr_assert_str_eq(field("owner"), "ops@example.com");
	cr_assert_str_eq(field("note"), "a note");
	cr_assert_str_eq(field("warn"), "3d");
	cr_assert_str_eq(field("origin"), ORIGIN);
	cr_assert_str_eq(field("secret.version"), "1");
	cr_assert_str_eq(field("state"), "ready");
	cr_assert_eq(world_requests(), 0);
}

Test(change, what_does_not_fit_is_refused_and_nothing_is_stored)
{
	static const struct {
		const char *field, *value;
		int result;
	} rows[] = {
	    {"provider", "nowhere", TOKENWARD_CONFIG},
	    {"vars", "nosuch=1", TOKENWARD_USAGE},
	    {"vars", "path=UPPER", TOKENWARD_USAGE},
	    {"vars", "origin=http://example.com:80", TOKENWARD_USAGE},
	    {"auth", "private_key_jwt", TOKENWARD_USAGE},
	    {"scope", "a  \"b", TOKENWARD_USAGE},
	    {"params", "client_secret=x", TOKENWARD_USAGE},
	    {"resources", "relative", TOKENWARD_USAGE},
	    {"token_url", "http://example.com/token", TOKENWARD_USAGE},
	    {"token_url", "ftp://127.0.0.1/", TOKENWARD_USAGE},
	    {"token_url", "https://user@example.com/", TOKENWARD_USAGE},
	};
	struct tokenward_credential *c;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		c = world_bag(
		    tw, "s", "provider", "loop", "client_id", "me", NULL);
		assert_ok(tokenward_credential_set(
			      tw, c, rows[i].field, rows[i].value),
		    tw->err);
		cr_assert_eq(add(c, 0, NULL), rows[i].result, "row %zu: %s", i,
		    tokenward_error(tw));
		cr_assert_eq(
		    tokenward_get_credential(tw, "n", &c), TOKENWARD_NOT_FOUND);
	}
}

Test(change, what_is_missing_is_asked_for)
{
	assert_fails(add(world_bag(tw, "s", "client_id", "me", NULL), 0, NULL),
	    tw->err, TOKENWARD_USAGE, "--provider");
	assert_fails(add(world_bag(tw, "s", "provider", "loop", NULL), 0, NULL),
	    tw->err, TOKENWARD_USAGE, "--client-id");
	assert_fails(add(world_bag(tw, NULL, "provider", "loop", "client_id",
			     "me", NULL),
			 0, NULL),
	    tw->err, TOKENWARD_USAGE, "client_secret");
	assert_fails(edit(world_bag(tw, NULL, "note", "x", NULL), 0), tw->err,
	    TOKENWARD_NOT_FOUND, "no credential");
}

Test(change, no_bad_name_is_ever_stored)
{
	static const char *const bad[] = {"", "a b", "a\nb", "../x", "-x", ".x",
	    "a/b", "a%0ab", "caf\xc3\xa9", "a\xe2\x80\xa8", "\xc0\xae"};
	struct tokenward_credential *c =
	    world_bag(tw, "s", "provider", "loop", "client_id", "me", NULL);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cr_assert_eq(tokenward_add_credential(tw, bad[i], c, 0, NULL),
		    TOKENWARD_USAGE);
		cr_assert(strpbrk(tokenward_error(tw), "\n\r\x1b") == NULL);
		cr_assert_eq(
		    tokenward_remove_credential(tw, bad[i]), TOKENWARD_USAGE);
		cr_assert_eq(tokenward_reject_token(tw, bad[i], "t", 1),
		    TOKENWARD_USAGE);
		cr_assert_eq(tokenward_rotate_credential(tw, bad[i], c, 0),
		    TOKENWARD_USAGE);
	}
	tokenward_credential_free(c);
}

/* ---- add --update ------------------------------------------------------ */

Test(change, an_existing_name_is_left_alone_without_update)
{
	struct buf before = BUF_SECRET_INIT, after = BUF_SECRET_INIT;

	world_add(tw, "n", "one");
	stored(&before);
	assert_fails(add(world_bag(tw, "two", "provider", "loop", "client_id",
			     "client", NULL),
			 0, NULL),
	    tw->err, TOKENWARD_EXISTS, "rotate n");
	stored(&after);
	cr_assert(buf_equal(&before, &after));
	buf_free(&before);
	buf_free(&after);
}

Test(change, update_with_the_same_secret_keeps_its_dates)
{
	enum tokenward_change change;
	char issued[100], expires[100];

	assert_ok(
	    add(world_bag(tw, "s", "provider", "loop", "client_id", "client",
		    "issued_at", "2026-01-01", "lifetime", "3650d", NULL),
		0, NULL),
	    tw->err);
	snprintf(issued, sizeof(issued), "%s", field("secret.issued_at"));
	snprintf(expires, sizeof(expires), "%s", field("secret.expires_at"));
	at(5 * DAY);
	assert_ok(add(world_bag(tw, "s", "provider", "loop", "client_id",
			  "client", NULL),
		      TOKENWARD_ADD_UPDATE, &change),
	    tw->err);
	cr_assert_eq(change, TOKENWARD_UNCHANGED);
	assert_ok(add(world_bag(tw, "s", "note", "new", NULL),
		      TOKENWARD_ADD_UPDATE, &change),
	    tw->err);
	cr_assert_eq(change, TOKENWARD_CHANGED);
	cr_assert_str_eq(field("note"), "new");
	cr_assert_str_eq(field("secret.issued_at"), issued);
	cr_assert_str_eq(field("secret.expires_at"), expires);
	cr_assert_str_eq(field("secret.version"), "1");
}

Test(change, update_with_another_secret_rotates_it_in)
{
	enum tokenward_change change;

	world_add(tw, "n", "one");
	assert_ok(
	    add(world_bag(tw, "two", NULL), TOKENWARD_ADD_UPDATE, &change),
	    tw->err);
	cr_assert_eq(change, TOKENWARD_CHANGED);
	cr_assert_str_eq(field("secret.version"), "2");
	cr_assert_str_eq(field("previous.version"), "1");
	cr_assert_str_eq(field("client_id"), "client");
	world_script("life=60");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert(strstr(world_request(), "client:two ") != NULL);
}

Test(change, update_of_nothing_there_adds_it)
{
	enum tokenward_change change;

	assert_ok(add(world_bag(tw, "s", "provider", "loop", "client_id",
			  "client", NULL),
		      TOKENWARD_ADD_UPDATE, &change),
	    tw->err);
	cr_assert_eq(change, TOKENWARD_CREATED);
}

/* ---- edit -------------------------------------------------------------- */

Test(change, editing_changes_the_given_fields_only)
{
	world_add(tw, "n", "s");
	assert_ok(
	    edit(world_bag(tw, NULL, "note", "x", "owner", "me", NULL), 0),
	    tw->err);
	assert_ok(edit(world_bag(tw, NULL, "note", NULL, NULL), 0), tw->err);
	cr_assert_str_eq(field("note"), "");
	cr_assert_str_eq(field("owner"), "me");
	cr_assert_str_eq(field("client_id"), "client");
	assert_ok(
	    edit(world_bag(tw, NULL, "client_id", "other", NULL), 0), tw->err);
	cr_assert_str_eq(field("client_id"), "other");
	cr_assert_str_eq(field("secret.version"), "1");
}

Test(change, a_note_costs_no_token_but_another_scope_does)
{
	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(edit(world_bag(tw, NULL, "note", "x", NULL), 0), tw->err);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_eq(world_requests(), 1);
	assert_ok(edit(world_bag(tw, NULL, "scope", "x", NULL), 0), tw->err);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_eq(world_requests(), 2);
	assert_ok(
	    edit(world_bag(tw, NULL, "client_id", "other", NULL), 0), tw->err);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_eq(world_requests(), 3);
}

Test(change, dates_can_be_corrected)
{
	world_add(tw, "n", "s");
	assert_ok(
	    edit(world_bag(tw, NULL, "expires_at", "2030-01-01", NULL), 0),
	    tw->err);
	cr_assert_str_eq(field("secret.expires_at"), "2030-01-01T00:00:00Z");
	cr_assert_str_eq(field("secret.basis"), "stated");
	assert_ok(
	    edit(world_bag(tw, NULL, "lifetime", "never", NULL), 0), tw->err);
	cr_assert_str_eq(field("secret.expires_at"), "never");
	assert_ok(edit(world_bag(tw, NULL, "issued_at", "2026-01-01",
			   "lifetime", "72h", NULL),
		      0),
	    tw->err);
	cr_assert_str_eq(field("secret.expires_at"), "2026-01-04T00:00:00Z");
}

/* ---- origins ----------------------------------------------------------- */

/* Ways to send a stored secret somewhere else, secret not said again. */
Test(change, no_edit_sends_the_secret_elsewhere)
{
	static const struct {
		const char *field, *value;
	} rows[] = {
	    {"token_url", ELSEWHERE "/token"},
	    {"token_url", "https://evil.example/token"},
	    {"vars", "origin=" ELSEWHERE}, {"provider", "evil"},
	    {"proxy", "http://127.0.0.1:3128"}, /* sees all of plain http */
	};
	struct buf before = BUF_SECRET_INIT, after = BUF_SECRET_INIT;
	struct tokenward_credential *c;
	size_t i;

	world_provider("loop", "evil", "127.0.0.1:18080", "127.0.0.1:666");
	world_add(tw, "n", "s");
	stored(&before);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		c = world_bag(tw, NULL, rows[i].field, rows[i].value, NULL);
		assert_fails(edit(c, 0), tw->err, TOKENWARD_CONFIG, "--rebind");
		c = world_bag(tw, NULL, rows[i].field, rows[i].value, NULL);
		assert_fails(edit(c, TOKENWARD_EDIT_REBIND), tw->err,
		    TOKENWARD_USAGE, "needs the client secret again");
		c = world_bag(tw, NULL, rows[i].field, rows[i].value, NULL);
		cr_assert_eq(
		    add(c, TOKENWARD_ADD_UPDATE, NULL), TOKENWARD_CONFIG);
		c = world_bag(tw, "s", rows[i].field, rows[i].value, NULL);
		assert_fails(edit(c, 0), tw->err, TOKENWARD_CONFIG, "--rebind");
		stored(&after);
		cr_assert(buf_equal(&before, &after), "%s", rows[i].value);
	}
	buf_free(&before);
	buf_free(&after);
}

Test(change, no_edit_of_the_file_sends_it_elsewhere)
{
	world_add(tw, "n", "s");
	world_provider("loop", "loop", "127.0.0.1:18080", "127.0.0.1:666");
	world_script("life=60");
	assert_fails(world_get(tw, "n", 0), tw->err, TOKENWARD_CONFIG, "n");
	cr_assert_eq(world_requests(), 0);
	assert_fails(edit(world_bag(tw, NULL, "scope", "x", NULL), 0), tw->err,
	    TOKENWARD_CONFIG, "--rebind");
}

Test(change, rebinding_takes_the_secret_again)
{
	world_add(tw, "n", "s");
	assert_ok(edit(world_bag(tw, "s", "vars", "origin=" ELSEWHERE, NULL),
		      TOKENWARD_EDIT_REBIND),
	    tw->err);
	cr_assert_str_eq(field("origin"), ELSEWHERE);
	world_script("life=60");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert(strstr(world_request(), ELSEWHERE "/token") != NULL);
}

Test(change, an_old_secret_does_not_follow_to_a_new_origin)
{
	world_add(tw, "n", "one");
	assert_ok(add(world_bag(tw, "two", NULL), TOKENWARD_ADD_UPDATE, NULL),
	    tw->err);
	cr_assert_str_eq(field("previous.version"), "1");
	assert_ok(
	    edit(world_bag(tw, "three", "vars", "origin=" ELSEWHERE, NULL),
		TOKENWARD_EDIT_REBIND),
	    tw->err);
	cr_assert_str_eq(field("previous.version"), "");
	world_script("outcome=bad_credentials");
	cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_REFUSED);
	cr_assert_eq(world_requests(), 1);
	cr_assert(strstr(world_request(), "client:three ") != NULL);
}

Test(change, another_path_at_the_same_origin_is_no_rebinding)
{
	world_add(tw, "n", "s");
	assert_ok(
	    edit(world_bag(tw, NULL, "vars", "path=oauth", NULL), 0), tw->err);
	assert_ok(edit(world_bag(tw, NULL, "token_url", ORIGIN "/x", NULL), 0),
	    tw->err);
	world_script("life=60");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert(strstr(world_request(), ORIGIN "/x ") != NULL);
}

/* Two secrets, and only one of them said again: the other stays at home. */
Test(change, rebinding_takes_every_secret_again)
{
	struct tokenward_credential *c;

	world_provider("loop", "pair", "\"token\": {",
	    "\"secrets\": [\"client_secret\", \"api_key\"],\n  \"token\": {\n"
	    "    \"params\": {\"key\": \"{api_key}\"},");
	c = world_bag(tw, "s", "provider", "pair", "client_id", "me", NULL);
	assert_ok(tokenward_credential_set_secret(tw, c, "api_key", "k", 1, 0),
	    tw->err);
	assert_ok(add(c, 0, NULL), tw->err);
	cr_assert_neq(
	    edit(world_bag(tw, "s", "vars", "origin=" ELSEWHERE, NULL),
		TOKENWARD_EDIT_REBIND),
	    TOKENWARD_OK);
	cr_assert_str_eq(field("origin"), ORIGIN);
}

/* ---- plain http -------------------------------------------------------- */

Test(change, a_file_that_never_allows_plain_http_means_it)
{
	world_provider("loop", "strict", "\"loopback\"", "\"never\"");
	assert_ok(add(world_bag(tw, "s", "provider", "strict", "client_id",
			  "me", "token_url", ORIGIN "/x", NULL),
		      0, NULL),
	    tw->err);
	assert_fails(edit(world_bag(tw, NULL, "token_url", "http://192.0.2.1/x",
			      "plain_http", "true", NULL),
			 0),
	    tw->err, TOKENWARD_USAGE, "http");
}
