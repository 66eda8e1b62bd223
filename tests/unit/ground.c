/* SPDX-License-Identifier: BSD-2-Clause */
/* What a store may stand on, by what the kernel says of its file system. */
#include <errno.h>
#include <string.h>
#include <sys/vfs.h>
#include <sodium.h>
#include "store/ground.h"
#include "unit.h"

static bool told; /* what is found is what follows */
static unsigned long type;
static int error; /* not 0: it cannot be found out */

int __real_fstatfs64(int fd, struct statfs64 *ret);
int __wrap_fstatfs64(int fd, struct statfs64 *ret);
int
__wrap_fstatfs64(int fd, struct statfs64 *ret)
{
	if (!told)
		return __real_fstatfs64(fd, ret);
	memset(ret, 0, sizeof(*ret));
	ret->f_type = (__typeof__(ret->f_type))type;
	errno = error;
	return error ? -1 : 0;
}

static const struct {
	unsigned long type;
	enum ground ground;
	const char *name;
} grounds[] = {
    {0xef53, GROUND_FIRM, "ext4"},
    {0x58465342, GROUND_FIRM, "xfs"},
    {0x9123683e, GROUND_FIRM, "btrfs"},
    {0x794c7630, GROUND_FIRM, "overlay"},
    {0x2fc12fc1, GROUND_FIRM, "zfs"},
    {0x01021994, GROUND_MEMORY, "tmpfs"},
    {0x6969, GROUND_NETWORK, "NFS"},
    {0xff534d42, GROUND_NETWORK, "CIFS"},
    {0xfe534d42, GROUND_NETWORK, "SMB"},
    {0x00c36400, GROUND_NETWORK, "CephFS"},
    {0x65735546, GROUND_PROGRAM, "FUSE"},
    {0x4d44, GROUND_MODELESS, "FAT"},
    {0x7366746e, GROUND_MODELESS, "NTFS"},
    {0x12345678, GROUND_UNKNOWN, "a file system that is not known here"},
};

Test(ground, is_told_by_the_type_of_the_file_system)
{
	static const unsigned char master[KEY_LEN] =
	    "thirty-two bytes of a key";
	struct header h = {.created_at = 1700000000};
	struct store *s = NULL;
	struct error err;
	const char *name;
	size_t i;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(
	    store_create(unit_path("s"), &h, master, NULL, &s, &err), err);
	told = true;
	for (i = 0; i < sizeof(grounds) / sizeof(grounds[0]); i++) {
		type = grounds[i].type;
		cr_assert_eq(store_ground(s, &name), grounds[i].ground);
		cr_assert_str_eq(name, grounds[i].name);
	}
	type = grounds[0].type;
	error = EIO;
	cr_assert_eq(store_ground(s, &name), GROUND_UNKNOWN);
	cr_assert_str_eq(name, "a file system that is not known here");
	told = false;
	store_close(s);
	unit_cleanup();
}
