/* SPDX-License-Identifier: BSD-2-Clause */
/* A way to open the store taken out of its header, and what that is worth. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/events.h"
#include "core/home.h"
#include "key/key.h"

static int
check_removal(const struct tokenward *tw, const struct header *h, unsigned slot,
    struct error *err)
{
	if (!find_slot(h, slot))
		return no_slot(tw, slot, err);
	if (h->slots_n > 1)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_USAGE,
	    "key slot %u is the last one: without it nobody could open the "
	    "store %s; add another one first (\"%s key add\")",
	    slot, tw->path, command_name(tw));
}

static void
say_removal(const struct tokenward *tw, const struct header *h,
    const struct key_slot *gone, struct buf *text)
{
	const char *path = strmap_get(&gone->params, "path");
	cleanup_buf struct buf name = BUF_INIT;
	bool human = true;
	size_t i;

	key_slot_name(gone, &name);
	put_line(text,
	    "Copies of the store from before, as in backups, still open with "
	    "what was removed (%s), and so would a copy of today's records "
	    "with an old header. \"%s key rekey\" ends that: it gives the "
	    "store a new master key.",
	    buf_str(&name), command_name(tw));
	if (path && strcmp(gone->kind, "keyfile") == 0)
		put_line(text,
		    "The file itself is still there; remove it if nothing "
		    "else uses it.");
	for (i = 0; i < h->slots_n; i++)
		human &= key_slot_needs_human(&h->slots[i]);
	if (human)
		put_line(text, "From now on nobody but a person opens the "
			       "store: jobs fail until one did.");
}

/* The slot goes out of the list; the caller frees it. */
static struct key_slot
take_slot(struct header *h, unsigned slot)
{
	size_t i = (size_t)(find_slot(h, slot) - h->slots);
	struct key_slot gone = h->slots[i];

	memmove(&h->slots[i], &h->slots[i + 1],
	    (h->slots_n - i - 1) * sizeof(h->slots[0]));
	h->slots_n--;
	return gone;
}

static int
remove_slot(struct tokenward *tw, unsigned slot, const unsigned char *master,
    struct key_slot *ret_gone, struct buf *text, struct error *err)
{
	cleanup_lock int lock = -1;
	struct header h = {0};
	int r = lock_header(tw, master, &lock, &h, err);

	if (r == TOKENWARD_OK)
		r = check_removal(tw, &h, slot, err);
	if (r == TOKENWARD_OK) {
		*ret_gone = take_slot(&h, slot);
		r = gone_note(&h, ret_gone, err);
	}
	if (r == TOKENWARD_OK)
		r = store_replace_header(tw->store, &h, master, err);
	if (r == TOKENWARD_OK)
		say_removal(tw, &h, ret_gone, text);
	header_free(&h);
	return r;
}

/* One that was removed before, and left something elsewhere. */
static int
finish_one(struct tokenward *tw, const unsigned char *master, unsigned slot,
    struct buf *text, struct error *err)
{
	gone_finish(tw, master, text);
	if (text->failed)
		return error_memory(err);
	if (gone_has(store_header(tw->store), slot))
		return error_set(err, TOKENWARD_UNAVAILABLE,
		    "key slot %u was removed before, and what it keeps "
		    "elsewhere cannot be: %.600s",
		    slot, buf_str(text));
	put_line(text,
	    "Key slot %u was removed before; nothing more is to be done for "
	    "it.",
	    slot);
	return TOKENWARD_OK;
}

static int
remove_one(struct tokenward *tw, const unsigned char *master, unsigned slot,
    struct buf *text, struct error *err)
{
	struct key_slot gone = {0};
	int r;

	if (gone_has(store_header(tw->store), slot))
		return finish_one(tw, master, slot, text, err);
	r = remove_slot(tw, slot, master, &gone, text, err);
	if (r == TOKENWARD_OK)
		gone_finish(tw, master, text);
	if (r == TOKENWARD_OK)
		r = event_raise_key(
		    tw, EVENT_KEY_REMOVED, "the key was removed", &gone, err);
	slot_free(&gone);
	return r;
}

static int
open_and_remove(
    struct tokenward *tw, unsigned slot, struct buf *text, struct error *err)
{
	unsigned char *master;
	struct key_opened by;
	int r = need_store(tw, err);

	if (r == TOKENWARD_OK && !gone_has(store_header(tw->store), slot))
		r = check_removal(tw, store_header(tw->store), slot, err);
	if (r != TOKENWARD_OK)
		return r;
	master = secret_alloc(KEY_LEN);
	r = master ? find_master(tw, master, &by, err) : error_memory(err);
	if (r == TOKENWARD_OK)
		r = remove_one(tw, master, slot, text, err);
	secret_free(master);
	return r;
}

int
tokenward_remove_key(struct tokenward *tw, unsigned slot, char **ret_text)
{
	cleanup_buf struct buf text = BUF_INIT;
	int r;

	if (!tw || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	call_begin(tw);
	r = open_and_remove(tw, slot, &text, &tw->err);
	if (r == TOKENWARD_OK)
		r = text_result(&text, ret_text, &tw->err);
	return call_end(tw, r);
}
