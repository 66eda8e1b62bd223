/* SPDX-License-Identifier: BSD-2-Clause */
/* Larger changes to a store when one call fails: said again, they end well. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/clock.h"
#include "base/frame.h"
#include "store/entries.h"
#include "store/export.h"
#include "store/lock.h"
#include "store/store.h"
#include "failing.h"
#include "trial.h"
#include "unit.h"

static unsigned char keys[2][KEY_LEN] = {
    "the master key, thirty-two bytes", "the key that comes after it, 32!"};
static unsigned now; /* which of them is the store's */
static unsigned turn;
static struct store *s;

static const char *
path_of(const char *name)
{
	char file[32];

	snprintf(file, sizeof(file), "%s%u", name, turn);
	return unit_path(file);
}

static void
put(enum record_kind kind, const char *name, const char *text)
{
	struct buf plain = BUF_SECRET_INIT;
	struct error err;

	frame_put_str(&plain, "name", name);
	frame_put_str(&plain, "text", text);
	assert_ok(store_write(s, kind, name, &plain, 0, true, &err), err);
	buf_free(&plain);
}

static void
make(const char *path)
{
	struct header h = {.created_at = 1700000000};
	struct error err;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(store_create(path, &h, keys[now], NULL, &s, &err), err);
	assert_ok(store_unlock(s, keys[now], true, &err), err);
	header_free(&h);
	put(RECORD_CREDENTIAL, "a", "one");
	put(RECORD_CREDENTIAL, "b", "two");
	put(RECORD_TOKENS, "a", "token");
}

static void
setup(void)
{
	failing_hurry(true);
	cr_assert(sodium_init() >= 0);
	make(unit_path("s"));
}

static void
teardown(void)
{
	store_close(s);
	unit_cleanup();
}

TestSuite(store_change_failing, .init = setup, .fini = teardown);

static bool
holds(enum record_kind kind, const char *name, const char *text)
{
	struct buf plain = BUF_SECRET_INIT;
	struct frame_field f;
	struct error err;
	bool same;

	assert_ok(store_read(s, kind, name, &plain, NULL, &err), err);
	same = frame_find(plain.data, plain.len, "text", &f) &&
	       f.len == strlen(text) && memcmp(f.value, text, f.len) == 0;
	buf_free(&plain);
	return same;
}

static void
assert_whole(void)
{
	cr_assert(holds(RECORD_CREDENTIAL, "a", "one"));
	cr_assert(holds(RECORD_CREDENTIAL, "b", "two"));
	cr_assert(holds(RECORD_TOKENS, "a", "token"));
}

/* ---- a new master key -------------------------------------------------- */

static int
rekey(struct error *err)
{
	const struct buf *b = &store_header(s)->bytes;
	struct header h;
	size_t done;
	int r = TOKENWARD_OK;

	if (!store_is_rekeyed(s)) {
		r = header_decode(b->data, b->len, &h, err);
		if (r != TOKENWARD_OK)
			return r;
		r = store_rekey_begin(
		    s, &h, keys[now % 2], keys[(now + 1) % 2], err);
		header_free(&h);
	}
	if (r == TOKENWARD_OK)
		r = store_rekey_records(s, &done, err);
	return r ? r : store_rekey_end(s, keys[(now + 1) % 2], err);
}

/* As another process finds it: with the one key or the other. */
static unsigned
reopen(void)
{
	struct error err;
	unsigned key = now % 2;

	store_close(s);
	assert_ok(store_open(unit_path("s"), &s, &err), err);
	if (store_unlock(s, keys[key], true, &err) != TOKENWARD_OK) {
		key = !key;
		assert_ok(store_unlock(s, keys[key], true, &err), err);
	}
	return key;
}

static void
check_rekeyed(int r, const struct error *err)
{
	struct error again;
	unsigned key;

	trial_is_told(r, err);
	key = reopen();
	assert_whole();
	if (r != TOKENWARD_OK && store_is_rekeyed(s))
		assert_ok(rekey(&again), again);
	else if (r != TOKENWARD_OK)
		cr_assert(key == now % 2 || !store_is_rekeyed(s));
	key = reopen();
	cr_assert_not(store_is_rekeyed(s));
	cr_assert(r != TOKENWARD_OK || key != now % 2);
	assert_whole();
	now = key;
}

Test(store_change_failing, a_new_master_key_loses_nothing)
{
	trial_all(&(struct trial){rekey, check_rekeyed});
}

/* ---- a header mended --------------------------------------------------- */

static int
repair(struct error *err)
{
	struct header copy;
	int r;

	r = store_read_copy(unit_path("s"), &copy, err);
	if (r != TOKENWARD_OK)
		return r;
	r = store_repair_header(unit_path("s"), &copy, NULL, err);
	header_free(&copy);
	return r;
}

/* What stood there is kept, or it is there still. */
static void
check_repaired(int r, const struct error *err)
{
	struct buf b = BUF_INIT, bad = BUF_INIT;
	struct error again;

	trial_is_told(r, err);
	if (access(unit_path("s/header"), F_OK) == 0)
		unit_read(unit_path("s/header"), &b);
	if (access(unit_path("s/header.bad"), F_OK) == 0)
		unit_read(unit_path("s/header.bad"), &bad);
	cr_assert(strcmp(buf_str(&b), "rubbish") == 0 ||
		  strcmp(buf_str(&bad), "rubbish") == 0);
	if (r != TOKENWARD_OK && strcmp(buf_str(&b), "rubbish") == 0)
		assert_ok(repair(&again), again);
	else if (b.len == 0)
		assert_ok(repair(&again), again);
	reopen();
	assert_whole();
	unit_write(unit_path("s/header"), "rubbish", 7);
	buf_free(&b);
	buf_free(&bad);
}

Test(store_change_failing, a_mended_header_is_the_copy_and_the_bad_one_is_kept)
{
	unit_write(unit_path("s/header"), "rubbish", 7);
	trial_all(&(struct trial){repair, check_repaired});
}

/* ---- the end of a store ------------------------------------------------ */

static int
destroy(struct error *err)
{
	struct strlist left = {0};
	int r = store_destroy(path_of("d"), NULL, &left, err);

	cr_assert_eq(left.n, 0);
	strlist_free(&left);
	return r;
}

static void
make_next(void)
{
	store_close(s);
	turn++;
	make(path_of("d"));
	unit_write(unit_path("new"), "half", 4);
}

static void
check_destroyed(int r, const struct error *err)
{
	struct error again;

	trial_is_told(r, err);
	if (r != TOKENWARD_OK && access(path_of("d"), F_OK) == 0)
		assert_ok(destroy(&again), again);
	cr_assert_eq(access(path_of("d"), F_OK), -1);
	make_next();
}

Test(store_change_failing, a_store_is_taken_away_whole_in_the_end)
{
	make_next();
	trial_all(&(struct trial){destroy, check_destroyed});
}

/* What is gone must be gone for good; but for what was written over. */
Test(store_change_failing, an_end_that_is_not_durable_is_told)
{
	unsigned n, passed = 0;
	struct error err;
	bool hit = true;
	int r;

	for (n = 1; hit; n++) {
		make_next();
		failing_begin("fsync", n, EIO);
		r = destroy(&err);
		hit = failing_end();
		passed += hit && r == TOKENWARD_OK;
		cr_assert(r == TOKENWARD_OK ||
			  strstr(err.text, "cannot remove ") != NULL);
	}
	cr_assert_eq(passed, 2, "its two headers");
	cr_assert_gt(n, 8);
	make_next();
}

static struct strlist kept;

static int
destroy_around(struct error *err)
{
	strlist_free(&kept);
	return store_destroy(path_of("d"), NULL, &kept, err);
}

static void
check_kept(int r, const struct error *err)
{
	char path[1100];

	trial_is_told(r, err);
	cr_assert(
	    r != TOKENWARD_OK || (kept.n == 1 && strlist_has(&kept, "letter")));
	strlist_free(&kept);
	make_next();
	snprintf(path, sizeof(path), "%s/letter", path_of("d"));
	unit_write(path, "dear", 4);
}

Test(store_change_failing, what_is_left_of_others_is_never_left_out)
{
	check_kept(TOKENWARD_FAILED,
	    &(struct error){.code = TOKENWARD_FAILED, .text = "memory"});
	trial_some(&(struct trial){destroy_around, check_kept}, "memory");
}

/* ---- an export --------------------------------------------------------- */

static int
write_export(struct error *err)
{
	struct export_writer *w;
	struct buf plain = BUF_SECRET_INIT;
	int r =
	    export_create(path_of("x"), store_header(s), keys[now], &w, err);

	if (r != TOKENWARD_OK)
		return r;
	r = store_read(s, RECORD_CREDENTIAL, "a", &plain, NULL, err);
	if (r == TOKENWARD_OK)
		r = export_put(w, "a", &plain, err);
	buf_clear(&plain);
	if (r == TOKENWARD_OK)
		r = store_read(s, RECORD_CREDENTIAL, "b", &plain, NULL, err);
	if (r == TOKENWARD_OK)
		r = export_put(w, "b", &plain, err);
	buf_free(&plain);
	if (r == TOKENWARD_OK)
		r = export_finish(w, err);
	export_abandon(w);
	return r;
}

static int
take(void *data, const char *name, const struct buf *plain, struct error *err)
{
	unsigned *n = data;

	(void)err;
	cr_assert(plain->len > 0);
	cr_assert_str_eq(name, *n == 0 ? "a" : "b");
	++*n;
	return TOKENWARD_OK;
}

static unsigned taken;

static int
read_export(struct error *err)
{
	struct export_reader *x;
	int r = export_open(path_of("x"), &x, err);

	taken = 0;
	if (r != TOKENWARD_OK)
		return r;
	r = export_unlock(x, keys[now], err);
	if (r == TOKENWARD_OK)
		r = export_each(x, take, &taken, err);
	export_close(x);
	return r;
}

static void
check_read(int r, const struct error *err)
{
	trial_is_told(r, err);
	cr_assert(r != TOKENWARD_OK || taken == 2, "%u", taken);
}

/* One that has its name is whole, durable or not; else there is nothing. */
static void
check_exported(int r, const struct error *err)
{
	struct error again;
	char temp[1100];

	trial_is_told(r, err);
	snprintf(temp, sizeof(temp), "%s.new", path_of("x"));
	if (access(path_of("x"), F_OK) == 0) {
		assert_ok(read_export(&again), again);
		cr_assert_eq(taken, 2);
	} else {
		cr_assert(r != TOKENWARD_OK);
		turn += 1000;
		assert_ok(write_export(&again), again);
		turn -= 1000;
		cr_assert_eq(access(temp, F_OK), -1);
	}
	turn++;
}

Test(store_change_failing, an_export_is_whole_or_not_there)
{
	trial_all(&(struct trial){write_export, check_exported});
}

Test(store_change_failing, an_export_that_cannot_be_read_is_not_damaged)
{
	struct error err;

	assert_ok(write_export(&err), err);
	trial_all(&(struct trial){read_export, check_read});
}

/* ---- locks ------------------------------------------------------------- */

static int lock = -1;

static int
take_lock(struct error *err)
{
	return store_lock(s, LOCK_RECORD, "a", 0, &lock, err);
}

static void
check_lock(int r, const struct error *err)
{
	trial_is_told(r, err);
	cr_assert_eq(r == TOKENWARD_OK, lock >= 0);
	store_unlock_range(&lock);
}

Test(store_change_failing, a_lock_that_cannot_be_had_is_not_somebody_elses)
{
	trial_some(&(struct trial){take_lock, check_lock}, "system");
}
