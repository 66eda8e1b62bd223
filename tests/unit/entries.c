/* SPDX-License-Identifier: BSD-2-Clause */
/* What lies in a store's directory, told by name; and the end of it all. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/str.h"
#include "store/entries.h"
#include "store/lock.h"
#include "store/store.h"
#include "failing.h"
#include "unit.h"

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static struct store *s;

#define HEX_62 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"
#define HEX_64 HEX_62 "ef"

static void
setup(void)
{
	struct header h = {.created_at = 1700000000};
	struct error err;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(
	    store_create(unit_path("s"), &h, master, NULL, &s, &err), err);
	assert_ok(store_unlock(s, master, true, &err), err);
	header_free(&h);
}

static void
teardown(void)
{
	store_close(s);
	unit_cleanup();
}

TestSuite(entries, .init = setup, .fini = teardown);

static void
put(enum record_kind kind, const char *name, const char *text)
{
	struct buf plain = BUF_SECRET_INIT;
	struct error err;

	buf_put_str(&plain, text);
	assert_ok(store_write(s, kind, name, &plain, 0, true, &err), err);
	buf_free(&plain);
}

static void
touch(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "s/%s", name);
	unit_write(unit_path(path), "x", 1);
}

static bool
is_there(const char *name)
{
	char path[300];
	struct stat st;

	snprintf(path, sizeof(path), "s/%s", name);
	return lstat(unit_path(path), &st) == 0;
}

/* ---- by name ----------------------------------------------------------- */

struct wanted {
	const char *path;
	enum entry_kind what;
	bool seen;
};

static struct wanted *wanted;
static size_t wanted_n;

static int
tick_off(void *data, const struct entry *e)
{
	unsigned char index[INDEX_LEN];
	size_t i;

	(void)data;
	for (i = 0; i < wanted_n && strcmp(wanted[i].path, e->path) != 0; i++)
		;
	cr_assert(i < wanted_n, "%s", e->path);
	cr_assert_eq(e->what, wanted[i].what, "%s", e->path);
	cr_assert_not(wanted[i].seen, "%s", e->path);
	wanted[i].seen = true;
	if (e->what == ENTRY_RECORD) {
		cr_assert(S_ISREG(e->mode));
		cr_assert(hex_get(HEX_64, index, INDEX_LEN));
		cr_assert_eq(memcmp(e->index, index, INDEX_LEN), 0);
		cr_assert_eq(e->kind,
		    e->path[0] == 't' ? RECORD_TOKENS : RECORD_CREDENTIAL);
	}
	return 0;
}

static void
walk(struct wanted *list, size_t n)
{
	struct error err;
	size_t i;

	wanted = list;
	wanted_n = n;
	assert_ok(store_entries(s, tick_off, NULL, &err), err);
	for (i = 0; i < n; i++)
		cr_assert(list[i].seen, "%s", list[i].path);
}

Test(entries, everything_is_told_by_its_name)
{
	static struct wanted all[] = {
	    {"header", ENTRY_PART},
	    {"header.old", ENTRY_PART},
	    {"header.bad", ENTRY_PART},
	    {"lock", ENTRY_PART},
	    {"credentials", ENTRY_PART},
	    {"tokens", ENTRY_PART},
	    {"header.new", ENTRY_TEMPORARY},
	    {"header.old.new", ENTRY_TEMPORARY},
	    {"header.bad.new", ENTRY_STRANGE},
	    {"Header", ENTRY_STRANGE},
	    {".hidden", ENTRY_STRANGE},
	    {"...", ENTRY_STRANGE},
	    {HEX_64, ENTRY_STRANGE},
	    {"credentials/" HEX_64, ENTRY_RECORD},
	    {"tokens/" HEX_64, ENTRY_RECORD},
	    {"tokens/" HEX_64 ".new", ENTRY_TEMPORARY},
	    {"tokens/" HEX_64 ".old", ENTRY_STRANGE},
	    {"tokens/" HEX_64 ".ne", ENTRY_STRANGE},
	    {"tokens/" HEX_64 ".news", ENTRY_STRANGE},
	    {"tokens/" HEX_62 "e.new", ENTRY_STRANGE},
	    {"tokens/" HEX_62 "eF", ENTRY_STRANGE},
	    {"tokens/" HEX_62 "e", ENTRY_STRANGE},
	    {"tokens/" HEX_64 "0", ENTRY_STRANGE},
	    {"tokens/" HEX_62 "eg", ENTRY_STRANGE},
	    {"tokens/" HEX_62 "eg.new", ENTRY_STRANGE},
	    {"tokens/" HEX_62 "\xc3\xa4", ENTRY_STRANGE},
	    {"tokens/header", ENTRY_STRANGE},
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(all[i].path, "credentials") != 0 &&
		    strcmp(all[i].path, "tokens") != 0)
			touch(all[i].path);
	walk(all, sizeof(all) / sizeof(*all));
}

static int
count_some(void *data, const struct entry *e)
{
	unsigned *n = data;

	(void)e;
	return ++*n == 2 ? 42 : 0;
}

Test(entries, a_walk_ends_when_told)
{
	struct error err;
	unsigned n = 0;

	cr_assert_eq(store_entries(s, count_some, &n, &err), 42);
	cr_assert_eq(n, 2);
}

Test(entries, a_folder_that_is_gone_or_something_else_has_nothing)
{
	static struct wanted all[] = {{"header", ENTRY_PART},
	    {"header.old", ENTRY_PART}, {"lock", ENTRY_PART},
	    {"credentials", ENTRY_PART}, {"tokens", ENTRY_PART}};

	cr_assert_eq(rmdir(unit_path("s/credentials")), 0);
	cr_assert_eq(rmdir(unit_path("s/tokens")), 0);
	cr_assert_eq(symlink("/", unit_path("s/credentials")), 0);
	touch("tokens");
	walk(all, sizeof(all) / sizeof(*all));
}

static int
mode_of_entry(void *data, const struct entry *e)
{
	if (strcmp(e->path, "tokens/" HEX_64) == 0)
		*(mode_t *)data = e->mode;
	return 0;
}

Test(entries, a_link_is_not_followed)
{
	struct error err;
	mode_t mode = 0;

	cr_assert_eq(symlink("../header", unit_path("s/tokens/" HEX_64)), 0);
	assert_ok(store_entries(s, mode_of_entry, &mode, &err), err);
	cr_assert(S_ISLNK(mode));
}

Test(entries, which_records_there_are)
{
	unsigned char index[INDEX_LEN], other[INDEX_LEN] = {1};
	struct error err;

	put(RECORD_CREDENTIAL, "a", "one");
	assert_ok(store_index(s, "a", index, &err), err);
	cr_assert(store_has_record(s, RECORD_CREDENTIAL, index));
	cr_assert_not(store_has_record(s, RECORD_TOKENS, index));
	cr_assert_not(store_has_record(s, RECORD_CREDENTIAL, other));
	assert_fails(store_index(s, "../a", index, &err), err, TOKENWARD_USAGE,
	    "a name begins");
	cr_assert(store_has_lock(s));
	cr_assert_eq(unlink(unit_path("s/lock")), 0);
	cr_assert_not(store_has_lock(s));
}

struct read_entry {
	struct buf text;
	int r;
	uint64_t generation;
	struct error err;
};

static int
read_it(void *data, const struct entry *e)
{
	struct read_entry *got = data;

	if (e->what == ENTRY_RECORD)
		got->r = store_read_entry(
		    s, e, &got->text, &got->generation, &got->err);
	return 0;
}

/* The caller says which: here its fault alone is told. */
Test(entries, a_record_is_read_by_its_file)
{
	struct read_entry got = {.text = BUF_SECRET_INIT, .r = -1};
	struct error err;

	put(RECORD_CREDENTIAL, "a", "one");
	assert_ok(store_entries(s, read_it, &got, &err), err);
	assert_ok(got.r, got.err);
	cr_assert_str_eq(buf_str(&got.text), "one");
	cr_assert_eq(got.generation, 1);
	put(RECORD_TOKENS, "a", "one");
	store_remove(s, RECORD_CREDENTIAL, "a", &err);
	touch("credentials/" HEX_64);
	cr_assert_eq(store_remove(s, RECORD_TOKENS, "a", &err), 0);
	assert_ok(store_entries(s, read_it, &got, &err), err);
	cr_assert_eq(got.r, TOKENWARD_DAMAGED);
	cr_assert_str_eq(got.err.text, "it is cut short");
	buf_free(&got.text);
}

/* ---- the copy of the header -------------------------------------------- */

Test(entries, the_copy_of_the_header_is_this_stores)
{
	struct buf b = BUF_INIT;
	struct store *other;
	struct header h = {.created_at = 1};
	struct error err;

	assert_ok(store_check_copy(s, &err), err);
	unit_read(unit_path("s/header.old"), &b);
	b.data[b.len - 1] ^= 1;
	unit_write(unit_path("s/header.old"), b.data, b.len);
	assert_fails(store_check_copy(s, &err), err, TOKENWARD_DAMAGED,
	    "changed without its key");
	unit_write(unit_path("s/header.old"), b.data, b.len / 2);
	assert_fails(store_check_copy(s, &err), err, TOKENWARD_DAMAGED,
	    "header is damaged");
	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(
	    store_create(unit_path("o"), &h, master, NULL, &other, &err), err);
	store_close(other);
	buf_clear(&b);
	unit_read(unit_path("o/header"), &b);
	unit_write(unit_path("s/header.old"), b.data, b.len);
	assert_fails(store_check_copy(s, &err), err, TOKENWARD_DAMAGED,
	    "header of another store");
	cr_assert_eq(truncate(unit_path("s/header.old"), HEADER_MAX + 1), 0);
	assert_fails(store_check_copy(s, &err), err, TOKENWARD_DAMAGED,
	    "not a file of ours");
	cr_assert_eq(unlink(unit_path("s/header.old")), 0);
	assert_fails(
	    store_check_copy(s, &err), err, TOKENWARD_NOT_FOUND, "not there");
	cr_assert_eq(symlink("header", unit_path("s/header.old")), 0);
	assert_fails(store_check_copy(s, &err), err, TOKENWARD_DAMAGED,
	    "not a file of ours");
	cr_assert_eq(unlink(unit_path("s/header.old")), 0);
	cr_assert_eq(mkdir(unit_path("s/header.old"), 0700), 0);
	assert_fails(store_check_copy(s, &err), err, TOKENWARD_DAMAGED,
	    "not a file of ours");
	cr_assert_eq(rmdir(unit_path("s/header.old")), 0);
	buf_free(&b);
}

/* ---- the end ----------------------------------------------------------- */

static int
destroy(struct strlist *left, struct error *err)
{
	*left = (struct strlist){0};
	return store_destroy(unit_path("s"), NULL, left, err);
}

/* Bytes that stay readable for whoever had the file open. */
static bool
still_holds(int fd, const struct buf *before)
{
	struct buf now = BUF_INIT;
	bool same;

	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	cr_assert_eq(file_read_fd(fd, HEADER_MAX, &now), 0);
	cr_assert_eq(now.len, before->len, "written over, not cut");
	same = buf_equal(&now, before);
	buf_free(&now);
	return same;
}

Test(entries, a_store_that_is_destroyed_is_gone_and_its_headers_written_over)
{
	struct buf before = BUF_INIT;
	struct strlist left;
	struct error err;
	int header, copy;

	put(RECORD_CREDENTIAL, "a", "one");
	put(RECORD_TOKENS, "a", "token");
	touch("tokens/" HEX_64 ".new");
	touch("header.bad");
	unit_read(unit_path("s/header"), &before);
	unit_write(unit_path("s/header.new"), before.data, before.len);
	header = open(unit_path("s/header"), O_RDONLY | O_CLOEXEC);
	copy = open(unit_path("s/header.old"), O_RDONLY | O_CLOEXEC);
	assert_ok(destroy(&left, &err), err);
	cr_assert_eq(left.n, 0);
	cr_assert_eq(access(unit_path("s"), F_OK), -1);
	cr_assert_not(still_holds(header, &before));
	cr_assert_not(still_holds(copy, &before));
	close(header);
	close(copy);
	buf_free(&before);
	assert_fails(
	    destroy(&left, &err), err, TOKENWARD_CONFIG, "there is no store");
}

/* The lock stays with them: it says what this was. */
Test(entries, files_of_others_are_left_and_named)
{
	struct strlist left;
	struct error err;

	put(RECORD_CREDENTIAL, "a", "one");
	touch("letter");
	touch("tokens/" HEX_62 "E");
	cr_assert_eq(mkdir(unit_path("s/tokens/" HEX_64), 0700), 0);
	assert_ok(destroy(&left, &err), err);
	cr_assert_eq(left.n, 3);
	cr_assert(strlist_has(&left, "letter"));
	cr_assert(strlist_has(&left, "tokens/" HEX_62 "E"));
	cr_assert(strlist_has(&left, "tokens/" HEX_64));
	cr_assert(is_there("letter") && is_there("lock"));
	cr_assert(!is_there("header") && !is_there("credentials"));
	strlist_free(&left);
	cr_assert_eq(unlink(unit_path("s/letter")), 0);
	cr_assert_eq(unlink(unit_path("s/tokens/" HEX_62 "E")), 0);
	cr_assert_eq(rmdir(unit_path("s/tokens/" HEX_64)), 0);
	assert_ok(destroy(&left, &err), err);
	cr_assert_eq(left.n, 0);
	cr_assert_eq(access(unit_path("s"), F_OK), -1);
	setup();
}

Test(entries, what_is_no_store_is_not_destroyed)
{
	struct strlist left;
	struct error err;

	touch("header"); /* of somebody else */
	assert_fails(destroy(&left, &err), err, TOKENWARD_DAMAGED,
	    "is not the header of a store");
	cr_assert(is_there("header") && is_there("lock"));
	cr_assert_eq(unlink(unit_path("s/header")), 0);
	cr_assert_eq(unlink(unit_path("s/header.old")), 0);
	cr_assert_eq(unlink(unit_path("s/lock")), 0);
	cr_assert_eq(rmdir(unit_path("s/tokens")), 0);
	cr_assert_eq(rmdir(unit_path("s/credentials")), 0);
	touch("letter");
	assert_fails(destroy(&left, &err), err, TOKENWARD_CONFIG,
	    "there is no store at");
	touch("lock"); /* not empty: none of ours */
	assert_fails(destroy(&left, &err), err, TOKENWARD_CONFIG,
	    "there is no store at");
	cr_assert(is_there("letter") && is_there("lock"));
	cr_assert_eq(unlink(unit_path("s/lock")), 0);
	cr_assert_eq(mkdir(unit_path("s/lock"), 0700), 0);
	assert_fails(destroy(&left, &err), err, TOKENWARD_CONFIG,
	    "there is no store at");
	cr_assert_eq(rmdir(unit_path("s/lock")), 0);
	cr_assert_eq(symlink("/nowhere", unit_path("s/header")), 0);
	assert_fails(destroy(&left, &err), err, TOKENWARD_DAMAGED,
	    "is not the header of a store");
	cr_assert_eq(unlink(unit_path("s/header")), 0);
	cr_assert_eq(unlink(unit_path("s/letter")), 0);
	assert_ok(destroy(&left, &err), err);
	cr_assert_eq(access(unit_path("s"), F_OK), -1, "an empty one goes");
}

/* Of each of them alone it can be told that this was a store. */
Test(entries, the_rest_of_a_store_is_destroyed)
{
	static const char *const alone[] = {"header", "header.old", "lock"};
	struct strlist left;
	struct error err;
	size_t i, j;

	for (i = 0; i < 3; i++) {
		for (j = 0; j < 3; j++)
			if (j != i) {
				char path[40];

				snprintf(path, sizeof(path), "s/%s", alone[j]);
				cr_assert_eq(unlink(unit_path(path)), 0);
			}
		assert_ok(destroy(&left, &err), err);
		cr_assert_eq(access(unit_path("s"), F_OK), -1, "%s", alone[i]);
		store_close(s);
		setup();
	}
	unit_write(unit_path("s/header"), "", 0); /* after a power cut */
	unit_write(unit_path("s/header.old"), "", 0);
	assert_ok(destroy(&left, &err), err);
	cr_assert_eq(access(unit_path("s"), F_OK), -1);
}

Test(entries, a_store_in_use_is_not_destroyed)
{
	struct strlist left;
	struct error err;
	int lock = -1;

	assert_ok(store_lock(s, LOCK_STORE, NULL, 0, &lock, &err), err);
	assert_fails(destroy(&left, &err), err, TOKENWARD_UNAVAILABLE,
	    "another process");
	cr_assert(is_there("header"));
	store_unlock_range(&lock);
	assert_ok(destroy(&left, &err), err);
}

Test(entries, the_directory_a_link_leads_to_is_removed_and_not_the_link)
{
	struct strlist left = {0};
	struct error err;

	cr_assert_eq(symlink(unit_path("s"), unit_path("link")), 0);
	assert_ok(store_destroy(unit_path("link"), NULL, &left, &err), err);
	cr_assert_eq(access(unit_path("s"), F_OK), -1);
	cr_assert_eq(unlink(unit_path("link")), 0);
}

/* ---- what others do meanwhile ------------------------------------------ */

static int
count_all(void *data, const struct entry *e)
{
	(void)e;
	++*(unsigned *)data;
	return 0;
}

Test(entries, what_is_gone_before_it_is_looked_at_is_passed_over)
{
	unsigned all = 0, fewer = 0;
	struct error err;

	assert_ok(store_entries(s, count_all, &all, &err), err);
	failing_begin("fstatat64", 1, ENOENT);
	assert_ok(store_entries(s, count_all, &fewer, &err), err);
	cr_assert(failing_end());
	cr_assert_eq(fewer + 1, all);
	failing_begin("fstatat64", 1, EIO);
	assert_fails(store_entries(s, count_all, &fewer, &err), err,
	    TOKENWARD_FAILED, "cannot look at ");
	cr_assert(failing_end());
}

Test(entries, a_folder_that_is_a_link_has_nothing)
{
	unsigned n = 0;
	struct error err;

	put(RECORD_TOKENS, "a", "token");
	failing_begin("openat", 3, ELOOP); /* on other systems */
	assert_ok(store_entries(s, count_all, &n, &err), err);
	cr_assert(failing_end());
	cr_assert_eq(n, 5, "all but the record");
	assert_ok(store_entries(s, count_all, &n, &err), err);
	cr_assert_eq(n, 5 + 6);
}

static int
take_away_and_read(void *data, const struct entry *e)
{
	struct read_entry *got = data;
	char path[300];

	if (e->what != ENTRY_RECORD)
		return 0;
	snprintf(path, sizeof(path), "s/%s", e->path);
	cr_assert_eq(unlink(unit_path(path)), 0);
	return read_it(got, e);
}

Test(entries, a_record_that_is_gone_before_it_is_read_is_not_found)
{
	struct read_entry got = {.text = BUF_SECRET_INIT, .r = -1};
	struct error err;

	put(RECORD_CREDENTIAL, "a", "one");
	assert_ok(store_entries(s, take_away_and_read, &got, &err), err);
	cr_assert_eq(got.r, TOKENWARD_NOT_FOUND);
	cr_assert(strstr(got.err.text, "no credential named credentials/"),
	    "%s", got.err.text);
	buf_free(&got.text);
}

/* Its key is that of the header before: nothing can be said against it. */
Test(entries, a_copy_from_before_the_present_key_is_this_stores_too)
{
	static const unsigned char next[KEY_LEN] = "another key, 32 bytes long";
	struct buf before = BUF_INIT;
	struct header h;
	struct error err;

	unit_read(unit_path("s/header"), &before);
	assert_ok(header_decode(before.data, before.len, &h, &err), err);
	assert_ok(store_rekey_begin(s, &h, master, next, &err), err);
	header_free(&h);
	assert_ok(store_check_copy(s, &err), err);
	unit_write(unit_path("s/header.old"), before.data, before.len);
	assert_ok(store_check_copy(s, &err), err);
	buf_free(&before);
}

/* ---- the end, and what comes between ----------------------------------- */

Test(entries, what_only_has_the_size_of_a_header_is_kept)
{
	struct strlist left;
	struct error err;

	unit_write(unit_path("s/header"), "a letter to somebody", 20);
	assert_fails(destroy(&left, &err), err, TOKENWARD_DAMAGED,
	    "is not the header of a store");
	cr_assert(is_there("header") && is_there("header.old"));
}

Test(entries, what_is_no_new_header_of_ours_is_left_and_named)
{
	struct strlist left;
	struct error err;

	touch("header.new");
	touch("header.old.new");
	assert_ok(destroy(&left, &err), err);
	cr_assert_eq(left.n, 2);
	cr_assert(strlist_has(&left, "header.new"));
	cr_assert(strlist_has(&left, "header.old.new"));
	cr_assert(is_there("header.new") && is_there("lock"));
	cr_assert_not(is_there("header"));
	strlist_free(&left);
}

/* A pipe has no bytes to be written over, though somebody waits for some. */
Test(entries, a_pipe_for_a_header_goes_and_gets_nothing)
{
	struct strlist left;
	struct error err;
	char got;
	int fd;

	cr_assert_eq(mkfifo(unit_path("s/header.new"), 0600), 0);
	fd = open(unit_path("s/header.new"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	assert_ok(destroy(&left, &err), err);
	cr_assert_eq(left.n, 0);
	cr_assert_eq(access(unit_path("s"), F_OK), -1);
	cr_assert_eq(read(fd, &got, 1), 0);
	close(fd);
}

Test(entries, what_is_larger_than_a_header_goes_as_it_is)
{
	struct buf large = BUF_INIT, after = BUF_INIT;
	struct strlist left;
	struct error err;
	int fd;

	unit_read(unit_path("s/header"), &large);
	while (large.len <= HEADER_MAX)
		buf_put_byte(&large, 'x');
	unit_write(unit_path("s/header.new"), large.data, large.len);
	fd = open(unit_path("s/header.new"), O_RDONLY | O_CLOEXEC);
	assert_ok(destroy(&left, &err), err);
	cr_assert_eq(left.n, 0);
	cr_assert_eq(access(unit_path("s"), F_OK), -1);
	cr_assert_eq(file_read_fd(fd, 2 * HEADER_MAX, &after), 0);
	cr_assert(buf_equal(&large, &after));
	close(fd);
	buf_free(&large);
	buf_free(&after);
}

/* Another one; what is left of the last is out of the way. */
static void
make_again(void)
{
	static unsigned n;
	char away[32];

	snprintf(away, sizeof(away), "away%u", n++);
	cr_assert(
	    rename(unit_path("s"), unit_path(away)) == 0 || errno == ENOENT);
	store_close(s);
	setup();
	put(RECORD_CREDENTIAL, "a", "one");
	put(RECORD_TOKENS, "a", "token");
}

/* How often it ended well though the nth such call failed, for each n. */
static unsigned
destroy_failing(const char *call, int error, const char *words)
{
	struct strlist left;
	struct error err;
	bool hit = true;
	unsigned n, good = 0;
	int r;

	failing_hurry(true);
	for (n = 1; hit; n++) {
		make_again();
		failing_begin(call, n, error);
		r = destroy(&left, &err);
		hit = failing_end();
		cr_assert(hit || (r == TOKENWARD_OK &&
				     access(unit_path("s"), F_OK) < 0));
		cr_assert(r == TOKENWARD_OK || strstr(err.text, words),
		    "%s %u: %s", call, n, err.text);
		good += hit && r == TOKENWARD_OK;
		strlist_free(&left);
	}
	make_again();
	failing_hurry(false);
	return good;
}

/* Each call in turn finds that another was faster; in truth what it was to
   take away is still there, so that the directory may stay. */
Test(entries, what_another_takes_away_meanwhile_is_no_failure)
{
	cr_assert_gt(
	    destroy_failing("unlinkat", ENOENT, "cannot remove the directory "),
	    2, "header.bad, and its two records at a second look");
	cr_assert_eq(destroy_failing("rmdir", ENOENT, "none"), 1);
}

/* As some systems say it of a folder into which another wrote. */
Test(entries, a_folder_that_is_not_empty_is_left)
{
	cr_assert_eq(destroy_failing("unlinkat", EEXIST, "cannot remove "),
	    RECORD_KIND_MAX);
}

Test(entries, a_folder_that_turns_out_a_link_is_not_entered)
{
	cr_assert_gt(destroy_failing("openat", ELOOP, ""), RECORD_KIND_MAX);
}

Test(entries, a_file_in_place_of_a_folder_is_not_taken_away)
{
	struct strlist left;
	struct error err;

	cr_assert_eq(rmdir(unit_path("s/tokens")), 0);
	touch("tokens");
	assert_ok(destroy(&left, &err), err);
	cr_assert_eq(left.n, 1);
	cr_assert_str_eq(left.v[0], "tokens");
	cr_assert(is_there("tokens"));
	cr_assert_not(is_there("header"));
	strlist_free(&left);
	cr_assert_eq(unlink(unit_path("s/tokens")), 0);
	assert_ok(destroy(&left, &err), err);
	cr_assert_eq(access(unit_path("s"), F_OK), -1, "said again");
}

/* It is the last that is opened, and may be another's. */
Test(entries, a_directory_above_that_may_not_be_read_is_no_failure)
{
	struct strlist left;
	struct error err;
	bool hit = true, good = false, last = false;
	unsigned n;

	failing_hurry(true);
	for (n = 1; hit; n++) {
		make_again();
		last = good;
		failing_begin("openat", n, EACCES);
		good = destroy(&left, &err) == TOKENWARD_OK &&
		       access(unit_path("s"), F_OK) < 0;
		hit = failing_end();
		strlist_free(&left);
	}
	cr_assert(good && last && n > 8);
	make_again();
	failing_hurry(false);
}

Test(entries, whether_one_is_idle_is_not_guessed)
{
	struct error err;
	unsigned n, told = 0;
	int lock = -1, r;

	assert_ok(store_wait_idle(unit_path("s"), NULL, &err), err);
	for (n = 1;; n++) {
		failing_begin("fstatat64", n, EIO);
		r = store_wait_idle(unit_path("s"), NULL, &err);
		if (!failing_end())
			break;
		cr_assert_eq(r, TOKENWARD_FAILED);
		told += strstr(err.text, "cannot look at ") != NULL;
	}
	cr_assert_eq(told, 1, "its lock");
	assert_ok(store_lock(s, LOCK_STORE, NULL, 0, &lock, &err), err);
	assert_fails(store_wait_idle(unit_path("s"), &(int64_t){0}, &err), err,
	    TOKENWARD_UNAVAILABLE, "another process");
	store_unlock_range(&lock);
}
