/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said where a copy of a store would change what both have elsewhere
 * (store/home.h).
 */
#include "core/home.h"

bool
slot_is_shared(
    const struct tokenward *tw, enum home home, const struct key_slot *slot)
{
	return home == HOME_MOVED ||
	       (home == HOME_COPY && store_home_has(tw->store, slot));
}

static void
warn_shared(struct tokenward *tw)
{
	const struct header *h = store_header(tw->store);
	enum home home;
	struct error ignored;

	if (!h->records.module || tw->told_shared ||
	    store_home(tw->store, &home, &ignored) != TOKENWARD_OK ||
	    home != HOME_COPY)
		return;
	tw->told_shared = true;
	handle_warn(tw,
	    "the store %s is a copy of %s, and both have their records in %s: "
	    "what is changed here is changed there (\"%s store migrate --to "
	    "files\" gives the copy its own)",
	    tw->path, h->home, h->records.module, command_name(tw));
}

int
need_change(struct tokenward *tw, struct error *err)
{
	int r = need_keys(tw, true, err);

	if (r == TOKENWARD_OK)
		warn_shared(tw);
	return r;
}

int
refuse_moved(struct tokenward *tw, const char *what, struct error *err)
{
	return error_set(err, TOKENWARD_NOT_ALLOWED,
	    "the store %s comes from %s and is not there any more, and %s: if "
	    "it was moved here, say \"%s store adopt\" first; if it is a copy "
	    "of one that was moved elsewhere, leave that to the other",
	    tw->path, store_header(tw->store)->home, what, command_name(tw));
}

int
refuse_copy(struct tokenward *tw, const char *what, struct error *err)
{
	return error_set(err, TOKENWARD_NOT_ALLOWED,
	    "the store %s is a copy of %s, and %s", tw->path,
	    store_header(tw->store)->home, what);
}

static void
say_left(const struct tokenward *tw, enum home home, const struct header *h,
    const struct key_slot *gone, struct buf *text)
{
	if (home == HOME_COPY)
		put_line(text,
		    "What %s keeps elsewhere for key slot %u is left to the "
		    "store %s, of which this is a copy.",
		    gone->kind, gone->id, h->home);
	else
		put_line(text,
		    "What %s keeps elsewhere for key slot %u is still there: "
		    "this store comes from %s, and a copy of it may need that. "
		    "(After it was moved, \"%s store adopt\" says that this is "
		    "the one.)",
		    gone->kind, gone->id, h->home, command_name(tw));
}

bool
end_slot(const struct tokenward *tw, const struct header *h,
    const struct key_slot *gone, struct buf *text)
{
	enum home home = HOME_HERE;
	struct error err;
	int r = TOKENWARD_OK;

	if (key_is_program(gone->kind))
		r = store_home(tw->store, &home, &err);
	if (r == TOKENWARD_OK && slot_is_shared(tw, home, gone)) {
		say_left(tw, home, h, gone, text);
		return home == HOME_COPY;
	}
	if (r == TOKENWARD_OK)
		r = key_slot_forget(h, gone, &tw->keys, &err);
	if (r != TOKENWARD_OK)
		put_line(text,
		    "What %s keeps elsewhere for key slot %u is still there "
		    "(\"%s key remove %u\" tries again): %s",
		    gone->kind, gone->id, command_name(tw), gone->id, err.text);
	return r == TOKENWARD_OK;
}
