/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records in a store module (tests/modules/debug), and on the move.  What is
 * killed in between is in tests/faults/kill-test.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "module/module.h"
#include "store/entries.h"
#include "store/front.h"
#include "store/migrate.h"
#include "store/record_list.h"
#include "moving.h"
#include "unit.h"

/* The test program runs in the build tree. */
#define DIRECTORY "tests/modules"

TestSuite(migrate, .fini = unit_cleanup);

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
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
    .modules = DIRECTORY, .stack = give_stack};

static struct store *
open_store(void)
{
	struct store *s = NULL;
	struct error err;

	assert_ok(store_open(unit_path("s"), &s, &err), err);
	store_use_modules(s, &modules);
	assert_ok(store_unlock(s, master, true, &err), err);
	return s;
}

static struct store *
make(void)
{
	struct header h = {.created_at = 1700000000};
	struct store *s = NULL;
	struct error err;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(
	    store_create(unit_path("s"), &h, master, NULL, &s, &err), err);
	store_close(s);
	cr_assert_eq(mkdir(unit_path("shelf"), 0700), 0);
	return open_store();
}

static void
put(struct store *s, enum record_kind kind, const char *name, const char *text,
    uint64_t generation)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	struct error err;

	buf_put_str(&plain, text);
	assert_ok(
	    store_write(s, kind, name, &plain, generation, true, &err), err);
}

static void
expect(
    struct store *s, enum record_kind kind, const char *name, const char *text)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	struct error err;

	assert_ok(store_read(s, kind, name, &plain, NULL, &err), err);
	cr_assert_str_eq(buf_str(&plain), text);
}

static void
shelf(struct where *ret, const char *more)
{
	char text[300];
	struct error err;

	*ret = (struct where){0};
	snprintf(text, sizeof(text), "debug=directory=%s%s", unit_path("shelf"),
	    more);
	assert_ok(where_parse(text, ret, &err), err);
}

static int
move(struct store *s, const struct where *to, struct migration *ret,
    struct error *err)
{
	*ret = (struct migration){.s = s, .master = master};
	return store_migrate(ret, to, err);
}

static void
move_to_shelf(struct store *s)
{
	cleanup_where struct where w;
	struct migration m;
	struct error err;

	shelf(&w, "");
	assert_ok(move(s, &w, &m, &err), err);
}

static int
on_shelf(void)
{
	DIR *d = opendir(unit_path("shelf"));
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)))
		n += e->d_name[0] == 'r';
	closedir(d);
	return n;
}

static struct store *
filled(void)
{
	struct store *s = make();

	put(s, RECORD_CREDENTIAL, "a", "one", 0);
	put(s, RECORD_CREDENTIAL, "a", "two", 1);
	put(s, RECORD_TOKENS, "a", "token", 0);
	put(s, RECORD_CREDENTIAL, "b", "bee", 0);
	return s;
}

Test(migrate, there_and_back)
{
	struct where files = {0};
	struct store *s = filled();
	struct migration m;
	struct error err;

	move_to_shelf(s);
	cr_assert_eq(on_shelf(), 3);
	cr_assert_str_eq(s->header.records.module, "debug");
	cr_assert_not(s->header.has_other);
	expect(s, RECORD_CREDENTIAL, "a", "two");
	put(s, RECORD_CREDENTIAL, "a", "three", 2);
	put(s, RECORD_TOKENS, "b", "new", 0);
	assert_ok(store_remove(s, RECORD_TOKENS, "a", &err), err);
	cr_assert_eq(moving_count(s), 2);
	cr_assert_eq(on_shelf(), 3);
	assert_ok(move(s, &files, &m, &err), err);
	cr_assert_eq(m.copied, 3);
	cr_assert_eq(on_shelf(), 0);
	expect(s, RECORD_CREDENTIAL, "a", "three");
	expect(s, RECORD_TOKENS, "b", "new");
	assert_ok(move(s, &files, &m, &err), err);
	cr_assert_not(m.changed);
	store_close(s);
}

Test(migrate, an_open_handle_finds_what_was_moved)
{
	struct store *s = filled(), *other = open_store();
	struct stat st;

	cr_assert(store_stamp(other, RECORD_TOKENS, "a", &st));
	move_to_shelf(s);
	cr_assert_not(store_stamp(other, RECORD_TOKENS, "a", &st));
	expect(other, RECORD_TOKENS, "a", "token");
	cr_assert_not(store_has_stamps(other));
	put(other, RECORD_CREDENTIAL, "c", "sea", 0);
	cr_assert_eq(moving_count(s), 3);
	store_close(other);
	store_close(s);
}

Test(migrate, an_open_handle_lists_and_writes_what_was_moved)
{
	struct store *s = filled(), *other = open_store(),
		     *third = open_store();

	move_to_shelf(s);
	cr_assert_eq(moving_count(other), 2);
	put(third, RECORD_CREDENTIAL, "b", "next", 1);
	expect(other, RECORD_CREDENTIAL, "b", "next");
	store_close(third);
	store_close(other);
	store_close(s);
}

Test(migrate, a_generation_is_looked_at_in_a_module_too)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	struct store *s = filled();
	struct error err;

	move_to_shelf(s);
	buf_put_str(&plain, "late");
	assert_fails(
	    store_write(s, RECORD_CREDENTIAL, "a", &plain, 1, true, &err), err,
	    TOKENWARD_EXISTS, "another process");
	assert_fails(
	    store_write(s, RECORD_CREDENTIAL, "a", &plain, 0, true, &err), err,
	    TOKENWARD_EXISTS, "another process");
	expect(s, RECORD_CREDENTIAL, "a", "two");
	store_close(s);
}

/* Killed before the header was turned round: copies that are of no account. */
static void
leave_half(struct store *s, const struct where *to)
{
	struct header h;
	struct error err;
	struct records r;
	struct buf junk = BUF_INIT;
	unsigned char index[INDEX_LEN];
	struct place at;

	assert_ok(
	    header_decode(s->header.bytes.data, s->header.bytes.len, &h, &err),
	    err);
	h.has_other = true;
	cr_assert(where_copy(&h.other, to));
	assert_ok(store_write_header(s, &h, master, &err), err);
	header_free(&h);
	records_open(&r, s, to);
	buf_put_str(&junk, "an old copy");
	place_of_index(RECORD_TOKENS, s->header.store_id, &at);
	memset(at.file.text + 7, '7', 64);
	assert_ok(r.ops->put(&r, at.file.text, &junk, true, &err), err);
	assert_ok(store_index(s, "a", index, &err), err);
	place_of_index(RECORD_CREDENTIAL, index, &at);
	assert_ok(r.ops->put(&r, at.file.text, &junk, true, &err), err);
	records_close(&r);
	buf_free(&junk);
}

Test(migrate, what_was_cut_short_goes_on)
{
	cleanup_where struct where w;
	struct store *s = filled();
	struct migration m;
	struct error err;

	shelf(&w, "");
	leave_half(s, &w);
	expect(s, RECORD_CREDENTIAL, "a", "two");
	assert_ok(move(s, &w, &m, &err), err);
	cr_assert_eq(on_shelf(), 3);
	expect(s, RECORD_CREDENTIAL, "a", "two");
	store_close(s);
}

Test(migrate, what_was_cut_short_is_taken_back)
{
	cleanup_where struct where w;
	struct where files = {0};
	struct store *s = filled();
	struct migration m;
	struct error err;

	shelf(&w, "");
	leave_half(s, &w);
	cr_assert_eq(on_shelf(), 2);
	assert_ok(move(s, &files, &m, &err), err);
	cr_assert(m.changed);
	cr_assert_eq(on_shelf(), 0);
	cr_assert_not(s->header.has_other);
	expect(s, RECORD_CREDENTIAL, "a", "two");
	store_close(s);
}

Test(migrate, a_place_that_answers_nonsense_is_not_believed)
{
	cleanup_where struct where w;
	struct store *s = filled();
	struct migration m;
	struct error err;

	shelf(&w, " result=none");
	assert_fails(move(s, &w, &m, &err), err, TOKENWARD_FAILED,
	    "does not know how to \"put\"");
	cr_assert_not(s->header.has_other);
	expect(s, RECORD_CREDENTIAL, "a", "two");
	store_close(s);
}

Test(migrate, without_programs_a_module_is_not_at_hand)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	struct store *s = filled();
	struct error err;

	move_to_shelf(s);
	store_close(s);
	s = open_store();
	store_use_modules(s, NULL);
	assert_fails(store_read(s, RECORD_CREDENTIAL, "a", &plain, NULL, &err),
	    err, TOKENWARD_CONFIG,
	    "the store module debug, which is not at hand");
	store_close(s);
}

Test(migrate, the_place_is_covered_by_the_mac)
{
	struct buf b = BUF_INIT;
	struct store *s = filled();
	struct error err;
	unsigned char *at;

	move_to_shelf(s);
	store_close(s);
	unit_read(unit_path("s/header"), &b);
	at = memmem(b.data, b.len, "debug", 5);
	cr_assert_not_null(at);
	memcpy(at, "other", 5);
	unit_write(unit_path("s/header"), b.data, b.len);
	assert_ok(store_open(unit_path("s"), &s, &err), err);
	assert_fails(store_unlock(s, master, true, &err), err, TOKENWARD_LOCKED,
	    "the key is not that of the store");
	store_close(s);
	buf_free(&b);
}

Test(migrate, a_new_master_key_seals_anew_in_a_module)
{
	static const unsigned char next[KEY_LEN] =
	    "another key, of thirty-two bytes";
	struct store *s = filled();
	struct header h;
	struct error err;
	size_t n = 0;

	move_to_shelf(s);
	assert_ok(
	    header_decode(s->header.bytes.data, s->header.bytes.len, &h, &err),
	    err);
	assert_ok(store_rekey_begin(s, &h, master, next, &err), err);
	header_free(&h);
	assert_ok(store_rekey_records(s, &n, &err), err);
	cr_assert_eq(n, 3);
	assert_ok(store_rekey_end(s, next, &err), err);
	cr_assert_str_eq(s->header.records.module, "debug");
	expect(s, RECORD_CREDENTIAL, "a", "two");
	store_close(s);
}

Test(migrate, a_store_ends_in_its_module_too)
{
	struct store *s = filled();
	struct error err;

	move_to_shelf(s);
	assert_ok(store_empty_modules(s, &err), err);
	cr_assert_eq(on_shelf(), 0);
	store_close(s);
}
