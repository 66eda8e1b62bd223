/* SPDX-License-Identifier: BSD-2-Clause */
/* Files when a call on them fails, is interrupted, or does a part. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/way.h"
#include "failing.h"
#include "unit.h"

static int dir;

static void
setup(void)
{
	umask(022);
	dir = open(unit_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(dir >= 0);
	cr_assert_eq(fchdir(dir), 0);
}

static void
teardown(void)
{
	close(dir);
	unit_cleanup();
}

TestSuite(file_failing, .init = setup, .fini = teardown);

static int
make_dirs(const char *path)
{
	struct way_fault fault;
	int made = -1, e = way_make(path, 0700, &made, &fault);

	if (made >= 0)
		close(made);
	return e;
}

static bool
holds(const char *name, const char *text)
{
	struct buf b = BUF_INIT;
	bool same;

	unit_read(unit_path(name), &b);
	same = strcmp(buf_str(&b), text) == 0;
	buf_free(&b);
	return same;
}

static bool
is_there(const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
replace(const char *text, enum file_sync sync)
{
	return file_replace_at(dir, "f", text, strlen(text), sync);
}

/* What was renamed is there, and only its being durable is in doubt. */
Test(file_failing, a_write_that_fails_anywhere_says_so_and_leaves_no_litter)
{
	unsigned n, told = 0;
	int e;

	cr_assert_eq(replace("old", FILE_SYNC), 0);
	for (n = 1;; n++) {
		failing_begin("system", n, EIO);
		e = replace("new", FILE_SYNC);
		if (!failing_end())
			break;
		cr_assert(e == EIO || (e == 0 && holds("f", "new")), "%u", n);
		cr_assert(holds("f", "old") || holds("f", "new"), "%u", n);
		cr_assert(!is_there("f.new"), "%u", n);
		told += e == EIO;
		cr_assert_eq(replace("old", FILE_SYNC), 0);
	}
	cr_assert_eq(e, 0);
	cr_assert(holds("f", "new"));
	/* openat fchmod write fsync close renameat openat fsync */
	cr_assert_eq(told, 8);
}

Test(file_failing, the_old_file_stays_until_the_new_one_is_durable)
{
	static const char *const calls[] = {
	    "openat", "fchmod", "write", "fsync", "close", "renameat"};
	size_t i;

	cr_assert_eq(replace("old", FILE_SYNC), 0);
	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		failing_begin(calls[i], 1, ENOSPC);
		cr_assert_eq(replace("new", FILE_SYNC), ENOSPC, "%s", calls[i]);
		cr_assert(failing_end(), "%s", calls[i]);
		cr_assert(holds("f", "old"), "%s", calls[i]);
		cr_assert(!is_there("f.new"), "%s", calls[i]);
	}
}

/* What happens when the nth fsync fails; 0: there is none. */
static int
at_sync(unsigned n, int (*act)(enum file_sync), enum file_sync sync)
{
	int e;

	failing_begin("fsync", n, EIO);
	e = act(sync);
	cr_assert_eq(e, failing_end() ? EIO : 0);
	return e;
}

static int
replace_it(enum file_sync sync)
{
	return replace("x", sync);
}

static int
remove_it(enum file_sync sync)
{
	unit_write(unit_path("f"), "x", 1);
	return file_remove_at(dir, "f", sync);
}

Test(file_failing, the_file_and_its_directory_are_synced_when_that_is_asked)
{
	cr_assert_eq(at_sync(1, replace_it, FILE_SYNC), EIO);
	cr_assert_eq(at_sync(2, replace_it, FILE_SYNC), EIO);
	cr_assert_eq(at_sync(3, replace_it, FILE_SYNC), 0);
	cr_assert_eq(at_sync(1, replace_it, FILE_NO_SYNC), 0);
	cr_assert_eq(at_sync(1, remove_it, FILE_SYNC), EIO);
	cr_assert_eq(at_sync(2, remove_it, FILE_SYNC), 0);
	cr_assert_eq(at_sync(1, remove_it, FILE_NO_SYNC), 0);
}

/* A close that was interrupted has closed. */
Test(file_failing, what_is_interrupted_is_done_again)
{
	static const char *const calls[] = {
	    "openat", "read", "write", "fsync", "close"};
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		buf_clear(&b);
		cr_assert_eq(replace("old", FILE_SYNC), 0);
		failing_begin(calls[i], 1, EINTR);
		cr_assert_eq(replace("new", FILE_SYNC), 0, "%s", calls[i]);
		cr_assert_eq(
		    file_read_at(dir, "f", 3, false, &b), 0, "%s", calls[i]);
		cr_assert(failing_end(), "%s", calls[i]);
		cr_assert_str_eq(buf_str(&b), "new", "%s", calls[i]);
	}
	buf_free(&b);
}

Test(file_failing, what_is_done_in_parts_is_done)
{
	static char text[10001];
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('a' + i % 26);
	failing_begin("write", 1, 0);
	cr_assert_eq(replace(text, FILE_SYNC), 0);
	cr_assert(failing_end());
	cr_assert(holds("f", text));
	failing_begin("read", 1, 0);
	cr_assert_eq(file_read_at(dir, "f", sizeof(text) - 1, false, &b), 0);
	cr_assert(failing_end());
	cr_assert_str_eq(buf_str(&b), text);
	buf_free(&b);
}

Test(file_failing, a_file_that_grows_while_it_is_read_is_held_to_the_limit)
{
	struct buf b = BUF_INIT;

	cr_assert_eq(replace("12345678", FILE_SYNC), 0);
	failing_begin("read", 1, 0); /* as if it had been shorter */
	cr_assert_eq(file_read_at(dir, "f", 8, false, &b), 0);
	cr_assert_eq(b.len, 8);
	cr_assert_eq(b.data[8], 0);
	cr_assert_eq(file_read_at(dir, "f", 7, false, &b), EFBIG);
	failing_end();
	buf_free(&b);
}

Test(file_failing, reading_that_fails_says_why)
{
	static const char *const calls[] = {"openat", "fstat64", "read"};
	struct buf b = BUF_INIT, pipe_b = BUF_INIT;
	int fds[2];
	size_t i;

	cr_assert_eq(replace("text", FILE_SYNC), 0);
	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		failing_begin(calls[i], 1, EIO);
		cr_assert_eq(
		    file_read_at(dir, "f", 9, false, &b), EIO, "%s", calls[i]);
		failing_end();
		cr_assert_eq(b.len, 0);
	}
	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(write_all(fds[1], "text", 4), 0);
	close(fds[1]);
	failing_begin("read", 1, EINTR);
	cr_assert_eq(file_read_fd(fds[0], 9, &pipe_b), 0);
	cr_assert(failing_end());
	cr_assert_str_eq(buf_str(&pipe_b), "text");
	close(fds[0]);
	buf_free(&pipe_b);
}

Test(file_failing, without_memory_nothing_is_read_or_written)
{
	struct buf b = BUF_INIT;
	unsigned n;
	int e;

	cr_assert_eq(replace("old", FILE_SYNC), 0);
	for (n = 1;; n++) {
		failing_begin("memory", n, ENOMEM);
		e = replace("new", FILE_SYNC);
		if (!failing_end())
			break;
		cr_assert_eq(e, ENOMEM, "%u", n);
	}
	cr_assert(n > 1 && e == 0);
	failing_begin("memory", 1, ENOMEM);
	cr_assert_eq(file_read_at(dir, "f", 9, false, &b), ENOMEM);
	cr_assert(failing_end());
	buf_free(&b);
	failing_begin("memory", 1, ENOMEM);
	cr_assert_eq(file_read_fd(dir, 9, &b), ENOMEM);
	cr_assert(failing_end());
	failing_begin("memory", 1, ENOMEM);
	cr_assert_eq(make_dirs("a/b"), ENOMEM);
	cr_assert(failing_end());
	buf_free(&b);
}

Test(file_failing, removing_that_fails_says_so)
{
	cr_assert_eq(replace("x", FILE_SYNC), 0);
	failing_begin("unlinkat", 1, EACCES);
	cr_assert_eq(file_remove_at(dir, "f", FILE_SYNC), EACCES);
	failing_end();
	cr_assert(is_there("f"));
}

Test(file_failing, a_leftover_that_cannot_be_removed_is_not_written_to)
{
	unit_write(unit_path("f.new"), "somebody's", 10);
	failing_begin("unlinkat", 1, EACCES);
	cr_assert_eq(replace("x", FILE_SYNC), EACCES);
	cr_assert(failing_end());
	cr_assert(!is_there("f"));
}

/* A directory is private and durable when it is said to be made. */
Test(file_failing, a_directory_that_cannot_be_made_says_why)
{
	struct stat st;

	failing_begin("mkdirat", 1, ENOSPC);
	cr_assert_eq(make_dirs("a/b"), ENOSPC);
	cr_assert(failing_end());
	failing_begin("fsync", 2, EIO);
	cr_assert_eq(make_dirs("c/d"), EIO);
	cr_assert(failing_end());
	umask(0777);
	cr_assert_eq(make_dirs("e"), 0);
	cr_assert_eq(stat("e", &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0700);
}

Test(file_failing, what_is_above_need_not_be_there_to_be_written_to)
{
	failing_begin("mkdirat", 1, EROFS);
	cr_assert_eq(make_dirs("f"), EROFS);
	cr_assert(failing_end());
	unit_write(unit_path("f"), "x", 1);
	cr_assert_eq(make_dirs("f"), ENOTDIR);
	cr_assert_eq(make_dirs(""), ENOENT);
	cr_assert_eq(mkdir("g", 0700), 0);
	failing_begin("mkdirat", 1, EROFS);
	cr_assert_eq(make_dirs("g"), 0);
	failing_end();
}
