/* SPDX-License-Identifier: BSD-2-Clause */
/* The store: what is written is read, by those who may. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/secret.h"
#include "small_store.h"
#include "unit.h"

TestSuite(store, .fini = unit_cleanup);

static mode_t
mode_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0, "%s", path);
	return st.st_mode & 07777;
}

Test(store, write_read_remove)
{
	struct store *s = small_make("s");
	struct buf plain = BUF_SECRET_INIT;
	uint64_t generation = 9;
	struct error err;

	cr_assert_eq(
	    small_get(s, RECORD_CREDENTIAL, "a", &plain, &generation, &err),
	    TOKENWARD_NOT_FOUND);
	cr_assert_eq(generation, 0);
	assert_ok(small_put(s, RECORD_CREDENTIAL, "a", "one", 0, &err), err);
	assert_ok(small_put(s, RECORD_TOKENS, "a", "token", 0, &err), err);
	small_expect(s, RECORD_CREDENTIAL, "a", "one", 1);
	small_expect(s, RECORD_TOKENS, "a", "token", 1);
	assert_ok(small_put(s, RECORD_CREDENTIAL, "a", "two", 1, &err), err);
	small_expect(s, RECORD_CREDENTIAL, "a", "two", 2);
	assert_ok(store_remove(s, RECORD_CREDENTIAL, "a", &err), err);
	assert_ok(store_remove(s, RECORD_CREDENTIAL, "a", &err), err);
	cr_assert_eq(small_get(s, RECORD_CREDENTIAL, "a", &plain, NULL, &err),
	    TOKENWARD_NOT_FOUND);
	small_expect(s, RECORD_TOKENS, "a", "token", 1);
	store_close(s);
	cr_assert_eq(secret_in_use(), plain.cap, "no secret left behind");
	buf_free(&plain);
}

Test(store, a_lost_race_writes_nothing)
{
	struct store *s = small_make("s");
	struct error err;

	assert_ok(small_put(s, RECORD_CREDENTIAL, "a", "one", 0, &err), err);
	assert_fails(small_put(s, RECORD_CREDENTIAL, "a", "other", 0, &err),
	    err, TOKENWARD_EXISTS, "another process");
	assert_fails(small_put(s, RECORD_CREDENTIAL, "a", "other", 2, &err),
	    err, TOKENWARD_EXISTS, "another process");
	small_expect(s, RECORD_CREDENTIAL, "a", "one", 1);
	store_close(s);
}

Test(store, odd_names_are_refused)
{
	static const char *const odd[] = {
	    "", ".", "..", "a/b", "-a", "a b", "a\nb", "\xc3\xa4", "../header"};
	struct store *s = small_make("s");
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		cr_assert_eq(small_put(s, RECORD_TOKENS, odd[i], "x", 0, &err),
		    TOKENWARD_USAGE, "%s", odd[i]);
	store_close(s);
}

Test(store, locked_keys_open_nothing)
{
	struct store *s = small_make("s");
	struct buf plain = BUF_SECRET_INIT;
	unsigned char wrong[KEY_LEN] = {1};
	struct error err;
	int lock;

	assert_ok(small_put(s, RECORD_CREDENTIAL, "a", "one", 0, &err), err);
	assert_ok(small_put(s, RECORD_TOKENS, "a", "t", 0, &err), err);
	assert_ok(store_unlock(s, small_master, false, &err), err);
	cr_assert(store_is_unlocked(s, false));
	cr_assert_not(store_is_unlocked(s, true));
	small_expect(s, RECORD_TOKENS, "a", "t", 1);
	cr_assert_eq(small_get(s, RECORD_CREDENTIAL, "a", &plain, NULL, &err),
	    TOKENWARD_LOCKED);
	cr_assert_eq(small_put(s, RECORD_CREDENTIAL, "b", "x", 0, &err),
	    TOKENWARD_LOCKED);
	store_lock_keys(s);
	cr_assert_not(store_is_unlocked(s, false));
	cr_assert_eq(small_get(s, RECORD_TOKENS, "a", &plain, NULL, &err),
	    TOKENWARD_LOCKED);
	cr_assert_eq(
	    store_lock(s, LOCK_RECORD, "a", 0, &lock, &err), TOKENWARD_LOCKED);
	assert_fails(store_unlock(s, wrong, true, &err), err, TOKENWARD_LOCKED,
	    "not that of the store");
	cr_assert_not(store_is_unlocked(s, false));
	buf_free(&plain);
	store_close(s);
}

Test(store, a_forked_child_has_no_keys)
{
	struct store *s = small_make("s");
	struct error err;
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(store_is_unlocked(s, false) ||
		      small_put(s, RECORD_TOKENS, "a", "x", 0, &err) !=
			  TOKENWARD_LOCKED);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
	store_close(s);
}

/* A store in a fresh directory below one that is not there yet. */
static void
check_modes(mode_t mask)
{
	char name[16], part[32];
	struct store *s;
	struct error err;
	mode_t before;

	snprintf(name, sizeof(name), "m%03o/s", mask);
	unit_dir();
	before = umask(mask);
	s = small_make(name);
	assert_ok(small_put(s, RECORD_TOKENS, "a", "t", 0, &err), err);
	assert_ok(small_put(s, RECORD_TOKENS, "a", "t", 1, &err), err);
	umask(before);
	cr_assert_eq(mode_of(store_path(s)), 0700);
	cr_assert_eq(mode_of(small_file_of(s, RECORD_TOKENS, "a")), 0600);
	snprintf(part, sizeof(part), "%s/lock", name);
	cr_assert_eq(mode_of(unit_path(part)), 0600);
	snprintf(part, sizeof(part), "%s/tokens", name);
	cr_assert_eq(mode_of(unit_path(part)), 0700);
	store_close(s);
}

Test(store, modes_do_not_follow_the_umask)
{
	check_modes(0);
	check_modes(022);
	check_modes(077);
	check_modes(0777);
}

Test(store, a_directory_that_was_there_gets_its_mode)
{
	cr_assert_eq(mkdir(unit_path("s"), 0755), 0);
	store_close(small_make("s"));
	cr_assert_eq(mode_of(unit_path("s")), 0700);
}

Test(store, others_may_not_enter)
{
	struct store *s = small_make("s");
	const char *path = unit_path("s");
	struct error err;

	store_close(s);
	cr_assert_eq(chmod(path, 0750), 0);
	assert_fails(store_open(path, &s, &err), err, TOKENWARD_NOT_ALLOWED,
	    "chmod 700");
	cr_assert_eq(chmod(path, 0701), 0);
	cr_assert_eq(store_open(path, &s, &err), TOKENWARD_NOT_ALLOWED);
	cr_assert_eq(chmod(path, 0700), 0);
	assert_ok(store_open(path, &s, &err), err);
	store_close(s);
}

Test(store, root_keeps_away_from_strangers)
{
	struct store *s;
	const char *path = unit_path("s"), *above = unit_path("d");
	struct error err;

	store_close(small_make("s"));
	if (geteuid() != 0 || chown(path, 65534, 65534) < 0)
		cr_skip("needs root");
	assert_fails(store_open(path, &s, &err), err, TOKENWARD_NOT_ALLOWED,
	    "belongs to uid 65534");
	cr_assert_eq(mkdir(above, 0755), 0);
	store_close(small_make("d/s"));
	cr_assert_eq(chmod(above, 0777), 0);
	assert_fails(store_open(unit_path("d/s"), &s, &err), err,
	    TOKENWARD_NOT_ALLOWED, "directory above");
	cr_assert_eq(chmod(above, 0755), 0);
	cr_assert_eq(chown(above, 65534, 65534), 0);
	assert_fails(store_open(unit_path("d/s"), &s, &err), err,
	    TOKENWARD_NOT_ALLOWED, "directory above");
	cr_assert_eq(chown(above, 0, 0), 0);
	assert_ok(store_open(unit_path("d/s"), &s, &err), err);
	store_close(s);
}

Test(store, a_missing_store_says_how_to_make_one)
{
	struct store *s;
	struct error err;

	assert_fails(store_open(unit_path("none"), &s, &err), err,
	    TOKENWARD_CONFIG, "tokenward init");
	cr_assert_eq(mkdir(unit_path("empty"), 0700), 0);
	assert_fails(store_open(unit_path("empty"), &s, &err), err,
	    TOKENWARD_CONFIG, "tokenward init");
	cr_assert_not(store_exists(unit_path("empty")));
	store_close(small_make("empty"));
	cr_assert(store_exists(unit_path("empty")));
}

Test(store, is_not_made_over_something)
{
	struct header h = {0};
	struct store *s;
	struct error err;

	store_close(small_make("s"));
	assert_fails(
	    store_create(unit_path("s"), &h, small_master, NULL, &s, &err), err,
	    TOKENWARD_EXISTS, "already");
	cr_assert_eq(mkdir(unit_path("home"), 0700), 0);
	unit_write(unit_path("home/letter"), "dear", 4);
	assert_fails(
	    store_create(unit_path("home"), &h, small_master, NULL, &s, &err),
	    err, TOKENWARD_USAGE, "other files");
}

/* Killed anywhere, making it once more finishes it. */
Test(store, an_unfinished_store_is_made_on)
{
	cr_assert_eq(mkdir(unit_path("s"), 0700), 0);
	cr_assert_eq(mkdir(unit_path("s/tokens"), 0755), 0);
	unit_write(unit_path("s/lock"), "", 0);
	unit_write(unit_path("s/header.new"), "half", 4);
	store_close(small_make("s"));
	cr_assert_eq(mode_of(unit_path("s/tokens")), 0700);
	cr_assert_eq(access(unit_path("s/header.new"), F_OK), -1);
}

/* ---- writing under trouble --------------------------------------------- */

Test(store, what_a_killed_writer_left_goes_away)
{
	struct store *s = small_make_three("s");
	char temp[1024];
	struct error err;

	snprintf(temp, sizeof(temp), "%s.new",
	    small_file_of(s, RECORD_CREDENTIAL, "a"));
	unit_write(temp, "half a rec", 10);
	assert_ok(small_put(s, RECORD_CREDENTIAL, "a", "one", 1, &err), err);
	cr_assert_eq(access(temp, F_OK), -1);
	unit_write(temp, "half a rec", 10);
	assert_ok(store_remove(s, RECORD_CREDENTIAL, "a", &err), err);
	cr_assert_eq(access(temp, F_OK), -1);
	store_close(s);
}

static int
count(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	(void)plain;
	(void)generation;
	(void)damage;
	return ++*(int *)data == 1 ? 42 : 0;
}

Test(store, each_ends_when_told)
{
	struct store *s = small_make_three("s");
	struct error err;
	int n = 0;

	cr_assert_eq(store_each(s, count, &n, &err), 42);
	cr_assert_eq(n, 1);
	store_close(s);
}

Test(store, stamp_changes_with_the_record)
{
	struct store *s = small_make("s");
	struct stat a, b;
	struct error err;

	cr_assert_not(store_stamp(s, RECORD_TOKENS, "a", &a));
	assert_ok(small_put(s, RECORD_TOKENS, "a", "t", 0, &err), err);
	cr_assert(store_stamp(s, RECORD_TOKENS, "a", &a));
	assert_ok(small_put(s, RECORD_TOKENS, "a", "t", 1, &err), err);
	cr_assert(store_stamp(s, RECORD_TOKENS, "a", &b));
	cr_assert(a.st_ino != b.st_ino ||
		  memcmp(&a.st_ctim, &b.st_ctim, sizeof(a.st_ctim)) != 0);
	store_close(s);
}

Test(store, locks_of_a_record_are_apart)
{
	struct store *s = small_make("s"), *t;
	int record = -1, flight = -1, lane = -1, head = -1, again = -1;
	struct error err;

	assert_ok(small_reopen(unit_path("s"), &t, &err), err);
	assert_ok(store_lock(s, LOCK_RECORD, "a", 0, &record, &err), err);
	assert_ok(store_lock(t, LOCK_FLIGHT, "a", 0, &flight, &err), err);
	assert_ok(store_lock(s, LOCK_LANE, "a", 0, &lane, &err), err);
	assert_ok(store_lock(t, LOCK_STORE, NULL, 0, &head, &err), err);
	assert_fails(store_lock(t, LOCK_RECORD, "a", 0, &again, &err), err,
	    TOKENWARD_UNAVAILABLE, "a: another process");
	assert_ok(store_lock(t, LOCK_RECORD, "b", 0, &again, &err), err);
	store_unlock_range(&record);
	store_unlock_range(&flight);
	store_unlock_range(&lane);
	store_unlock_range(&head);
	store_unlock_range(&again);
	store_close(s);
	store_close(t);
}

Test(store, an_odd_name_is_refused_before_anything_is_looked_for)
{
	struct store *s = small_make("s");
	struct buf plain = BUF_SECRET_INIT;
	struct error err;

	assert_fails(
	    small_get(s, RECORD_CREDENTIAL, "../a", &plain, NULL, &err), err,
	    TOKENWARD_USAGE, "a name begins");
	assert_fails(store_check_remove(s, "../a", &err), err, TOKENWARD_USAGE,
	    "a name begins");
	assert_ok(store_check_remove(s, "a", &err), err);
	store_close(s);
}

struct shrinking {
	struct store *s;
	int n;
};

/* Of the credentials the one that comes first takes the others away. */
static int
remove_others(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	static const char *const names[] = {"x", "y", "z"};
	struct shrinking *left = data;
	struct error err;
	size_t i;

	(void)generation;
	cr_assert(plain && !damage);
	for (i = 0; i < 3; i++)
		if (strcmp(buf_str(plain), names[i]) != 0)
			assert_ok(store_remove(left->s, RECORD_CREDENTIAL,
				      names[i], &err),
			    err);
	left->n++;
	return 0;
}

Test(store, what_is_removed_while_it_is_listed_is_passed_over)
{
	struct shrinking seen = {small_make("s"), 0};
	struct error err;

	assert_ok(small_put(seen.s, RECORD_CREDENTIAL, "x", "x", 0, &err), err);
	assert_ok(small_put(seen.s, RECORD_CREDENTIAL, "y", "y", 0, &err), err);
	assert_ok(small_put(seen.s, RECORD_CREDENTIAL, "z", "z", 0, &err), err);
	assert_ok(store_each(seen.s, remove_others, &seen, &err), err);
	cr_assert_eq(seen.n, 1);
	store_close(seen.s);
}

Test(store, a_mark_is_that_of_one_state_of_a_file)
{
	struct store *s = small_make("s");
	struct store_mark mark, other;
	struct error err;

	assert_ok(small_put(s, RECORD_TOKENS, "a", "t", 0, &err), err);
	cr_assert(store_mark(s, RECORD_TOKENS, "a", &mark));
	cr_assert(store_is_as_marked(s, &mark));
	other = mark;
	other.st.st_size++;
	cr_assert_not(store_is_as_marked(s, &other));
	other = mark;
	other.st.st_ctim.tv_sec--;
	cr_assert_not(store_is_as_marked(s, &other));
	other = mark;
	other.st.st_ctim.tv_nsec ^= 1;
	cr_assert_not(store_is_as_marked(s, &other));
	cr_assert_eq(truncate(small_file_of(s, RECORD_TOKENS, "a"), 1), 0);
	cr_assert_not(store_is_as_marked(s, &mark));
	store_close(s);
}
