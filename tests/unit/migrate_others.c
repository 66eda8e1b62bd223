/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records on the move while others read and write: at every moment they find
 * all of them.
 */
#include <stdio.h>
#include "store/record_list.h"
#include "fake_place.h"
#include "moving.h"
#include "unit.h"

TestSuite(migrate_others, .init = moving_begin, .fini = moving_end);

/* ---- others meanwhile -------------------------------------------------- */

static bool wrote, removed, added;

/* Whoever is held off is told so. */
static bool
did(int r, const struct error *err)
{
	cr_assert(r == TOKENWARD_OK || r == TOKENWARD_UNAVAILABLE, "%d: %s", r,
	    err->text);
	return r == TOKENWARD_OK;
}

static void
change(void)
{
	struct error err;
	uint64_t generation;

	moving_text(moving_other, RECORD_CREDENTIAL, "a", &generation);
	wrote = did(moving_put(moving_other, RECORD_CREDENTIAL, "a", "late",
			generation, &err),
	    &err);
	removed =
	    did(store_remove(moving_other, RECORD_CREDENTIAL, "b", &err), &err);
	added = did(
	    moving_put(moving_other, RECORD_TOKENS, "c", "new", 0, &err), &err);
	store_rest(moving_other);
}

static void
assert_changed(struct store *from)
{
	cr_assert_str_eq(moving_text(from, RECORD_CREDENTIAL, "a", NULL),
	    wrote ? "late" : "two");
	cr_assert_str_eq(moving_text(from, RECORD_CREDENTIAL, "b", NULL),
	    removed ? "" : "bee");
	cr_assert_str_eq(
	    moving_text(from, RECORD_TOKENS, "c", NULL), added ? "new" : "");
	cr_assert_str_eq(moving_text(from, RECORD_TOKENS, "a", NULL), "token");
}

static void
undo_change(void)
{
	uint64_t generation;
	struct error err;

	moving_text(moving_store, RECORD_CREDENTIAL, "a", &generation);
	assert_ok(moving_put(moving_store, RECORD_CREDENTIAL, "a", "two",
		      generation, &err),
	    err);
	if (removed)
		assert_ok(moving_put(moving_store, RECORD_CREDENTIAL, "b",
			      "bee", 0, &err),
		    err);
	assert_ok(store_remove(moving_store, RECORD_TOKENS, "c", &err), err);
	wrote = removed = added = false;
}

static bool
changed_at(size_t way, unsigned nth)
{
	struct error err;
	bool hit;

	fake_place_before(NULL, nth, change);
	assert_ok(moving_to(moving_ways[way].to, &err), err);
	hit = fake_place_hit();
	assert_changed(moving_store);
	assert_changed(moving_other);
	assert_moving_done(moving_ways[way].to, 3u - removed + added);
	undo_change();
	moving_end_way(way);
	return hit;
}

Test(migrate_others, what_others_write_meanwhile_comes_along)
{
	struct error err;
	unsigned nth;
	size_t way;

	for (way = 0; way < MOVING_WAYS; way++) {
		for (nth = 1; changed_at(way, nth); nth++)
			;
		cr_assert_gt(nth, 10);
		assert_ok(moving_to(moving_ways[way].to, &err), err);
	}
}

static void
look(void)
{
	assert_moving_whole(moving_other);
	store_rest(moving_other);
}

Test(migrate_others, others_find_every_record_at_every_moment)
{
	struct error err;
	unsigned nth;
	size_t way;
	bool hit = true;

	for (way = 0; way < MOVING_WAYS; way++, hit = true) {
		for (nth = 1; hit; nth++) {
			fake_place_before(NULL, nth, look);
			assert_ok(moving_to(moving_ways[way].to, &err), err);
			hit = fake_place_hit();
			moving_end_way(way);
		}
		cr_assert_gt(nth, 10);
		assert_ok(moving_to(moving_ways[way].to, &err), err);
	}
}

/* ---- others who are in the middle of it -------------------------------- */

static int next_place;

static void
move_on(void)
{
	struct error err;

	assert_ok(moving_to(next_place, &err), err);
}

Test(migrate_others, who_reads_while_they_are_moved_misses_none)
{
	struct error err;
	unsigned nth;
	bool hit = true;

	for (nth = 1; hit; nth++) {
		assert_ok(moving_to(0, &err), err);
		assert_moving_whole(moving_other);
		store_rest(moving_other);
		next_place = nth % 2 ? 1 : MOVING_HOME;
		fake_place_before(NULL, nth, move_on);
		assert_moving_whole(moving_other);
		hit = fake_place_hit();
		store_rest(moving_other);
	}
	cr_assert_gt(nth, 5);
}

/* Whoever lists hears an end some time. */
static void
move_and_again(void)
{
	move_on();
	next_place = !next_place;
	fake_place_before("each", 1, move_and_again);
}

Test(migrate_others, a_list_of_what_never_rests_is_given_up)
{
	struct error err;
	int n = 0;

	assert_ok(moving_to(0, &err), err);
	assert_moving_whole(moving_other);
	store_rest(moving_other);
	next_place = 1;
	fake_place_before("each", 1, move_and_again);
	assert_fails(store_each(moving_other, moving_count_one, &n, &err), err,
	    TOKENWARD_EXISTS, "are being moved; try again");
	cr_assert_eq(n, 0);
	cr_assert_not(fake_place_hit(), "it is on its way again");
	assert_moving_whole(moving_other);
}

static void
lose_header(void)
{
	cr_assert_eq(rename(unit_path("s/header"), unit_path("away")), 0);
}

/* The header may have gone after the records were listed. */
Test(migrate_others, records_of_a_store_whose_header_went_are_listed)
{
	struct error err;

	assert_ok(moving_to(0, &err), err);
	assert_moving_whole(moving_other);
	store_rest(moving_other);
	fake_place_before("each", 2, lose_header);
	cr_assert_eq(moving_count(moving_other), 2);
	fake_place_hit();
	cr_assert_eq(rename(unit_path("away"), unit_path("s/header")), 0);
	assert_moving_whole(moving_other);
}

static void
spoil_header(void)
{
	unit_write(unit_path("s/header"), "rubbish", 7);
}

/* Where they lie now cannot be told: perhaps not all were listed. */
Test(migrate_others, records_of_a_store_whose_header_is_damaged_are_not_listed)
{
	struct error err;
	int n = 0;

	assert_ok(moving_to(0, &err), err);
	assert_moving_whole(moving_other);
	store_rest(moving_other);
	fake_place_before("each", 1, spoil_header);
	assert_fails(store_each(moving_other, moving_count_one, &n, &err), err,
	    TOKENWARD_DAMAGED, "the header is damaged");
	cr_assert(fake_place_hit());
	cr_assert_eq(n, 0);
}
