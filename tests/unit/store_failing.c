/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store when one call fails: each call on a file, then each allocation,
 * one after the other.  Either it worked, or it is said why not and nothing
 * is lost; what could not be read is called neither absent nor damaged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/secret.h"
#include "base/str.h"
#include "store/entries.h"
#include "store/export.h"
#include "store/store.h"
#include "failing.h"
#include "trial.h"
#include "unit.h"

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";

static struct store *s;

static void
make(const char *path, struct store **ret)
{
	struct header h = {.created_at = 1700000000};
	struct error err;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(store_create(path, &h, master, NULL, ret, &err), err);
	assert_ok(store_unlock(*ret, master, true, &err), err);
	header_free(&h);
}

static int
put(enum record_kind kind, const char *name, const char *text,
    uint64_t generation, struct error *err)
{
	struct buf plain = BUF_SECRET_INIT;
	int r;

	buf_put_str(&plain, text);
	r = plain.failed
		? error_memory(err)
		: store_write(s, kind, name, &plain, generation, true, err);
	buf_free(&plain);
	return r;
}

/* The text and the generation; "" when there is none. */
static const char *
content(enum record_kind kind, const char *name, uint64_t *generation)
{
	static char text[64];
	struct buf plain = BUF_SECRET_INIT;
	struct error err;
	int r = store_read(s, kind, name, &plain, generation, &err);

	cr_assert(
	    r == TOKENWARD_OK || r == TOKENWARD_NOT_FOUND, "%s", err.text);
	snprintf(text, sizeof(text), "%s", buf_str(&plain));
	buf_free(&plain);
	return text;
}

static void
setup(void)
{
	struct error err;

	failing_hurry(true);
	make(unit_path("s"), &s);
	assert_ok(put(RECORD_CREDENTIAL, "a", "one", 0, &err), err);
	assert_ok(put(RECORD_CREDENTIAL, "b", "two", 0, &err), err);
	assert_ok(put(RECORD_TOKENS, "a", "token", 0, &err), err);
}

static void
teardown(void)
{
	store_close(s);
	unit_cleanup();
}

TestSuite(store_failing, .init = setup, .fini = teardown);

/* ---- records ----------------------------------------------------------- */

static struct buf got = BUF_SECRET_INIT;

static int
read_a(struct error *err)
{
	buf_free(&got);
	return store_read(s, RECORD_CREDENTIAL, "a", &got, NULL, err);
}

static void
check_read(int r, const struct error *err)
{
	trial_is_told(r, err);
	cr_assert_str_eq(buf_str(&got), r == TOKENWARD_OK ? "one" : "");
	buf_free(&got);
}

Test(store_failing, a_record_that_cannot_be_read_is_not_absent_or_damaged)
{
	trial_all(&(struct trial){read_a, check_read});
}

static int
write_a(struct error *err)
{
	uint64_t generation;

	buf_set(&got, NULL, 0);
	if (store_read(s, RECORD_CREDENTIAL, "a", &got, &generation, err) !=
	    TOKENWARD_OK)
		return err->code;
	return put(RECORD_CREDENTIAL, "a", "new", generation, err);
}

static void
check_written(int r, const struct error *err)
{
	uint64_t generation;
	const char *text = content(RECORD_CREDENTIAL, "a", &generation);
	struct error again;

	trial_is_told(r, err);
	cr_assert(strcmp(text, "new") == 0 ||
		  (r != TOKENWARD_OK && strcmp(text, "one") == 0));
	assert_ok(
	    put(RECORD_CREDENTIAL, "a", "one", generation, &again), again);
	cr_assert_str_eq(content(RECORD_CREDENTIAL, "b", NULL), "two");
	buf_free(&got);
}

Test(store_failing, a_write_leaves_the_old_record_or_the_new)
{
	trial_all(&(struct trial){write_a, check_written});
}

static int
write_new(struct error *err)
{
	return put(RECORD_TOKENS, "new", "fresh", 0, err);
}

static void
check_new(int r, const struct error *err)
{
	const char *text = content(RECORD_TOKENS, "new", NULL);
	struct error again;

	trial_is_told(r, err);
	cr_assert(strcmp(text, "fresh") == 0 ||
		  (r != TOKENWARD_OK && strcmp(text, "") == 0));
	assert_ok(store_remove(s, RECORD_TOKENS, "new", &again), again);
}

Test(store_failing, a_new_record_is_there_or_not)
{
	trial_all(&(struct trial){write_new, check_new});
}

static int
remove_b(struct error *err)
{
	return store_remove(s, RECORD_CREDENTIAL, "b", err);
}

static void
check_removed(int r, const struct error *err)
{
	uint64_t generation;
	const char *text = content(RECORD_CREDENTIAL, "b", &generation);
	struct error again;

	trial_is_told(r, err);
	cr_assert(strcmp(text, "") == 0 ||
		  (r != TOKENWARD_OK && strcmp(text, "two") == 0));
	if (text[0] == '\0')
		assert_ok(put(RECORD_CREDENTIAL, "b", "two", 0, &again), again);
}

Test(store_failing, what_is_said_to_be_removed_is_removed)
{
	trial_all(&(struct trial){remove_b, check_removed});
}

static struct {
	unsigned whole, told, damaged;
} seen;

static int
see(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	(void)data;
	(void)generation;
	seen.whole += plain != NULL;
	seen.told += damage && damage->code == TOKENWARD_FAILED;
	seen.damaged += damage && damage->code != TOKENWARD_FAILED;
	return 0;
}

static int
see_all(struct error *err)
{
	memset(&seen, 0, sizeof(seen));
	return store_each(s, see, NULL, err);
}

static void
check_seen(int r, const struct error *err)
{
	trial_is_told(r, err);
	cr_assert_eq(seen.damaged, 0);
	cr_assert(r != TOKENWARD_OK || seen.whole + seen.told == 2, "%u, %u",
	    seen.whole, seen.told);
}

Test(store_failing, no_walk_leaves_one_out_silently)
{
	trial_all(&(struct trial){see_all, check_seen});
	cr_assert_eq(seen.whole, 2);
}

static unsigned entries;

static int
count_entry(void *data, const struct entry *e)
{
	(void)data;
	entries += e->what == ENTRY_RECORD;
	return 0;
}

static int
count_entries(struct error *err)
{
	entries = 0;
	return store_entries(s, count_entry, NULL, err);
}

static void
check_entries(int r, const struct error *err)
{
	trial_is_told(r, err);
	cr_assert(r != TOKENWARD_OK || entries == 3, "%u", entries);
}

Test(store_failing, no_file_is_passed_over_silently)
{
	trial_some(&(struct trial){count_entries, check_entries}, "system");
	cr_assert_eq(entries, 3);
}

Test(store_failing, a_write_that_fails_says_what_helps)
{
	static const struct {
		int error, r;
		const char *words;
	} rows[] = {
	    {ENOSPC, TOKENWARD_FAILED, "free some space"},
	    {EDQUOT, TOKENWARD_FAILED, "free some space"},
	    {EROFS, TOKENWARD_NOT_ALLOWED, "read-only file system"},
	    {EACCES, TOKENWARD_NOT_ALLOWED, "another user"},
	    {EPERM, TOKENWARD_NOT_ALLOWED, "another user"},
	    {EIO, TOKENWARD_FAILED, "look at the system's log"},
	    {EMFILE, TOKENWARD_FAILED, "Too many open files"},
	};
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		failing_begin("renameat", 1, rows[i].error);
		assert_fails(put(RECORD_TOKENS, "new", "x", 0, &err), err,
		    rows[i].r, rows[i].words);
		cr_assert(failing_end());
		cr_assert(strstr(err.text, "cannot write "));
		cr_assert(strstr(err.text, "/s/tokens/"));
	}
}

/* Nothing is made anew in the place of what somebody took away. */
Test(store_failing, a_store_that_was_removed_meanwhile_is_not_written_to)
{
	struct error err;

	cr_assert_eq(rename(unit_path("s"), unit_path("t")), 0);
	cr_assert_eq(mkdir(unit_path("s"), 0700), 0);
	assert_ok(put(RECORD_TOKENS, "new", "x", 0, &err), err);
	cr_assert_eq(access(unit_path("s/tokens"), F_OK), -1);
	cr_assert_eq(rmdir(unit_path("s")), 0);
	cr_assert_eq(rename(unit_path("t"), unit_path("s")), 0);
}

/* ---- the header -------------------------------------------------------- */

static struct store *opened;

static int
open_it(struct error *err)
{
	opened = NULL;
	if (store_open(unit_path("s"), &opened, err) != TOKENWARD_OK)
		return err->code;
	return store_unlock(opened, master, true, err);
}

static void
check_opened(int r, const struct error *err)
{
	trial_is_told(r, err);
	cr_assert(r != TOKENWARD_OK || store_is_unlocked(opened, true));
	store_close(opened);
}

Test(store_failing, a_store_that_cannot_be_opened_is_not_absent_or_damaged)
{
	trial_all(&(struct trial){open_it, check_opened});
}

static int
write_header(struct error *err)
{
	const struct buf *b = &store_header(s)->bytes;
	struct header h;
	int r = header_decode(b->data, b->len, &h, err);

	if (r != TOKENWARD_OK)
		return r;
	h.created_at++;
	r = store_write_header(s, &h, master, err);
	header_free(&h);
	return r;
}

/* Both are whole, and what was opened before goes on. */
static void
check_header(int r, const struct error *err)
{
	int64_t before = store_header(s)->sequence;
	struct header copy;
	struct error again;

	trial_is_told(r, err);
	error_clear(&again);
	assert_ok(store_reload(s, &again), again);
	cr_assert(store_is_unlocked(s, true));
	cr_assert(store_header(s)->sequence >= before);
	assert_ok(store_read_copy(unit_path("s"), &copy, &again), again);
	cr_assert(header_verify(&copy, master));
	header_free(&copy);
	cr_assert_str_eq(content(RECORD_CREDENTIAL, "a", NULL), "one");
	store_rest(s); /* as at the end of each call of a handle */
}

Test(store_failing, a_header_is_the_old_one_or_the_new)
{
	trial_all(&(struct trial){write_header, check_header});
}

static int
reload(struct error *err)
{
	return store_reload(s, err);
}

Test(store_failing, a_header_that_cannot_be_read_again_stays_known)
{
	trial_all(&(struct trial){reload, check_header});
}

static unsigned turn;

static int
create(struct error *err)
{
	struct header h = {.created_at = 1700000000};
	char name[16];
	int r;

	snprintf(name, sizeof(name), "new%u", ++turn);
	opened = NULL;
	r = store_create(unit_path(name), &h, master, NULL, &opened, err);
	header_free(&h);
	return r;
}

/* Once more makes it, or it is there. */
static void
check_created(int r, const struct error *err)
{
	struct header h = {.created_at = 1700000000};
	struct error again;
	char name[16];
	int r2;

	trial_is_told(r, err);
	store_close(opened);
	opened = NULL;
	snprintf(name, sizeof(name), "new%u", turn);
	r2 = store_create(unit_path(name), &h, master, NULL, &opened, &again);
	cr_assert(
	    r2 == TOKENWARD_OK || r2 == TOKENWARD_EXISTS, "%s", again.text);
	if (r2 == TOKENWARD_EXISTS)
		assert_ok(store_open(unit_path(name), &opened, &again), again);
	assert_ok(store_unlock(opened, master, true, &again), again);
	assert_ok(store_finish(opened, &again), again);
	cr_assert_eq(
	    store_check_copy(opened, &again), TOKENWARD_OK, "%s", again.text);
	store_close(opened);
	opened = NULL;
	header_free(&h);
}

Test(store_failing, a_store_is_made_or_can_be_made_on)
{
	unit_dir();
	trial_all(&(struct trial){create, check_created});
}

static int
create_over(const char *name, struct error *err)
{
	struct header h = {.created_at = 1700000000};
	struct store *none = NULL;
	int r = store_create(unit_path(name), &h, master, NULL, &none, err);

	store_close(none);
	header_free(&h);
	return r;
}

/* Whatever cannot be looked at: it must not be taken for nothing. */
static void
assert_never_made(const char *name, int error)
{
	struct error err;
	bool hit = true;
	unsigned n;

	for (n = 1; hit; n++) {
		failing_begin("system", n, error);
		cr_assert_neq(create_over(name, &err), TOKENWARD_OK, "%u", n);
		hit = failing_end();
		cr_assert(err.text[0]);
	}
	cr_assert(n > 2);
}

Test(store_failing, nothing_is_made_over_what_cannot_be_looked_at)
{
	struct buf before = BUF_INIT, after = BUF_INIT;

	cr_assert_eq(mkdir(unit_path("home"), 0700), 0);
	unit_write(unit_path("home/letter"), "dear", 4);
	assert_never_made("home", EIO);
	unit_read(unit_path("s/header"), &before);
	assert_never_made("s", EIO);
	unit_read(unit_path("s/header"), &after);
	cr_assert(buf_equal(&before, &after));
	cr_assert_eq(unlink(unit_path("s/header")), 0);
	assert_never_made("s", EIO);
	cr_assert_eq(unlink(unit_path("s/header.old")), 0);
	assert_never_made("s", EIO);
	buf_free(&before);
	buf_free(&after);
	unit_write(unit_path("s/header"), "", 0); /* for the end of the test */
}
