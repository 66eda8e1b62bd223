/* SPDX-License-Identifier: BSD-2-Clause */
/* One more way to open the store: enrolled, then written into its header. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/events.h"
#include "core/home.h"
#include "key/key.h"

struct adding {
	struct tokenward *tw;
	struct key_slot slot;
	unsigned char *master, *kek;
	struct key_context ctx;
	struct buf text;
	struct buf code; /* secret */
};

static const struct key_slot *
same_file(const struct header *h, const struct key_slot *slot)
{
	const char *path = strmap_get(&slot->params, "path"), *other;
	size_t i;

	for (i = 0; path && i < h->slots_n; i++) {
		other = strmap_get(&h->slots[i].params, "path");
		if (strcmp(h->slots[i].kind, slot->kind) == 0 && other &&
		    strcmp(other, path) == 0)
			return &h->slots[i];
	}
	return NULL;
}

static int
check_room(const struct adding *a, const struct header *h, struct error *err)
{
	const struct key_slot *twin = same_file(h, &a->slot);

	if (twin)
		return error_set(err, TOKENWARD_EXISTS,
		    "key slot %u opens the store %s with that file already",
		    twin->id, a->tw->path);
	if (h->slots_n < SLOTS_MAX)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_USAGE,
	    "the store %s has %d key slots, which is all it can have: remove "
	    "one first",
	    a->tw->path, SLOTS_MAX);
}

/* The slot is lent to the header's copy only. */
static int
write_slot(struct adding *a, struct header *h, struct error *err)
{
	int r = check_room(a, h, err);

	if (r != TOKENWARD_OK)
		return r;
	if (!a->slot.id)
		a->slot.id = h->next_slot++;
	else if (gone_end(h, a->slot.id, err) != TOKENWARD_OK)
		return err->code;
	a->slot.created_at = tokenward_now(a->tw);
	r = slot_wrap(&a->slot, h->store_id, a->kek, a->master, err);
	if (r != TOKENWARD_OK)
		return r;
	h->slots[h->slots_n++] = a->slot;
	r = store_write_header(a->tw->store, h, a->master, err);
	h->slots[--h->slots_n] = (struct key_slot){0};
	return r;
}

static int
publish(struct adding *a, struct error *err)
{
	cleanup_lock int lock = -1;
	struct header h = {0};
	int r = lock_header(a->tw, a->master, &lock, &h, err);

	if (r == TOKENWARD_OK)
		r = write_slot(a, &h, err);
	header_free(&h);
	return r;
}

static int
note(struct adding *a, const char *key, struct header *h, struct error *err)
{
	struct key_slot noted = a->slot;
	int r;

	noted.kind = strndup(key, strcspn(key, "="));
	r = noted.kind ? gone_note(h, &noted, err) : error_memory(err);
	free(noted.kind);
	return r;
}

/*
 * A program is told the number of its slot, and may keep something under it
 * elsewhere: the number is taken, and that noted, before it is asked.
 */
static int
reserve(struct adding *a, const char *key, struct error *err)
{
	cleanup_lock int lock = -1;
	struct header h = {0};
	int r = lock_header(a->tw, a->master, &lock, &h, err);

	if (r == TOKENWARD_OK)
		r = check_room(a, &h, err);
	if (r == TOKENWARD_OK) {
		a->slot.id = h.next_slot++;
		randombytes_buf(a->slot.salt, SLOT_SALT_LEN);
		r = note(a, key, &h, err);
	}
	if (r == TOKENWARD_OK)
		r = store_write_header(a->tw->store, &h, a->master, err);
	header_free(&h);
	return r;
}

/* Or may stand in the header, though writing that failed. */
static bool
stands(const struct adding *a)
{
	struct error ignored;

	return store_reload(a->tw->store, &ignored) != TOKENWARD_OK ||
	       find_slot(store_header(a->tw->store), a->slot.id);
}

/* What there is not is refused before anything is written. */
static bool
is_installed(const struct adding *a, const char *key)
{
	char kind[64];
	int n =
	    snprintf(kind, sizeof(kind), "%.*s", (int)strcspn(key, "="), key);

	return key_is_program(key) && n > 0 && (size_t)n < sizeof(kind) &&
	       key_has_program(&a->ctx, kind);
}

static int
enroll(struct adding *a, const char *key, struct error *err)
{
	int r = TOKENWARD_OK;
	bool made, program;

	a->ctx = a->tw->keys;
	a->ctx.dialogs = true;
	a->ctx.store_id = store_header(a->tw->store)->store_id;
	a->ctx.note = &a->text;
	a->ctx.code = a->tw->show ? &a->code : NULL;
	program = is_installed(a, key);
	if (program)
		r = reserve(a, key, err);
	if (r != TOKENWARD_OK)
		return r;
	r = key_enroll(&a->ctx, key, &a->slot, a->kek, err);
	made = r == TOKENWARD_OK;
	if (made)
		r = publish(a, err);
	if (r != TOKENWARD_OK && (!made || !stands(a))) {
		if (program)
			gone_undo(a->tw, a->master, &a->slot, err);
		return r;
	}
	if (a->code.len)
		a->tw->show(a->tw->show_data, buf_str(&a->code));
	return r;
}

static int
add(struct adding *a, const char *key, struct error *err)
{
	struct key_opened by;
	int r;

	a->master = secret_alloc(KEY_LEN);
	a->kek = secret_alloc(KEY_LEN);
	if (!a->master || !a->kek)
		return error_memory(err);
	r = find_master(a->tw, a->master, &by, err);
	if (r == TOKENWARD_OK)
		r = enroll(a, key, err);
	/* Of a try before this one that was killed. */
	if (r == TOKENWARD_OK)
		gone_finish(a->tw, a->master, &a->text);
	return r;
}

int
tokenward_add_key(
    struct tokenward *tw, const char *key, unsigned *ret_slot, char **ret_text)
{
	struct adding a = {.tw = tw, .code = BUF_SECRET_INIT};
	int r;

	if (!tw || !key || !ret_slot || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	call_begin(tw);
	r = need_store(tw, &tw->err);
	if (r == TOKENWARD_OK)
		r = add(&a, key, &tw->err);
	if (r == TOKENWARD_OK)
		r = event_raise_key(tw, EVENT_KEY_ADDED, "the key was added",
		    &a.slot, &tw->err);
	if (r == TOKENWARD_OK) {
		*ret_slot = a.slot.id;
		r = text_result(&a.text, ret_text, &tw->err);
	}
	slot_free(&a.slot);
	secret_free(a.master);
	secret_free(a.kek);
	buf_free(&a.text);
	buf_free(&a.code);
	return call_end(tw, r);
}
