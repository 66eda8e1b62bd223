/* SPDX-License-Identifier: BSD-2-Clause */
/* The secrets of a line of apply: in it, or in files that it names. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/json_read.h"
#include "core/apply_reading.h"

/* One end of line is the editor's, not the secret's. */
static void
drop_newline(struct buf *b)
{
	if (b->len && b->data[b->len - 1] == '\n')
		b->len--;
	if (b->len && b->data[b->len - 1] == '\r')
		b->len--;
}

static void
warn_if_open(struct tokenward *tw, int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (st.st_mode & (S_IRGRP | S_IROTH)))
		handle_warn(tw,
		    "%s can be read by others; remove it, or \"chmod 600\" it",
		    path);
}

/* Messages leave the path out: somebody may have put the secret there. */
static int
read_secret_file(
    struct tokenward *tw, const char *path, struct buf *ret, struct error *err)
{
	cleanup_close int fd =
	    file_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	int e = fd < 0 ? errno : file_read_fd(fd, RECORD_SECRET_MAX + 2, ret);

	if (e == EFBIG)
		return error_set(err, TOKENWARD_USAGE,
		    "the file of \"secret_file\" has more than 64 KiB, that "
		    "is no secret");
	errno = e;
	if (e)
		return error_errno(err,
		    e == EACCES || e == EPERM ? TOKENWARD_NOT_ALLOWED
					      : TOKENWARD_USAGE,
		    "cannot read the file of \"secret_file\"");
	warn_if_open(tw, fd, path);
	drop_newline(ret);
	return TOKENWARD_OK;
}

/* name: NULL for the client secret; value: the secret, or its file's path. */
static int
set_secret(struct apply_reading *r, const struct json_value *name,
    const struct json_value *value, bool by_file, struct error *err)
{
	cleanup_buf struct buf text = BUF_SECRET_INIT, file = BUF_SECRET_INIT;
	cleanup_buf struct buf key = BUF_INIT;
	struct buf *b = &text;
	int res = TOKENWARD_OK;

	if (!apply_is(value, JSON_STRING))
		return apply_wrong_kind(by_file ? "secret_file" : "secret",
		    "an object of strings", value, err);
	json_get_string(value, &text);
	if (name)
		json_get_string(name, &key);
	if (text.failed || key.failed)
		return error_memory(err);
	if (by_file) {
		res = read_secret_file(r->tw, buf_str(&text), &file, err);
		b = &file;
	}
	return res ? res
		   : object_set_secret(r->line->c, name ? buf_str(&key) : NULL,
			 buf_str(b), b->len, r->verbatim, err);
}

static int
set_secrets(struct apply_reading *r, const struct json_value *v, bool by_file,
    struct error *err)
{
	struct json_value walk, name, item;
	int res = TOKENWARD_OK;

	if (!v->at)
		return TOKENWARD_OK;
	if (apply_is(v, JSON_STRING))
		return set_secret(r, NULL, v, by_file, err);
	walk = json_inside(v);
	while (res == TOKENWARD_OK && json_next_member(&walk, &name, &item))
		res = set_secret(r, &name, &item, by_file, err);
	return res;
}

int
apply_secrets(struct apply_reading *r, struct error *err)
{
	int res;

	if (r->secret.at && r->secret_file.at)
		return error_set(err, TOKENWARD_USAGE,
		    "\"secret\" and \"secret_file\" exclude each other");
	res = set_secrets(r, &r->secret, false, err);
	return res ? res : set_secrets(r, &r->secret_file, true, err);
}
