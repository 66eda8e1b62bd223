/* SPDX-License-Identifier: BSD-2-Clause */
/* Records in the directory of the store. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "base/cleanup.h"
#include "store/front.h"

/* TOKENWARD_NOT_FOUND comes without a sentence. */
static int
read_failed(const struct records *r, const char *key, int e, struct error *err)
{
	if (e == ENOENT)
		return TOKENWARD_NOT_FOUND;
	if (e != EFBIG && e != EINVAL && e != ELOOP)
		return files_fail(&r->s->files, e, "read", key, err);
	return error_set(err, TOKENWARD_DAMAGED, "it is not a file of ours");
}

static int
get(struct records *r, const char *key, struct buf *out, struct error *err)
{
	int e = files_get(&r->s->files, key, SEAL_MAX, out);

	return e ? read_failed(r, key, e, err) : TOKENWARD_OK;
}

static int
head(struct records *r, const char *key, struct buf *out, struct error *err)
{
	unsigned char *room = buf_room(out, SEAL_OUTER_LEN);
	long n;

	if (!room)
		return error_memory(err);
	n = files_head(&r->s->files, key, room, SEAL_OUTER_LEN);
	if (n < 0)
		return read_failed(r, key, (int)-n, err);
	out->len += (size_t)n;
	return TOKENWARD_OK;
}

static int
put(struct records *r, const char *key, const struct buf *b, bool durable,
    struct error *err)
{
	if (records_check_writable(r, err) != TOKENWARD_OK)
		return err->code;
	return files_put(
	    &r->s->files, key, b, durable ? FILE_SYNC : FILE_NO_SYNC, err);
}

static int
drop(struct records *r, const char *key, struct error *err)
{
	return records_check_writable(r, err)
		   ? err->code
		   : files_drop(&r->s->files, key, err);
}

static int
each(struct records *r, enum record_kind kind, files_each_fn fn, void *data,
    struct error *err)
{
	return files_each(&r->s->files, kind, fn, data, err);
}

static int
settle(struct records *r, enum record_kind kind, struct error *err)
{
	return files_settle(&r->s->files, files_folders[kind], err);
}

static bool
stamp(struct records *r, const char *key, struct stat *ret)
{
	return fstatat(r->s->files.dir, key, ret, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
rest(struct records *r)
{
	(void)r;
}

const struct records_ops records_files = {
    get, head, put, drop, each, settle, stamp, rest};
