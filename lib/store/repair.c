/* SPDX-License-Identifier: BSD-2-Clause */
/* A damaged header: its copy in its place, and what stood there kept. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/way.h"
#include "store/front.h"

static int
read_copy(const struct files *f, struct header *ret, struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;
	int e = files_get(f, "header.old", HEADER_MAX, &b);

	if (e)
		return files_fail(f, e, "read", "header.old", err);
	if (header_decode(b.data, b.len, ret, err) != TOKENWARD_OK)
		return error_prefix(err, "%s/header.old: ", f->path);
	return TOKENWARD_OK;
}

int
store_read_copy(const char *path, struct header *ret, struct error *err)
{
	struct files f;
	int r = files_open(path, &f, err);

	if (r != TOKENWARD_OK)
		return r;
	r = read_copy(&f, ret, err);
	files_close(&f);
	return r;
}

/* A second name first: where the disk knows none, it is moved away.  It is
   durable before the header is another one. */
static int
keep_bad(const struct files *f, struct error *err)
{
	int e;

	if (files_drop(f, "header.bad", err) != TOKENWARD_OK)
		return err->code;
	if (linkat(f->dir, "header", f->dir, "header.bad", 0) == 0 ||
	    errno == ENOENT ||
	    renameat(f->dir, "header", f->dir, "header.bad") == 0)
		e = way_sync(f->dir);
	else
		e = errno;
	return e ? files_fail(f, e, "keep", "header", err) : TOKENWARD_OK;
}

static int
repair(const struct files *f, const struct header *copy,
    const int64_t *deadline_ms, struct error *err)
{
	cleanup_buf struct buf now = BUF_INIT;
	cleanup_lock int lock = -1;
	int e;

	if (files_lock_header(f, deadline_ms, &lock, err) != TOKENWARD_OK)
		return err->code;
	e = files_get(f, "header.old", HEADER_MAX, &now);
	if (e)
		return files_fail(f, e, "read", "header.old", err);
	if (!buf_equal(&now, &copy->bytes))
		return error_set(err, TOKENWARD_EXISTS,
		    "%s/header.old was changed by another process meanwhile; "
		    "try again",
		    f->path);
	if (keep_bad(f, err) != TOKENWARD_OK)
		return err->code;
	return files_put(f, "header", &now, FILE_SYNC, err);
}

int
store_repair_header(const char *path, const struct header *copy,
    const int64_t *deadline_ms, struct error *err)
{
	struct files f;
	int r = files_open(path, &f, err);

	if (r != TOKENWARD_OK)
		return r;
	r = repair(&f, copy, deadline_ms, err);
	files_close(&f);
	return r;
}
