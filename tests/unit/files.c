/* SPDX-License-Identifier: BSD-2-Clause */
/* The directory of a store: what a failure is called, and its cure. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "store/files.h"
#include "failing.h"
#include "unit.h"

static struct files f;

static void
setup(void)
{
	struct error err;

	assert_ok(files_make(unit_path("s"), &f, &err), err);
}

static void
teardown(void)
{
	files_close(&f);
	unit_cleanup();
}

TestSuite(files, .init = setup, .fini = teardown);

static int
put(const char *name, const char *text, struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;

	buf_put_str(&b, text);
	return files_put(&f, name, &b, FILE_SYNC, err);
}

static const struct {
	int error, code;
	const char *words;
} cures[] = {
    {ENOSPC, TOKENWARD_FAILED,
	"No space left on device; what was stored before is unchanged, free "
	"some space"},
    {EDQUOT, TOKENWARD_FAILED, "; what was stored before is unchanged"},
    {EROFS, TOKENWARD_NOT_ALLOWED,
	"; the store lies on a read-only file system"},
    {EACCES, TOKENWARD_NOT_ALLOWED, "; is it the store of another user?"},
    {EPERM, TOKENWARD_NOT_ALLOWED, "; is it the store of another user?"},
    {EIO, TOKENWARD_FAILED, "; the disk reports an error"},
    {ENODEV, TOKENWARD_FAILED, "No such device"},
    {4095, TOKENWARD_FAILED, "unknown error"},
};

Test(files, a_failure_names_the_file_the_reason_and_the_cure)
{
	struct error err;
	char named[200];
	size_t i;

	snprintf(named, sizeof(named), "cannot write %s/header: ", f.path);
	for (i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
		assert_fails(
		    files_fail(&f, cures[i].error, "write", "header", &err),
		    err, cures[i].code, cures[i].words);
		cr_assert(strncmp(err.text, named, strlen(named)) == 0);
		cr_assert_not(err.no_memory);
	}
	files_fail(&f, ENOMEM, "write", "header", &err);
	cr_assert(err.no_memory);
}

static const struct {
	const char *call;
	int error;
	const char *words;
} writes[] = {
    {"write", ENOSPC, "free some space"},
    {"write", EDQUOT, "free some space"},
    {"openat", EROFS, "read-only file system"},
    {"openat", EACCES, "another user"},
    {"fsync", EIO, "the disk reports an error"},
    {"renameat", EIO, "the disk reports an error"},
};

Test(files, what_could_not_be_written_is_as_it_was)
{
	cleanup_buf struct buf b = BUF_INIT;
	struct error err;
	size_t i;

	assert_ok(put("header", "before", &err), err);
	for (i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		failing_begin(writes[i].call, 1, writes[i].error);
		cr_assert_neq(put("header", "after", &err), TOKENWARD_OK);
		cr_assert(failing_end());
		cr_assert(
		    strstr(err.text, writes[i].words) != NULL, "%s", err.text);
		buf_clear(&b);
		cr_assert_eq(files_get(&f, "header", 100, &b), 0);
		cr_assert_str_eq(buf_str(&b), "before");
	}
}

/* ---- the way there ----------------------------------------------------- */

static const struct {
	int error;
	mode_t mode; /* of a directory above it */
	int code;
	const char *words;
} lost[] = {
    {EPERM, 0777, TOKENWARD_NOT_ALLOWED,
	"root does not use the store /x: others may rename a directory above "
	"it (uid 7, mode 0777)"},
    {EPERM, 0, TOKENWARD_NOT_ALLOWED, "cannot open the store /x: Operation"},
    {ELOOP, 0, TOKENWARD_NOT_ALLOWED, "the way to it goes in circles"},
    {EACCES, 0, TOKENWARD_NOT_ALLOWED,
	"cannot open the store /x: Permission denied; only its owner may"},
    {EIO, 0, TOKENWARD_FAILED, "cannot open the store /x: Input/output"},
    {ENOTDIR, 0777, TOKENWARD_FAILED, "cannot open the store /x: Not a dir"},
};

Test(files, a_store_that_is_not_reached_says_what_stands_in_the_way)
{
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		struct way_fault fault = {.uid = 7, .mode = lost[i].mode};

		assert_fails(files_lost("/x", lost[i].error, &fault, &err), err,
		    lost[i].code, lost[i].words);
	}
}

Test(files, a_directory_that_cannot_be_looked_at_is_not_opened)
{
	struct files other = {.dir = -1};
	struct error err;

	failing_begin("fstat64", 1, EIO);
	cr_assert_eq(
	    files_open(unit_path("s"), &other, &err), TOKENWARD_FAILED);
	cr_assert(failing_end());
	cr_assert(
	    strstr(err.text, "/s: Input/output error") != NULL, "%s", err.text);
	cr_assert_null(other.path);
	files_close(&other);
	cr_assert_eq(other.dir, -1);
}

/* A store of root may be used by whoever may read it, of others nobody. */
Test(files, whose_it_is_decides)
{
	struct files other;
	struct error err;
	char words[80];

	snprintf(words, sizeof(words), "belongs to uid %u, not to you (uid %u)",
	    geteuid() + 1, geteuid());
	failing_owner(true, geteuid() + 1);
	assert_fails(files_open(f.path, &other, &err), err,
	    TOKENWARD_NOT_ALLOWED, words);
	assert_fails(files_make(f.path, &other, &err), err,
	    TOKENWARD_NOT_ALLOWED, words);
	failing_owner(true, geteuid());
	assert_ok(files_open(f.path, &other, &err), err);
	files_close(&other);
	failing_owner(true, 0);
	assert_ok(files_open(f.path, &other, &err), err);
	files_close(&other);
	assert_ok(files_make(f.path, &other, &err), err);
	files_close(&other);
	failing_owner(false, 0);
}

static const mode_t modes[] = {0700, 0500, 0701, 0710, 0740, 0702, 0720};

Test(files, only_its_owner_may_enter)
{
	struct files other;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		cr_assert_eq(chmod(f.path, modes[i]), 0);
		if (i < 2) {
			assert_ok(files_open(f.path, &other, &err), err);
			files_close(&other);
			continue;
		}
		assert_fails(files_open(f.path, &other, &err), err,
		    TOKENWARD_NOT_ALLOWED, ": chmod 700 ");
	}
	cr_assert_eq(chmod(f.path, 0700), 0);
}

/* A host may have closed its standard input. */
Test(files, descriptor_0_is_as_good_as_any_and_given_back)
{
	struct files other;
	struct error err;
	char to[4];

	assert_ok(put("header", "123", &err), err);
	close(0);
	assert_ok(files_open(f.path, &other, &err), err);
	cr_assert_eq(other.dir, 0);
	files_close(&other);
	cr_assert_eq(fcntl(0, F_GETFD), -1);
	assert_ok(files_make(f.path, &other, &err), err);
	files_close(&other);
	cr_assert_eq(fcntl(0, F_GETFD), -1);
	cr_assert_eq(files_head(&f, "header", to, 3), 3);
	cr_assert_eq(fcntl(0, F_GETFD), -1);
	assert_ok(files_settle(&f, "tokens", &err), err);
	cr_assert_eq(fcntl(0, F_GETFD), -1);
}

/* ---- files ------------------------------------------------------------- */

Test(files, what_is_dropped_goes_with_what_was_written_for_it)
{
	struct error err;

	assert_ok(put("header", "x", &err), err);
	unit_write(unit_path("s/header.new"), "half", 4);
	assert_ok(files_drop(&f, "header", &err), err);
	cr_assert_not(files_has(&f, "header"));
	cr_assert_not(files_has(&f, "header.new"));
	assert_ok(files_drop(&f, "header", &err), err);
	cr_assert_eq(mkdir(unit_path("s/header"), 0700), 0);
	cr_assert_neq(files_drop(&f, "header", &err), TOKENWARD_OK);
	cr_assert(strstr(err.text, "cannot remove ") != NULL, "%s", err.text);
}

Test(files, the_head_of_a_file_is_as_much_as_there_is)
{
	char to[4] = "";
	struct error err;

	assert_ok(put("header", "12345", &err), err);
	cr_assert_eq(files_head(&f, "header", to, 3), 3);
	cr_assert_eq(memcmp(to, "123", 4), 0);
	assert_ok(put("header", "1", &err), err);
	cr_assert_eq(files_head(&f, "header", to, 3), 1);
	cr_assert_eq(files_head(&f, "none", to, 3), -ENOENT);
	failing_begin("read", 1, EINTR);
	cr_assert_eq(files_head(&f, "header", to, 3), 1);
	cr_assert(failing_end());
	failing_begin("read", 1, EIO);
	cr_assert_eq(files_head(&f, "header", to, 3), -EIO);
	cr_assert(failing_end());
	cr_assert_eq(symlink("lock", unit_path("s/link")), 0);
	cr_assert_eq(files_head(&f, "link", to, 3), -ELOOP);
}

Test(files, a_folder_that_went_is_made_again_for_its_records_alone)
{
	struct error err;

	cr_assert_eq(rmdir(unit_path("s/tokens")), 0);
	assert_ok(put("tokens/x", "y", &err), err);
	cr_assert_neq(put("else/x", "y", &err), TOKENWARD_OK);
	cr_assert(strstr(err.text, "No such file"), "%s", err.text);
	cr_assert_eq(access(unit_path("s/else"), F_OK), -1);
}

Test(files, a_folder_that_is_not_there_is_durable)
{
	struct error err;

	assert_ok(files_settle(&f, "tokens", &err), err);
	cr_assert_eq(rmdir(unit_path("s/tokens")), 0);
	assert_ok(files_settle(&f, "tokens", &err), err);
	failing_begin("fsync", 1, EIO);
	assert_fails(
	    files_settle(&f, ".", &err), err, TOKENWARD_FAILED, "cannot sync ");
	cr_assert(failing_end());
}

static int
count(void *data, const unsigned char *index)
{
	(void)index;
	return ++*(int *)data == 3 ? 77 : 0;
}

Test(files, what_has_no_name_of_a_record_is_passed_over)
{
	static const char *const names[] = {"0", "zz", "x.new"};
	char path[100] = "s/credentials/", *at = path + strlen(path);
	struct error err;
	int n = 0;
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(at, 8, "%s", names[i]);
		unit_write(unit_path(path), "", 0);
	}
	memset(at, 'a', 64);
	for (i = 0; i < 4; i++) {
		at[0] = "0123"[i];
		unit_write(unit_path(path), "", 0);
	}
	at[63] = 'g';
	unit_write(unit_path(path), "", 0);
	cr_assert_eq(files_each(&f, RECORD_CREDENTIAL, count, &n, &err), 77);
	cr_assert_eq(n, 3);
	n = 10;
	assert_ok(files_each(&f, RECORD_CREDENTIAL, count, &n, &err), err);
	cr_assert_eq(n, 14);
	assert_ok(files_each(&f, RECORD_TOKENS, count, &n, &err), err);
	cr_assert_eq(n, 14);
}

/* ---- making ------------------------------------------------------------ */

Test(files, a_store_is_made_where_nothing_else_lies)
{
	static const char *const ours[] = {
	    "header.new", "header", "header.old", "header.old.new"};
	struct files other;
	struct error err;
	char path[64];
	size_t i;

	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "s/%s", ours[i]);
		unit_write(unit_path(path), "", 0);
	}
	cr_assert_eq(chmod(f.path, 0750), 0);
	assert_ok(files_make(f.path, &other, &err), err);
	files_close(&other);
	unit_write(unit_path("s/header.bad2"), "", 0);
	cr_assert_eq(chmod(f.path, 0750), 0);
	assert_fails(files_make(f.path, &other, &err), err, TOKENWARD_USAGE,
	    "holds other files: a store needs an empty directory or none");
}

static const struct {
	const char *call;
	const char *words;
} makings[] = {
    {"fchmod", "cannot set the mode of "},
    {"fdopendir", "cannot read "},
    {"readdir", "cannot read "},
    {"fsync", "cannot make the store "},
};

Test(files, what_could_not_be_made_names_the_directory)
{
	struct files other = {.dir = -1};
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(makings) / sizeof(makings[0]); i++) {
		cr_assert_eq(chmod(f.path, 0750), 0);
		failing_begin(makings[i].call, 1, EIO);
		cr_assert_eq(
		    files_make(f.path, &other, &err), TOKENWARD_FAILED);
		cr_assert(failing_end(), "%s", makings[i].call);
		cr_assert(strstr(err.text, makings[i].words), "%s", err.text);
		cr_assert(strstr(err.text, f.path), "%s", err.text);
	}
	assert_ok(files_make(f.path, &other, &err), err);
	files_close(&other);
}

/* ---- of another user --------------------------------------------------- */

/* Root becomes somebody to whom all of it is given. */
static void
be_ordinary(uid_t uid)
{
	static const char *const all[] = {
	    "", "s", "s/lock", "s/tokens", "s/credentials"};
	size_t i;

	if (geteuid() != 0)
		return;
	if (chown(f.path, uid, (gid_t)-1) < 0)
		cr_skip_test("needs root to take another uid");
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		cr_assert_eq(chown(unit_path(all[i]), uid, (gid_t)-1), 0);
	cr_assert_eq(seteuid(uid), 0);
}

Test(files, roots_store_is_used_and_a_strangers_is_not)
{
	struct files other;
	struct error err;

	be_ordinary(12345);
	failing_owner(true, 0);
	assert_ok(files_open(f.path, &other, &err), err);
	files_close(&other);
	failing_owner(true, geteuid() + 1);
	assert_fails(files_open(f.path, &other, &err), err,
	    TOKENWARD_NOT_ALLOWED, "not to you");
	assert_fails(files_make(f.path, &other, &err), err,
	    TOKENWARD_NOT_ALLOWED, "not to you");
	failing_owner(false, 0);
	assert_ok(files_open(f.path, &other, &err), err);
	files_close(&other);
	cr_assert_eq(seteuid(getuid()), 0);
}

/* The mode of what is root's stays as it is: nobody else may set it. */
Test(files, the_mode_of_roots_directory_is_not_changed)
{
	struct files other;
	struct error err;
	struct stat st;

	cr_assert_eq(chmod(f.path, 0500), 0);
	be_ordinary(12345);
	failing_owner(true, 0);
	assert_ok(files_make(f.path, &other, &err), err);
	files_close(&other);
	failing_owner(false, 0);
	cr_assert_eq(stat(f.path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0500);
	assert_ok(files_make(f.path, &other, &err), err);
	files_close(&other);
	cr_assert_eq(stat(f.path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0700);
	cr_assert_eq(seteuid(getuid()), 0);
}

Test(files, a_folder_that_cannot_be_made_again_is_told)
{
	struct error err;

	cr_assert_eq(rmdir(unit_path("s/tokens")), 0);
	failing_begin("mkdirat", 1, EIO);
	cr_assert_neq(put("tokens/x", "y", &err), TOKENWARD_OK);
	cr_assert(failing_end());
	cr_assert(
	    strstr(err.text, "/s/tokens/x: No such file"), "%s", err.text);
	assert_ok(put("tokens/x", "y", &err), err);
}

Test(files, what_lies_in_no_folder_need_not_be_dropped)
{
	struct error err;

	cr_assert_eq(rmdir(unit_path("s/tokens")), 0);
	assert_ok(files_drop(&f, "tokens/x", &err), err);
}

Test(files, a_folder_that_is_not_there_has_no_records)
{
	struct error err;
	int n = 0;

	cr_assert_eq(rmdir(unit_path("s/tokens")), 0);
	assert_ok(files_each(&f, RECORD_TOKENS, count, &n, &err), err);
	unit_write(unit_path("s/tokens"), "", 0);
	assert_fails(files_each(&f, RECORD_TOKENS, count, &n, &err), err,
	    TOKENWARD_FAILED, "/s/tokens: Not a directory");
	cr_assert_eq(n, 0);
}
