/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key files that were made for this store and for no other: they end with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/way.h"
#include "core/destroy.h"
#include "key/methods.h"

#define MADE_WITHIN 60 /* seconds between a key file and its slot */

/* What a header says is believed only when its key was had; nobody is
   asked. */
static int
prove_header(struct tokenward *tw, struct error *why)
{
	unsigned char *master = secret_alloc(KEY_LEN);
	tokenward_ask_fn ask = tw->keys.ask;
	struct key_opened by;
	int r;

	tw->keys.ask = NULL;
	r = master ? find_master(tw, master, &by, why) : error_memory(why);
	tw->keys.ask = ask;
	secret_free(master);
	return r;
}

/* Another store opens with it, a copy of this one perhaps. */
static int
add_use(const struct tokenward *tw, const char *store, const char *key,
    bool *used, struct error *err)
{
	struct error why = {0};
	const char *path;
	struct store *s;
	bool same;
	size_t i;

	if (store_is_at(tw->store, store, &same, err) != TOKENWARD_OK)
		return err->code;
	if (same || store_open(store, &s, &why) != TOKENWARD_OK)
		return why.no_memory ? error_memory(err) : TOKENWARD_OK;
	for (i = 0; i < store_header(s)->slots_n; i++) {
		path = strmap_get(&store_header(s)->slots[i].params, "path");
		*used |= path && strcmp(path, key) == 0;
	}
	store_close(s);
	return TOKENWARD_OK;
}

/* The stores that are looked at: the user's, the system's, and the one that
   this is a copy of. */
static int
look_for_uses(const struct tokenward *tw, enum home home,
    const struct key_slot *s, const char *key, bool *ret, struct error *err)
{
	struct error why = {0};
	cleanup_free char *own = default_store_path(0, &why);
	const char *from =
	    home == HOME_COPY ? store_header(tw->store)->home : NULL;
	int r = why.no_memory ? error_memory(err) : TOKENWARD_OK;

	if (own)
		r = add_use(tw, own, key, ret, err);
	if (r == TOKENWARD_OK)
		r = add_use(tw, SYSTEM_STORE, key, ret, err);
	if (r == TOKENWARD_OK && from)
		r = add_use(tw, from, key, ret, err);
	*ret |= from && store_home_has(tw->store, s);
	return r;
}

/* As init and key add make one, and made when the slot was. */
static bool
looks_made(const struct stat *st, const struct key_slot *s)
{
	int64_t apart = (int64_t)st->st_mtime - s->created_at;

	return S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
	       st->st_nlink == 1 && st->st_size == KEYFILE_MIN &&
	       apart <= MADE_WITHIN && apart >= -MADE_WITHIN;
}

int
look_for_key_file(const struct tokenward *tw, enum home home,
    const struct key_slot *s, bool *ret, struct error *err)
{
	const char *path = strmap_get(&s->params, "path");
	bool used = false;
	struct stat st;
	int r;

	*ret = false;
	if (strcmp(s->kind, "keyfile") != 0 || !path)
		return TOKENWARD_OK;
	if (lstat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR
			   ? TOKENWARD_OK
			   : error_errno(err, error_code_of_errno(errno),
				 "cannot look at the key file %s", path);
	if (!looks_made(&st, s))
		return TOKENWARD_OK;
	r = look_for_uses(tw, home, s, path, &used, err);
	*ret = !used;
	return r;
}

static void
write_over(int fd, const struct stat *was)
{
	unsigned char noise[KEYFILE_MIN];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != was->st_ino ||
	    st.st_dev != was->st_dev)
		return;
	randombytes_buf(noise, sizeof(noise));
	if (file_write_fd(fd, noise, sizeof(noise)) == 0)
		file_sync_fd(fd);
}

/* The name first, so that a kill leaves no file of noise; 0 or errno. */
int
remove_key_file(const char *path, const struct key_slot *s)
{
	const char *name;
	cleanup_close int dir = way_to_file(path, &name);
	cleanup_close int fd = -1;
	struct stat st;
	int e;

	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno;
	if (!looks_made(&st, s))
		return EPERM; /* another one than a moment ago */
	fd = file_open(
	    dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	e = file_remove_at(dir, name, FILE_SYNC);
	if (e == 0)
		write_over(fd, &st);
	return e;
}

int
settle_key_file(const char *path)
{
	const char *name;
	cleanup_close int dir = way_to_file(path, &name);

	return dir < 0 ? 0 : keyfile_settle(dir, name);
}

/* ---- beforehand -------------------------------------------------------- */

static int
own_key_files(struct tokenward *tw, struct buf *text, struct error *err)
{
	const struct header *h = store_header(tw->store);
	enum home home;
	bool own;
	size_t i;
	int r = store_home(tw->store, &home, err);

	if (r == TOKENWARD_OK && home == HOME_MOVED)
		return r; /* which is not destroyed as it is */
	for (i = 0; r == TOKENWARD_OK && i < h->slots_n; i++) {
		r = look_for_key_file(tw, home, &h->slots[i], &own, err);
		if (r == TOKENWARD_OK && own)
			put_line(text, "%s",
			    strmap_get(&h->slots[i].params, "path"));
	}
	return r;
}

int
tokenward_own_key_files(struct tokenward *tw, char **ret_text)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct error unproved = {0};
	int r = TOKENWARD_OK;

	if (!tw || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	call_begin(tw);
	if (tw->store && prove_header(tw, &unproved) != TOKENWARD_OK)
		r = unproved.no_memory ? error_memory(&tw->err) : TOKENWARD_OK;
	else if (tw->store)
		r = own_key_files(tw, &text, &tw->err);
	if (r == TOKENWARD_OK && text.len)
		r = text_result(&text, ret_text, &tw->err);
	return call_end(tw, r);
}
