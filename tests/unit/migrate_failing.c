/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records on the move when a call fails, when a module lies, and when others
 * read and write in the middle of it: at every moment, nothing is lost.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "module/module.h"
#include "store/entries.h"
#include "store/front.h"
#include "store/migrate.h"
#include "store/record_list.h"
#include "failing.h"
#include "fake_clock.h"
#include "fake_place.h"
#include "trial.h"
#include "unit.h"

#define HOME (-1)

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static struct store *s, *other;
static struct stack stack;

static int
give_stack(void *data, const struct stack **ret, struct error *err)
{
	(void)data;
	(void)err;
	*ret = &stack;
	return TOKENWARD_OK;
}

static const struct key_context modules = {
    .modules = "shelves", .stack = give_stack};

static void
open_store(struct store **ret)
{
	struct error err;

	assert_ok(store_open(unit_path("s"), ret, &err), err);
	store_use_modules(*ret, &modules);
	assert_ok(store_unlock(*ret, master, true, &err), err);
}

static int
put(struct store *to, enum record_kind kind, const char *name, const char *text,
    uint64_t generation, struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	buf_put_str(&plain, text);
	return store_write(to, kind, name, &plain, generation, true, err);
}

static void
setup(void)
{
	struct header h = {.created_at = 1700000000};
	struct error err;

	fake_clock(1000000, NULL);
	fake_place_begin();
	failing_hurry(true);
	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(
	    store_create(unit_path("s"), &h, master, NULL, &s, &err), err);
	store_close(s);
	open_store(&s);
	open_store(&other);
	assert_ok(put(s, RECORD_CREDENTIAL, "a", "one", 0, &err), err);
	assert_ok(put(s, RECORD_CREDENTIAL, "a", "two", 1, &err), err);
	assert_ok(put(s, RECORD_CREDENTIAL, "b", "bee", 0, &err), err);
	assert_ok(put(s, RECORD_TOKENS, "a", "token", 0, &err), err);
}

static void
teardown(void)
{
	store_close(other);
	store_close(s);
	cr_assert_eq(fake_place_live(), 0);
	fake_place_end();
	fake_clock(0, NULL);
	failing_hurry(false);
	unit_cleanup();
}

TestSuite(migrate_failing, .init = setup, .fini = teardown);

/* ---- what there is ----------------------------------------------------- */

/* The text of a record, "" for none. */
static const char *
text_of(struct store *from, enum record_kind kind, const char *name,
    uint64_t *generation)
{
	static char text[64];
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	struct error err;
	int r = store_read(from, kind, name, &plain, generation, &err);

	cr_assert(
	    r == TOKENWARD_OK || r == TOKENWARD_NOT_FOUND, "%s", err.text);
	snprintf(text, sizeof(text), "%s", buf_str(&plain));
	return text;
}

static int
count_one(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	(void)generation;
	cr_assert(plain && !damage, "%s", damage ? damage->text : "");
	++*(int *)data;
	return 0;
}

static int
count(struct store *from)
{
	struct error err;
	int n = 0;

	assert_ok(store_each(from, count_one, &n, &err), err);
	return n;
}

static void
assert_whole(struct store *from)
{
	cr_assert_str_eq(text_of(from, RECORD_CREDENTIAL, "a", NULL), "two");
	cr_assert_str_eq(text_of(from, RECORD_CREDENTIAL, "b", NULL), "bee");
	cr_assert_str_eq(text_of(from, RECORD_TOKENS, "a", NULL), "token");
	cr_assert_eq(count(from), 2);
}

static int
count_record(void *data, const struct entry *e)
{
	*(size_t *)data += e->what == ENTRY_RECORD || e->what == ENTRY_ASTRAY;
	return 0;
}

static size_t
records_at(int place)
{
	struct error err;
	size_t n = 0;

	if (place != HOME)
		return fake_place_records((unsigned)place);
	assert_ok(files_entries(&s->files, count_record, &n, &err), err);
	return n;
}

static int
where_of(int place, const char *more, struct where *ret, struct error *err)
{
	char text[64] = "files";

	*ret = (struct where){0};
	if (place != HOME)
		snprintf(text, sizeof(text), "fake=shelf=%d%s", place, more);
	return where_parse(text, ret, err);
}

static int
move_with(struct migration *m, int place, const char *more, struct error *err)
{
	cleanup_where struct where to;
	int r = where_of(place, more, &to, err);

	m->s = s;
	m->master = master;
	if (r == TOKENWARD_OK)
		r = store_migrate(m, &to, err);
	store_rest(s);
	return r;
}

static int
move(int place, struct error *err)
{
	struct migration m = {0};

	return move_with(&m, place, "", err);
}

static void
assert_moved(int place, size_t n)
{
	int i;

	for (i = HOME; i < FAKE_SHELVES; i++)
		cr_assert_eq(records_at(i), i == place ? n : 0, "%d: %zu", i,
		    records_at(i));
	cr_assert_not(s->header.has_other);
}

/* ---- a call that fails ------------------------------------------------- */

static const struct {
	int from, to;
} ways[] = {{HOME, 0}, {0, 1}, {1, HOME}};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* Said again it ends well, and back to where it began. */
static void
end_way(size_t way)
{
	struct error err;

	assert_whole(s);
	assert_whole(other);
	assert_ok(move(ways[way].to, &err), err);
	assert_whole(s);
	assert_moved(ways[way].to, 3);
	assert_ok(move(ways[way].from, &err), err);
	assert_moved(ways[way].from, 3);
	assert_whole(other);
}

static bool
fails_once(size_t way, const char *operation, unsigned nth,
    enum tokenward_module_result result)
{
	int want = module_result_code(result), r;
	struct error err;
	bool hit;

	fake_place_fail(operation, nth, result);
	r = move(ways[way].to, &err);
	hit = fake_place_hit();
	if (!hit)
		assert_ok(r, err);
	else
		cr_assert(r == want && err.code == want, "%zu %s %u: %d %s",
		    way, operation, nth, r, err.text);
	end_way(way);
	return hit;
}

static void
assert_told(const char *operation, enum tokenward_module_result result)
{
	struct error err;
	unsigned nth, all = 0;
	size_t way;

	for (way = 0; way < WAYS; way++) {
		for (nth = 1; fails_once(way, operation, nth, result); nth++)
			all++;
		assert_ok(move(ways[way].to, &err), err);
	}
	cr_assert_gt(all, WAYS);
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
	return move(0, err);
}

static void
check_moved(int r, const struct error *err)
{
	trial_is_told(r, err);
	cr_assert(r != TOKENWARD_OK || records_at(0) == 3);
	end_way(0);
	store_rest(s);
	store_rest(other);
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
	assert_fails(move(0, &err), err, TOKENWARD_FAILED,
	    "fake does not give back what it was given");
	cr_assert(fake_place_hit());
	cr_assert_not(s->header.has_other);
	assert_moved(HOME, 3);
	assert_whole(s);
}

Test(migrate_failing, what_says_that_it_removed_and_did_not_is_told)
{
	struct error err;

	assert_ok(move(0, &err), err);
	fake_place_fail_from("remove", 1, TOKENWARD_MODULE_OK);
	assert_fails(move(HOME, &err), err, TOKENWARD_FAILED,
	    "fake still has records that it says it removed");
	cr_assert(fake_place_hit());
	cr_assert(s->header.has_other, "it is not forgotten");
	end_way(2);
}

Test(migrate_failing, what_was_removed_at_the_second_try_is_gone)
{
	struct error err;

	assert_ok(move(0, &err), err);
	fake_place_fail("remove", 2, TOKENWARD_MODULE_OK);
	assert_ok(move(HOME, &err), err);
	cr_assert(fake_place_hit());
	assert_moved(HOME, 3);
}

Test(migrate_failing, a_record_that_is_hidden_for_a_moment_comes_along)
{
	struct error err;
	unsigned nth;
	bool hit = true;

	for (nth = 1; hit; nth++) {
		assert_ok(move(0, &err), err);
		fake_place_fail("get", nth, TOKENWARD_MODULE_NONE);
		if (move(1, &err) != TOKENWARD_OK)
			cr_assert_eq(err.code, TOKENWARD_FAILED);
		hit = fake_place_hit();
		assert_ok(move(1, &err), err);
		assert_whole(s);
		assert_moved(1, 3);
	}
	cr_assert_gt(nth, 10);
}

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

	text_of(other, RECORD_CREDENTIAL, "a", &generation);
	wrote = did(
	    put(other, RECORD_CREDENTIAL, "a", "late", generation, &err), &err);
	removed = did(store_remove(other, RECORD_CREDENTIAL, "b", &err), &err);
	added = did(put(other, RECORD_TOKENS, "c", "new", 0, &err), &err);
	store_rest(other);
}

static void
assert_changed(struct store *from)
{
	cr_assert_str_eq(text_of(from, RECORD_CREDENTIAL, "a", NULL),
	    wrote ? "late" : "two");
	cr_assert_str_eq(
	    text_of(from, RECORD_CREDENTIAL, "b", NULL), removed ? "" : "bee");
	cr_assert_str_eq(
	    text_of(from, RECORD_TOKENS, "c", NULL), added ? "new" : "");
	cr_assert_str_eq(text_of(from, RECORD_TOKENS, "a", NULL), "token");
}

static void
undo_change(void)
{
	uint64_t generation;
	struct error err;

	text_of(s, RECORD_CREDENTIAL, "a", &generation);
	assert_ok(put(s, RECORD_CREDENTIAL, "a", "two", generation, &err), err);
	if (removed)
		assert_ok(put(s, RECORD_CREDENTIAL, "b", "bee", 0, &err), err);
	assert_ok(store_remove(s, RECORD_TOKENS, "c", &err), err);
	wrote = removed = added = false;
}

static bool
changed_at(size_t way, unsigned nth)
{
	struct error err;
	bool hit;

	fake_place_before(NULL, nth, change);
	assert_ok(move(ways[way].to, &err), err);
	hit = fake_place_hit();
	assert_changed(s);
	assert_changed(other);
	assert_moved(ways[way].to, 3u - removed + added);
	undo_change();
	end_way(way);
	return hit;
}

Test(migrate_failing, what_others_write_meanwhile_comes_along)
{
	struct error err;
	unsigned nth;
	size_t way;

	for (way = 0; way < WAYS; way++) {
		for (nth = 1; changed_at(way, nth); nth++)
			;
		cr_assert_gt(nth, 10);
		assert_ok(move(ways[way].to, &err), err);
	}
}

static void
look(void)
{
	assert_whole(other);
	store_rest(other);
}

Test(migrate_failing, others_find_every_record_at_every_moment)
{
	struct error err;
	unsigned nth;
	size_t way;
	bool hit = true;

	for (way = 0; way < WAYS; way++, hit = true) {
		for (nth = 1; hit; nth++) {
			fake_place_before(NULL, nth, look);
			assert_ok(move(ways[way].to, &err), err);
			hit = fake_place_hit();
			end_way(way);
		}
		cr_assert_gt(nth, 10);
		assert_ok(move(ways[way].to, &err), err);
	}
}

/* ---- others who are in the middle of it -------------------------------- */

static int next_place;

static void
move_on(void)
{
	struct error err;

	assert_ok(move(next_place, &err), err);
}

Test(migrate_failing, who_reads_while_they_are_moved_misses_none)
{
	struct error err;
	unsigned nth;
	bool hit = true;

	for (nth = 1; hit; nth++) {
		assert_ok(move(0, &err), err);
		assert_whole(other);
		store_rest(other);
		next_place = nth % 2 ? 1 : HOME;
		fake_place_before(NULL, nth, move_on);
		assert_whole(other);
		hit = fake_place_hit();
		store_rest(other);
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

Test(migrate_failing, a_list_of_what_never_rests_is_given_up)
{
	struct error err;
	int n = 0;

	assert_ok(move(0, &err), err);
	assert_whole(other);
	store_rest(other);
	next_place = 1;
	fake_place_before("each", 1, move_and_again);
	assert_fails(store_each(other, count_one, &n, &err), err,
	    TOKENWARD_EXISTS, "are being moved; try again");
	cr_assert_eq(n, 0);
	cr_assert_not(fake_place_hit(), "it is on its way again");
	assert_whole(other);
}

static void
lose_header(void)
{
	cr_assert_eq(rename(unit_path("s/header"), unit_path("away")), 0);
}

/* The header may have gone after the records were listed. */
Test(migrate_failing, records_of_a_store_whose_header_went_are_listed)
{
	struct error err;

	assert_ok(move(0, &err), err);
	assert_whole(other);
	store_rest(other);
	fake_place_before("each", 2, lose_header);
	cr_assert_eq(count(other), 2);
	fake_place_hit();
	cr_assert_eq(rename(unit_path("away"), unit_path("s/header")), 0);
	assert_whole(other);
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

	assert_ok(move_with(&m, 0, "", &err), err);
	cr_assert_eq(steps, 6);
	cr_assert_eq(m.copied, 3);
	cr_assert(m.changed);
	cr_assert_not(m.same);
	m = (struct migration){.step = step, .data = &steps};
	assert_ok(move_with(&m, 0, "", &err), err);
	cr_assert_eq(steps, 6);
	cr_assert_not(m.changed);
}

Test(migrate_failing, what_was_copied_is_not_copied_again)
{
	struct migration m = {0};
	struct error err;

	fake_place_fail("put", 4, TOKENWARD_MODULE_AWAY);
	cr_assert_eq(move_with(&m, 0, "", &err), TOKENWARD_UNAVAILABLE);
	cr_assert(fake_place_hit());
	cr_assert(m.changed);
	cr_assert_eq(records_at(0), 2);
	m = (struct migration){0};
	assert_ok(move_with(&m, 0, "", &err), err);
	cr_assert_eq(m.copied, 1);
	assert_moved(0, 3);
}

Test(migrate_failing, what_was_begun_elsewhere_is_cleared_there)
{
	struct error err;

	fake_place_fail("put", 4, TOKENWARD_MODULE_AWAY);
	cr_assert_eq(move(0, &err), TOKENWARD_UNAVAILABLE);
	cr_assert(fake_place_hit());
	assert_ok(move(1, &err), err);
	assert_moved(1, 3);
	assert_whole(s);
}

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

	assert_ok(where_of(shelf, "", &w, &err), err);
	records_open(&r, s, &w);
	buf_put_str(&junk, "of before");
	assert_ok(store_index(s, name, index, &err), err);
	place_of_index(kind, index, &at);
	assert_ok(r.ops->put(&r, at.file.text, &junk, true, &err), err);
	records_close(&r);
	buf_free(&junk);
}

Test(migrate_failing, nothing_is_moved_onto_records_that_are_there)
{
	struct error err;

	leave(0, RECORD_TOKENS, "x");
	assert_fails(move(0, &err), err, TOKENWARD_EXISTS,
	    "fake shelf=0 holds 1 record of this store already");
	leave(0, RECORD_CREDENTIAL, "x");
	assert_fails(move(0, &err), err, TOKENWARD_EXISTS, "holds 2 records");
	cr_assert_eq(records_at(0), 2);
	cr_assert_not(s->header.has_other);
	assert_whole(s);
	assert_ok(move(1, &err), err);
	assert_whole(s);
}

Test(migrate_failing, another_name_of_the_same_place_is_a_name_alone)
{
	struct migration m = {0};
	struct error err;

	assert_ok(move(0, &err), err);
	assert_ok(move_with(&m, 0, " of=old", &err), err);
	cr_assert(m.same && m.changed);
	cr_assert_eq(m.copied, 0);
	cr_assert_str_eq(strmap_get(&s->header.records.options, "of"), "old");
	assert_moved(0, 3);
	assert_whole(s);
	assert_whole(other);
}

Test(migrate_failing, what_belongs_to_another_store_too_stays_there)
{
	struct migration m = {.leave = true};
	struct error err;

	assert_ok(move(0, &err), err);
	assert_ok(move_with(&m, HOME, "", &err), err);
	cr_assert_eq(records_at(0), 3);
	cr_assert_eq(records_at(HOME), 3);
	cr_assert_not(s->header.has_other);
	assert_whole(s);
}

Test(migrate_failing, files_are_no_other_stores_and_do_not_stay)
{
	struct migration m = {.leave = true};
	struct error err;

	assert_ok(move_with(&m, 0, "", &err), err);
	assert_moved(0, 3);
}

Test(migrate_failing, a_damaged_record_is_named_and_not_moved)
{
	unsigned char index[INDEX_LEN];
	struct place at;
	struct error err;
	char path[160];

	assert_ok(store_index(s, "b", index, &err), err);
	place_of_index(RECORD_CREDENTIAL, index, &at);
	snprintf(path, sizeof(path), "s/%s", at.file.text);
	cr_assert_eq(truncate(unit_path(path), SEAL_MAX + 1), 0);
	assert_fails(move(0, &err), err, TOKENWARD_DAMAGED, at.file.text);
	cr_assert(strstr(err.text, "cannot be moved") != NULL);
	cr_assert_str_eq(text_of(s, RECORD_CREDENTIAL, "a", NULL), "two");
}

static void
spoil(void)
{
	unsigned char index[INDEX_LEN];
	struct place at;
	struct error err;
	char path[160];

	assert_ok(store_index(other, "b", index, &err), err);
	place_of_index(RECORD_CREDENTIAL, index, &at);
	snprintf(path, sizeof(path), "s/%s", at.file.text);
	cr_assert_eq(unlink(unit_path(path)), 0);
	cr_assert_eq(symlink("/nowhere", unit_path(path)), 0);
}

Test(migrate_failing, one_that_is_damaged_after_it_was_copied_is_named)
{
	struct error err;

	fake_place_before("put", 4, spoil);
	assert_fails(move(0, &err), err, TOKENWARD_DAMAGED,
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
	const struct buf *b = &store_header(s)->bytes;
	struct header h;
	struct error err;

	assert_ok(header_decode(b->data, b->len, &h, &err), err);
	h.has_other = true;
	assert_ok(where_of(place, more, &h.other, &err), err);
	assert_ok(store_write_header(s, &h, master, &err), err);
	header_free(&h);
	store_rest(s);
}

Test(migrate_failing, a_second_name_of_its_own_place_is_never_emptied)
{
	struct error err;

	assert_ok(move(0, &err), err);
	set_other(0, " of=old");
	assert_ok(move(0, &err), err);
	cr_assert_eq(records_at(0), 3);
	set_other(0, " of=old");
	assert_ok(move(1, &err), err);
	assert_whole(s);
	assert_moved(1, 3);
}

Test(migrate_failing, what_cannot_be_cleared_stops_what_comes_after)
{
	static const char *const operations[] = {"get", "remove", "each"};
	struct error err;
	size_t i;

	leave(0, RECORD_TOKENS, "x");
	set_other(0, "");
	for (i = 0; i < 3; i++) {
		fake_place_fail(operations[i], 1, TOKENWARD_MODULE_AWAY);
		assert_fails(move(1, &err), err, TOKENWARD_UNAVAILABLE,
		    "the shelf says away to ");
		cr_assert(fake_place_hit());
		cr_assert(s->header.has_other, "it is not forgotten");
		cr_assert_eq(records_at(1), 0);
	}
	assert_ok(move(1, &err), err);
	assert_moved(1, 3);
	assert_whole(s);
}

/* ---- the end ----------------------------------------------------------- */

Test(migrate_failing, modules_are_emptied_on_both_sides_and_files_are_left)
{
	struct error err;

	assert_ok(store_empty_modules(s, &err), err);
	cr_assert_eq(records_at(HOME), 3);
	fake_place_fail("put", 4, TOKENWARD_MODULE_AWAY);
	cr_assert_eq(move(0, &err), TOKENWARD_UNAVAILABLE);
	cr_assert(fake_place_hit());
	cr_assert_eq(records_at(0), 2);
	fake_place_fail("each", 2, TOKENWARD_MODULE_AWAY);
	assert_fails(store_empty_modules(s, &err), err, TOKENWARD_UNAVAILABLE,
	    "to each");
	cr_assert(fake_place_hit());
	assert_ok(store_empty_modules(s, &err), err);
	cr_assert_eq(records_at(0), 0);
	cr_assert_eq(records_at(HOME), 3);
}

Test(migrate_failing, what_cannot_be_emptied_is_said)
{
	struct error err;

	assert_ok(move(0, &err), err);
	fake_place_fail("remove", 2, TOKENWARD_MODULE_DENIED);
	cr_assert_eq(store_empty_modules(s, &err),
	    module_result_code(TOKENWARD_MODULE_DENIED));
	cr_assert(fake_place_hit());
	assert_ok(store_empty_modules(s, &err), err);
	cr_assert_eq(records_at(0), 0);
}
