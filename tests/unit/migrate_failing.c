/* SPDX-License-Identifier: BSD-2-Clause */
/* Records on the move when a call fails or a module lies: nothing is lost. */
#include "base/cleanup.h"
#include "module/module.h"
#include "store/front.h"
#include "store/record_list.h"
#include "fake_place.h"
#include "moving.h"
#include "trial.h"
#include "unit.h"

TestSuite(migrate_failing, .init = moving_begin, .fini = moving_end);

/* ---- a call that fails ------------------------------------------------- */

static bool
fails_once(size_t way, const char *operation, unsigned nth,
    enum tokenward_module_result result)
{
	int want = module_result_code(result), r;
	struct error err;
	bool hit;

	fake_place_fail(operation, nth, result);
	r = moving_to(moving_ways[way].to, &err);
	hit = fake_place_hit();
	if (!hit)
		assert_ok(r, err);
	else
		cr_assert(r == want && err.code == want, "%zu %s %u: %d %s",
		    way, operation, nth, r, err.text);
	moving_end_way(way);
	return hit;
}

static void
assert_told(const char *operation, enum tokenward_module_result result)
{
	struct error err;
	unsigned nth, all = 0;
	size_t way;

	for (way = 0; way < MOVING_WAYS; way++) {
		for (nth = 1; fails_once(way, operation, nth, result); nth++)
			all++;
		assert_ok(moving_to(moving_ways[way].to, &err), err);
	}
	cr_assert_gt(all, MOVING_WAYS);
}

Test(migrate_failing, a_module_that_does_not_answer_stops_it_and_it_goes_on)
{
	assert_told("get", TOKENWARD_MODULE_AWAY);
	assert_told("put", TOKENWARD_MODULE_AWAY);
	assert_told("remove", TOKENWARD_MODULE_AWAY);
	assert_told("each", TOKENWARD_MODULE_AWAY);
}

Test(migrate_failing, a_module_that_refuses_stops_it_and_it_goes_on)
{
	assert_told("get", TOKENWARD_MODULE_FAILED);
	assert_told("put", TOKENWARD_MODULE_DENIED);
}

static int
move_to_shelf(struct error *err)
{
	return moving_to(0, err);
}

static void
check_moved(int r, const struct error *err)
{
	trial_is_told(r, err);
	cr_assert(r != TOKENWARD_OK || moving_records(0) == 3);
	moving_end_way(0);
	store_rest(moving_store);
	store_rest(moving_other);
}

Test(migrate_failing, a_call_that_fails_loses_no_record)
{
	trial_some(&(struct trial){move_to_shelf, check_moved}, "system");
}

Test(migrate_failing, too_little_memory_loses_no_record)
{
	trial_some(&(struct trial){move_to_shelf, check_moved}, "memory");
}

/* ---- a module that lies ------------------------------------------------ */

Test(migrate_failing, what_does_not_give_back_gets_nothing)
{
	struct error err;

	fake_place_fail("put", 1, TOKENWARD_MODULE_OK);
	assert_fails(moving_to(0, &err), err, TOKENWARD_FAILED,
	    "fake does not give back what it was given");
	cr_assert(fake_place_hit());
	cr_assert_not(moving_store->header.has_other);
	assert_moving_done(MOVING_HOME, 3);
	assert_moving_whole(moving_store);
}

Test(migrate_failing, what_says_that_it_removed_and_did_not_is_told)
{
	struct error err;

	assert_ok(moving_to(0, &err), err);
	fake_place_fail_from("remove", 1, TOKENWARD_MODULE_OK);
	assert_fails(moving_to(MOVING_HOME, &err), err, TOKENWARD_FAILED,
	    "fake still has records that it says it removed");
	cr_assert(fake_place_hit());
	cr_assert(moving_store->header.has_other, "it is not forgotten");
	moving_end_way(2);
}

Test(migrate_failing, what_was_removed_at_the_second_try_is_gone)
{
	struct error err;

	assert_ok(moving_to(0, &err), err);
	fake_place_fail("remove", 2, TOKENWARD_MODULE_OK);
	assert_ok(moving_to(MOVING_HOME, &err), err);
	cr_assert(fake_place_hit());
	assert_moving_done(MOVING_HOME, 3);
}

Test(migrate_failing, a_record_that_is_hidden_for_a_moment_comes_along)
{
	struct error err;
	unsigned nth;
	bool hit = true;

	for (nth = 1; hit; nth++) {
		assert_ok(moving_to(0, &err), err);
		fake_place_fail("get", nth, TOKENWARD_MODULE_NONE);
		if (moving_to(1, &err) != TOKENWARD_OK)
			cr_assert_eq(err.code, TOKENWARD_FAILED);
		hit = fake_place_hit();
		assert_ok(moving_to(1, &err), err);
		assert_moving_whole(moving_store);
		assert_moving_done(1, 3);
	}
	cr_assert_gt(nth, 10);
}

/* ---- how much is done -------------------------------------------------- */

static void
step(void *data)
{
	++*(unsigned *)data;
}

Test(migrate_failing, each_record_is_a_step_there_and_one_away)
{
	unsigned steps = 0;
	struct migration m = {.step = step, .data = &steps};
	struct error err;

	assert_ok(moving_to_with(&m, 0, "", &err), err);
	cr_assert_eq(steps, 6);
	cr_assert_eq(m.copied, 3);
	cr_assert(m.changed);
	cr_assert_not(m.same);
	m = (struct migration){.step = step, .data = &steps};
	assert_ok(moving_to_with(&m, 0, "", &err), err);
	cr_assert_eq(steps, 6);
	cr_assert_not(m.changed);
}

Test(migrate_failing, what_was_copied_is_not_copied_again)
{
	struct migration m = {0};
	struct error err;

	fake_place_fail("put", 4, TOKENWARD_MODULE_AWAY);
	cr_assert_eq(moving_to_with(&m, 0, "", &err), TOKENWARD_UNAVAILABLE);
	cr_assert(fake_place_hit());
	cr_assert(m.changed);
	cr_assert_eq(moving_records(0), 2);
	m = (struct migration){0};
	assert_ok(moving_to_with(&m, 0, "", &err), err);
	cr_assert_eq(m.copied, 1);
	assert_moving_done(0, 3);
}

Test(migrate_failing, what_was_begun_elsewhere_is_cleared_there)
{
	struct error err;

	fake_place_fail("put", 4, TOKENWARD_MODULE_AWAY);
	cr_assert_eq(moving_to(0, &err), TOKENWARD_UNAVAILABLE);
	cr_assert(fake_place_hit());
	assert_ok(moving_to(1, &err), err);
	assert_moving_done(1, 3);
	assert_moving_whole(moving_store);
}

/* ---- what was there before --------------------------------------------- */

/* Such a record is written over: what it was is known here. */
Test(migrate_failing, a_damaged_copy_in_the_new_place_is_written_over)
{
	unsigned nth, good = 0;
	struct error err;
	bool hit = true;
	int r;

	for (nth = 1; hit; nth++) {
		fake_place_fail("get", nth, TOKENWARD_MODULE_BROKEN);
		r = moving_to(0, &err);
		hit = fake_place_hit();
		cr_assert(r == TOKENWARD_OK || hit, "%s", err.text);
		good += hit && r == TOKENWARD_OK;
		assert_ok(moving_to(0, &err), err);
		assert_moving_done(0, 3);
		assert_moving_whole(moving_store);
		assert_ok(moving_to(MOVING_HOME, &err), err);
		assert_moving_done(MOVING_HOME, 3);
	}
	cr_assert_geq(good, 3, "each of its records");
	assert_moving_whole(moving_store);
}

/* An earlier try could not take away what it tried the place with. */
Test(migrate_failing, what_gives_back_something_older_gets_nothing)
{
	struct error err;

	fake_place_fail_from("remove", 1, TOKENWARD_MODULE_AWAY);
	cr_assert_neq(moving_to(0, &err), TOKENWARD_OK);
	cr_assert(fake_place_hit());
	cr_assert_eq(moving_records(0), 1);
	fake_place_fail("put", 1, TOKENWARD_MODULE_OK);
	assert_fails(moving_to(0, &err), err, TOKENWARD_FAILED,
	    "fake does not give back what it was given");
	cr_assert(fake_place_hit());
	assert_moving_whole(moving_store);
}

static bool
same(int in, int other, int expected, struct error *err)
{
	cleanup_where struct where a, b;
	struct records x, y;
	bool is = false;
	int r;

	assert_ok(moving_where(in, "", &a, err), *err);
	assert_ok(moving_where(other, "", &b, err), *err);
	records_open(&x, moving_store, &a);
	records_open(&y, moving_store, &b);
	r = records_same(moving_store, &x, &y, &is, err);
	cr_assert_eq(r, expected, "%s", err->text);
	records_close(&x);
	records_close(&y);
	return is;
}

/* That two are one place must not be read out of bytes of another try. */
Test(migrate_failing, what_an_earlier_try_left_makes_no_two_places_one)
{
	struct error err;

	fake_place_fail("remove", 1, TOKENWARD_MODULE_AWAY);
	cr_assert_not(same(0, 1, TOKENWARD_UNAVAILABLE, &err));
	cr_assert(fake_place_hit());
	cr_assert_eq(moving_records(0), 1);
	cr_assert_not(same(1, 0, TOKENWARD_OK, &err));
	cr_assert(moving_records(0) == 1 && moving_records(1) == 0);
	cr_assert(same(0, 0, TOKENWARD_OK, &err));
	cr_assert_eq(moving_records(0), 0);
}

/* ---- a new master key, and a module that lies -------------------------- */

static const unsigned char next_master[KEY_LEN] =
    "another key, of thirty-two bytes";

static void
begin_rekey(void)
{
	const struct buf *b = &moving_store->header.bytes;
	struct header h;
	struct error err;

	assert_ok(moving_to(0, &err), err);
	assert_ok(header_decode(b->data, b->len, &h, &err), err);
	assert_ok(store_rekey_begin(
		      moving_store, &h, moving_master, next_master, &err),
	    err);
	header_free(&h);
}

Test(migrate_failing, what_never_takes_a_new_key_is_not_tried_for_ever)
{
	struct error err;
	size_t done;

	begin_rekey();
	fake_place_fail_from("put", 1, TOKENWARD_MODULE_OK);
	assert_fails(store_rekey_records(moving_store, &done, &err), err,
	    TOKENWARD_UNAVAILABLE, "still have the old key");
	cr_assert(fake_place_hit());
	cr_assert(done >= 3 && done < 30 && done % 3 == 0, "%zu", done);
	cr_assert(store_is_rekeyed(moving_store), "the old key is still there");
	assert_ok(store_rekey_records(moving_store, &done, &err), err);
	cr_assert_eq(done, 3);
	assert_ok(store_rekey_end(moving_store, next_master, &err), err);
	assert_moving_whole(moving_store);
}

static void
take_all_away(void)
{
	static const char *const names[] = {"a", "b"};
	struct error err;
	size_t i;

	assert_ok(store_unlock(moving_other, next_master, true, &err), err);
	for (i = 0; i < 2; i++)
		assert_ok(store_remove(
			      moving_other, RECORD_CREDENTIAL, names[i], &err),
		    err);
	store_rest(moving_other);
}

Test(migrate_failing, what_is_removed_meanwhile_needs_no_new_key)
{
	struct error err;
	size_t done;

	begin_rekey();
	assert_ok(store_reload(moving_other, &err), err);
	fake_place_before("get", 2, take_all_away);
	assert_ok(store_rekey_records(moving_store, &done, &err), err);
	cr_assert(fake_place_hit());
	assert_ok(store_rekey_end(moving_store, next_master, &err), err);
	cr_assert_eq(moving_count(moving_store), 0);
	cr_assert_str_eq(
	    moving_text(moving_store, RECORD_TOKENS, "a", NULL), "token");
}
