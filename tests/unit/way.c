/* SPDX-License-Identifier: BSD-2-Clause */
/* The way to a directory: made, found, and not bent by others. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/way.h"
#include "failing.h"
#include "unit.h"

#define NOBODY 65534

static int
make(const char *path, mode_t mode)
{
	struct way_fault fault;
	int dir = -1, e = way_make(path, mode, &dir, &fault);

	if (dir >= 0)
		close(dir);
	cr_assert_eq(e == 0, dir >= 0);
	return e;
}

static mode_t
mode_of(const char *name)
{
	struct stat st;

	cr_assert_eq(lstat(unit_path(name), &st), 0, "%s", name);
	return st.st_mode & 07777;
}

static bool
is_there(const char *name)
{
	struct stat st;

	return lstat(unit_path(name), &st) == 0;
}

/* 0, or errno. */
static int
found(const char *path)
{
	int fd = way_open(path, O_RDONLY);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* And not of a namespace without anybody else. */
static bool
is_root(void)
{
	unit_write(unit_path("gift"), "", 0);
	return geteuid() == 0 && chown(unit_path("gift"), NOBODY, NOBODY) == 0;
}

Test(way, directories_are_made_down_to_the_last)
{
	cr_assert_eq(make(unit_path("a/b/c"), 0700), 0);
	cr_assert_eq(mode_of("a"), 0700);
	cr_assert_eq(mode_of("a/b/c"), 0700);
	cr_assert_eq(make(unit_path("a/b/c"), 0755), 0);
	cr_assert_eq(mode_of("a/b/c"), 0700, "left as it was");
	cr_assert_eq(make(unit_path("a/d/"), 0700), 0);
	cr_assert_eq(make(unit_path("a//e///f"), 0700), 0);
	cr_assert(is_there("a/d") && is_there("a/e/f"));
}

Test(way, a_relative_path_begins_here)
{
	cr_assert_eq(chdir(unit_dir()), 0);
	cr_assert_eq(make("r", 0700), 0);
	cr_assert_eq(make("s/t", 0700), 0);
	cr_assert_eq(make("s/../v", 0700), 0);
	cr_assert(is_there("r") && is_there("s/t") && is_there("v"));
	cr_assert_eq(chdir("/"), 0);
}

Test(way, no_umask_changes_a_mode)
{
	static const mode_t masks[] = {0, 022, 077, 0277, 0777};
	char name[16];

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		snprintf(name, sizeof(name), "m%zu/n", i);
		umask(masks[i]);
		cr_assert_eq(make(unit_path(name), 0700), 0);
		umask(022);
		cr_assert_eq(mode_of(name), 0700, "%o", masks[i]);
		name[2] = '\0';
		cr_assert_eq(mode_of(name), 0700, "%o", masks[i]);
	}
}

Test(way, a_file_where_a_directory_should_be_is_a_failure)
{
	unit_write(unit_path("f"), "x", 1);
	cr_assert_eq(make(unit_path("f/d"), 0700), ENOTDIR);
	cr_assert_eq(make(unit_path("f"), 0700), ENOTDIR);
	cr_assert_eq(make("", 0700), ENOENT);
	cr_assert_eq(found(unit_path("f")), ENOTDIR);
	cr_assert_eq(found(unit_path("g")), ENOENT);
}

Test(way, nothing_is_made_through_a_link_that_was_put_there)
{
	int dir = open(unit_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(make(unit_path("victim"), 0755), 0);
	cr_assert_eq(symlink("victim", unit_path("link")), 0);
	cr_assert_neq(way_make_at(dir, "link", 0700), 0);
	cr_assert_eq(mode_of("victim"), 0755);
	cr_assert_eq(symlink("nowhere", unit_path("dangling")), 0);
	cr_assert_neq(make(unit_path("dangling"), 0700), 0);
	cr_assert_neq(make(unit_path("dangling/x"), 0700), 0);
	cr_assert(!is_there("nowhere"));
	close(dir);
}

Test(way, one_that_is_there_gets_its_mode)
{
	int dir = open(unit_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(mkdir(unit_path("half"), 0), 0);
	cr_assert_eq(way_make_at(dir, "half", 0700), 0);
	cr_assert_eq(mode_of("half"), 0700);
	close(dir);
}

Test(way, links_of_ones_own_are_followed)
{
	cr_assert_eq(make(unit_path("real/below"), 0700), 0);
	cr_assert_eq(symlink("real", unit_path("link")), 0);
	cr_assert_eq(found(unit_path("link")), 0);
	cr_assert_eq(found(unit_path("link/below")), 0);
	cr_assert_eq(make(unit_path("link/more"), 0700), 0);
	cr_assert(is_there("real/more"));
}

/* zone is another's, or open to all. */
static void
zone(mode_t mode, uid_t uid)
{
	cr_assert_eq(chmod(unit_path("zone"), mode), 0);
	cr_assert_eq(chown(unit_path("zone"), uid, uid), 0);
}

Test(way, root_follows_no_link_that_others_may_put_there)
{
	if (!is_root())
		return; /* he has only himself to fear */
	cr_assert_eq(make(unit_path("real"), 0700), 0);
	cr_assert_eq(make(unit_path("zone/d"), 0700), 0);
	cr_assert_eq(symlink("../real", unit_path("zone/link")), 0);
	cr_assert_eq(found(unit_path("zone/link")), 0);
	zone(0755, NOBODY);
	cr_assert_eq(found(unit_path("zone/link")), ELOOP);
	cr_assert_eq(make(unit_path("zone/link/x"), 0700), ELOOP);
	cr_assert_eq(found(unit_path("zone/d")), 0, "it is no link");
	zone(0777, 0);
	cr_assert_eq(found(unit_path("zone/link")), ELOOP);
	zone(01777, 0);
	cr_assert_eq(found(unit_path("zone/link")), 0, "the link is root's");
	cr_assert_eq(lchown(unit_path("zone/link"), NOBODY, NOBODY), 0);
	cr_assert_eq(found(unit_path("zone/link")), ELOOP);
	cr_assert(!is_there("real/x"));
}

/* Whoever may write to a directory may put a link there: also one who is not
   in this namespace, where root can give nothing away. */
Test(way, root_goes_by_what_a_directory_lets_others_do)
{
	static const struct {
		mode_t mode;
		bool stays;
	} rows[] = {{0755, true}, {0775, false}, {0757, false}, {0777, false},
	    {01777, true}, {01775, true}, {0700, true}};
	struct way_fault fault;
	int dir, e;

	if (geteuid() != 0)
		return;
	cr_assert_eq(make(unit_path("real/below"), 0700), 0);
	cr_assert_eq(make(unit_path("zone/d/e"), 0700), 0);
	cr_assert_eq(symlink("../real", unit_path("zone/link")), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		e = rows[i].stays ? 0 : ELOOP;
		cr_assert_eq(chmod(unit_path("zone"), rows[i].mode), 0);
		cr_assert_eq(found(unit_path("zone/d")), 0);
		cr_assert_eq(found(unit_path("zone/link")), e, "row %zu", i);
		cr_assert_eq(found(unit_path("zone//link///below/")), e);
		cr_assert_eq(make(unit_path("zone/link/below"), 0700), e);
		e = rows[i].stays ? 0 : EPERM;
		cr_assert_eq(make(unit_path("zone/d/e/x"), 0700), e);
		cr_assert_eq(is_there("zone/d/e/x"), e == 0);
		rmdir(unit_path("zone/d/e/x"));
		fault = (struct way_fault){0};
		cr_assert_eq(
		    way_make(unit_path("zone/x"), 0700, &dir, &fault), e);
		cr_assert_eq(fault.mode & 07777, e ? rows[i].mode : 0);
		cr_assert_eq(is_there("zone/x"), e == 0);
		if (e == 0) {
			close(dir);
			cr_assert_eq(rmdir(unit_path("zone/x")), 0);
		}
	}
}

Test(way, a_way_of_links_is_good_to_its_last_name)
{
	cr_assert_eq(make(unit_path("a/b/c"), 0700), 0);
	cr_assert_eq(symlink("a", unit_path("one")), 0);
	cr_assert_eq(symlink("b", unit_path("a/two")), 0);
	cr_assert_eq(symlink("nowhere", unit_path("a/b/three")), 0);
	cr_assert_eq(found(unit_path("one/two/c")), 0);
	cr_assert_eq(found(unit_path("one//b//c//")), 0);
	cr_assert_eq(found(unit_path("a/two")), 0);
	cr_assert_eq(found(unit_path("one/two/three")), ENOENT);
	cr_assert_eq(found(unit_path("one/two/d")), ENOENT);
	cr_assert_eq(chdir(unit_dir()), 0);
	cr_assert_eq(found("one"), 0);
	cr_assert_eq(found("one/two/c"), 0);
	cr_assert_eq(found("one/none"), ENOENT);
	cr_assert_eq(chdir("/"), 0);
}

/* ---- failures ----------------------------------------------------------- */

/* The one above what was there, and two for each that is new. */
Test(way, whatever_is_not_durable_is_a_failure)
{
	static const struct {
		const char *path;
		unsigned syncs;
	} rows[] = {{"there", 1}, {"x", 3}, {"there/x/y", 5}};
	unsigned n;
	int e;

	cr_assert_eq(make(unit_path("there"), 0700), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (n = 1;; n++) {
			rmdir(unit_path("x"));
			rmdir(unit_path("there/x/y"));
			rmdir(unit_path("there/x"));
			failing_begin("fsync", n, EIO);
			e = make(unit_path(rows[i].path), 0700);
			if (!failing_end()) {
				cr_assert_eq(e, 0);
				cr_assert_eq(n - 1, rows[i].syncs);
				break;
			}
			cr_assert_eq(e, EIO, "%s %u", rows[i].path, n);
		}
}

Test(way, without_memory_it_is_made_or_it_is_a_failure)
{
	bool failed = true;
	int e;

	cr_assert_eq(make(unit_path("real"), 0700), 0);
	cr_assert_eq(symlink("real", unit_path("link")), 0);
	for (unsigned n = 1; failed; n++) {
		failing_begin("memory", n, ENOMEM);
		e = make(unit_path("link/x/y"), 0700);
		failed = failing_end();
		cr_assert(e == 0 || failed, "%u", n);
		cr_assert(n > 2 || e == ENOMEM, "nothing was looked at yet");
		cr_assert_eq(is_there("real/x/y"), e == 0, "%u", n);
		rmdir(unit_path("real/x/y"));
	}
}

Test(way, a_mode_that_cannot_be_set_is_a_failure)
{
	int dir = open(unit_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(mkdir(unit_path("half"), 0), 0);
	failing_begin("fchmodat", 1, EROFS);
	cr_assert_eq(way_make_at(dir, "half", 0700), EROFS);
	cr_assert(failing_end());
	close(dir);
}

Test(way, without_memory_no_file_has_a_directory)
{
	const char *name;

	failing_begin("memory", 1, ENOMEM);
	errno = 0;
	cr_assert_eq(way_to_file(unit_path("f"), &name), -1);
	cr_assert_eq(errno, ENOMEM);
	cr_assert(failing_end());
}

/* Somebody's tower of directories costs root no time. */
Test(way, root_looks_at_64_directories_upwards_and_no_more)
{
	struct way_fault fault;
	char path[400] = "";
	int dir = -1;

	for (int i = 0; i < 70; i++)
		strcat(path, "d/");
	cr_assert_eq(make(unit_path("d/d"), 0700), 0);
	cr_assert_eq(make(unit_path(path), 0700), 0);
	strcat(path, "x");
	cr_assert_eq(way_make(unit_path(path), 0700, &dir, &fault),
	    geteuid() == 0 ? ELOOP : 0);
	close(dir);
}

/* As systemd links the StateDirectory= of a DynamicUser=. */
Test(way, root_follows_a_link_of_root_s_to_what_is_another_s)
{
	if (!is_root())
		return;
	cr_assert_eq(make(unit_path("zone/d/e"), 0700), 0);
	cr_assert_eq(symlink("e", unit_path("zone/d/other")), 0);
	cr_assert_eq(symlink("zone", unit_path("link")), 0);
	zone(0755, NOBODY);
	cr_assert_eq(found(unit_path("link")), 0);
	cr_assert_eq(found(unit_path("link/d")), 0);
	cr_assert_eq(found(unit_path("link//d/e/")), 0);
	cr_assert_eq(found(unit_path("link/d/f")), ENOENT);
	cr_assert_eq(chown(unit_path("zone/d"), NOBODY, NOBODY), 0);
	cr_assert_eq(found(unit_path("link/d/other")), ELOOP);
	cr_assert_eq(found(unit_path("link/d/other/")), ELOOP);
}

Test(way, root_makes_nothing_where_others_may_rename)
{
	struct way_fault fault = {0};
	int dir = -1;

	if (!is_root())
		return;
	cr_assert_eq(make(unit_path("zone/d"), 0700), 0);
	zone(0755, NOBODY);
	cr_assert_eq(
	    way_make(unit_path("zone/x/y"), 0700, &dir, &fault), EPERM);
	cr_assert_eq(fault.uid, NOBODY);
	cr_assert_eq(
	    way_make(unit_path("zone/d/y"), 0700, &dir, &fault), EPERM);
	zone(0775, 0);
	cr_assert_eq(make(unit_path("zone/x/y"), 0700), EPERM);
	zone(01777, 0);
	cr_assert_eq(make(unit_path("zone/x/y"), 0700), 0);
	cr_assert(!is_there("zone/d/y"));
	zone(0755, 0);
}

Test(way, a_file_is_named_within_its_directory)
{
	const char *name;
	int dir;

	cr_assert_eq(chdir(unit_dir()), 0);
	unit_write(unit_path("f"), "x", 1);
	dir = way_to_file(unit_path("f"), &name);
	cr_assert_str_eq(name, "f");
	cr_assert_eq(faccessat(dir, name, F_OK, 0), 0);
	close(dir);
	dir = way_to_file("f", &name);
	cr_assert_eq(faccessat(dir, name, F_OK, 0), 0);
	close(dir);
	dir = way_to_file("/f", &name);
	cr_assert(dir >= 0);
	cr_assert_str_eq(name, "f");
	close(dir);
	cr_assert(way_to_file(unit_path("none/f"), &name) < 0);
	cr_assert_eq(chdir("/"), 0);
}
