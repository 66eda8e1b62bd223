/* SPDX-License-Identifier: BSD-2-Clause */
/* Stores that are large, locked, newer than we are, or another one now. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/clock.h"
#include "store/lock.h"
#include "store/entries.h"
#include "store/front.h"
#include "store/store.h"
#include "failing.h"
#include "unit.h"

#define MANY 200

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static const unsigned char second[KEY_LEN] = "the key that comes after it, 32!";

static struct store *s;

static struct store *
make(const char *path)
{
	struct header h = {.created_at = 1700000000};
	struct store *made = NULL;
	struct error err;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(store_create(path, &h, master, NULL, &made, &err), err);
	assert_ok(store_unlock(made, master, true, &err), err);
	header_free(&h);
	return made;
}

static void
setup(void)
{
	s = make(unit_path("s"));
}

static void
teardown(void)
{
	store_close(s);
	unit_cleanup();
}

TestSuite(store_states, .init = setup, .fini = teardown);

static int
put(enum record_kind kind, const char *name, uint64_t generation,
    struct error *err)
{
	struct buf plain = BUF_SECRET_INIT;
	int r;

	buf_put_str(&plain, name);
	r = store_write(s, kind, name, &plain, generation, false, err);
	buf_free(&plain);
	return r;
}

static bool
holds(enum record_kind kind, const char *name)
{
	struct buf plain = BUF_SECRET_INIT;
	struct error err;
	bool same;

	assert_ok(store_read(s, kind, name, &plain, NULL, &err), err);
	same = strcmp(buf_str(&plain), name) == 0;
	buf_free(&plain);
	return same;
}

/* ---- many -------------------------------------------------------------- */

static void
fill(void)
{
	struct error err;
	char name[16];
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_ok(put(RECORD_CREDENTIAL, name, 0, &err), err);
		assert_ok(put(RECORD_TOKENS, name, 0, &err), err);
	}
}

static int
count(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	unsigned char *seen = data;
	int i = atoi(buf_str(plain) + 1);

	cr_assert_null(damage);
	cr_assert(generation == 1 || generation == 2);
	cr_assert(i >= 0 && i < MANY);
	cr_assert_eq(seen[i]++, 0);
	return 0;
}

static void
assert_all(void)
{
	unsigned char seen[MANY] = {0};
	struct error err;
	char name[16];
	int i;

	assert_ok(store_each(s, count, seen, &err), err);
	for (i = 0; i < MANY; i++) {
		cr_assert_eq(seen[i], 1, "%d", i);
		snprintf(name, sizeof(name), "n%d", i);
		cr_assert(holds(RECORD_CREDENTIAL, name));
		cr_assert(holds(RECORD_TOKENS, name));
	}
}

Test(store_states, many_records_are_all_walked_and_all_sealed_anew)
{
	const struct buf *b = &store_header(s)->bytes;
	struct header h;
	struct error err;
	size_t done;

	fill();
	assert_all();
	assert_ok(header_decode(b->data, b->len, &h, &err), err);
	assert_ok(store_rekey_begin(s, &h, master, second, &err), err);
	header_free(&h);
	cr_assert(store_is_rekeyed(s));
	assert_all();
	assert_ok(store_rekey_records(s, &done, &err), err);
	cr_assert_eq(done, 2 * MANY);
	assert_ok(store_rekey_records(s, &done, &err), err);
	cr_assert_eq(done, 0, "they are all new");
	assert_ok(store_rekey_end(s, second, &err), err);
	cr_assert_not(store_is_rekeyed(s));
	assert_all();
}

/* ---- locked ------------------------------------------------------------ */

Test(store_states, a_new_master_key_wants_all_keys_of_the_old)
{
	const struct buf *b = &store_header(s)->bytes;
	struct header h;
	struct error err;

	assert_ok(header_decode(b->data, b->len, &h, &err), err);
	assert_ok(store_unlock(s, master, false, &err), err);
	assert_fails(store_rekey_begin(s, &h, master, second, &err), err,
	    TOKENWARD_LOCKED, "is not unlocked");
	store_lock_keys(s);
	assert_fails(store_rekey_begin(s, &h, master, second, &err), err,
	    TOKENWARD_LOCKED, "is not unlocked");
	cr_assert_eq(store_header(s)->epoch, 1);
	header_free(&h);
}

Test(store_states, a_locked_store_walks_and_removes_nothing)
{
	unsigned char seen[MANY];
	struct stat st;
	struct error err;

	assert_ok(put(RECORD_CREDENTIAL, "n1", 0, &err), err);
	assert_ok(store_unlock(s, master, false, &err), err);
	assert_fails(store_each(s, count, seen, &err), err, TOKENWARD_LOCKED,
	    "is not unlocked for credentials");
	store_lock_keys(s);
	assert_fails(store_remove(s, RECORD_CREDENTIAL, "n1", &err), err,
	    TOKENWARD_LOCKED, "is locked");
	cr_assert_not(store_stamp(s, RECORD_CREDENTIAL, "n1", &st));
	assert_ok(store_unlock(s, master, true, &err), err);
	cr_assert(store_stamp(s, RECORD_CREDENTIAL, "n1", &st));
	cr_assert(holds(RECORD_CREDENTIAL, "n1"));
}

/* ---- newer ------------------------------------------------------------- */

Test(store_states, a_newer_format_is_read_and_not_written)
{
	const struct buf *b = &store_header(s)->bytes;
	struct buf newer = BUF_INIT;
	struct header h;
	struct error err;

	assert_ok(put(RECORD_CREDENTIAL, "n1", 0, &err), err);
	assert_ok(header_decode(b->data, b->len, &h, &err), err);
	h.format = FORMAT_VERSION + 1;
	assert_ok(header_encode(&h, master, &newer, &err), err);
	unit_write(unit_path("s/header"), newer.data, newer.len);
	assert_ok(store_reload(s, &err), err);
	cr_assert(holds(RECORD_CREDENTIAL, "n1"));
	assert_fails(put(RECORD_CREDENTIAL, "n1", 1, &err), err,
	    TOKENWARD_CONFIG, "is of format 2: this tokenward can read it");
	assert_fails(store_write_header(s, &h, master, &err), err,
	    TOKENWARD_CONFIG, "is of a newer format");
	h.format = FORMAT_VERSION;
	header_free(&h);
	buf_free(&newer);
}

/* ---- damaged inside ---------------------------------------------------- */

/* A header whose MAC is right, and nothing else. */
static void
write_signed(const struct header *h)
{
	struct buf b = BUF_INIT;
	struct error err;

	assert_ok(header_encode(h, master, &b, &err), err);
	unit_write(unit_path("s/header"), b.data, b.len);
	buf_free(&b);
}

static void
decode(struct header *ret)
{
	const struct buf *b = &store_header(s)->bytes;
	struct error err;

	assert_ok(header_decode(b->data, b->len, ret, &err), err);
}

Test(store_states, a_kept_key_that_does_not_open_is_damage)
{
	static const char *const words[KEPT_MAX] = {
	    "is damaged (index_key)", "is damaged (old_master)"};
	struct header h;
	struct store *again;
	struct error err;
	int i;

	for (i = 0; i < KEPT_MAX; i++) {
		decode(&h);
		assert_ok(
		    header_keep(&h, KEPT_INDEX_KEY, master, master, &err), err);
		assert_ok(
		    header_keep(&h, KEPT_OLD_MASTER, master, second, &err),
		    err);
		h.kept[i].sealed[KEPT_LEN - 1] ^= 1;
		write_signed(&h);
		header_free(&h);
		assert_ok(store_open(unit_path("s"), &again, &err), err);
		assert_fails(store_unlock(again, master, true, &err), err,
		    TOKENWARD_DAMAGED, words[i]);
		cr_assert_not(store_is_unlocked(again, false));
		store_close(again);
	}
}

Test(store_states, a_new_store_begins_at_one)
{
	const struct header *h = store_header(s);

	cr_assert_eq(h->format, FORMAT_VERSION);
	cr_assert_eq(h->min_reader, FORMAT_VERSION);
	cr_assert_eq(h->suite, 1);
	cr_assert_eq(h->epoch, 1);
	cr_assert_eq(h->sequence, 1);
	cr_assert_eq(h->next_slot, 1);
	cr_assert_eq(h->slots_n, 0);
}

static int
open_again(struct error *err)
{
	struct store *again;
	int r = store_open(unit_path("s"), &again, err);

	if (r == TOKENWARD_OK)
		store_close(again);
	return r;
}

Test(store_states, a_header_that_is_no_file_is_damage_and_has_a_cure)
{
	char *big = calloc(1, HEADER_MAX + 1);
	struct error err;

	unit_write(unit_path("s/header"), big, HEADER_MAX + 1);
	assert_fails(open_again(&err), err, TOKENWARD_DAMAGED,
	    "is not a file of ours; \"tokenward doctor --repair\"");
	cr_assert_eq(unlink(unit_path("s/header")), 0);
	cr_assert_eq(symlink("header.old", unit_path("s/header")), 0);
	assert_fails(
	    open_again(&err), err, TOKENWARD_DAMAGED, "is not a file of ours");
	cr_assert_eq(unlink(unit_path("s/header")), 0);
	cr_assert_eq(mkdir(unit_path("s/header"), 0700), 0);
	assert_fails(
	    open_again(&err), err, TOKENWARD_DAMAGED, "is not a file of ours");
	cr_assert_eq(rmdir(unit_path("s/header")), 0);
	assert_fails(open_again(&err), err, TOKENWARD_DAMAGED,
	    "is gone; \"tokenward doctor --repair\" puts its last copy back");
	free(big);
}

Test(store_states, the_last_epoch_is_the_last)
{
	struct header h;
	struct error err;

	decode(&h);
	h.epoch = UINT32_MAX;
	write_signed(&h);
	header_free(&h);
	assert_ok(store_reload(s, &err), err);
	assert_ok(store_unlock(s, master, true, &err), err);
	decode(&h);
	cr_assert_eq(
	    store_rekey_begin(s, &h, master, second, &err), TOKENWARD_LOCKED);
	header_free(&h);
}

/* ---- the ends of what is counted --------------------------------------- */

static void
place_of(const char *name, enum record_kind kind, struct place *ret)
{
	unsigned char index[INDEX_LEN];
	struct error err;

	assert_ok(store_index(s, name, index, &err), err);
	place_of_index(kind, index, ret);
}

Test(store_states, after_the_last_generation_nothing_is_written)
{
	struct buf plain = BUF_SECRET_INIT;
	struct place at;
	struct error err;

	buf_put_str(&plain, "n1");
	place_of("n1", RECORD_TOKENS, &at);
	assert_ok(place_write(s, &at, &plain, INT64_MAX - 1, true, &err), err);
	assert_ok(put(RECORD_TOKENS, "n1", INT64_MAX - 1, &err), err);
	assert_fails(put(RECORD_TOKENS, "n1", INT64_MAX, &err), err,
	    TOKENWARD_EXISTS, "the tokens record of n1 was written by another");
	cr_assert(holds(RECORD_TOKENS, "n1"));
	buf_free(&plain);
}

Test(store_states, what_is_no_file_is_written_over_as_if_it_were_not_there)
{
	struct place at;
	struct error err;
	char path[160];

	place_of("n1", RECORD_TOKENS, &at);
	snprintf(path, sizeof(path), "s/%s", at.file.text);
	cr_assert_eq(symlink("/nowhere", unit_path(path)), 0);
	assert_fails(put(RECORD_TOKENS, "n1", 1, &err), err, TOKENWARD_EXISTS,
	    "the tokens record of n1 was written by another");
	assert_ok(put(RECORD_TOKENS, "n1", 0, &err), err);
	cr_assert(holds(RECORD_TOKENS, "n1"));
}

Test(store_states, a_lock_that_is_held_names_store_and_record)
{
	int a = -1, b = -1;
	struct error err;
	char words[1200];

	assert_ok(store_lock(s, LOCK_FLIGHT, "n1", 0, &a, &err), err);
	snprintf(
	    words, sizeof(words), "%s, n1: another process", store_path(s));
	assert_fails(store_lock(s, LOCK_FLIGHT, "n1", 0, &b, &err), err,
	    TOKENWARD_UNAVAILABLE, words);
	cr_assert_eq(b, -1);
	store_unlock_range(&a);
	assert_ok(store_lock(s, LOCK_STORE, NULL, 0, &a, &err), err);
	snprintf(words, sizeof(words), "%s: another process", store_path(s));
	assert_fails(store_lock(s, LOCK_STORE, NULL, 0, &b, &err), err,
	    TOKENWARD_UNAVAILABLE, words);
	store_unlock_range(&a);
	assert_fails(store_lock(s, LOCK_LANE, "no name", 0, &a, &err), err,
	    TOKENWARD_USAGE, "a name begins with");
}

Test(store_states, a_record_that_is_not_there_is_named)
{
	struct buf plain = BUF_SECRET_INIT;
	uint64_t generation = 7;
	struct error err;

	assert_fails(
	    store_read(s, RECORD_TOKENS, "none", &plain, &generation, &err),
	    err, TOKENWARD_NOT_FOUND,
	    "there is no tokens record named none in the store /");
	cr_assert_eq(generation, 0);
	assert_fails(
	    store_read(s, RECORD_CREDENTIAL, "none", &plain, NULL, &err), err,
	    TOKENWARD_NOT_FOUND,
	    "there is no credential named none in the store /");
}

/* ---- another ----------------------------------------------------------- */

static void
put_in_place(const char *name)
{
	cr_assert_eq(rename(unit_path("s"), unit_path("was")), 0);
	cr_assert_eq(rename(unit_path(name), unit_path("s")), 0);
}

/* What is open goes on where it was, wherever that lies now. */
Test(store_states, a_store_that_was_moved_is_still_the_one)
{
	struct error err;

	store_close(make(unit_path("other")));
	put_in_place("other");
	assert_ok(put(RECORD_CREDENTIAL, "n1", 0, &err), err);
	cr_assert(holds(RECORD_CREDENTIAL, "n1"));
	cr_assert_neq(access(unit_path("s/credentials"), F_OK), -1);
	cr_assert_eq(rmdir(unit_path("s/credentials")), 0, "none went there");
}

Test(store_states, a_header_of_another_store_is_not_gone_on_with)
{
	struct buf b = BUF_INIT;
	struct error err;

	store_close(make(unit_path("other")));
	unit_read(unit_path("other/header"), &b);
	unit_write(unit_path("s/header"), b.data, b.len);
	assert_fails(put(RECORD_CREDENTIAL, "n1", 0, &err), err,
	    TOKENWARD_CONFIG, "there is another store at");
	cr_assert_not(store_is_unlocked(s, false), "its keys are not ours");
	buf_free(&b);
}

Test(store_states, one_exists_where_its_header_is)
{
	char name[PATH_MAX + 2];

	cr_assert(store_exists(unit_path("s")));
	cr_assert_not(store_exists(unit_path("none")));
	cr_assert_not(store_exists(unit_path("s/header")));
	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	cr_assert_not(store_exists(name));
	failing_begin("stat64", 1, EACCES); /* it may be there */
	cr_assert(store_exists(unit_path("none")));
	cr_assert(failing_end());
	cr_assert_eq(unlink(unit_path("s/header")), 0);
	cr_assert_not(store_exists(unit_path("s")));
	unit_write(unit_path("s/header"), "", 0);
}

/* ---- in time ----------------------------------------------------------- */

static void
takes(int64_t *deadline, int64_t least, int64_t most)
{
	int64_t begun = clock_boot_ms(), took;
	struct error err;

	store_use_deadline(s, deadline);
	assert_fails(store_finish(s, &err), err, TOKENWARD_UNAVAILABLE,
	    "another process");
	took = clock_boot_ms() - begun;
	cr_assert(took >= least && took < most, "%lld ms", (long long)took);
}

Test(store_states, a_lock_is_waited_for_until_the_deadline)
{
	int64_t deadline = clock_boot_ms() - 1000;
	struct error err;
	int lock = -1;

	assert_ok(store_finish(s, &err), err);
	cr_assert_eq(unlink(unit_path("s/header.old")), 0);
	assert_ok(store_lock(s, LOCK_STORE, NULL, 0, &lock, &err), err);
	takes(&deadline, 190, 3000);
	deadline = clock_boot_ms() + 1000;
	takes(&deadline, 900, 4000);
	store_unlock_range(&lock);
	assert_ok(store_finish(s, &err), err);
	cr_assert_eq(access(unit_path("s/header.old"), F_OK), 0);
	store_use_deadline(s, NULL);
}
