/* SPDX-License-Identifier: BSD-2-Clause */
/* What opens a store elsewhere goes with it: its own key files, and what
   modules keep for its slots. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "core/destroy.h"
#include "core/home.h"

/* ---- key files --------------------------------------------------------- */

int
destroy_stays(struct destroying *d, const char *what, struct error *err)
{
	return strlist_add(&d->kept, what) ? TOKENWARD_OK : error_memory(err);
}

static int
cannot_remove(const char *path, struct error *err)
{
	return error_errno(err, error_code_of_errno(errno),
	    "cannot remove the key file %s", path);
}

static int
end_own_key_file(
    struct destroying *d, const struct key_slot *s, struct error *err)
{
	const char *path = strmap_get(&s->params, "path");

	if (d->unproved.code) {
		*err = d->unproved;
		return error_prefix(err,
		    "the key file %s may be this store's alone, and the store "
		    "does not open with it now (--keep-key-file leaves it and "
		    "destroys the rest): ",
		    path);
	}
	errno = remove_key_file(path, s);
	if (errno)
		return cannot_remove(path, err);
	put_line(&d->text, "Removed: the key file %s.", path);
	return TOKENWARD_OK;
}

/* One that is gone is gone for good, should an earlier try have been killed. */
static int
end_key_file(struct destroying *d, const struct key_slot *s, struct error *err)
{
	const char *path = strmap_get(&s->params, "path");
	bool own;

	if (look_for_key_file(d->tw, d->home, s, &own, err) != TOKENWARD_OK)
		return err->code;
	if (own && !d->keep_key_file)
		return end_own_key_file(d, s, err);
	if (!path || access(path, F_OK) == 0)
		return path ? destroy_stays(d, path, err) : TOKENWARD_OK;
	errno = settle_key_file(path);
	return errno ? cannot_remove(path, err) : TOKENWARD_OK;
}

/* ---- slots ------------------------------------------------------------- */

static int
end_module_slot(
    struct destroying *d, const struct key_slot *s, struct error *err)
{
	cleanup_buf struct buf name = BUF_INIT;
	struct error why = {0};

	if (!d->unproved.code && !slot_is_shared(d->tw, d->home, s) &&
	    key_slot_forget(store_header(d->tw->store), s, &d->tw->keys,
		&why) == TOKENWARD_OK)
		return TOKENWARD_OK;
	if (why.no_memory)
		return error_memory(err);
	buf_printf(&name, "what key slot %u keeps elsewhere: ", s->id);
	key_slot_name(s, &name);
	return name.failed ? error_memory(err)
			   : destroy_stays(d, buf_str(&name), err);
}

int
destroy_slots(struct destroying *d, struct error *err)
{
	const struct header *h = store_header(d->tw->store);
	size_t i;
	int r = TOKENWARD_OK;

	for (i = 0; r == TOKENWARD_OK && i < h->slots_n; i++)
		if (strcmp(h->slots[i].kind, "keyfile") == 0)
			r = end_key_file(d, &h->slots[i], err);
		else if (key_is_program(h->slots[i].kind))
			r = end_module_slot(d, &h->slots[i], err);
	for (i = 0; r == TOKENWARD_OK && i < h->gone_n; i++)
		r = end_module_slot(d, &h->gone[i], err);
	return r;
}
