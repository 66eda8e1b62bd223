/* SPDX-License-Identifier: BSD-2-Clause */
/* Records on the move when a call fails or a module lies: nothing is lost. */
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
