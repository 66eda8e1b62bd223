/* SPDX-License-Identifier: BSD-2-Clause */
/* Every slot of a store is opened before its master key is renewed. */
#include <string.h>
#include "base/cleanup.h"
#include "core/rekey.h"

long
rekey_watch_answer(void *data, const struct tokenward_question *question,
    char *answer, size_t cap)
{
	struct rekey *k = data;
	long n = k->tw->keys.ask(k->tw->keys.ask_data, question, answer, cap);

	k->answered |= n > 0;
	return n;
}

/*
 * A slot that did not open may be dropped when it was asked for; not so one
 * whose human mistyped.
 */
static int
keep_for_later(struct rekey *k, const struct key_slot *s, struct error *err)
{
	cleanup_buf struct buf name = BUF_INIT;

	if (k->answered || err->no_memory)
		return error_prefix(err, "nothing was changed: ");
	key_slot_name(s, &name);
	buf_printf(&k->missing, "%s%u (%s: %s)", k->missing.len ? ", " : "",
	    s->id, buf_str(&name), err->text);
	return name.failed || k->missing.failed ? error_memory(err)
						: TOKENWARD_OK;
}

static int
try_slot(struct rekey *k, size_t i, struct error *err)
{
	const struct header *h = store_header(k->tw->store);
	const struct key_slot *s = &h->slots[i];
	int r;

	k->answered = false;
	r = key_slot_open(h, s, &k->ctx, k->keys->kek[i], k->keys->trial, err);
	if (r != TOKENWARD_OK)
		return keep_for_later(k, s, err);
	if (!header_verify(h, k->keys->trial))
		return error_read(err, TOKENWARD_DAMAGED,
		    "key slot %u opens, but the header of the store %s was "
		    "changed or is damaged; \"%s doctor --repair\" puts its "
		    "last copy back",
		    s->id, k->tw->path, command_name(k->tw));
	memcpy(k->keys->master, k->keys->trial, KEY_LEN);
	k->opens[i] = true;
	return TOKENWARD_OK;
}

int
rekey_try_slots(struct rekey *k, struct error *err)
{
	const struct header *h = store_header(k->tw->store);
	bool any = false;
	size_t i;
	int r = TOKENWARD_OK;

	for (i = 0; r == TOKENWARD_OK && i < h->slots_n; i++) {
		k->ids[k->ids_n++] = h->slots[i].id;
		r = try_slot(k, i, err);
		any |= k->opens[i];
	}
	if (r != TOKENWARD_OK)
		return r;
	if (!any)
		return error_set(err, TOKENWARD_LOCKED,
		    "no key slot of the store %s opens, and a new master key "
		    "needs one that does: %s",
		    k->tw->path, buf_str(&k->missing));
	if (k->missing.len && !k->drop_others)
		return error_set(err, TOKENWARD_LOCKED,
		    "nothing was changed: these key slots cannot be renewed "
		    "now: %s; bring what they need, or give them up with "
		    "--drop-others",
		    buf_str(&k->missing));
	return TOKENWARD_OK;
}
