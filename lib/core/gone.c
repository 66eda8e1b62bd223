/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What key modules keep elsewhere for slots that were removed.  The header
 * notes it until it is gone: a removal may be killed, the keyring be locked.
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
	cleanup_lock int lock = -1;
	struct header h = {0};
	size_t before;
	int r = lock_header(tw, master, &lock, &h, err);

	before = h.gone_n;
	if (r == TOKENWARD_OK)
		finish(tw, &h, text);
	if (r == TOKENWARD_OK && h.gone_n < before)
		r = store_replace_header(tw->store, &h, master, err);
	header_free(&h);
	return r;
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
