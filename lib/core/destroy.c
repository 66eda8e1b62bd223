/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a store: what opens it elsewhere first (the kernel's cache, what
 * modules keep, the key file that was made for it), then its directory.  In
 * this order a kill leaves a store that can be destroyed further.
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
#include "core/events.h"
#include "key/methods.h"
#include "store/entries.h"
#include "store/migrate.h"

#define MADE_WITHIN 60 /* seconds between a key file and its slot */

struct destroying {
	struct tokenward *tw;
	bool keep_key_file;
	struct error unproved; /* why the header is not believed; code 0: it
				  is */
	struct strlist kept;   /* what stays elsewhere */
	struct strlist left;   /* others' files in the directory */
	struct buf text;
};

/* What a header says is believed only when its key was had. */
static int
prove(struct tokenward *tw, struct error *why)
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

/* ---- key files --------------------------------------------------------- */

/* Another store of this user, or the system's, opens with it. */
static bool
is_used_by(const struct tokenward *tw, const char *store, const char *key)
{
	struct error ignored;
	struct store *s;
	const char *path;
	bool used = false;
	size_t i;

	if (!store || strcmp(store, tw->path) == 0 ||
	    store_open(store, &s, &ignored) != TOKENWARD_OK)
		return false;
	if (memcmp(store_header(s)->store_id, store_header(tw->store)->store_id,
		STORE_ID_LEN) != 0)
		for (i = 0; i < store_header(s)->slots_n; i++) {
			path = strmap_get(
			    &store_header(s)->slots[i].params, "path");
			used |= path && strcmp(path, key) == 0;
		}
	store_close(s);
	return used;
}

static bool
is_shared(const struct tokenward *tw, const char *key)
{
	struct error ignored;
	cleanup_free char *own = default_store_path(0, &ignored);

	return is_used_by(tw, own, key) || is_used_by(tw, SYSTEM_STORE, key);
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

static int
look_for_own(const struct tokenward *tw, const struct key_slot *s, bool *ret,
    struct error *err)
{
	const char *path = strmap_get(&s->params, "path");
	struct stat st;

	*ret = false;
	if (strcmp(s->kind, "keyfile") != 0 || !path)
		return TOKENWARD_OK;
	if (lstat(path, &st) == 0)
		*ret = looks_made(&st, s) && !is_shared(tw, path);
	else if (errno != ENOENT && errno != ENOTDIR)
		return error_errno(err, error_code_of_errno(errno),
		    "cannot look at the key file %s", path);
	return TOKENWARD_OK;
}

/* The name first, so that a kill leaves no file of noise; 0 or errno. */
static int
remove_key_file(const char *path)
{
	cleanup_close int fd =
	    file_open(AT_FDCWD, path, O_WRONLY | O_NOFOLLOW | O_NOCTTY, 0);
	unsigned char noise[KEYFILE_MIN];
	int e = file_remove_at(AT_FDCWD, path, FILE_SYNC);

	if (e || fd < 0)
		return e;
	randombytes_buf(noise, sizeof(noise));
	if (file_write_fd(fd, noise, sizeof(noise)) == 0)
		file_sync_fd(fd);
	return 0;
}

static int
stays(struct destroying *d, const char *what, struct error *err)
{
	return strlist_add(&d->kept, what) ? TOKENWARD_OK : error_memory(err);
}

static int
end_own_key_file(struct destroying *d, const char *path, struct error *err)
{
	if (d->unproved.code) {
		*err = d->unproved;
		return error_prefix(err,
		    "the key file %s may be this store's alone, and the store "
		    "does not open with it now (--keep-key-file leaves it and "
		    "destroys the rest): ",
		    path);
	}
	errno = remove_key_file(path);
	if (errno)
		return error_errno(err, error_code_of_errno(errno),
		    "cannot remove the key file %s", path);
	put_line(&d->text, "Removed: the key file %s.", path);
	return TOKENWARD_OK;
}

static int
end_key_file(struct destroying *d, const struct key_slot *s, struct error *err)
{
	const char *path = strmap_get(&s->params, "path");
	bool own;

	if (look_for_own(d->tw, s, &own, err) != TOKENWARD_OK)
		return err->code;
	if (own && !d->keep_key_file)
		return end_own_key_file(d, path, err);
	return path && access(path, F_OK) == 0 ? stays(d, path, err)
					       : TOKENWARD_OK;
}

/* ---- slots ------------------------------------------------------------- */

static int
end_module_slot(
    struct destroying *d, const struct key_slot *s, struct error *err)
{
	cleanup_buf struct buf name = BUF_INIT;
	struct error why;

	if (!d->unproved.code && key_slot_forget(store_header(d->tw->store), s,
				     &d->tw->keys, &why) == TOKENWARD_OK)
		return TOKENWARD_OK;
	buf_printf(&name, "what key slot %u keeps elsewhere: ", s->id);
	key_slot_name(s, &name);
	return name.failed ? error_memory(err) : stays(d, buf_str(&name), err);
}

static int
end_slots(struct destroying *d, struct error *err)
{
	const struct header *h = store_header(d->tw->store);
	size_t i;
	int r = TOKENWARD_OK;

	for (i = 0; r == TOKENWARD_OK && i < h->slots_n; i++)
		if (strcmp(h->slots[i].kind, "keyfile") == 0)
			r = end_key_file(d, &h->slots[i], err);
		else if (key_is_program(h->slots[i].kind))
			r = end_module_slot(d, &h->slots[i], err);
	return r;
}

/* ---- records elsewhere ------------------------------------------------- */

/* Only where the header is proved, and first: without its keys it is not. */
static int
empty_modules(struct tokenward *tw, struct error *err)
{
	unsigned char *master = secret_alloc(KEY_LEN);
	tokenward_ask_fn ask = tw->keys.ask;
	struct key_opened by;
	int r;

	tw->keys.ask = NULL;
	r = master ? find_master(tw, master, &by, err) : error_memory(err);
	tw->keys.ask = ask;
	if (r == TOKENWARD_OK)
		r = store_unlock(tw->store, master, false, err);
	secret_free(master);
	return r ? r : store_empty_modules(tw->store, err);
}

static int
end_records(struct destroying *d, struct error *err)
{
	const struct header *h = store_header(d->tw->store);
	cleanup_buf struct buf what = BUF_INIT;
	struct error why = d->unproved;

	if (!h->records.module && !(h->has_other && h->other.module))
		return TOKENWARD_OK;
	if (!why.code && empty_modules(d->tw, &why) == TOKENWARD_OK)
		return TOKENWARD_OK;
	buf_put_str(&what, "records in ");
	where_put(h->records.module ? &h->records : &h->other, &what);
	buf_put_str(&what, ", where this store is ");
	hex_put(&what, h->store_id, STORE_ID_LEN);
	buf_printf(
	    &what, ", and which nothing opens any more (%.300s)", why.text);
	return what.failed ? error_memory(err) : stays(d, buf_str(&what), err);
}

static void
forget_cached(const struct header *h)
{
	keyring_forget(h->store_id, h->epoch);
	keyring_forget(h->store_id, h->epoch - 1);
	keyring_forget(h->store_id, h->epoch + 1);
}

/* ---- what is said ------------------------------------------------------ */

static void
put_kinds(struct destroying *d, const struct header *h)
{
	cleanup_buf struct buf kinds = BUF_INIT;
	size_t i;

	for (i = 0; i < h->slots_n; i++) {
		if (i)
			buf_put_str(&kinds, ", or ");
		key_slot_name(&h->slots[i], &kinds);
	}
	put_line(&d->text,
	    "Backups and other copies of it are not touched, and still open "
	    "with what opened them: %s.",
	    buf_str(&kinds));
}

static int
say_rest(struct destroying *d, struct error *err)
{
	size_t i;

	for (i = 0; i < d->kept.n; i++)
		put_line(&d->text, "Still there: %s.", d->kept.v[i]);
	put_line(&d->text,
	    "Exports are not touched either, and client secrets stay valid "
	    "until they are deleted at the provider.");
	for (i = 0; i < d->left.n; i++)
		put_line(&d->text, "Not ours and left alone: %s/%s.",
		    d->tw->path, d->left.v[i]);
	if (d->left.n == 0)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_FAILED,
	    "the store is destroyed, but the directory %s holds %zu other "
	    "file%s (%s) and stays: look at them, and remove it by hand",
	    d->tw->path, d->left.n, d->left.n == 1 ? "" : "s", d->left.v[0]);
}

/* There may be the rest of a store, or one whose header is no good. */
static bool
may_do_without(const struct error *unopened)
{
	return unopened->code == TOKENWARD_CONFIG ||
	       unopened->code == TOKENWARD_DAMAGED;
}

static int
destroy(struct destroying *d, struct error *err)
{
	struct tokenward *tw = d->tw;
	int r = TOKENWARD_OK;

	if (!tw->store && (tw->broken || !may_do_without(&tw->unopened))) {
		*err = tw->unopened;
		return err->code;
	}
	if (tw->store) {
		if (prove(tw, &d->unproved) == TOKENWARD_OK)
			d->unproved = (struct error){0};
		r = end_records(d, err);
		forget_cached(store_header(tw->store));
		if (r == TOKENWARD_OK)
			r = end_slots(d, err);
		put_kinds(d, store_header(tw->store));
	}
	if (r == TOKENWARD_OK)
		r = store_destroy(tw->path, &d->left, err);
	if (r != TOKENWARD_OK)
		return r;
	store_close(tw->store);
	tw->store = NULL;
	error_set(&tw->unopened, TOKENWARD_CONFIG,
	    "there is no store at %s any more", tw->path);
	r = event_raise_done(
	    tw, err, EVENT_STORE_DESTROYED, "the store was destroyed", NULL);
	return r ? r : say_rest(d, err);
}

int
tokenward_destroy_store(struct tokenward *tw, unsigned flags, char **ret_text)
{
	struct destroying d = {
	    .tw = tw, .keep_key_file = flags & TOKENWARD_DESTROY_KEEP_KEY_FILE};
	struct error ignored;
	int r;

	if (!tw || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	call_begin(tw);
	r = destroy(&d, &tw->err);
	if (d.text.len)
		text_result(&d.text, ret_text, &ignored);
	strlist_free(&d.kept);
	strlist_free(&d.left);
	buf_free(&d.text);
	return call_end(tw, r);
}

/* ---- beforehand -------------------------------------------------------- */

static int
own_key_files(struct tokenward *tw, struct buf *text, struct error *err)
{
	const struct header *h = store_header(tw->store);
	bool own;
	size_t i;
	int r = TOKENWARD_OK;

	for (i = 0; r == TOKENWARD_OK && i < h->slots_n; i++) {
		r = look_for_own(tw, &h->slots[i], &own, err);
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
	struct error unproved;
	int r = TOKENWARD_OK;

	if (!tw || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	call_begin(tw);
	if (tw->store && prove(tw, &unproved) == TOKENWARD_OK)
		r = own_key_files(tw, &text, &tw->err);
	if (r == TOKENWARD_OK && text.len)
		r = text_result(&text, ret_text, &tw->err);
	return call_end(tw, r);
}
