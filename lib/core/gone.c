/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What key modules keep elsewhere for slots that were removed, or are being
 * made.  The header notes it until it is gone: whoever does it may be killed,
 * the keyring be locked.
 */
#include "base/cleanup.h"
#include "core/home.h"
#include "key/slots.h"

int
gone_note(struct header *h, const struct key_slot *slot, struct error *err)
{
	return !key_is_program(slot->kind) || header_note_gone(h, slot)
		   ? TOKENWARD_OK
		   : error_memory(err);
}

int
gone_end(struct header *h, unsigned slot, struct error *err)
{
	const struct key_slot *s = slot_find(h->gone, h->gone_n, slot);

	if (!s)
		return error_set(err, TOKENWARD_UNAVAILABLE,
		    "key slot %u was removed by somebody else while it was "
		    "made: say it again",
		    slot);
	header_drop_gone(h, (size_t)(s - h->gone));
	return TOKENWARD_OK;
}

bool
gone_has(const struct header *h, unsigned slot)
{
	return slot_find(h->gone, h->gone_n, slot) != NULL;
}

static void
finish(struct tokenward *tw, struct header *h, struct buf *text)
{
	size_t i = 0;

	while (i < h->gone_n)
		if (end_slot(tw, h, &h->gone[i], text))
			header_drop_gone(h, i);
		else
			i++;
}

static int
finish_locked(struct tokenward *tw, const unsigned char *master,
    struct buf *text, struct error *err)
{
	tokenward_ask_fn ask = tw->keys.ask;
	cleanup_lock int lock = -1;
	struct header h = {0};
	size_t before;
	int r = lock_header(tw, master, &lock, &h, err);

	before = h.gone_n;
	tw->keys.ask = NULL; /* nobody is waited for with the lock held */
	if (r == TOKENWARD_OK)
		finish(tw, &h, text);
	tw->keys.ask = ask;
	if (r == TOKENWARD_OK && h.gone_n < before)
		r = store_replace_header(tw->store, &h, master, err);
	header_free(&h);
	return r;
}

static int
drop_locked(struct tokenward *tw, const unsigned char *master, unsigned slot,
    struct error *err)
{
	cleanup_lock int lock = -1;
	struct header h = {0};
	int r = lock_header(tw, master, &lock, &h, err);

	if (r == TOKENWARD_OK)
		r = gone_end(&h, slot, err);
	if (r == TOKENWARD_OK)
		r = store_replace_header(tw->store, &h, master, err);
	header_free(&h);
	return r;
}

static void
say_unfinished(const struct tokenward *tw, unsigned slot, struct error *err)
{
	const struct key_slot *s = slot_find(store_header(tw->store)->gone,
	    store_header(tw->store)->gone_n, slot);
	struct error why = *err;

	if (!s)
		return;
	error_set(err, why.code,
	    "%.800s; what %s may keep elsewhere for it goes with \"%s key "
	    "remove %u\"",
	    why.text, s->kind, command_name(tw), slot);
	err->no_memory = why.no_memory;
}

void
gone_undo(struct tokenward *tw, const unsigned char *master,
    const struct key_slot *slot, struct error *err)
{
	struct error ignored;

	if (key_slot_forget(store_header(tw->store), slot, &tw->keys,
		&ignored) == TOKENWARD_OK)
		drop_locked(tw, master, slot->id, &ignored);
	say_unfinished(tw, slot->id, err);
}

void
gone_finish(struct tokenward *tw, const unsigned char *master, struct buf *text)
{
	struct error err;

	if (store_header(tw->store)->gone_n > 0 &&
	    finish_locked(tw, master, text, &err) != TOKENWARD_OK)
		put_line(text,
		    "Whether key modules still keep something elsewhere for "
		    "removed key slots is not settled (\"%s doctor\" says for "
		    "which): %s",
		    command_name(tw), err.text);
}
