/* SPDX-License-Identifier: BSD-2-Clause */
/* Making a store: a directory with a header in it, where there is none. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "store/front.h"
#include "store/lock.h"

static void
header_defaults(struct header *h)
{
	if (h->format == 0)
		h->format = h->min_reader = FORMAT_VERSION;
	if (h->suite == 0)
		h->suite = 1;
	if (h->epoch == 0)
		h->epoch = 1;
	if (h->sequence == 0)
		h->sequence = 1;
	if (h->next_slot == 0)
		h->next_slot = 1;
}

static int
look(const struct files *f, const char *name, bool *ret, struct error *err)
{
	struct stat st;

	*ret = fstatat(f->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	return *ret || errno == ENOENT
		   ? TOKENWARD_OK
		   : files_fail(f, errno, "look at", name, err);
}

static int
is_record(void *data, const unsigned char *index)
{
	(void)data;
	(void)index;
	return TOKENWARD_EXISTS;
}

/*
 * A store that lost its header is not made anew: its copy may still bring it
 * back, or a backup.  The copy comes after the header, so where there is one
 * there was a store.
 */
static int
check_no_store(const struct files *f, struct error *err)
{
	bool header, copy;
	int r;

	if (look(f, "header", &header, err) != TOKENWARD_OK ||
	    look(f, "header.old", &copy, err) != TOKENWARD_OK)
		return err->code;
	if (header)
		return error_set(err, TOKENWARD_EXISTS,
		    "there is a store at %s already", f->path);
	if (copy)
		return header_missing(f, ENOENT, err);
	r = files_each(f, RECORD_CREDENTIAL, is_record, NULL, err);
	if (r != TOKENWARD_EXISTS)
		return r;
	return error_set(err, TOKENWARD_DAMAGED,
	    "%s holds credentials and no header: bring the header back from a "
	    "backup, or make the store elsewhere (\"tokenward store destroy\" "
	    "takes away what is left of one)",
	    f->path);
}

static int
encode_at_home(const struct files *f, const struct header *h,
    const unsigned char *master, struct buf *out, struct error *err)
{
	cleanup_free char *home = realpath(f->path, NULL);
	struct header settled = *h;

	settled.home = home;
	return header_encode(&settled, master, out, err);
}

static int
create_header(const struct files *f, struct header *h,
    const unsigned char *master, struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;

	if (check_no_store(f, err) != TOKENWARD_OK)
		return err->code;
	header_defaults(h);
	if (encode_at_home(f, h, master, &b, err) != TOKENWARD_OK ||
	    header_put(f, "header", &b, err) != TOKENWARD_OK ||
	    header_put(f, "header.old", &b, err) != TOKENWARD_OK)
		return err->code;
	return TOKENWARD_OK;
}

int
store_create(const char *path, struct header *h, const unsigned char *master,
    const int64_t *deadline_ms, struct store **ret, struct error *err)
{
	cleanup_lock int lock = -1;
	struct files f;
	int r;

	if (store_exists(path))
		return error_set(err, TOKENWARD_EXISTS,
		    "there is a store at %s already", path);
	if (files_make(path, &f, err) != TOKENWARD_OK)
		return err->code;
	r = files_lock_header(&f, deadline_ms, &lock, err);
	if (r == TOKENWARD_OK)
		r = create_header(&f, h, master, err);
	files_close(&f);
	return r == TOKENWARD_OK ? store_open(path, ret, err) : r;
}
