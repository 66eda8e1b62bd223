/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the directory of a store stands on.  Everything is promised for file
 * systems that this kernel keeps by itself; on others locks, fsync and modes
 * are what somebody else makes of them, which doctor says.
 */
#include <linux/magic.h>
#include <sys/vfs.h>
#include "store/front.h"
#include "store/ground.h"

/* What <linux/magic.h> does not have. */
#define CEPH 0x00c36400
#define LUSTRE 0x0bd00bd0
#define GPFS 0x47504653
#define BEEGFS 0x19830326
#define GFS2 0x01161970
#define XFS 0x58465342
#define ZFS 0x2fc12fc1
#define BCACHEFS 0xca451a4e
#define NTFS3 0x7366746e
#define VBOX 0x786f4256
#define UBIFS 0x24051905
#define JFS 0x3153464a
#define AUFS 0x61756673

static const struct {
	unsigned long type;
	enum ground ground;
	const char *name;
} table[] = {
    {EXT4_SUPER_MAGIC, GROUND_FIRM, "ext4"}, /* and ext2, ext3 */
    {XFS, GROUND_FIRM, "xfs"},
    {BTRFS_SUPER_MAGIC, GROUND_FIRM, "btrfs"},
    {F2FS_SUPER_MAGIC, GROUND_FIRM, "f2fs"},
    {NILFS_SUPER_MAGIC, GROUND_FIRM, "nilfs"},
    {REISERFS_SUPER_MAGIC, GROUND_FIRM, "reiserfs"},
    {ZFS, GROUND_FIRM, "zfs"},
    {BCACHEFS, GROUND_FIRM, "bcachefs"},
    {UBIFS, GROUND_FIRM, "ubifs"},
    {JFS, GROUND_FIRM, "jfs"},
    {ECRYPTFS_SUPER_MAGIC, GROUND_FIRM, "ecryptfs"},
    {OVERLAYFS_SUPER_MAGIC, GROUND_FIRM, "overlay"},
    {AUFS, GROUND_FIRM, "aufs"},
    {TMPFS_MAGIC, GROUND_MEMORY, "tmpfs"},
    {RAMFS_MAGIC, GROUND_MEMORY, "ramfs"},
    {NFS_SUPER_MAGIC, GROUND_NETWORK, "NFS"},
    {CIFS_SUPER_MAGIC, GROUND_NETWORK, "CIFS"},
    {SMB2_SUPER_MAGIC, GROUND_NETWORK, "SMB"},
    {SMB_SUPER_MAGIC, GROUND_NETWORK, "SMB"},
    {AFS_FS_MAGIC, GROUND_NETWORK, "AFS"},
    {AFS_SUPER_MAGIC, GROUND_NETWORK, "AFS"},
    {CODA_SUPER_MAGIC, GROUND_NETWORK, "Coda"},
    {V9FS_MAGIC, GROUND_NETWORK, "9p"},
    {CEPH, GROUND_NETWORK, "CephFS"},
    {LUSTRE, GROUND_NETWORK, "Lustre"},
    {GPFS, GROUND_NETWORK, "GPFS"},
    {BEEGFS, GROUND_NETWORK, "BeeGFS"},
    {GFS2, GROUND_NETWORK, "GFS2"},
    {OCFS2_SUPER_MAGIC, GROUND_NETWORK, "OCFS2"},
    {FUSE_SUPER_MAGIC, GROUND_PROGRAM, "FUSE"},
    {VBOX, GROUND_PROGRAM, "a folder of the machine around this one"},
    {MSDOS_SUPER_MAGIC, GROUND_MODELESS, "FAT"},
    {EXFAT_SUPER_MAGIC, GROUND_MODELESS, "exFAT"},
    {NTFS3, GROUND_MODELESS, "NTFS"},
};

enum ground
store_ground(const struct store *s, const char **ret_name)
{
	struct statfs st;

	*ret_name = "a file system that is not known here";
	if (fstatfs(s->files.dir, &st) < 0)
		return GROUND_UNKNOWN;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == (unsigned long)st.f_type) {
			*ret_name = table[i].name;
			return table[i].ground;
		}
	return GROUND_UNKNOWN;
}
