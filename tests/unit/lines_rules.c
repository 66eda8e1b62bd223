/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a stack of several store lines means, case by case: which results of
 * a readonly place are passed over, which are told, and what they forbid.
 */
#include <string.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "module/module.h"
#include "store/entries.h"
#include "store/front.h"
#include "store/lines.h"
#include "token/token.h"
#include "store/migrate.h"
#include "fake_place.h"
#include "shelved.h"
#include "unit.h"

TestSuite(lines_rules, .init = shelved_begin, .fini = shelved_end);

/* ---- reading ----------------------------------------------------------- */

static const struct {
	enum control control;
	enum tokenward_module_result result; /* of the shelf */
	int credential, tokens;              /* when home has none */
	const char *words;                   /* of the credential's */
} absent[] = {
    {CONTROL_OPTIONAL, TOKENWARD_MODULE_NONE, TOKENWARD_NOT_FOUND,
	TOKENWARD_NOT_FOUND, "there is no credential named far"},
    {CONTROL_REQUIRED, TOKENWARD_MODULE_NONE, TOKENWARD_NOT_FOUND,
	TOKENWARD_NOT_FOUND, "there is no credential named far"},
    {CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY, TOKENWARD_UNAVAILABLE,
	TOKENWARD_NOT_FOUND,
	"far may lie where nothing answers now, and nowhere else: the shelf"},
    {CONTROL_SUFFICIENT, TOKENWARD_MODULE_AWAY, TOKENWARD_UNAVAILABLE,
	TOKENWARD_NOT_FOUND, "far may lie where nothing answers now"},
    {CONTROL_REQUIRED, TOKENWARD_MODULE_AWAY, TOKENWARD_UNAVAILABLE,
	TOKENWARD_UNAVAILABLE, "the shelf says away to get"},
    {CONTROL_REQUISITE, TOKENWARD_MODULE_AWAY, TOKENWARD_UNAVAILABLE,
	TOKENWARD_UNAVAILABLE, "the shelf says away to get"},
    {CONTROL_REQUIRED, TOKENWARD_MODULE_FAILED, TOKENWARD_FAILED,
	TOKENWARD_FAILED, "the shelf says failed to get"},
    {CONTROL_REQUIRED, TOKENWARD_MODULE_DENIED, TOKENWARD_LOCKED,
	TOKENWARD_LOCKED, "the shelf says denied to get"},
    {CONTROL_OPTIONAL, TOKENWARD_MODULE_DENIED, TOKENWARD_LOCKED,
	TOKENWARD_NOT_FOUND, "far may lie where nothing answers now"},
};

Test(lines_rules, what_is_nowhere_found_depends_on_who_must_answer)
{
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		shelved_own_and_shelf(absent[i].control, absent[i].result);
		assert_fails(shelved_read(RECORD_CREDENTIAL, "far", &err), err,
		    absent[i].credential, absent[i].words);
		cr_assert_eq(shelved_read(RECORD_TOKENS, "far", &err),
		    absent[i].tokens, "%zu: %s", i, err.text);
		assert_ok(shelved_read(RECORD_CREDENTIAL, "near", &err), err);
	}
}

Test(lines_rules, the_place_that_told_most_is_the_one_that_is_named)
{
	struct error err;

	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY);
	shelved_shelf("1", CONTROL_OPTIONAL);
	fake_place_answer(1, true, TOKENWARD_MODULE_DENIED);
	assert_fails(shelved_read(RECORD_CREDENTIAL, "far", &err), err,
	    TOKENWARD_LOCKED, "the shelf says denied to get");
	fake_place_answer(0, true, TOKENWARD_MODULE_FAILED);
	assert_fails(shelved_read(RECORD_CREDENTIAL, "far", &err), err,
	    TOKENWARD_FAILED, "the shelf says failed to get");
}

Test(lines_rules, a_place_that_must_answer_is_asked_before_home_is_enough)
{
	struct error err;

	shelved_shelf("0", CONTROL_REQUIRED);
	shelved_line("files", CONTROL_REQUIRED);
	assert_ok(shelved_read(RECORD_CREDENTIAL, "near", &err), err);
	cr_assert_eq(fake_place_calls("get"), 1);
	fake_place_answer(0, true, TOKENWARD_MODULE_AWAY);
	assert_fails(shelved_read(RECORD_CREDENTIAL, "near", &err), err,
	    TOKENWARD_UNAVAILABLE, "the shelf says away to get");
	fake_place_answer(0, true, TOKENWARD_MODULE_DENIED);
	assert_fails(shelved_read(RECORD_TOKENS, "near", &err), err,
	    TOKENWARD_LOCKED, "the shelf says denied to get");
}

Test(lines_rules, a_place_that_need_not_answer_is_passed_over)
{
	struct error err;

	shelved_shelf("0", CONTROL_OPTIONAL);
	shelved_line("files", CONTROL_REQUIRED);
	fake_place_answer(0, true, TOKENWARD_MODULE_AWAY);
	assert_ok(shelved_read(RECORD_CREDENTIAL, "near", &err), err);
	assert_ok(shelved_read(RECORD_TOKENS, "near", &err), err);
	cr_assert_eq(fake_place_calls("get"), 2);
}

Test(lines_rules, a_line_that_cannot_be_read_must_fail)
{
	struct error err;
	struct stack_line *l;

	shelved_line("files", CONTROL_REQUIRED);
	l = shelved_line("fake", CONTROL_REQUIRED);
	l->fault = strdup("it has no sense");
	assert_fails(shelved_read(RECORD_CREDENTIAL, "far", &err), err,
	    TOKENWARD_CONFIG,
	    "a store line (here:2) must fail: it has no sense");
	assert_fails(shelved_put(RECORD_CREDENTIAL, "near", 1, &err), err,
	    TOKENWARD_CONFIG, "it has no sense");
	assert_ok(shelved_read(RECORD_CREDENTIAL, "near", &err), err);
}

Test(lines_rules, options_that_are_too_long_fail_as_a_line)
{
	char value[1026] = "";
	struct error err;

	shelved_own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_OK);
	memset(value, 'x', 1025);
	cr_assert(strmap_set(&shelved_stack.v[1].options, "long", value));
	assert_fails(shelved_read(RECORD_CREDENTIAL, "far", &err), err,
	    TOKENWARD_CONFIG, "the options of fake are too many or too long");
	store_rest(shelved_store);
	value[1024] = '\0';
	cr_assert(strmap_set(&shelved_stack.v[1].options, "long", value));
	cr_assert_eq(
	    shelved_read(RECORD_CREDENTIAL, "far", &err), TOKENWARD_NOT_FOUND);
}

Test(lines_rules, a_stack_that_cannot_be_had_is_told_everywhere)
{
	struct record_list l = {0};
	struct error err;
	struct stat st;

	shelved_no_stack = true;
	assert_fails(shelved_read(RECORD_CREDENTIAL, "near", &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
	assert_fails(store_check_remove(shelved_store, "near", &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
	assert_fails(lines_check_rekey(shelved_store, &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
	assert_fails(lines_list(shelved_store, RECORD_TOKENS, &l, &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
	assert_fails(store_each_readonly(shelved_store, true, NULL, NULL, &err),
	    err, TOKENWARD_CONFIG, "there is no stack");
	assert_fails(shelved_put(RECORD_CREDENTIAL, "near", 1, &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
	cr_assert_not(store_stamp(shelved_store, RECORD_TOKENS, "near", &st));
	shelved_no_stack = false;
	cr_assert(store_stamp(shelved_store, RECORD_TOKENS, "near", &st));
}

static bool
is_settled(void *data, struct flight_mark *ret)
{
	(void)ret;
	++*(int *)data;
	return true;
}

/* No stamp tells that something changed in the other place. */
Test(lines_rules, who_waits_for_a_flight_looks_in_every_turn)
{
	int flight = -1, mine = -1, looks = 0;
	struct store *other;
	struct error err;

	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	assert_ok(store_open(unit_path("s"), &other, &err), err);
	assert_ok(store_unlock(other, shelved_master, true, &err), err);
	assert_ok(
	    store_lock(other, LOCK_FLIGHT, "near", 0, &flight, &err), err);
	cr_assert_not(store_has_stamps(shelved_store));
	cr_assert_eq(flight_enter(shelved_store, "near", clock_boot_ms() + 2000,
			 is_settled, &looks, &mine, &err),
	    FLIGHT_SETTLED);
	cr_assert_eq(looks, 1);
	store_unlock_range(&flight);
	store_close(other);
}

/* ---- which lines count ------------------------------------------------- */

Test(lines_rules, a_writable_line_of_another_place_is_for_new_stores)
{
	struct error err;

	shelved_line("files", CONTROL_REQUIRED);
	shelved_line("fake", CONTROL_REQUIRED);
	shelved_shelf("1", CONTROL_OPTIONAL);
	cr_assert_eq(
	    shelved_read(RECORD_CREDENTIAL, "far", &err), TOKENWARD_NOT_FOUND);
	cr_assert_eq(fake_place_calls("get"), 1, "shelf 1 alone");
}

Test(lines_rules, a_stack_without_a_line_of_its_place_has_the_writable_one)
{
	struct error err;

	shelved_shelf("1", CONTROL_OPTIONAL);
	shelved_line("fake", CONTROL_REQUIRED);
	assert_ok(shelved_read(RECORD_CREDENTIAL, "near", &err), err);
	cr_assert_eq(fake_place_calls("get"), 1, "shelf 1, then home");
}

Test(lines_rules, its_own_place_alone_needs_no_walk)
{
	bool others = true;
	struct error err;

	assert_ok(lines_are_there(shelved_store, &others, &err), err);
	cr_assert_not(others);
	store_rest(shelved_store);
	shelved_line("files", CONTROL_REQUIRED);
	assert_ok(lines_are_there(shelved_store, &others, &err), err);
	cr_assert_not(others);
	store_rest(shelved_store);
	shelved_shelf("0", CONTROL_OPTIONAL);
	assert_ok(lines_are_there(shelved_store, &others, &err), err);
	cr_assert(others);
}

/* ---- writing ----------------------------------------------------------- */

Test(lines_rules, what_another_place_shows_first_is_not_written_at_home)
{
	struct error err;

	shelved_plant(RECORD_TOKENS, "near", "of the shelf");
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	assert_ok(shelved_put(RECORD_TOKENS, "near", 1, &err), err);
	shelved_forget();
	shelved_shelf("0", CONTROL_OPTIONAL);
	shelved_line("files", CONTROL_REQUIRED);
	assert_fails(shelved_put(RECORD_TOKENS, "near", 2, &err), err,
	    TOKENWARD_NOT_ALLOWED,
	    "near: the readonly store fake shelf=0 (here:1) has a record of "
	    "it, which is read first");
	assert_ok(shelved_put(RECORD_CREDENTIAL, "near", 1, &err), err);
}

Test(lines_rules, a_place_that_does_not_tell_is_not_written_past)
{
	struct error err;

	shelved_own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_AWAY);
	assert_fails(shelved_put(RECORD_CREDENTIAL, "far", 0, &err), err,
	    TOKENWARD_UNAVAILABLE, "the shelf says away to get");
	assert_ok(shelved_put(RECORD_CREDENTIAL, "near", 1, &err), err);
}

static const struct {
	enum control control;
	enum tokenward_module_result result;
	int credential, tokens; /* of taking them away */
} removals[] = {
    {CONTROL_OPTIONAL, TOKENWARD_MODULE_OK, TOKENWARD_OK, TOKENWARD_OK},
    {CONTROL_REQUIRED, TOKENWARD_MODULE_NONE, TOKENWARD_OK, TOKENWARD_OK},
    {CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY, TOKENWARD_UNAVAILABLE,
	TOKENWARD_OK},
    {CONTROL_SUFFICIENT, TOKENWARD_MODULE_DENIED, TOKENWARD_LOCKED,
	TOKENWARD_OK},
    {CONTROL_REQUIRED, TOKENWARD_MODULE_AWAY, TOKENWARD_UNAVAILABLE,
	TOKENWARD_UNAVAILABLE},
    {CONTROL_REQUISITE, TOKENWARD_MODULE_FAILED, TOKENWARD_FAILED,
	TOKENWARD_FAILED},
};

static void
assert_removed(enum record_kind kind, int want)
{
	struct error err;
	int r = store_remove(shelved_store, kind, "near", &err);

	cr_assert_eq(r, want, "%d: %s", r, r ? err.text : "");
	cr_assert_eq(r == TOKENWARD_OK || strstr(err.text, "the shelf says"),
	    true, "%s", err.text);
	if (r == TOKENWARD_OK) {
		fake_place_answer(0, false, TOKENWARD_MODULE_OK);
		assert_ok(shelved_put(kind, "near", 0, &err), err);
	}
}

Test(lines_rules, what_another_place_may_hold_is_not_taken_away)
{
	size_t i;

	for (i = 0; i < sizeof(removals) / sizeof(removals[0]); i++) {
		shelved_own_and_shelf(removals[i].control, removals[i].result);
		assert_removed(RECORD_CREDENTIAL, removals[i].credential);
		shelved_own_and_shelf(removals[i].control, removals[i].result);
		assert_removed(RECORD_TOKENS, removals[i].tokens);
	}
}

Test(lines_rules, what_another_place_does_hold_is_named)
{
	struct error err;

	shelved_plant(RECORD_TOKENS, "near", "of the shelf");
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	shelved_shelf("1", CONTROL_OPTIONAL);
	assert_fails(store_check_remove(shelved_store, "near", &err), err,
	    TOKENWARD_NOT_ALLOWED, "near: the readonly store fake shelf=0");
	assert_fails(store_remove(shelved_store, RECORD_TOKENS, "near", &err),
	    err, TOKENWARD_NOT_ALLOWED, "(here:2) has a record of it");
	assert_ok(
	    store_remove(shelved_store, RECORD_CREDENTIAL, "near", &err), err);
}

Test(lines_rules, a_line_that_fails_says_nothing_of_what_it_holds)
{
	struct error err;

	shelved_own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_OK);
	shelved_stack.v[1].fault = strdup("it has no sense");
	assert_fails(store_check_remove(shelved_store, "near", &err), err,
	    TOKENWARD_CONFIG, "it has no sense");
	assert_fails(lines_check_rekey(shelved_store, &err), err,
	    TOKENWARD_CONFIG, "it has no sense");
}

Test(lines_rules, a_new_master_key_waits_for_empty_places)
{
	struct error err;

	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	shelved_shelf("1", CONTROL_OPTIONAL);
	assert_ok(lines_check_rekey(shelved_store, &err), err);
	shelved_plant(RECORD_TOKENS, "far", "of the shelf");
	assert_fails(lines_check_rekey(shelved_store, &err), err,
	    TOKENWARD_NOT_ALLOWED,
	    "the readonly store fake shelf=0 (here:2) has records, which "
	    "would not open with a new master key");
	shelved_forget();
	shelved_shelf("0", CONTROL_OPTIONAL);
	shelved_line("files", CONTROL_REQUIRED);
	assert_fails(lines_check_rekey(shelved_store, &err), err,
	    TOKENWARD_NOT_ALLOWED, "shelf=0 (here:1) has records");
	assert_fails(store_check_remove(shelved_store, "far", &err), err,
	    TOKENWARD_NOT_ALLOWED, "(here:1) has a record of it");
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_DENIED);
	assert_fails(lines_check_rekey(shelved_store, &err), err,
	    TOKENWARD_LOCKED, "the shelf says denied to each");
}

/* ---- without a stack, and without a name ------------------------------- */

Test(lines_rules, who_has_no_stack_has_its_own_place)
{
	static const struct key_context none = {.modules = "shelves"};
	struct error err;

	shelved_own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_AWAY);
	store_rest(shelved_store);
	store_use_modules(shelved_store, &none);
	assert_ok(shelved_read(RECORD_CREDENTIAL, "near", &err), err);
	assert_fails(shelved_read(RECORD_CREDENTIAL, "far", &err), err,
	    TOKENWARD_NOT_FOUND, "there is no credential named far");
	assert_ok(shelved_put(RECORD_CREDENTIAL, "near", 1, &err), err);
	store_rest(shelved_store);
}

Test(lines_rules, a_stack_that_is_lost_while_its_places_are_asked_is_told)
{
	struct error err;

	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	assert_ok(shelved_read(RECORD_CREDENTIAL, "near", &err), err);
	shelved_no_stack = true;
	assert_fails(shelved_read(RECORD_CREDENTIAL, "near", &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
	shelved_no_stack = false;
	assert_ok(shelved_read(RECORD_CREDENTIAL, "near", &err), err);
}

Test(lines_rules, a_record_without_a_name_may_lie_elsewhere_too)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	unsigned char index[INDEX_LEN] = {1};
	uint64_t generation;
	struct error err;

	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY);
	assert_fails(store_read_index(shelved_store, RECORD_CREDENTIAL, index,
			 &plain, &generation, &err),
	    err, TOKENWARD_UNAVAILABLE, "the shelf says away to get");
	cr_assert_null(strstr(err.text, "may lie where nothing answers"));
}

Test(lines_rules, a_change_that_would_not_be_seen_is_refused_without_a_name)
{
	unsigned char index[INDEX_LEN];
	struct lines *l;
	struct place at;
	struct error err;

	shelved_shelf("0", CONTROL_REQUIRED);
	shelved_line("files", CONTROL_REQUIRED);
	assert_ok(store_index(shelved_store, "near", index, &err), err);
	place_of_index(RECORD_CREDENTIAL, index, &at);
	shelved_no_stack = true;
	assert_fails(lines_check_shadow(shelved_store, &at, NULL, &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
	shelved_no_stack = false;
	assert_ok(lines_of(shelved_store, &l, &err), err);
	assert_fails(lines_check_shadow(shelved_store, &at, l->v[0].from, &err),
	    err, TOKENWARD_NOT_ALLOWED, "the readonly store fake");
	cr_assert_eq(strncmp(err.text, "the readonly store ", 19), 0);
	assert_ok(lines_check_shadow(
		      shelved_store, &at, &shelved_store->records, &err),
	    err);
}
