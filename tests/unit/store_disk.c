/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store on a full, an inodeless and a read-only disk: a tmpfs in a mount
 * namespace of the test's own.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "store/store.h"
#include "unit.h"

static bool mounted;

static void
teardown(void)
{
	if (mounted)
		umount2(unit_path("disk"), MNT_DETACH);
	unit_cleanup();
}

TestSuite(store_disk, .fini = teardown);

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";

static void
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		cr_skip("no user namespaces here");
	close(fd);
}

/* As root, or as root of a user namespace. */
static void
own_mounts(void)
{
	char map[64];

	if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0)
		return;
	snprintf(map, sizeof(map), "0 %u 1", geteuid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		cr_skip("no user namespaces here");
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/uid_map", map);
}

static struct store *
make_on(const char *options)
{
	struct header h = {.created_at = 1700000000};
	struct store *s = NULL;
	struct error err;

	own_mounts();
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		cr_skip("no mounts here");
	cr_assert_eq(mkdir(unit_path("disk"), 0755), 0);
	mounted = mount("disk", unit_path("disk"), "tmpfs", 0, options) == 0;
	if (!mounted) {
		unit_cleanup();
		cr_skip("no mounts here");
	}
	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(
	    store_create(unit_path("disk/s"), &h, master, NULL, &s, &err), err);
	assert_ok(store_unlock(s, master, true, &err), err);
	return s;
}

static int
put(struct store *s, const char *name, size_t len, uint64_t generation,
    struct error *err)
{
	struct buf plain = BUF_SECRET_INIT;
	int r;

	memset(buf_room(&plain, len), 'x', len);
	plain.len = len;
	r = store_write(
	    s, RECORD_CREDENTIAL, name, &plain, generation, true, err);
	buf_free(&plain);
	return r;
}

static void
expect(struct store *s, const char *name, size_t len, uint64_t generation)
{
	struct buf plain = BUF_SECRET_INIT;
	uint64_t got;
	struct error err;

	assert_ok(
	    store_read(s, RECORD_CREDENTIAL, name, &plain, &got, &err), err);
	cr_assert_eq(plain.len, len);
	cr_assert_eq(got, generation);
	buf_free(&plain);
}

static void
fill_disk(void)
{
	static const char block[4096] = "full";
	int fd = open(unit_path("disk/filler"), O_WRONLY | O_CREAT, 0600);

	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

static void
fill_inodes(void)
{
	char name[32];
	int i, fd = 0;

	for (i = 0; fd >= 0; i++) {
		snprintf(name, sizeof(name), "disk/filler%d", i);
		fd = open(unit_path(name), O_WRONLY | O_CREAT, 0600);
		if (fd >= 0)
			close(fd);
	}
}

static void
check_full(struct store *s)
{
	struct error err;

	assert_fails(put(s, "a", 9000, 1, &err), err, TOKENWARD_FAILED,
	    "No space left on device; what was stored before is unchanged");
	expect(s, "a", 100, 1);
	cr_assert_eq(put(s, "new", 9000, 0, &err), TOKENWARD_FAILED);
	cr_assert_eq(store_read(s, RECORD_CREDENTIAL, "new",
			 &(struct buf)BUF_SECRET_INIT, NULL, &err),
	    TOKENWARD_NOT_FOUND);
	assert_ok(store_remove(s, RECORD_CREDENTIAL, "a", &err), err);
	expect(s, "b", 100, 1);
	store_close(s);
}

Test(store_disk, full)
{
	struct store *s = make_on("size=64k,mode=700");
	struct error err;

	assert_ok(put(s, "a", 100, 0, &err), err);
	assert_ok(put(s, "b", 100, 0, &err), err);
	fill_disk();
	check_full(s);
}

Test(store_disk, no_inode_left)
{
	struct store *s = make_on("size=1m,nr_inodes=30,mode=700");
	struct error err;

	assert_ok(put(s, "a", 100, 0, &err), err);
	assert_ok(put(s, "b", 100, 0, &err), err);
	fill_inodes();
	check_full(s);
}

Test(store_disk, read_only)
{
	struct store *s = make_on("size=1m,mode=700");
	struct error err;
	int lock = -1;

	assert_ok(put(s, "a", 100, 0, &err), err);
	cr_assert_not(store_is_read_only(s));
	store_close(s);
	cr_assert_eq(
	    mount(NULL, unit_path("disk"), NULL, MS_REMOUNT | MS_RDONLY, NULL),
	    0);
	assert_ok(store_open(unit_path("disk/s"), &s, &err), err);
	assert_ok(store_unlock(s, master, true, &err), err);
	cr_assert(store_is_read_only(s));
	expect(s, "a", 100, 1);
	assert_fails(put(s, "a", 100, 1, &err), err, TOKENWARD_NOT_ALLOWED,
	    "Read-only file system");
	assert_fails(store_remove(s, RECORD_CREDENTIAL, "a", &err), err,
	    TOKENWARD_NOT_ALLOWED, "Read-only file system");
	assert_fails(store_lock(s, LOCK_RECORD, "a", 0, &lock, &err), err,
	    TOKENWARD_NOT_ALLOWED, "Read-only file system");
	store_close(s);
}
