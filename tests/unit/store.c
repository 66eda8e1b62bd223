/* SPDX-License-Identifier: BSD-2-Clause */
/* The store: what is written is read, what was tampered with is refused. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sodium.h>
#include "base/clock.h"
#include "base/secret.h"
#include "store/store.h"
#include "unit.h"

TestSuite(store, .fini = unit_cleanup);

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";

static struct store *
make_with(const char *path, const unsigned char *key)
{
	struct header h = {.created_at = 1700000000};
	struct store *s = NULL;
	struct error err;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(store_create(path, &h, key, NULL, &s, &err), err);
	assert_ok(store_unlock(s, key, true, &err), err);
	header_free(&h);
	return s;
}

static struct store *
make(const char *name)
{
	return make_with(unit_path(name), master);
}

static int
put(struct store *s, enum record_kind kind, const char *name, const char *text,
    uint64_t generation, struct error *err)
{
	struct buf plain = BUF_SECRET_INIT;
	int r;

	buf_put_str(&plain, text);
	r = store_write(s, kind, name, &plain, generation, true, err);
	buf_free(&plain);
	return r;
}

static int
get(struct store *s, enum record_kind kind, const char *name, struct buf *plain,
    uint64_t *generation, struct error *err)
{
	buf_clear(plain);
	return store_read(s, kind, name, plain, generation, err);
}

static void
expect(struct store *s, enum record_kind kind, const char *name,
    const char *text, uint64_t generation)
{
	struct buf plain = BUF_SECRET_INIT;
	uint64_t got;
	struct error err;

	assert_ok(get(s, kind, name, &plain, &got, &err), err);
	cr_assert_str_eq(buf_str(&plain), text);
	cr_assert_eq(got, generation);
	buf_free(&plain);
}

/* The path of a record's file; static memory. */
static const char *
file_of(struct store *s, enum record_kind kind, const char *name)
{
	static char path[4][1024];
	static unsigned turn;
	unsigned char index_key[32], index[32];
	char hex[65];
	char *p = path[turn++ % 4];

	crypto_kdf_derive_from_key(index_key, 32, 1, "tw-index", master);
	crypto_generichash(index, 32, (const unsigned char *)name, strlen(name),
	    index_key, 32);
	sodium_bin2hex(hex, sizeof(hex), index, 32);
	snprintf(p, sizeof(path[0]), "%s/%s/%s", store_path(s),
	    kind == RECORD_TOKENS ? "tokens" : "credentials", hex);
	return p;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0, "%s", path);
	return st.st_mode & 07777;
}

Test(store, write_read_remove)
{
	struct store *s = make("s");
	struct buf plain = BUF_SECRET_INIT;
	uint64_t generation = 9;
	struct error err;

	cr_assert_eq(get(s, RECORD_CREDENTIAL, "a", &plain, &generation, &err),
	    TOKENWARD_NOT_FOUND);
	cr_assert_eq(generation, 0);
	assert_ok(put(s, RECORD_CREDENTIAL, "a", "one", 0, &err), err);
	assert_ok(put(s, RECORD_TOKENS, "a", "token", 0, &err), err);
	expect(s, RECORD_CREDENTIAL, "a", "one", 1);
	expect(s, RECORD_TOKENS, "a", "token", 1);
	assert_ok(put(s, RECORD_CREDENTIAL, "a", "two", 1, &err), err);
	expect(s, RECORD_CREDENTIAL, "a", "two", 2);
	assert_ok(store_remove(s, RECORD_CREDENTIAL, "a", &err), err);
	assert_ok(store_remove(s, RECORD_CREDENTIAL, "a", &err), err);
	cr_assert_eq(get(s, RECORD_CREDENTIAL, "a", &plain, NULL, &err),
	    TOKENWARD_NOT_FOUND);
	expect(s, RECORD_TOKENS, "a", "token", 1);
	store_close(s);
	cr_assert_eq(secret_in_use(), plain.cap, "no secret left behind");
	buf_free(&plain);
}

Test(store, a_lost_race_writes_nothing)
{
	struct store *s = make("s");
	struct error err;

	assert_ok(put(s, RECORD_CREDENTIAL, "a", "one", 0, &err), err);
	assert_fails(put(s, RECORD_CREDENTIAL, "a", "other", 0, &err), err,
	    TOKENWARD_EXISTS, "another process");
	assert_fails(put(s, RECORD_CREDENTIAL, "a", "other", 2, &err), err,
	    TOKENWARD_EXISTS, "another process");
	expect(s, RECORD_CREDENTIAL, "a", "one", 1);
	store_close(s);
}

Test(store, odd_names_are_refused)
{
	static const char *const odd[] = {
	    "", ".", "..", "a/b", "-a", "a b", "a\nb", "\xc3\xa4", "../header"};
	struct store *s = make("s");
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		cr_assert_eq(put(s, RECORD_TOKENS, odd[i], "x", 0, &err),
		    TOKENWARD_USAGE, "%s", odd[i]);
	store_close(s);
}

Test(store, locked_keys_open_nothing)
{
	struct store *s = make("s");
	struct buf plain = BUF_SECRET_INIT;
	unsigned char wrong[KEY_LEN] = {1};
	struct error err;
	int lock;

	assert_ok(put(s, RECORD_CREDENTIAL, "a", "one", 0, &err), err);
	assert_ok(put(s, RECORD_TOKENS, "a", "t", 0, &err), err);
	assert_ok(store_unlock(s, master, false, &err), err);
	cr_assert(store_is_unlocked(s, false));
	cr_assert_not(store_is_unlocked(s, true));
	expect(s, RECORD_TOKENS, "a", "t", 1);
	cr_assert_eq(get(s, RECORD_CREDENTIAL, "a", &plain, NULL, &err),
	    TOKENWARD_LOCKED);
	cr_assert_eq(
	    put(s, RECORD_CREDENTIAL, "b", "x", 0, &err), TOKENWARD_LOCKED);
	store_lock_keys(s);
	cr_assert_not(store_is_unlocked(s, false));
	cr_assert_eq(
	    get(s, RECORD_TOKENS, "a", &plain, NULL, &err), TOKENWARD_LOCKED);
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
	struct store *s = make("s");
	struct error err;
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(store_is_unlocked(s, false) ||
		      put(s, RECORD_TOKENS, "a", "x", 0, &err) !=
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
	s = make(name);
	assert_ok(put(s, RECORD_TOKENS, "a", "t", 0, &err), err);
	assert_ok(put(s, RECORD_TOKENS, "a", "t", 1, &err), err);
	umask(before);
	cr_assert_eq(mode_of(store_path(s)), 0700);
	cr_assert_eq(mode_of(file_of(s, RECORD_TOKENS, "a")), 0600);
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
	store_close(make("s"));
	cr_assert_eq(mode_of(unit_path("s")), 0700);
}

Test(store, others_may_not_enter)
{
	struct store *s = make("s");
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

	store_close(make("s"));
	if (geteuid() != 0 || chown(path, 65534, 65534) < 0)
		cr_skip("needs root");
	assert_fails(store_open(path, &s, &err), err, TOKENWARD_NOT_ALLOWED,
	    "belongs to uid 65534");
	cr_assert_eq(mkdir(above, 0755), 0);
	store_close(make("d/s"));
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
	store_close(make("empty"));
	cr_assert(store_exists(unit_path("empty")));
}

Test(store, is_not_made_over_something)
{
	struct header h = {0};
	struct store *s;
	struct error err;

	store_close(make("s"));
	assert_fails(store_create(unit_path("s"), &h, master, NULL, &s, &err),
	    err, TOKENWARD_EXISTS, "already");
	cr_assert_eq(mkdir(unit_path("home"), 0700), 0);
	unit_write(unit_path("home/letter"), "dear", 4);
	assert_fails(
	    store_create(unit_path("home"), &h, master, NULL, &s, &err), err,
	    TOKENWARD_USAGE, "other files");
}

/* Killed anywhere, making it once more finishes it. */
Test(store, an_unfinished_store_is_made_on)
{
	cr_assert_eq(mkdir(unit_path("s"), 0700), 0);
	cr_assert_eq(mkdir(unit_path("s/tokens"), 0755), 0);
	unit_write(unit_path("s/lock"), "", 0);
	unit_write(unit_path("s/header.new"), "half", 4);
	store_close(make("s"));
	cr_assert_eq(mode_of(unit_path("s/tokens")), 0700);
	cr_assert_eq(access(unit_path("s/header.new"), F_OK), -1);
}

/* ---- damage ------------------------------------------------------------ */

static int
reopen(const char *path, struct store **s, struct error *err)
{
	int r = store_open(path, s, err);

	if (r == TOKENWARD_OK && store_unlock(*s, master, true, err)) {
		store_close(*s);
		r = err->code;
	}
	return r;
}

struct seen {
	int whole, damaged;
	bool other;
};

static int
see(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	struct seen *seen = data;

	(void)generation;
	if (damage)
		seen->damaged++;
	else if (strcmp(buf_str(plain), "one") == 0 ||
		 strcmp(buf_str(plain), "two") == 0)
		seen->whole++;
	else
		seen->other = true;
	return 0;
}

/* Never other data: either as before, or refused with the right result. */
static void
check_record(struct store *s, enum record_kind kind, const char *name,
    const char *text, bool whole)
{
	struct buf plain = BUF_SECRET_INIT;
	struct error err;
	int r = get(s, kind, name, &plain, NULL, &err);

	cr_assert_eq(r, whole ? TOKENWARD_OK : TOKENWARD_DAMAGED, "%s", name);
	if (whole)
		cr_assert_str_eq(buf_str(&plain), text);
	else
		cr_assert_eq(plain.len, 0);
	buf_free(&plain);
}

static const struct {
	enum record_kind kind;
	const char *name, *text;
} three[] = {{RECORD_CREDENTIAL, "a", "one"}, {RECORD_CREDENTIAL, "b", "two"},
    {RECORD_TOKENS, "a", "token"}};

static struct store *
make_three(const char *name)
{
	struct store *s = make(name);
	struct error err;
	size_t i;

	for (i = 0; i < 3; i++)
		assert_ok(put(s, three[i].kind, three[i].name, three[i].text, 0,
			      &err),
		    err);
	return s;
}

Test(store, every_bit_of_three_records_and_the_header)
{
	struct store *s = make_three("s");
	const char *path = unit_path("s");
	size_t i, j, bit;
	int fd;

	for (i = 0; i < 3; i++) {
		struct buf b = BUF_INIT;

		unit_read(file_of(s, three[i].kind, three[i].name), &b);
		fd = open(file_of(s, three[i].kind, three[i].name), O_WRONLY);
		for (bit = 0; bit < b.len * 8; bit++) {
			b.data[bit / 8] ^= 1u << bit % 8;
			cr_assert_eq(
			    pwrite(fd, &b.data[bit / 8], 1, (off_t)bit / 8), 1);
			for (j = 0; j < 3; j++)
				if (j == i || bit % 64 == 0)
					check_record(s, three[j].kind,
					    three[j].name, three[j].text,
					    j != i);
			b.data[bit / 8] ^= 1u << bit % 8;
			cr_assert_eq(
			    pwrite(fd, &b.data[bit / 8], 1, (off_t)bit / 8), 1);
		}
		close(fd);
		buf_free(&b);
	}
	store_close(s);

	struct buf b = BUF_INIT;
	struct error err;

	unit_read(unit_path("s/header"), &b);
	fd = open(unit_path("s/header"), O_WRONLY);
	for (bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= 1u << bit % 8;
		cr_assert_eq(
		    pwrite(fd, b.data + bit / 8, 1, (off_t)bit / 8), 1);
		cr_assert_neq(
		    reopen(path, &s, &err), TOKENWARD_OK, "bit %zu", bit);
		b.data[bit / 8] ^= 1u << bit % 8;
		cr_assert_eq(
		    pwrite(fd, b.data + bit / 8, 1, (off_t)bit / 8), 1);
	}
	close(fd);
	buf_free(&b);
	assert_ok(reopen(path, &s, &err), err);
	store_close(s);
}

Test(store, a_record_cut_anywhere)
{
	struct store *s = make_three("s");
	const char *file = file_of(s, RECORD_CREDENTIAL, "a");
	struct buf b = BUF_INIT;
	size_t len;

	unit_read(file, &b);
	for (len = b.len; len-- > 0;) {
		cr_assert_eq(truncate(file, (off_t)len), 0);
		check_record(s, RECORD_CREDENTIAL, "a", "one", false);
	}
	unit_write(file, b.data, b.len);
	check_record(s, RECORD_CREDENTIAL, "a", "one", true);
	cr_assert_eq(truncate(file, 1ll << 40), 0, "sparse, 1 TiB");
	check_record(s, RECORD_CREDENTIAL, "a", "one", false);
	buf_free(&b);
	store_close(s);
}

Test(store, swapped_and_foreign_records)
{
	struct store *s = make_three("s"), *other = make_three("other");
	char a[1024], b[1024], t[1024];
	struct buf one = BUF_INIT, two = BUF_INIT, foreign = BUF_INIT;

	strcpy(a, file_of(s, RECORD_CREDENTIAL, "a"));
	strcpy(b, file_of(s, RECORD_CREDENTIAL, "b"));
	strcpy(t, file_of(s, RECORD_TOKENS, "a"));
	unit_read(a, &one);
	unit_read(b, &two);
	unit_read(file_of(other, RECORD_CREDENTIAL, "a"), &foreign);
	unit_write(a, two.data, two.len);
	unit_write(b, one.data, one.len);
	check_record(s, RECORD_CREDENTIAL, "a", "one", false);
	check_record(s, RECORD_CREDENTIAL, "b", "two", false);
	unit_write(t, one.data, one.len);
	check_record(s, RECORD_TOKENS, "a", "token", false);
	unit_write(a, foreign.data, foreign.len);
	check_record(s, RECORD_CREDENTIAL, "a", "one", false);
	unit_write(a, one.data, one.len);
	check_record(s, RECORD_CREDENTIAL, "a", "one", true);
	buf_free(&one);
	buf_free(&two);
	buf_free(&foreign);
	store_close(s);
	store_close(other);
}

Test(store, odd_files_instead_of_records)
{
	struct store *s = make_three("s");
	const char *file = file_of(s, RECORD_CREDENTIAL, "a");
	const char *real = file_of(s, RECORD_CREDENTIAL, "b");
	struct error err;

	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(symlink(real, file), 0);
	check_record(s, RECORD_CREDENTIAL, "a", "one", false);
	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(mkfifo(file, 0600), 0);
	check_record(s, RECORD_CREDENTIAL, "a", "one", false);
	assert_ok(put(s, RECORD_CREDENTIAL, "a", "new", 0, &err), err);
	expect(s, RECORD_CREDENTIAL, "a", "new", 1);
	store_close(s);
}

Test(store, a_damaged_tokens_record_is_written_over)
{
	struct store *s = make_three("s");
	const char *file = file_of(s, RECORD_TOKENS, "a");
	struct buf b = BUF_INIT, plain = BUF_SECRET_INIT;
	uint64_t generation;
	struct error err;

	unit_read(file, &b);
	b.data[b.len - 1] ^= 1;
	unit_write(file, b.data, b.len);
	assert_fails(get(s, RECORD_TOKENS, "a", &plain, &generation, &err), err,
	    TOKENWARD_DAMAGED, "tokens record of a is damaged");
	assert_ok(put(s, RECORD_TOKENS, "a", "new", generation, &err), err);
	expect(s, RECORD_TOKENS, "a", "new", 2);
	unit_write(file, "", 0);
	cr_assert_eq(get(s, RECORD_TOKENS, "a", &plain, &generation, &err),
	    TOKENWARD_DAMAGED);
	assert_ok(put(s, RECORD_TOKENS, "a", "new", generation, &err), err);
	expect(s, RECORD_TOKENS, "a", "new", 1);
	buf_free(&b);
	store_close(s);
}

Test(store, a_damaged_credential_says_what_to_do)
{
	struct store *s = make_three("s");
	struct buf plain = BUF_SECRET_INIT;
	struct error err;

	unit_write(file_of(s, RECORD_CREDENTIAL, "b"), "rubbish", 7);
	assert_fails(get(s, RECORD_CREDENTIAL, "b", &plain, NULL, &err), err,
	    TOKENWARD_DAMAGED, "cut short; bring the file back");
	store_close(s);
}

Test(store, a_folder_left_out_of_a_backup)
{
	struct store *s = make("s");
	struct error err;

	cr_assert_eq(rmdir(unit_path("s/tokens")), 0);
	assert_ok(put(s, RECORD_TOKENS, "a", "t", 0, &err), err);
	expect(s, RECORD_TOKENS, "a", "t", 1);
	store_close(s);
}

Test(store, each_gives_all_and_the_damaged)
{
	struct store *s = make_three("s");
	struct seen seen = {0};
	struct error err;

	unit_write(unit_path("s/credentials/leftover.new"), "x", 1);
	assert_ok(store_each(s, see, &seen, &err), err);
	cr_assert_eq(seen.whole, 2);
	cr_assert_eq(seen.damaged, 0);
	unit_write(file_of(s, RECORD_CREDENTIAL, "b"), "rubbish", 7);
	seen = (struct seen){0};
	assert_ok(store_each(s, see, &seen, &err), err);
	cr_assert_eq(seen.whole, 1);
	cr_assert_eq(seen.damaged, 1);
	cr_assert_not(seen.other);
	store_close(s);
}

/* ---- writing under trouble --------------------------------------------- */

Test(store, what_a_killed_writer_left_goes_away)
{
	struct store *s = make_three("s");
	char temp[1024];
	struct error err;

	snprintf(
	    temp, sizeof(temp), "%s.new", file_of(s, RECORD_CREDENTIAL, "a"));
	unit_write(temp, "half a rec", 10);
	assert_ok(put(s, RECORD_CREDENTIAL, "a", "one", 1, &err), err);
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
	struct store *s = make_three("s");
	struct error err;
	int n = 0;

	cr_assert_eq(store_each(s, count, &n, &err), 42);
	cr_assert_eq(n, 1);
	store_close(s);
}

Test(store, stamp_changes_with_the_record)
{
	struct store *s = make("s");
	struct stat a, b;
	struct error err;

	cr_assert_not(store_stamp(s, RECORD_TOKENS, "a", &a));
	assert_ok(put(s, RECORD_TOKENS, "a", "t", 0, &err), err);
	cr_assert(store_stamp(s, RECORD_TOKENS, "a", &a));
	assert_ok(put(s, RECORD_TOKENS, "a", "t", 1, &err), err);
	cr_assert(store_stamp(s, RECORD_TOKENS, "a", &b));
	cr_assert(a.st_ino != b.st_ino ||
		  memcmp(&a.st_ctim, &b.st_ctim, sizeof(a.st_ctim)) != 0);
	store_close(s);
}

Test(store, locks_of_a_record_are_apart)
{
	struct store *s = make("s"), *t;
	int record = -1, flight = -1, lane = -1, head = -1, again = -1;
	struct error err;

	assert_ok(reopen(unit_path("s"), &t, &err), err);
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

/* ---- the header -------------------------------------------------------- */

static struct header
next_header(struct store *s)
{
	const struct buf *b = &store_header(s)->bytes;
	struct header h;
	struct error err;

	assert_ok(header_decode(b->data, b->len, &h, &err), err);
	h.created_at++;
	return h;
}

Test(store, a_new_header_keeps_the_old_one)
{
	struct store *s = make("s"), *t;
	struct buf before = BUF_INIT, old = BUF_INIT;
	struct header h;
	struct error err;

	assert_ok(reopen(unit_path("s"), &t, &err), err);
	unit_read(unit_path("s/header"), &before);
	h = next_header(s);
	assert_ok(store_write_header(s, &h, master, &err), err);
	cr_assert_eq(store_header(s)->sequence, 2);
	unit_read(unit_path("s/header.old"), &old);
	cr_assert(buf_equal(&before, &old));
	assert_fails(store_write_header(t, &h, master, &err), err,
	    TOKENWARD_EXISTS, "another process");
	assert_ok(store_reload(t, &err), err);
	cr_assert_eq(store_header(t)->sequence, 2);
	cr_assert(store_is_unlocked(t, true));
	header_free(&h);
	buf_free(&before);
	buf_free(&old);
	store_close(s);
	store_close(t);
}

static int
repair(const char *path, struct error *err)
{
	struct header copy;
	int r = store_read_copy(path, &copy, err);

	if (r != TOKENWARD_OK)
		return r;
	r = store_repair_header(path, &copy, NULL, err);
	header_free(&copy);
	return r;
}

Test(store, reload_refuses_a_header_without_its_key)
{
	struct store *s = make("s");
	struct buf b = BUF_INIT;
	struct error err;

	unit_read(unit_path("s/header"), &b);
	b.data[b.len - 1] ^= 1;
	unit_write(unit_path("s/header"), b.data, b.len);
	assert_fails(
	    store_reload(s, &err), err, TOKENWARD_DAMAGED, "doctor --repair");
	store_close(s);
	assert_fails(reopen(unit_path("s"), &s, &err), err, TOKENWARD_LOCKED,
	    "not that of the store");
	assert_ok(repair(unit_path("s"), &err), err);
	assert_ok(reopen(unit_path("s"), &s, &err), err);
	store_close(s);
	buf_free(&b);
}

Test(store, a_lost_header_is_repaired_and_never_made_anew)
{
	struct store *s = make_three("s");
	struct header h = {0};
	struct error err;

	store_close(s);
	cr_assert_eq(unlink(unit_path("s/header")), 0);
	assert_fails(store_open(unit_path("s"), &s, &err), err,
	    TOKENWARD_DAMAGED, "doctor --repair");
	assert_fails(store_create(unit_path("s"), &h, master, NULL, &s, &err),
	    err, TOKENWARD_DAMAGED, "doctor --repair");
	header_free(&h);
	assert_ok(repair(unit_path("s"), &err), err);
	assert_ok(reopen(unit_path("s"), &s, &err), err);
	check_record(s, RECORD_CREDENTIAL, "a", "one", true);
	store_close(s);
}

Test(store, records_without_a_header_are_not_built_over)
{
	struct store *s = make_three("s");
	struct header h = {0};
	struct error err;

	store_close(s);
	cr_assert_eq(unlink(unit_path("s/header")), 0);
	cr_assert_eq(unlink(unit_path("s/header.old")), 0);
	assert_fails(store_create(unit_path("s"), &h, master, NULL, &s, &err),
	    err, TOKENWARD_DAMAGED, "backup");
	header_free(&h);
}

Test(store, a_foreign_header_opens_nothing)
{
	unsigned char other_key[KEY_LEN] = "another master key of 32 bytes!";
	struct store *s = make_three("s");
	struct buf b = BUF_INIT;
	struct error err;

	store_close(s);
	store_close(make_with(unit_path("other"), other_key));
	unit_read(unit_path("other/header"), &b);
	unit_write(unit_path("s/header"), b.data, b.len);
	assert_ok(store_open(unit_path("s"), &s, &err), err);
	cr_assert_eq(store_unlock(s, master, true, &err), TOKENWARD_LOCKED);
	assert_ok(store_unlock(s, other_key, true, &err), err);
	struct buf plain = BUF_SECRET_INIT;
	cr_assert_eq(get(s, RECORD_CREDENTIAL, "a", &plain, NULL, &err),
	    TOKENWARD_NOT_FOUND, "the index is another one too");
	struct seen seen = {0};
	assert_ok(store_each(s, see, &seen, &err), err);
	cr_assert_eq(seen.damaged, 2);
	buf_free(&b);
	store_close(s);
}
