/* SPDX-License-Identifier: BSD-2-Clause */
/* The directory that a store belongs to; see home.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "store/front.h"
#include "store/home.h"

static bool
is_elsewhere(int e)
{
	return e == ENOENT || e == ENOTDIR || e == EACCES || e == ELOOP;
}

int
store_is_at(
    const struct store *s, const char *path, bool *ret, struct error *err)
{
	struct stat there, here;

	*ret = false;
	if (stat(path, &there) < 0)
		return is_elsewhere(errno)
			   ? TOKENWARD_OK
			   : error_errno(err, error_code_of_errno(errno),
				 "cannot look at %s", path);
	if (fstat(s->files.dir, &here) < 0)
		return error_errno(err, error_code_of_errno(errno),
		    "cannot look at %s", s->files.path);
	*ret = there.st_dev == here.st_dev && there.st_ino == here.st_ino;
	return TOKENWARD_OK;
}

/* What may not be looked at, or is damaged, is there. */
static bool
is_there(const struct store *s, const char *path)
{
	struct store *other;
	struct error err;
	bool same;

	if (store_open(path, &other, &err) != TOKENWARD_OK)
		return err.code != TOKENWARD_CONFIG;
	same = memcmp(other->header.store_id, s->header.store_id,
		   STORE_ID_LEN) == 0;
	store_close(other);
	return same;
}

int
store_home(const struct store *s, enum home *ret, struct error *err)
{
	const char *home = s->header.home;
	bool here = true;

	if (home && store_is_at(s, home, &here, err) != TOKENWARD_OK)
		return err->code;
	*ret = here ? HOME_HERE : is_there(s, home) ? HOME_COPY : HOME_MOVED;
	return TOKENWARD_OK;
}

bool
store_home_has(const struct store *s, const struct key_slot *slot)
{
	struct store *other;
	struct error err;
	bool has = false;
	size_t i;

	if (store_open(s->header.home, &other, &err) != TOKENWARD_OK)
		return err.code != TOKENWARD_CONFIG;
	for (i = 0; i < other->header.slots_n; i++)
		has |= memcmp(other->header.slots[i].salt, slot->salt,
			   SLOT_SALT_LEN) == 0;
	store_close(other);
	return has;
}

int
store_make_home(struct store *s, const unsigned char *master, struct error *err)
{
	const struct buf *now = &s->header.bytes;
	struct header h;
	int r = header_decode(now->data, now->len, &h, err);

	if (r != TOKENWARD_OK)
		return r;
	free(h.home);
	h.home = realpath(s->files.path, NULL);
	r = h.home
		? store_write_header(s, &h, master, err)
		: error_errno(err, TOKENWARD_FAILED,
		      "cannot find out where the store %s lies", s->files.path);
	header_free(&h);
	return r;
}
