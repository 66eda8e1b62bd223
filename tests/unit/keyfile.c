/* SPDX-License-Identifier: BSD-2-Clause */
/* Key files: made once, judged by their descriptor, never in the store. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "key/methods.h"
#include "unit.h"

TestSuite(keyfile, .fini = unit_cleanup);

static const char bytes[] = "thirty-two bytes and a few more.....";

static int
enroll(const char *arg, struct key_slot *slot, unsigned char *kek,
    struct error *err)
{
	struct key_context ctx = {.store_path = unit_path("store")};
	int r;

	*slot = (struct key_slot){.id = 1};
	r = keyfile_method.enroll(&keyfile_method, &ctx, arg, slot, kek, err);
	if (r != TOKENWARD_OK)
		strmap_free(&slot->params);
	return r;
}

static int
refused(const char *arg, struct error *err)
{
	struct key_slot slot;
	unsigned char kek[KEY_LEN];
	int r = enroll(arg, &slot, kek, err);

	if (r == TOKENWARD_OK)
		strmap_free(&slot.params);
	return r;
}

static int
open_slot(const struct key_slot *slot, unsigned char *kek, struct error *err)
{
	struct key_context ctx = {.store_path = unit_path("store")};

	return keyfile_method.open(&keyfile_method, &ctx, slot, kek, err);
}

Test(keyfile, is_made_once_and_used_again)
{
	const char *path = unit_path("some/where/key");
	struct key_slot slot, again;
	unsigned char a[KEY_LEN], b[KEY_LEN];
	struct stat st;
	struct error err;

	umask(0777);
	assert_ok(enroll(path, &slot, a, &err), err);
	cr_assert_str_eq(strmap_get(&slot.params, "path"), path);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
	cr_assert_eq(st.st_size, 32);
	cr_assert_eq(st.st_nlink, 1);
	assert_ok(open_slot(&slot, b, &err), err);
	cr_assert_eq(memcmp(a, b, KEY_LEN), 0);
	assert_ok(enroll(path, &again, b, &err), err);
	cr_assert_neq(memcmp(a, b, KEY_LEN), 0, "another salt");
	assert_ok(open_slot(&slot, b, &err), err);
	cr_assert_eq(memcmp(a, b, KEY_LEN), 0, "the file is the same");
	strmap_free(&slot.params);
	strmap_free(&again.params);
}

Test(keyfile, a_relative_path_is_kept_absolute)
{
	struct key_slot slot;
	unsigned char kek[KEY_LEN];
	struct error err;

	cr_assert_eq(chdir(unit_dir()), 0);
	assert_ok(enroll("my.key", &slot, kek, &err), err);
	cr_assert_str_eq(strmap_get(&slot.params, "path"), unit_path("my.key"));
	strmap_free(&slot.params);
}

/* Whoever finds the store's copy must not find its key with it. */
Test(keyfile, never_inside_the_store)
{
	struct error err;

	assert_fails(refused(unit_path("store/key"), &err), err,
	    TOKENWARD_USAGE, "inside the store");
	cr_assert_eq(mkdir(unit_path("store"), 0700), 0);
	assert_fails(refused(unit_path("store/key"), &err), err,
	    TOKENWARD_USAGE, "inside the store");
	assert_fails(refused(unit_path("x/../store/key"), &err), err,
	    TOKENWARD_USAGE, "inside the store");
	cr_assert_eq(symlink(unit_path("store"), unit_path("alias")), 0);
	assert_fails(refused(unit_path("alias/key"), &err), err,
	    TOKENWARD_USAGE, "inside the store");
	assert_ok(refused(unit_path("store-key"), &err), err);
}

Test(keyfile, unfit_files_are_refused)
{
	const char *path = unit_path("key");
	struct error err;

	unit_write(path, bytes, 31);
	assert_fails(refused(path, &err), err, TOKENWARD_USAGE, "has 31 bytes");
	unit_write(path, bytes, 32);
	assert_ok(refused(path, &err), err);
	cr_assert_eq(truncate(path, (8 << 20) + 1), 0);
	assert_fails(refused(path, &err), err, TOKENWARD_USAGE, "8388609");
	cr_assert_eq(truncate(path, 8 << 20), 0);
	assert_ok(refused(path, &err), err);
	cr_assert_eq(chmod(path, 0640), 0);
	assert_fails(
	    refused(path, &err), err, TOKENWARD_NOT_ALLOWED, "chmod 600");
	cr_assert_eq(chmod(path, 0604), 0);
	cr_assert_eq(refused(path, &err), TOKENWARD_NOT_ALLOWED);
	cr_assert_eq(chmod(path, 0601), 0);
	cr_assert_eq(refused(path, &err), TOKENWARD_NOT_ALLOWED);
	cr_assert_eq(chmod(path, 0400), 0);
	assert_ok(refused(path, &err), err);
	assert_fails(refused(unit_dir(), &err), err, TOKENWARD_USAGE,
	    "not a regular file");
	assert_fails(
	    refused("/dev/zero", &err), err, TOKENWARD_USAGE, "regular");
	cr_assert_eq(mkfifo(unit_path("fifo"), 0600), 0);
	assert_fails(
	    refused(unit_path("fifo"), &err), err, TOKENWARD_USAGE, "regular");
	cr_assert_eq(symlink(path, unit_path("link")), 0);
	assert_fails(refused(unit_path("link"), &err), err, TOKENWARD_USAGE,
	    "symbolic link");
	assert_fails(refused("/a\nb", &err), err, TOKENWARD_USAGE, "printable");
	assert_fails(refused("", &err), err, TOKENWARD_USAGE, "printable");
}

Test(keyfile, another_users_file_is_refused)
{
	const char *path = unit_path("key");
	struct error err;

	unit_write(path, bytes, 32);
	if (geteuid() != 0 || chown(path, 65534, 65534) < 0)
		cr_skip("needs root");
	assert_fails(refused(path, &err), err, TOKENWARD_NOT_ALLOWED,
	    "belongs to uid 65534");
}

Test(keyfile, a_missing_one_is_locked_not_made)
{
	struct key_slot slot = {.id = 1};
	unsigned char kek[KEY_LEN];
	struct error err;

	strmap_set(&slot.params, "path", unit_path("gone"));
	assert_fails(open_slot(&slot, kek, &err), err, TOKENWARD_LOCKED,
	    "gone: No such file or directory");
	cr_assert_eq(access(unit_path("gone"), F_OK), -1);
	strmap_set(&slot.params, "path", "relative");
	assert_fails(open_slot(&slot, kek, &err), err, TOKENWARD_DAMAGED,
	    "no usable path");
	strmap_set(&slot.params, "path", "/evil\033[2Jname");
	assert_fails(open_slot(&slot, kek, &err), err, TOKENWARD_DAMAGED,
	    "no usable path");
	strmap_free(&slot.params);
}

Test(keyfile, default_place)
{
	struct key_slot slot;
	unsigned char kek[KEY_LEN];
	struct error err;

	setenv("HOME", unit_path("home"), 1);
	unsetenv("XDG_CONFIG_HOME");
	assert_ok(enroll(NULL, &slot, kek, &err), err);
	cr_assert_str_eq(strmap_get(&slot.params, "path"),
	    unit_path("home/.config/tokenward/key"));
	strmap_free(&slot.params);
	setenv("XDG_CONFIG_HOME", unit_path("cfg"), 1);
	assert_ok(enroll(NULL, &slot, kek, &err), err);
	cr_assert_str_eq(
	    strmap_get(&slot.params, "path"), unit_path("cfg/tokenward/key"));
	strmap_free(&slot.params);
	setenv("XDG_CONFIG_HOME", "relative", 1);
	assert_ok(enroll(NULL, &slot, kek, &err), err);
	cr_assert_str_eq(strmap_get(&slot.params, "path"),
	    unit_path("home/.config/tokenward/key"));
	strmap_free(&slot.params);
}

/* hashlib.blake2b(content, digest_size=32, salt=bytes(range(16)),
 *     person=b"tokenwardkeyfile") */
Test(keyfile, derivation_is_that_of_the_manual)
{
	static const unsigned char want[] = {
#include "keyfile_kek.h"
	};
	unsigned char salt[SLOT_SALT_LEN], kek[KEY_LEN];
	struct buf b = BUF_INIT;
	struct error err;
	int i;

	for (i = 0; i < 16; i++)
		salt[i] = (unsigned char)i;
	for (i = 0; i < 40000; i++)
		buf_put_byte(&b, (unsigned char)(i % 251));
	unit_write(unit_path("key"), b.data, b.len);
	assert_ok(
	    keyfile_read(unit_path("key"), salt, TOKENWARD_LOCKED, kek, &err),
	    err);
	cr_assert_eq(memcmp(kek, want, KEY_LEN), 0);
	buf_free(&b);
}
