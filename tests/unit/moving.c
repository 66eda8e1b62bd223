/* SPDX-License-Identifier: BSD-2-Clause */
/* A small store whose records are on the move. */
#include <stdio.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "module/module.h"
#include "store/entries.h"
#include "store/front.h"
#include "failing.h"
#include "fake_clock.h"
#include "fake_place.h"
#include "moving.h"
#include "unit.h"

const unsigned char moving_master[KEY_LEN] = "the master key, thirty-two bytes";
struct store *moving_store, *moving_other;
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

void
moving_open(struct store **ret)
{
	struct error err;

	assert_ok(store_open(unit_path("s"), ret, &err), err);
	store_use_modules(*ret, &modules);
	assert_ok(store_unlock(*ret, moving_master, true, &err), err);
}

int
moving_put(struct store *to, enum record_kind kind, const char *name,
    const char *text, uint64_t generation, struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	buf_put_str(&plain, text);
	return store_write(to, kind, name, &plain, generation, true, err);
}

void
moving_begin(void)
{
	struct header h = {.created_at = 1700000000};
	struct error err;

	fake_clock(1000000, NULL);
	fake_place_begin();
	failing_hurry(true);
	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(store_create(unit_path("s"), &h, moving_master, NULL,
		      &moving_store, &err),
	    err);
	store_close(moving_store);
	moving_open(&moving_store);
	moving_open(&moving_other);
	assert_ok(
	    moving_put(moving_store, RECORD_CREDENTIAL, "a", "one", 0, &err),
	    err);
	assert_ok(
	    moving_put(moving_store, RECORD_CREDENTIAL, "a", "two", 1, &err),
	    err);
	assert_ok(
	    moving_put(moving_store, RECORD_CREDENTIAL, "b", "bee", 0, &err),
	    err);
	assert_ok(
	    moving_put(moving_store, RECORD_TOKENS, "a", "token", 0, &err),
	    err);
}

void
moving_end(void)
{
	store_close(moving_other);
	store_close(moving_store);
	cr_assert_eq(fake_place_live(), 0);
	fake_place_end();
	fake_clock(0, NULL);
	failing_hurry(false);
	unit_cleanup();
}

const char *
moving_text(struct store *from, enum record_kind kind, const char *name,
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

int
moving_count_one(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	(void)generation;
	cr_assert(plain && !damage, "%s", damage ? damage->text : "");
	++*(int *)data;
	return 0;
}

int
moving_count(struct store *from)
{
	struct error err;
	int n = 0;

	assert_ok(store_each(from, moving_count_one, &n, &err), err);
	return n;
}

void
assert_moving_whole(struct store *from)
{
	cr_assert_str_eq(
	    moving_text(from, RECORD_CREDENTIAL, "a", NULL), "two");
	cr_assert_str_eq(
	    moving_text(from, RECORD_CREDENTIAL, "b", NULL), "bee");
	cr_assert_str_eq(moving_text(from, RECORD_TOKENS, "a", NULL), "token");
	cr_assert_eq(moving_count(from), 2);
}

static int
count_record(void *data, const struct entry *e)
{
	*(size_t *)data += e->what == ENTRY_RECORD || e->what == ENTRY_ASTRAY;
	return 0;
}

size_t
moving_records(int place)
{
	struct error err;
	size_t n = 0;

	if (place != MOVING_HOME)
		return fake_place_records((unsigned)place);
	assert_ok(
	    files_entries(&moving_store->files, count_record, &n, &err), err);
	return n;
}

int
moving_where(int place, const char *more, struct where *ret, struct error *err)
{
	char text[64] = "files";

	*ret = (struct where){0};
	if (place != MOVING_HOME)
		snprintf(text, sizeof(text), "fake=shelf=%d%s", place, more);
	return where_parse(text, ret, err);
}

int
moving_to_with(
    struct migration *m, int place, const char *more, struct error *err)
{
	cleanup_where struct where to;
	int r = moving_where(place, more, &to, err);

	m->s = moving_store;
	m->master = moving_master;
	if (r == TOKENWARD_OK)
		r = store_migrate(m, &to, err);
	store_rest(moving_store);
	return r;
}

int
moving_to(int place, struct error *err)
{
	struct migration m = {0};

	return moving_to_with(&m, place, "", err);
}

void
assert_moving_done(int place, size_t n)
{
	int i;

	for (i = MOVING_HOME; i < FAKE_SHELVES; i++)
		cr_assert_eq(moving_records(i), i == place ? n : 0, "%d: %zu",
		    i, moving_records(i));
	cr_assert_not(moving_store->header.has_other);
}

const struct moving_way moving_ways[MOVING_WAYS] = {
    {MOVING_HOME, 0}, {0, 1}, {1, MOVING_HOME}};

void
moving_end_way(size_t way)
{
	struct error err;

	assert_moving_whole(moving_store);
	assert_moving_whole(moving_other);
	assert_ok(moving_to(moving_ways[way].to, &err), err);
	assert_moving_whole(moving_store);
	assert_moving_done(moving_ways[way].to, 3);
	assert_ok(moving_to(moving_ways[way].from, &err), err);
	assert_moving_done(moving_ways[way].from, 3);
	assert_moving_whole(moving_other);
}
