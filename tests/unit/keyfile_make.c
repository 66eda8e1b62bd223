/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a new key file lies, and what is found there when it is made. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "key/methods.h"
#include "failing.h"
#include "unit.h"

static const char bytes[] = "thirty-two bytes and a few more.....";
static const char temp[] = "key.new-00000000";

static void
setup(void)
{
	setenv("HOME", unit_path("home"), 1);
	unsetenv("XDG_CONFIG_HOME");
	cr_assert_eq(mkdir(unit_path("store"), 0700), 0);
}

TestSuite(keyfile_make, .init = setup, .fini = unit_cleanup);

/* ---- where it lies ----------------------------------------------------- */

/* The path that is chosen, static; NULL and a sentence. */
static const char *
choose(const struct key_context *ctx, const char *arg, struct error *err)
{
	static char chosen[2048];
	char *path = NULL;

	if (keyfile_choose(ctx, arg, &path, err) != TOKENWARD_OK) {
		cr_assert_null(path);
		return NULL;
	}
	snprintf(chosen, sizeof(chosen), "%s", path);
	free(path);
	return chosen;
}

static const char *
choose_default(struct error *err)
{
	struct key_context ctx = {.store_path = unit_path("store")};

	return choose(&ctx, NULL, err);
}

Test(keyfile_make, a_path_is_absolute_printable_and_of_limited_length)
{
	char path[1027];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[1025] = '\0';
	cr_assert_not(keyfile_path_ok(path));
	path[1024] = '\0';
	cr_assert(keyfile_path_ok(path));
	cr_assert(keyfile_path_ok("/"));
	cr_assert_not(keyfile_path_ok(""));
	cr_assert_not(keyfile_path_ok("x/y"));
	cr_assert_not(keyfile_path_ok("/x\ny"));
}

Test(keyfile_make, without_a_home_in_the_environment_the_password_file_knows)
{
	struct passwd *pw = getpwuid(geteuid());
	struct error err;
	char want[1024];

	if (!pw || pw->pw_dir[0] != '/')
		cr_skip("this user has no home directory");
	snprintf(want, sizeof(want), "%s/.config/tokenward/key", pw->pw_dir);
	unsetenv("HOME");
	cr_assert_str_eq(choose_default(&err), want);
	setenv("HOME", "relative", 1);
	cr_assert_str_eq(choose_default(&err), want);
	setenv("XDG_CONFIG_HOME", "/cfg", 1);
	cr_assert_str_eq(choose_default(&err), "/cfg/tokenward/key");
}

Test(keyfile_make, who_has_no_home_must_name_a_place)
{
	struct error err;

	unsetenv("HOME");
	failing_begin("getpwuid_r", 1, EIO);
	cr_assert_null(choose_default(&err));
	cr_assert(failing_end());
	cr_assert_eq(err.code, TOKENWARD_USAGE);
	cr_assert(strstr(err.text, "there is no home directory"));
	failing_begin("getpwuid_r", 1, ENOMEM);
	cr_assert_null(choose_default(&err));
	cr_assert(failing_end());
	cr_assert(strstr(err.text, "memory") != NULL, "%s", err.text);
}

Test(keyfile_make, a_home_that_the_password_file_does_not_know_is_none)
{
	static const char *const homes[] = {NULL, "relative", ""};
	struct error err;
	size_t i;

	unsetenv("HOME");
	for (i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
		failing_home(true, homes[i]);
		cr_assert_null(choose_default(&err));
		cr_assert_eq(err.code, TOKENWARD_USAGE);
		cr_assert(strstr(err.text, "there is no home directory"), "%s",
		    err.text);
	}
	failing_home(true, "/there");
	cr_assert_str_eq(choose_default(&err), "/there/.config/tokenward/key");
	failing_home(false, NULL);
}

Test(keyfile_make, the_systems_store_has_its_key_beside_the_configuration)
{
	struct key_context ctx = {.system = true};
	struct error err;
	const char *path = choose(&ctx, NULL, &err);

	cr_assert_not_null(path, "%s", err.text);
	cr_assert_eq(path[0], '/');
	cr_assert_str_eq(strrchr(path, '/'), "/key");
	cr_assert_null(strstr(path, "home"));
	cr_assert_null(strstr(path, ".config"));
}

static const struct {
	const char *store, *path; /* under the test's directory */
	bool inside;
} places[] = {
    {"store", "key", false},
    {"store", "store-key", false},
    {"store", "stor", false},
    {"store", "store", true},
    {"store", "store/key", true},
    {"store/", "store/deep/er/key", true},
    {"store///", "store/key", true},
    {"store///", "storekey", false},
    {"link", "store/key", true},
    {"store", "link/key", true},
    {"store", "none/../store/key", true},
    {"none", "none/key", true},
    {"none", "key", false},
};

Test(keyfile_make, is_never_inside_the_store_whatever_the_names)
{
	struct error err;
	size_t i;

	cr_assert_eq(symlink("store", unit_path("link")), 0);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct key_context ctx = {
		    .store_path = unit_path(places[i].store)};
		const char *path =
		    choose(&ctx, unit_path(places[i].path), &err);

		cr_assert_eq(path == NULL, places[i].inside, "%s in %s",
		    places[i].path, places[i].store);
		cr_assert(path || (err.code == TOKENWARD_USAGE &&
				      strstr(err.text, "inside the store")));
	}
}

Test(keyfile_make, everything_is_inside_a_store_at_the_root)
{
	struct key_context ctx = {.store_path = "/"};
	struct error err;

	cr_assert_null(choose(&ctx, unit_path("key"), &err));
	ctx.store_path = NULL;
	cr_assert_str_eq(
	    choose(&ctx, unit_path("key"), &err), unit_path("key"));
	cr_assert_str_eq(
	    choose(&ctx, "/no-such-name-there", &err), "/no-such-name-there");
	ctx.store_path = unit_path("store");
	cr_assert_str_eq(
	    choose(&ctx, "/no-such-name-there", &err), "/no-such-name-there");
}

Test(keyfile_make, a_place_that_cannot_be_found_out_is_not_taken)
{
	struct key_context ctx = {.store_path = unit_path("store")};
	struct error err;

	failing_begin("realpath", 1, EIO);
	cr_assert_null(choose(&ctx, unit_path("key"), &err));
	cr_assert(failing_end());
	cr_assert_eq(err.code, TOKENWARD_FAILED);
	cr_assert(strstr(err.text, "/key would lie: Input/output error"), "%s",
	    err.text);
	failing_begin("realpath", 1, EACCES);
	cr_assert_null(choose(&ctx, unit_path("key"), &err));
	cr_assert(failing_end());
	cr_assert_eq(err.code, TOKENWARD_NOT_ALLOWED);
}

/* What is relative is so to a directory that may be gone. */
Test(keyfile_make, a_relative_path_needs_a_directory_that_is_known)
{
	struct key_context ctx = {.store_path = unit_path("store")};
	struct error err;

	failing_begin("getcwd", 1, ENOENT);
	cr_assert_null(choose(&ctx, "key", &err));
	cr_assert(failing_end());
	cr_assert_eq(err.code, TOKENWARD_USAGE);
	cr_assert(strstr(err.text, "keyfile=/PATH"), "%s", err.text);
	ctx.store_path = "store";
	failing_begin("getcwd", 1, EACCES);
	cr_assert_null(choose(&ctx, unit_path("key"), &err));
	cr_assert(failing_end());
	cr_assert_eq(err.code, TOKENWARD_NOT_ALLOWED);
	cr_assert(strstr(err.text, "/key would lie: "), "%s", err.text);
}

Test(keyfile_make, a_place_for_whose_name_there_is_no_memory_is_not_taken)
{
	struct key_context ctx = {.store_path = "store"};
	bool hit = true;
	struct error err;
	unsigned n;

	cr_assert_eq(chdir(unit_dir()), 0);
	for (n = 1; hit; n++) {
		const char *path;

		failing_begin("memory", n, ENOMEM);
		path = choose(&ctx, "key", &err);
		hit = failing_end();
		cr_assert_eq(path == NULL, hit, "%u", n);
		cr_assert(
		    path || (err.code == TOKENWARD_FAILED && err.no_memory),
		    "%s", err.text);
	}
	cr_assert_gt(n, 4);
}

/* ---- what is in the way ------------------------------------------------ */

static int
make(void)
{
	cleanup_close int dir = open(unit_dir(), O_RDONLY | O_DIRECTORY);

	return keyfile_make(dir, "key");
}

static void
assert_made(void)
{
	struct stat st;

	cr_assert_eq(lstat(unit_path("key"), &st), 0);
	cr_assert(S_ISREG(st.st_mode));
	cr_assert_eq(st.st_size, KEYFILE_MIN);
	cr_assert_eq(st.st_mode & 07777, 0600);
	cr_assert_eq(st.st_nlink, 1);
	cr_assert_eq(unlink(unit_path("key")), 0);
}

static void
assert_left(const char *name, const char *content)
{
	cleanup_buf struct buf b = BUF_INIT;

	unit_read(unit_path(name), &b);
	cr_assert_str_eq(buf_str(&b), content);
}

Test(keyfile_make, what_a_killed_one_left_is_used_up)
{
	char longer[100] = "";

	unit_write(unit_path(temp), "", 0);
	cr_assert_eq(make(), 0);
	assert_made();
	cr_assert_eq(access(unit_path(temp), F_OK), -1);
	memset(longer, 'x', sizeof(longer));
	unit_write(unit_path(temp), longer, sizeof(longer));
	cr_assert_eq(chmod(unit_path(temp), 0644), 0);
	cr_assert_eq(make(), 0);
	assert_made();
	cr_assert_eq(access(unit_path(temp), F_OK), -1);
}

/* Another one writes the usual name now; his descriptor. */
static int
begin_busy(void)
{
	int fd;

	unit_write(unit_path(temp), "busy", 4);
	fd = open(unit_path(temp), O_RDONLY | O_CLOEXEC);
	cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	return fd;
}

Test(keyfile_make, what_another_one_writes_now_is_left_to_him)
{
	int fd = begin_busy();

	cr_assert_eq(make(), 0);
	assert_made();
	assert_left(temp, "busy");
	close(fd);
}

Test(keyfile_make, what_has_another_name_as_well_is_left)
{
	unit_write(unit_path("letter"), "dear", 4);
	cr_assert_eq(link(unit_path("letter"), unit_path(temp)), 0);
	cr_assert_eq(make(), 0);
	assert_made();
	assert_left("letter", "dear");
	cr_assert_eq(unlink(unit_path(temp)), 0);
	cr_assert_eq(symlink("letter", unit_path(temp)), 0);
	cr_assert_eq(make(), 0);
	assert_made();
	assert_left("letter", "dear");
	cr_assert_eq(unlink(unit_path(temp)), 0);
	cr_assert_eq(symlink("elsewhere", unit_path(temp)), 0);
	cr_assert_eq(make(), 0);
	assert_made();
	cr_assert_eq(access(unit_path("elsewhere"), F_OK), -1);
	cr_assert_eq(unlink(unit_path(temp)), 0);
	cr_assert_eq(mkfifo(unit_path(temp), 0600), 0);
	cr_assert_eq(make(), 0);
	assert_made();
	cr_assert_eq(unlink(unit_path(temp)), 0);
	cr_assert_eq(mkdir(unit_path(temp), 0700), 0);
	cr_assert_eq(make(), 0);
	assert_made();
	cr_assert_eq(rmdir(unit_path(temp)), 0);
}

Test(keyfile_make, what_is_another_users_is_left)
{
	unit_write(unit_path(temp), "his", 3);
	failing_owner(true, geteuid() + 1);
	cr_assert_eq(make(), 0);
	failing_owner(false, 0);
	assert_made();
	assert_left(temp, "his");
}

Test(keyfile_make, beside_what_another_one_writes_failures_are_said)
{
	int fd = begin_busy();

	failing_begin("vasprintf", 2, ENOMEM);
	cr_assert_eq(make(), ENOMEM);
	cr_assert(failing_end());
	failing_begin("openat", 2, ENOSPC);
	cr_assert_eq(make(), ENOSPC);
	cr_assert(failing_end());
	cr_assert_eq(access(unit_path("key"), F_OK), -1);
	assert_left(temp, "busy");
	close(fd);
}

static void
take_away(void)
{
	cr_assert_eq(unlink(unit_path(temp)), 0);
}

static void
exchange(void)
{
	cr_assert_eq(rename(unit_path(temp), unit_path("taken")), 0);
	unit_write(unit_path(temp), "his", 3);
}

/* Between opening it and looking whether it is still of that name. */
Test(keyfile_make, what_loses_its_name_meanwhile_is_not_written)
{
	failing_before("fstatat64", 1, take_away);
	cr_assert_eq(make(), 0);
	cr_assert(failing_end());
	assert_made();
	cr_assert_eq(access(unit_path(temp), F_OK), -1);
	failing_before("fstatat64", 1, exchange);
	cr_assert_eq(make(), 0);
	cr_assert(failing_end());
	assert_made();
	assert_left(temp, "his");
	assert_left("taken", "");
}

Test(keyfile_make, what_lies_elsewhere_is_left)
{
	unit_write(unit_path(temp), "his", 3);
	failing_device(true);
	cr_assert_eq(make(), 0);
	failing_device(false);
	assert_made();
	assert_left(temp, "his");
}

/* One that somebody reads can be opened. */
Test(keyfile_make, no_key_is_written_into_a_pipe)
{
	char byte;
	int fd;

	cr_assert_eq(mkfifo(unit_path(temp), 0600), 0);
	fd = open(unit_path(temp), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	cr_assert_eq(make(), 0);
	assert_made();
	cr_assert_eq(read(fd, &byte, 1), 0, "nothing came");
	close(fd);
}

static const struct {
	const char *call;
	unsigned nth;
	int error, want;
} makings[] = {
    {"fstat64", 1, EIO, EIO},
    {"fstatat64", 1, EIO, EIO},
    {"ftruncate64", 1, EIO, EIO},
    {"fchmod", 1, EPERM, EPERM},
    {"write", 1, ENOSPC, ENOSPC},
    {"fsync", 1, EIO, EIO},
    {"fsync", 2, EIO, EIO},
    {"secret_alloc", 1, ENOMEM, ENOMEM},
    {"vasprintf", 1, ENOMEM, ENOMEM},
};

Test(keyfile_make, what_fails_is_said_and_leaves_no_key_by_halves)
{
	size_t i;

	for (i = 0; i < sizeof(makings) / sizeof(makings[0]); i++) {
		struct stat st;
		int e;

		failing_begin(
		    makings[i].call, makings[i].nth, makings[i].error);
		e = make();
		cr_assert(failing_end(), "%s", makings[i].call);
		cr_assert_eq(e, makings[i].want, "%s %u: %d", makings[i].call,
		    makings[i].nth, e);
		if (stat(unit_path("key"), &st) == 0)
			assert_made();
	}
	cr_assert_eq(make(), 0);
	assert_made();
}

Test(keyfile_make, one_that_came_first_stays)
{
	unit_write(unit_path("key"), "first", 5);
	cr_assert_eq(make(), 0);
	assert_left("key", "first");
	cr_assert_eq(access(unit_path(temp), F_OK), -1);
}

/* ---- one that is there ------------------------------------------------- */

static int
enroll(const char *path, struct error *err)
{
	struct key_context ctx = {.store_path = unit_path("store")};
	struct key_slot slot = {.id = 1};
	unsigned char kek[KEY_LEN];
	int r =
	    keyfile_method.enroll(&keyfile_method, &ctx, path, &slot, kek, err);

	strmap_free(&slot.params);
	return r;
}

static const struct {
	int error, want;
} settlings[] = {{EIO, EIO}, {ENOSPC, ENOSPC}, {EROFS, 0}, {EINVAL, 0}};

Test(keyfile_make, one_that_is_there_must_be_durable_if_it_can)
{
	cleanup_close int dir = open(unit_dir(), O_RDONLY | O_DIRECTORY);
	size_t i;

	unit_write(unit_path("key"), bytes, 36);
	cr_assert_eq(keyfile_settle(dir, "key"), 0);
	cr_assert_eq(keyfile_settle(dir, "none"), 0, "its reader tells");
	for (i = 0; i < sizeof(settlings) / sizeof(settlings[0]); i++) {
		failing_begin("fsync", 1, settlings[i].error);
		cr_assert_eq(keyfile_settle(dir, "key"), settlings[i].want);
		cr_assert(failing_end());
		failing_begin("fsync", 2, settlings[i].error);
		cr_assert_eq(keyfile_settle(dir, "key"), settlings[i].want);
		cr_assert(failing_end(), "the directory too");
	}
}

Test(keyfile_make, one_that_cannot_be_looked_for_is_not_made)
{
	unsigned n, told = 0;
	struct error err;
	bool hit = true;
	int r;

	for (n = 1; hit; n++) {
		error_clear(&err);
		failing_begin("fstatat64", n, EIO);
		r = enroll(unit_path("key"), &err);
		hit = failing_end();
		told += strstr(err.text, "cannot put the key file ") != NULL;
		cr_assert_eq(r, hit ? TOKENWARD_FAILED : TOKENWARD_OK);
	}
	cr_assert_gt(told, 0);
}

static bool
is_noted(const char *name)
{
	struct stat st;

	cr_assert_eq(stat(unit_path(name), &st), 0);
	return st.st_mtim.tv_sec == 0;
}

Test(keyfile_make, one_of_ours_that_was_there_may_be_another_stores)
{
	struct error err;

	assert_ok(enroll(unit_path("key"), &err), err);
	cr_assert_not(is_noted("key"));
	assert_ok(enroll(unit_path("key"), &err), err);
	cr_assert(is_noted("key"));
	unit_write(unit_path("own"), bytes, 36);
	assert_ok(enroll(unit_path("own"), &err), err);
	cr_assert_not(is_noted("own"), "we made none of that size");
}

Test(keyfile_make, there_must_be_a_directory_for_it)
{
	struct error err;

	unit_write(unit_path("file"), "", 0);
	assert_fails(enroll(unit_path("file/key"), &err), err, TOKENWARD_FAILED,
	    "cannot make the key file ");
	cr_assert(
	    strstr(err.text, "/file/key: Not a directory"), "%s", err.text);
}

Test(keyfile_make, a_directory_that_may_not_be_made_is_said)
{
	struct error err;

	failing_begin("mkdirat", 1, EPERM);
	assert_fails(enroll(unit_path("deep/er/key"), &err), err,
	    TOKENWARD_NOT_ALLOWED, "cannot make the key file ");
	cr_assert(failing_end());
	cr_assert(strstr(err.text, "/deep/er/key: Operation not permitted"),
	    "%s", err.text);
	cr_assert_eq(access(unit_path("deep"), F_OK), -1);
}

Test(keyfile_make, root_keeps_none_where_others_may_exchange_it)
{
	struct error err;

	if (geteuid() != 0)
		cr_skip("needs root");
	cr_assert_eq(mkdir(unit_path("open"), 0777), 0);
	cr_assert_eq(chmod(unit_path("open"), 0777), 0);
	assert_fails(enroll(unit_path("open/key"), &err), err,
	    TOKENWARD_NOT_ALLOWED,
	    "/open/key: others may rename a directory above it (uid 0, mode "
	    "0777)");
	cr_assert_eq(access(unit_path("open/key"), F_OK), -1);
}

/* ---- reading ----------------------------------------------------------- */

static void
read_key(unsigned char *ret)
{
	static const unsigned char salt[SLOT_SALT_LEN] = "a salt";
	struct error err;

	assert_ok(
	    keyfile_read(unit_path("key"), salt, TOKENWARD_LOCKED, ret, &err),
	    err);
}

Test(keyfile_make, it_is_read_whole_however_little_comes_at_a_time)
{
	unsigned char a[KEY_LEN], b[KEY_LEN];

	unit_write(unit_path("key"), bytes, 36);
	read_key(a);
	failing_begin("read", 1, 0);
	read_key(b);
	cr_assert(failing_end());
	cr_assert_eq(memcmp(a, b, KEY_LEN), 0);
	failing_begin("read", 1, EINTR);
	read_key(b);
	cr_assert(failing_end());
	cr_assert_eq(memcmp(a, b, KEY_LEN), 0);
}

static void
cut(void)
{
	cr_assert_eq(truncate(unit_path("key"), 35), 0);
}

static void
lengthen(void)
{
	cr_assert_eq(truncate(unit_path("key"), 37), 0);
}

Test(keyfile_make, one_that_is_cut_while_it_is_read_is_no_key)
{
	static const unsigned char salt[SLOT_SALT_LEN] = "a salt";
	unsigned char a[KEY_LEN], b[KEY_LEN];
	struct error err;

	unit_write(unit_path("key"), bytes, 36);
	read_key(a);
	failing_before("read", 1, lengthen);
	read_key(b);
	cr_assert(failing_end());
	cr_assert_eq(memcmp(a, b, KEY_LEN), 0, "it is what it was");
	unit_write(unit_path("key"), bytes, 36);
	failing_before("read", 1, cut);
	assert_fails(
	    keyfile_read(unit_path("key"), salt, TOKENWARD_LOCKED, b, &err),
	    err, TOKENWARD_LOCKED, "/key: Input/output error");
	cr_assert(failing_end());
}

/* The file itself has the number 0. */
static void
make_as_0(void)
{
	int low = open(unit_dir(), O_RDONLY | O_DIRECTORY);
	int dir = fcntl(low, F_DUPFD_CLOEXEC, 3);

	cr_assert_eq(low, 0);
	close(low);
	cr_assert_eq(keyfile_make(dir, "key"), 0);
	assert_made();
	cr_assert_eq(access(unit_path(temp), F_OK), -1);
	cr_assert_eq(fcntl(0, F_GETFD), -1);
	close(dir);
}

/* A host may have closed its standard input. */
Test(keyfile_make, descriptor_0_is_as_good_as_any_and_given_back)
{
	unsigned char kek[KEY_LEN];
	struct error err;

	close(0);
	assert_ok(enroll(unit_path("deep/key"), &err), err);
	cr_assert_eq(fcntl(0, F_GETFD), -1);
	assert_ok(enroll(unit_path("deep/key"), &err), err);
	cr_assert_eq(fcntl(0, F_GETFD), -1);
	make_as_0();
	unit_write(unit_path("key"), bytes, 36);
	read_key(kek);
	cr_assert_eq(fcntl(0, F_GETFD), -1);
}

/* Root's is good for everybody whom root lets read it. */
Test(keyfile_make, it_must_be_roots_or_ones_own)
{
	static const unsigned char salt[SLOT_SALT_LEN];
	unsigned char kek[KEY_LEN];
	struct error err;
	char words[80];

	unit_write(unit_path("key"), bytes, 36);
	snprintf(words, sizeof(words),
	    "belongs to uid %u: it must be root's or yours (uid %u)",
	    geteuid() + 1, geteuid());
	failing_owner(true, geteuid() + 1);
	assert_fails(
	    keyfile_read(unit_path("key"), salt, TOKENWARD_LOCKED, kek, &err),
	    err, TOKENWARD_NOT_ALLOWED, words);
	failing_owner(true, 0);
	assert_ok(
	    keyfile_read(unit_path("key"), salt, TOKENWARD_LOCKED, kek, &err),
	    err);
	failing_owner(true, geteuid());
	assert_ok(
	    keyfile_read(unit_path("key"), salt, TOKENWARD_LOCKED, kek, &err),
	    err);
	failing_owner(false, 0);
}

Test(keyfile_make, a_users_own_is_his_and_no_other_users)
{
	static const unsigned char salt[SLOT_SALT_LEN];
	unsigned char kek[KEY_LEN];
	struct error err;

	unit_write(unit_path("key"), bytes, 36);
	cr_assert_eq(chmod(unit_dir(), 0755), 0);
	if (geteuid() != 0 || chown(unit_path("key"), 12345, 12345) < 0)
		cr_skip("needs root to take another uid");
	cr_assert_eq(seteuid(12345), 0);
	read_key(kek);
	failing_owner(true, 12346);
	assert_fails(
	    keyfile_read(unit_path("key"), salt, TOKENWARD_LOCKED, kek, &err),
	    err, TOKENWARD_NOT_ALLOWED, "yours (uid 12345)");
	failing_owner(false, 0);
	cr_assert_eq(seteuid(0), 0);
}

static const struct {
	int fault, error, code;
} faults[] = {
    {TOKENWARD_LOCKED, EIO, TOKENWARD_LOCKED},
    {TOKENWARD_LOCKED, EACCES, TOKENWARD_LOCKED},
    {TOKENWARD_USAGE, EIO, TOKENWARD_FAILED},
    {TOKENWARD_USAGE, EACCES, TOKENWARD_NOT_ALLOWED},
};

Test(keyfile_make, a_store_whose_key_cannot_be_read_is_locked)
{
	static const char *const calls[] = {"openat", "fstat64", "read"};
	static const unsigned char salt[SLOT_SALT_LEN];
	unsigned char kek[KEY_LEN];
	struct error err;
	size_t i, j;

	unit_write(unit_path("key"), bytes, 36);
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		for (j = 0; j < 3; j++) {
			failing_begin(calls[j], 1, faults[i].error);
			assert_fails(keyfile_read(unit_path("key"), salt,
					 faults[i].fault, kek, &err),
			    err, faults[i].code, "/key: ");
			cr_assert(failing_end());
		}
}
