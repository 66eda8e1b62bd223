/* SPDX-License-Identifier: BSD-2-Clause */
/* Files: read within a limit, replaced whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "unit.h"

static void
assert_content(const char *name, const char *text)
{
	struct buf b = BUF_INIT;

	unit_read(unit_path(name), &b);
	cr_assert_str_eq(buf_str(&b), text);
	buf_free(&b);
}

static mode_t
mode_of(const char *name)
{
	struct stat st;

	cr_assert_eq(lstat(unit_path(name), &st), 0);
	return st.st_mode & 07777;
}

static bool
is_there(const char *name)
{
	struct stat st;

	return lstat(unit_path(name), &st) == 0;
}

static int
dir_fd(void)
{
	int fd = open(unit_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert(fd >= 0);
	return fd;
}

Test(file, reading_has_a_limit)
{
	struct buf b = BUF_INIT;

	unit_write(unit_path("f"), "12345", 5);
	buf_put_str(&b, "> ");
	cr_assert_eq(file_read_at(AT_FDCWD, unit_path("f"), 5, false, &b), 0);
	cr_assert_str_eq(buf_str(&b), "> 12345");
	cr_assert_eq(
	    file_read_at(AT_FDCWD, unit_path("f"), 4, false, &b), EFBIG);
	cr_assert_eq(
	    file_read_at(AT_FDCWD, unit_path("g"), 4, false, &b), ENOENT);
	buf_free(&b);
}

Test(file, only_regular_files_are_read, .timeout = 10)
{
	struct buf b = BUF_INIT;

	cr_assert_eq(mkfifo(unit_path("fifo"), 0600), 0);
	cr_assert_eq(
	    file_read_at(AT_FDCWD, unit_path("fifo"), 9, true, &b), EINVAL);
	cr_assert_eq(file_read_at(AT_FDCWD, unit_dir(), 9, true, &b), EINVAL);
	cr_assert_eq(file_read_at(AT_FDCWD, "/dev/zero", 9, true, &b), EINVAL);
	buf_free(&b);
}

Test(file, links_are_followed_only_on_request)
{
	struct buf b = BUF_INIT;

	unit_write(unit_path("f"), "x", 1);
	cr_assert_eq(symlink("f", unit_path("link")), 0);
	cr_assert_eq(
	    file_read_at(AT_FDCWD, unit_path("link"), 9, false, &b), ELOOP);
	cr_assert_eq(file_read_at(AT_FDCWD, unit_path("link"), 9, true, &b), 0);
	cr_assert_str_eq(buf_str(&b), "x");
	buf_free(&b);
}

Test(file, a_pipe_is_read_to_its_end_within_the_limit)
{
	struct buf b = BUF_INIT;
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(write_all(fds[1], "12345", 5), 0);
	close(fds[1]);
	cr_assert_eq(file_read_fd(fds[0], 5, &b), 0);
	cr_assert_str_eq(buf_str(&b), "12345");
	close(fds[0]);
	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(write_all(fds[1], "12345", 5), 0);
	cr_assert_eq(file_read_fd(fds[0], 4, &b), EFBIG);
	close(fds[0]);
	close(fds[1]);
	cr_assert_eq(file_read_fd(fds[0], 4, &b), EBADF);
	buf_free(&b);
}

Test(file, replacing_makes_a_private_file_whatever_the_umask)
{
	static const mode_t masks[] = {0, 022, 077, 0777};
	int dir = dir_fd();
	size_t i;

	for (i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
		umask(masks[i]);
		cr_assert_eq(file_replace_at(dir, "f", "new", 3, FILE_SYNC), 0);
		cr_assert_eq(mode_of("f"), 0600, "umask %o", masks[i]);
		cr_assert_eq(
		    file_replace_at(dir, "f", "newer", 5, FILE_NO_SYNC), 0);
		cr_assert_eq(mode_of("f"), 0600);
		assert_content("f", "newer");
		cr_assert_eq(file_remove_at(dir, "f", FILE_SYNC), 0);
	}
	umask(022);
	cr_assert(!is_there("f.new"));
	close(dir);
}

Test(file, replacing_works_in_a_folder_of_the_directory)
{
	int dir = dir_fd();

	cr_assert_eq(mkdir(unit_path("d"), 0700), 0);
	cr_assert_eq(file_replace_at(dir, "d/f", "x", 1, FILE_SYNC), 0);
	assert_content("d/f", "x");
	cr_assert_eq(
	    file_replace_at(AT_FDCWD, unit_path("d/f"), "y", 1, FILE_SYNC), 0);
	assert_content("d/f", "y");
	cr_assert_eq(file_replace_at(dir, "no/f", "x", 1, FILE_SYNC), ENOENT);
	close(dir);
}

Test(file, a_failed_write_leaves_the_old_file_and_no_litter)
{
	static char big[100000];
	struct rlimit small = {1000, 1000};
	int dir = dir_fd();

	cr_assert_eq(file_replace_at(dir, "f", "old", 3, FILE_SYNC), 0);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	cr_assert_eq(
	    file_replace_at(dir, "f", big, sizeof(big), FILE_SYNC), EFBIG);
	assert_content("f", "old");
	cr_assert(!is_there("f.new"));
	close(dir);
}

static volatile sig_atomic_t signals_seen;

static void
count(int signum)
{
	(void)signum;
	signals_seen++;
}

Test(file, a_limit_to_file_sizes_does_not_end_the_process)
{
	static char big[100000];
	struct rlimit small = {1000, 1000};
	sigset_t before = {0}, after = {0};
	int dir = dir_fd();

	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	signal(SIGXFSZ, SIG_DFL);
	cr_assert_eq(
	    file_replace_at(dir, "f", big, sizeof(big), FILE_SYNC), EFBIG);
	signal(SIGXFSZ, count);
	sigprocmask(SIG_SETMASK, NULL, &before);
	cr_assert_eq(
	    file_replace_at(dir, "f", big, sizeof(big), FILE_SYNC), EFBIG);
	sigprocmask(SIG_SETMASK, NULL, &after);
	cr_assert_eq(memcmp(&before, &after, sizeof(after)), 0);
	cr_assert_eq(signals_seen, 0);
	raise(SIGXFSZ);
	cr_assert_eq(signals_seen, 1);
	sigaddset(&after, SIGXFSZ);
	sigprocmask(SIG_SETMASK, &after, NULL);
	raise(SIGXFSZ); /* before: it is its owner's */
	cr_assert_eq(
	    file_replace_at(dir, "f", big, sizeof(big), FILE_SYNC), EFBIG);
	sigprocmask(SIG_SETMASK, &before, NULL);
	cr_assert_eq(signals_seen, 2);
	close(dir);
}

Test(file, a_failed_rename_leaves_no_litter)
{
	int dir = dir_fd();

	cr_assert_eq(mkdir(unit_path("f"), 0700), 0);
	cr_assert_eq(file_replace_at(dir, "f", "x", 1, FILE_SYNC), EISDIR);
	cr_assert(!is_there("f.new"));
	close(dir);
}

Test(file, what_a_killed_writer_left_is_written_over)
{
	int dir = dir_fd();

	unit_write(unit_path("f.new"), "half a fi", 9);
	cr_assert_eq(file_replace_at(dir, "f", "x", 1, FILE_SYNC), 0);
	assert_content("f", "x");
	cr_assert(!is_there("f.new"));
	close(dir);
}

Test(file, nothing_is_written_through_a_planted_link)
{
	int dir = dir_fd();

	unit_write(unit_path("victim"), "safe", 4);
	cr_assert_eq(symlink("victim", unit_path("f.new")), 0);
	cr_assert_eq(file_replace_at(dir, "f", "x", 1, FILE_SYNC), 0);
	assert_content("victim", "safe");
	assert_content("f", "x");
	cr_assert_eq(symlink("victim", unit_path("g")), 0);
	cr_assert_eq(file_replace_at(dir, "g", "x", 1, FILE_SYNC), 0);
	assert_content("victim", "safe");
	assert_content("g", "x");
	close(dir);
}

Test(file, a_place_is_filled_from_as_many_pieces_as_it_takes)
{
	char room[8] = "";
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(write(fds[1], "abc", 3), 3);
	cr_assert_eq(file_fill(fds[0], room, 2), 2);
	cr_assert_eq(write(fds[1], "de", 2), 2);
	close(fds[1]);
	cr_assert_eq(file_fill(fds[0], room + 2, 6), 3, "then it ends");
	cr_assert_str_eq(room, "abcde");
	cr_assert_eq(file_fill(fds[0], room, 0), 0);
	close(fds[0]);
	cr_assert_eq(file_fill(fds[0], room, 1), -EBADF);
}

Test(file, removing_what_is_not_there_is_success)
{
	int dir = dir_fd();

	cr_assert_eq(file_remove_at(dir, "f", FILE_SYNC), 0);
	unit_write(unit_path("f"), "x", 1);
	cr_assert_eq(file_remove_at(dir, "f", FILE_NO_SYNC), 0);
	cr_assert(!is_there("f"));
	cr_assert_eq(mkdir(unit_path("d"), 0700), 0);
	cr_assert_eq(file_remove_at(dir, "d", FILE_SYNC), EISDIR);
	close(dir);
}
