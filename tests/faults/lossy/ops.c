/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel asks.  Nothing is cached by it, so that each call of a
 * program is seen here, when it is made; locks are the kernel's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lossy.h"

/* ---- looking ----------------------------------------------------------- */

static struct stat
stat_of(const struct node *n)
{
	const struct content *c = &n->view[SEEN];

	return (struct stat){
	    .st_ino = n->ino,
	    .st_mode = c->mode,
	    .st_nlink = S_ISDIR(c->mode) ? 2 : tree_links(n),
	    .st_uid = getuid(),
	    .st_gid = getgid(),
	    .st_size = (off_t)c->len,
	    .st_blocks = (blkcnt_t)(c->len + 511) / 512,
	    .st_blksize = 4096,
	    .st_ctim = n->changed,
	    .st_mtim = n->changed,
	};
}

static struct fuse_entry_param
entry_of(const struct node *n)
{
	return (struct fuse_entry_param){
	    .ino = n->ino, .generation = 1, .attr = stat_of(n)};
}

static void
reply_node(fuse_req_t req, const struct node *n)
{
	struct fuse_entry_param e = entry_of(n);

	fuse_reply_entry(req, &e);
}

static void
op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct entry *e = tree_find(tree_node(parent), name);

	if (e)
		reply_node(req, e->node);
	else
		fuse_reply_err(req, ENOENT);
}

static void
op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st = stat_of(tree_node(ino));

	(void)fi;
	fuse_reply_attr(req, &st, 0);
}

static void
op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
    struct fuse_file_info *fi)
{
	struct content *c = &tree_node(ino)->view[SEEN];
	char *out = malloc(size);
	size_t i, used = 0, more;

	(void)fi;
	for (i = 0; out && i < c->entries_n; i++) {
		struct entry *e = &c->entries[i];
		struct stat st = stat_of(e->node);

		if (e->cookie <= off)
			continue;
		more = fuse_add_direntry(
		    req, out + used, size - used, e->name, &st, e->cookie);
		if (more > size - used)
			break;
		used += more;
	}
	if (out)
		fuse_reply_buf(req, out, used);
	else
		fuse_reply_err(req, ENOMEM);
	free(out);
}

/* ---- names ------------------------------------------------------------- */

static struct node *
make(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct node *n = tree_new(mode);

	journal(req, "new %lu %lu %o %s", parent, n->ino, mode, name);
	tree_name(tree_node(parent), name, n);
	return n;
}

static void
op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	if (tree_find(tree_node(parent), name))
		fuse_reply_err(req, EEXIST);
	else
		reply_node(req, make(req, parent, name, S_IFDIR | mode));
}

static void
op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
    struct fuse_file_info *fi)
{
	struct fuse_entry_param e;

	if (tree_find(tree_node(parent), name)) {
		fuse_reply_err(req, EEXIST);
		return;
	}
	e = entry_of(make(req, parent, name, S_IFREG | mode));
	fuse_reply_create(req, &e, fi);
}

static void
op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	if (tree_find(tree_node(parent), name)) {
		fuse_reply_err(req, EEXIST);
		return;
	}
	journal(req, "link %lu %lu %s", parent, ino, name);
	tree_name(tree_node(parent), name, tree_node(ino));
	reply_node(req, tree_node(ino));
}

static void
take_away(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct entry *e = tree_find(tree_node(parent), name);
	int error = !e ? ENOENT : e->node->view[SEEN].entries_n ? ENOTEMPTY : 0;

	if (error == 0) {
		journal(req, "gone %lu %s", parent, name);
		tree_name(tree_node(parent), name, NULL);
	}
	fuse_reply_err(req, error);
}

static int
may_move(const struct entry *from, const struct entry *to, unsigned flags)
{
	if (flags & ~(unsigned)RENAME_NOREPLACE)
		return EINVAL;
	if (!from)
		return ENOENT;
	if (to && (flags & RENAME_NOREPLACE))
		return EEXIST;
	return to && to->node->view[SEEN].entries_n ? ENOTEMPTY : 0;
}

static void
op_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
    fuse_ino_t new_parent, const char *new_name, unsigned flags)
{
	struct entry *from = tree_find(tree_node(parent), name);
	struct entry *to = tree_find(tree_node(new_parent), new_name);
	int error = may_move(from, to, flags);
	struct node *n = from ? from->node : NULL;

	if (error == 0 && !(to && to->node == n)) {
		journal(req, "move %lu %lu %s/%s", parent, new_parent, name,
		    new_name);
		tree_name(tree_node(parent), name, NULL);
		tree_name(tree_node(new_parent), new_name, n);
	}
	fuse_reply_err(req, error);
}

/* ---- content ----------------------------------------------------------- */

static void
resize(fuse_req_t req, struct node *f, size_t len)
{
	if (f->view[SEEN].len == len)
		return;
	journal(req, "size %lu %zu", f->ino, len);
	tree_resize(f, len);
}

static void
op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *to, int what,
    struct fuse_file_info *fi)
{
	struct node *n = tree_node(ino);

	if (what & FUSE_SET_ATTR_SIZE)
		resize(req, n, (size_t)to->st_size);
	if (what & FUSE_SET_ATTR_MODE) {
		journal(req, "mode %lu %o", ino, to->st_mode);
		tree_mode(n, to->st_mode);
	}
	op_getattr(req, ino, fi);
}

static void
op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	if (fi->flags & O_TRUNC)
		resize(req, tree_node(ino), 0);
	fuse_reply_open(req, fi);
}

static void
op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
    struct fuse_file_info *fi)
{
	struct content *c = &tree_node(ino)->view[SEEN];
	size_t at = (size_t)off, left = at < c->len ? c->len - at : 0;

	(void)fi;
	fuse_reply_buf(
	    req, left ? (char *)c->data + at : NULL, left < size ? left : size);
}

/* How much of it there is room for. */
static size_t
fits(const struct node *f, size_t at, size_t len)
{
	size_t end = at + len, had = f->view[SEEN].len;

	if (room < 0 || end <= had)
		return len;
	if (end - had > (size_t)room)
		end = had + (size_t)room;
	room -= (long)(end - had);
	return end > at ? end - at : 0;
}

static void
op_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size,
    off_t off, struct fuse_file_info *fi)
{
	struct node *f = tree_node(ino);
	size_t len = fits(f, (size_t)off, size);

	(void)fi;
	if (len == 0 && size > 0) {
		fuse_reply_err(req, ENOSPC);
		return;
	}
	journal_data(req, f, off, (const unsigned char *)data, len);
	tree_write(f, (size_t)off, data, len);
	fuse_reply_write(req, len);
}

/* ---- syncs ------------------------------------------------------------- */

/* Its error if it is this one's turn; what was due is lost then. */
static int
fails(fuse_req_t req, struct fault *fault, struct node *n)
{
	if (fault->left < 0 || fault->left-- > 0)
		return 0;
	journal(req, "failed %lu", n->ino);
	tree_sync_failed(n);
	return fault->error;
}

static void
op_fsync(
    fuse_req_t req, fuse_ino_t ino, int data_only, struct fuse_file_info *fi)
{
	struct node *n = tree_node(ino);
	int error = fails(req, &sync_fault, n);

	(void)fi;
	if (error == 0) {
		journal(req, data_only ? "datasync %lu" : "sync %lu", ino);
		tree_sync(n, data_only);
	}
	fuse_reply_err(req, error);
}

/* A close, by which network file systems and quotas tell of trouble. */
static void
op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	int error = 0;

	if ((fi->flags & O_ACCMODE) != O_RDONLY)
		error = fails(req, &close_fault, tree_node(ino));
	fuse_reply_err(req, error);
}

const struct fuse_lowlevel_ops ops = {
    .lookup = op_lookup,
    .getattr = op_getattr,
    .setattr = op_setattr,
    .mkdir = op_mkdir,
    .create = op_create,
    .link = op_link,
    .unlink = take_away,
    .rmdir = take_away,
    .rename = op_rename,
    .open = op_open,
    .read = op_read,
    .write = op_write,
    .flush = op_flush,
    .fsync = op_fsync,
    .fsyncdir = op_fsync,
    .readdir = op_readdir,
};
