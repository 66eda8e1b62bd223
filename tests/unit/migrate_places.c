/* SPDX-License-Identifier: BSD-2-Clause */
/* Where records are moved to and from: what is in the way, and what is left. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "module/module.h"
#include "store/entries.h"
#include "store/front.h"
#include "fake_place.h"
#include "moving.h"
#include "unit.h"

TestSuite(migrate_places, .init = moving_begin, .fini = moving_end);

/* ---- a place that holds something -------------------------------------- */

/* Copies that no header speaks of, as of a backup put back. */
static void
leave(int shelf, enum record_kind kind, const char *name)
{
	cleanup_where struct where w;
	struct buf junk = BUF_INIT;
	unsigned char index[INDEX_LEN];
	struct records r;
	struct place at;
	struct error err;

	assert_ok(moving_where(shelf, "", &w, &err), err);
	records_open(&r, moving_store, &w);
	buf_put_str(&junk, "of before");
	assert_ok(store_index(moving_store, name, index, &err), err);
	place_of_index(kind, index, &at);
	assert_ok(r.ops->put(&r, at.file.text, &junk, true, &err), err);
	records_close(&r);
	buf_free(&junk);
}

Test(migrate_places, nothing_is_moved_onto_records_that_are_there)
{
	struct error err;

	leave(0, RECORD_TOKENS, "x");
	assert_fails(moving_to(0, &err), err, TOKENWARD_EXISTS,
	    "fake shelf=0 holds 1 record of this store already");
	leave(0, RECORD_CREDENTIAL, "x");
	assert_fails(
	    moving_to(0, &err), err, TOKENWARD_EXISTS, "holds 2 records");
	cr_assert_eq(moving_records(0), 2);
	cr_assert_not(moving_store->header.has_other);
	assert_moving_whole(moving_store);
	assert_ok(moving_to(1, &err), err);
	assert_moving_whole(moving_store);
}

Test(migrate_places, another_name_of_the_same_place_is_a_name_alone)
{
	struct migration m = {0};
	struct error err;

	assert_ok(moving_to(0, &err), err);
	assert_ok(moving_to_with(&m, 0, " of=old", &err), err);
	cr_assert(m.same && m.changed);
	cr_assert_eq(m.copied, 0);
	cr_assert_str_eq(
	    strmap_get(&moving_store->header.records.options, "of"), "old");
	assert_moving_done(0, 3);
	assert_moving_whole(moving_store);
	assert_moving_whole(moving_other);
}

Test(migrate_places, what_belongs_to_another_store_too_stays_there)
{
	struct migration m = {.leave = true};
	struct error err;

	assert_ok(moving_to(0, &err), err);
	assert_ok(moving_to_with(&m, MOVING_HOME, "", &err), err);
	cr_assert_eq(moving_records(0), 3);
	cr_assert_eq(moving_records(MOVING_HOME), 3);
	cr_assert_not(moving_store->header.has_other);
	assert_moving_whole(moving_store);
}

Test(migrate_places, files_are_no_other_stores_and_do_not_stay)
{
	struct migration m = {.leave = true};
	struct error err;

	assert_ok(moving_to_with(&m, 0, "", &err), err);
	assert_moving_done(0, 3);
}

Test(migrate_places, a_damaged_record_is_named_and_not_moved)
{
	unsigned char index[INDEX_LEN];
	struct place at;
	struct error err;
	char path[160];

	assert_ok(store_index(moving_store, "b", index, &err), err);
	place_of_index(RECORD_CREDENTIAL, index, &at);
	snprintf(path, sizeof(path), "s/%s", at.file.text);
	cr_assert_eq(truncate(unit_path(path), SEAL_MAX + 1), 0);
	assert_fails(moving_to(0, &err), err, TOKENWARD_DAMAGED, at.file.text);
	cr_assert(strstr(err.text, "cannot be moved") != NULL);
	cr_assert_str_eq(
	    moving_text(moving_store, RECORD_CREDENTIAL, "a", NULL), "two");
}

static void
spoil(void)
{
	unsigned char index[INDEX_LEN];
	struct place at;
	struct error err;
	char path[160];

	assert_ok(store_index(moving_other, "b", index, &err), err);
	place_of_index(RECORD_CREDENTIAL, index, &at);
	snprintf(path, sizeof(path), "s/%s", at.file.text);
	cr_assert_eq(unlink(unit_path(path)), 0);
	cr_assert_eq(symlink("/nowhere", unit_path(path)), 0);
}

Test(migrate_places, one_that_is_damaged_after_it_was_copied_is_named)
{
	struct error err;

	fake_place_before("put", 4, spoil);
	assert_fails(moving_to(0, &err), err, TOKENWARD_DAMAGED,
	    "(\"tokenward store verify\" tells what helps): it is not a file "
	    "of ours");
	cr_assert(fake_place_hit());
	cr_assert(strstr(err.text, "the record /") == err.text, "%s", err.text);
}

/* ---- what the header says of another place ----------------------------- */

/* As one who was killed, or an older program, left it. */
static void
set_other(int place, const char *more)
{
	const struct buf *b = &store_header(moving_store)->bytes;
	struct header h;
	struct error err;

	assert_ok(header_decode(b->data, b->len, &h, &err), err);
	h.has_other = true;
	assert_ok(moving_where(place, more, &h.other, &err), err);
	assert_ok(
	    store_write_header(moving_store, &h, moving_master, &err), err);
	header_free(&h);
	store_rest(moving_store);
}

Test(migrate_places, a_second_name_of_its_own_place_is_never_emptied)
{
	struct error err;

	assert_ok(moving_to(0, &err), err);
	set_other(0, " of=old");
	assert_ok(moving_to(0, &err), err);
	cr_assert_eq(moving_records(0), 3);
	set_other(0, " of=old");
	assert_ok(moving_to(1, &err), err);
	assert_moving_whole(moving_store);
	assert_moving_done(1, 3);
}

Test(migrate_places, what_cannot_be_cleared_stops_what_comes_after)
{
	static const char *const operations[] = {"get", "remove", "each"};
	struct error err;
	size_t i;

	leave(0, RECORD_TOKENS, "x");
	set_other(0, "");
	for (i = 0; i < 3; i++) {
		fake_place_fail(operations[i], 1, TOKENWARD_MODULE_AWAY);
		assert_fails(moving_to(1, &err), err, TOKENWARD_UNAVAILABLE,
		    "the shelf says away to ");
		cr_assert(fake_place_hit());
		cr_assert(
		    moving_store->header.has_other, "it is not forgotten");
		cr_assert_eq(moving_records(1), 0);
	}
	assert_ok(moving_to(1, &err), err);
	assert_moving_done(1, 3);
	assert_moving_whole(moving_store);
}

/* ---- the end ----------------------------------------------------------- */

Test(migrate_places, modules_are_emptied_on_both_sides_and_files_are_left)
{
	struct error err;

	assert_ok(store_empty_modules(moving_store, &err), err);
	cr_assert_eq(moving_records(MOVING_HOME), 3);
	fake_place_fail("put", 4, TOKENWARD_MODULE_AWAY);
	cr_assert_eq(moving_to(0, &err), TOKENWARD_UNAVAILABLE);
	cr_assert(fake_place_hit());
	cr_assert_eq(moving_records(0), 2);
	fake_place_fail("each", 2, TOKENWARD_MODULE_AWAY);
	assert_fails(store_empty_modules(moving_store, &err), err,
	    TOKENWARD_UNAVAILABLE, "to each");
	cr_assert(fake_place_hit());
	assert_ok(store_empty_modules(moving_store, &err), err);
	cr_assert_eq(moving_records(0), 0);
	cr_assert_eq(moving_records(MOVING_HOME), 3);
}

Test(migrate_places, what_cannot_be_emptied_is_said)
{
	struct error err;

	assert_ok(moving_to(0, &err), err);
	fake_place_fail("remove", 2, TOKENWARD_MODULE_DENIED);
	cr_assert_eq(store_empty_modules(moving_store, &err),
	    module_result_code(TOKENWARD_MODULE_DENIED));
	cr_assert(fake_place_hit());
	assert_ok(store_empty_modules(moving_store, &err), err);
	cr_assert_eq(moving_records(0), 0);
}
