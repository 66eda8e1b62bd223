/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways to open the store: listed, added, removed, tried.  Whoever changes
 * them asks and stretches first, then holds the header's lock for as long as
 * it takes to read the header again and to write it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/events.h"
#include "key/key.h"

/* ---- shared with rekey.c ----------------------------------------------- */

void
put_line(struct buf *text, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (text->len)
		buf_put_byte(text, '\n');
	buf_put_str(text, line);
}

int
text_result(const struct buf *text, char **ret_text, struct error *err)
{
	*ret_text = text->failed ? NULL : strdup(buf_str(text));
	return *ret_text ? TOKENWARD_OK : error_memory(err);
}

const struct key_slot *
find_slot(const struct header *h, unsigned slot)
{
	size_t i;

	for (i = 0; i < h->slots_n; i++)
		if (h->slots[i].id == slot)
			return &h->slots[i];
	return NULL;
}

static int
no_slot(const struct tokenward *tw, unsigned slot, struct error *err)
{
	return error_set(err, TOKENWARD_NOT_FOUND,
	    "the store %s has no key slot %u (\"%s key list\" shows those "
	    "there are)",
	    tw->path, slot, command_name(tw));
}

/* A copy to be changed. */
int
lock_header(struct tokenward *tw, const unsigned char *master, int *ret_lock,
    struct header *ret, struct error *err)
{
	const struct header *h = store_header(tw->store);
	int r = store_lock(
	    tw->store, LOCK_STORE, NULL, lock_deadline(tw), ret_lock, err);

	if (r == TOKENWARD_OK)
		r = store_reload(tw->store, err);
	if (r == TOKENWARD_OK && !header_verify(h, master))
		r = error_set(err, TOKENWARD_EXISTS,
		    "another process gave the store %s a new master key "
		    "meanwhile; say it again",
		    tw->path);
	return r ? r : header_decode(h->bytes.data, h->bytes.len, ret, err);
}

static int
need_store(struct tokenward *tw, struct error *err)
{
	if (tw->store)
		return TOKENWARD_OK;
	*err = tw->unopened;
	return err->code;
}

/* ---- list -------------------------------------------------------------- */

static int
list_one(const struct key_slot *s, tokenward_key_fn each, void *data)
{
	struct tokenward_key key = {.size = sizeof(key),
	    .slot = s->id,
	    .kind = s->kind,
	    .detail = strmap_get(&s->params, "path"),
	    .created_at = s->created_at,
	    .needs_human = key_slot_needs_human(s)};

	key.grade = key_grade(s, &key.why);
	return each(data, &key);
}

static int
list(struct tokenward *tw, tokenward_key_fn each, void *data, struct error *err)
{
	const struct header *h;
	size_t i;
	int r = need_store(tw, err);

	if (r != TOKENWARD_OK)
		return r;
	h = store_header(tw->store);
	for (i = 0; r == 0 && i < h->slots_n; i++)
		r = list_one(&h->slots[i], each, data);
	return r;
}

int
tokenward_list_keys(struct tokenward *tw, tokenward_key_fn each, void *data)
{
	if (!tw || !each)
		return null_argument(tw);
	call_begin(tw);
	return call_end(tw, list(tw, each, data, &tw->err));
}

/* ---- add --------------------------------------------------------------- */

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

/*
 * A program is told the number of its slot, and may keep something under it
 * elsewhere: the number is taken before it is asked.
 */
static int
reserve(struct adding *a, struct error *err)
{
	cleanup_lock int lock = -1;
	struct header h = {0};
	int r = lock_header(a->tw, a->master, &lock, &h, err);

	if (r == TOKENWARD_OK)
		r = check_room(a, &h, err);
	if (r == TOKENWARD_OK) {
		a->slot.id = h.next_slot++;
		r = store_write_header(a->tw->store, &h, a->master, err);
	}
	header_free(&h);
	return r;
}

/* What was kept elsewhere for a slot that came to nothing. */
static void
unmake(struct adding *a)
{
	struct error err;

	if (a->slot.kind)
		key_slot_forget(
		    store_header(a->tw->store), &a->slot, &a->ctx, &err);
}

/* Or may stand in the header, though writing that failed. */
static bool
stands(const struct adding *a)
{
	struct error ignored;

	return store_reload(a->tw->store, &ignored) != TOKENWARD_OK ||
	       find_slot(store_header(a->tw->store), a->slot.id);
}

static int
enroll(struct adding *a, const char *key, struct error *err)
{
	int r = TOKENWARD_OK;

	a->ctx = a->tw->keys;
	a->ctx.dialogs = true;
	a->ctx.store_id = store_header(a->tw->store)->store_id;
	a->ctx.note = &a->text;
	a->ctx.code = a->tw->show ? &a->code : NULL;
	if (key_is_program(key))
		r = reserve(a, err);
	if (r == TOKENWARD_OK)
		r = key_enroll(&a->ctx, key, &a->slot, a->kek, err);
	if (r != TOKENWARD_OK)
		return r;
	r = publish(a, err);
	if (r != TOKENWARD_OK && !stands(a))
		unmake(a);
	if (r == TOKENWARD_OK && a->code.len)
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
	return r ? r : enroll(a, key, err);
}

static int
tell(struct tokenward *tw, enum event event, const char *done,
    const struct key_slot *slot, struct error *err)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", (unsigned)slot->id);
	return event_raise_done(tw, err, event, done, "slot", number, "kind",
	    slot->kind, "path", strmap_get(&slot->params, "path"), NULL);
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
		r = tell(tw, EVENT_KEY_ADDED, "the key was added", &a.slot,
		    &tw->err);
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

/* ---- remove ------------------------------------------------------------ */

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
	struct error err;
	bool human = true;
	size_t i;

	if (key_slot_forget(h, gone, &tw->keys, &err) != TOKENWARD_OK)
		put_line(text,
		    "What %s keeps for it elsewhere is still there: %s",
		    gone->kind, err.text);
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
		r = store_replace_header(tw->store, &h, master, err);
	}
	if (r == TOKENWARD_OK)
		say_removal(tw, &h, ret_gone, text);
	header_free(&h);
	return r;
}

static int
remove_one(
    struct tokenward *tw, unsigned slot, struct buf *text, struct error *err)
{
	struct key_slot gone = {0};
	unsigned char *master;
	struct key_opened by;
	int r = need_store(tw, err);

	if (r == TOKENWARD_OK)
		r = check_removal(tw, store_header(tw->store), slot, err);
	if (r != TOKENWARD_OK)
		return r;
	master = secret_alloc(KEY_LEN);
	r = master ? find_master(tw, master, &by, err) : error_memory(err);
	if (r == TOKENWARD_OK)
		r = remove_slot(tw, slot, master, &gone, text, err);
	secret_free(master);
	if (r == TOKENWARD_OK)
		r = tell(
		    tw, EVENT_KEY_REMOVED, "the key was removed", &gone, err);
	slot_free(&gone);
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
	r = remove_one(tw, slot, &text, &tw->err);
	if (r == TOKENWARD_OK)
		r = text_result(&text, ret_text, &tw->err);
	return call_end(tw, r);
}

/* ---- test -------------------------------------------------------------- */

static int
open_slot(struct tokenward *tw, const struct key_slot *s, struct error *err)
{
	const struct header *h = store_header(tw->store);
	unsigned char *kek = secret_alloc(KEY_LEN);
	unsigned char *master = secret_alloc(KEY_LEN);
	struct key_context ctx = tw->keys;
	int r;

	ctx.one_slot = true;
	ctx.dialogs = true;
	tw->opened = true;
	r = kek && master ? key_slot_open(h, s, &ctx, kek, master, err)
			  : error_memory(err);
	if (r == TOKENWARD_OK && !header_verify(h, master))
		r = error_set(err, TOKENWARD_DAMAGED,
		    "key slot %u opens, but the header of the store %s was "
		    "changed or is damaged; \"%s doctor --repair\" puts its "
		    "last copy back",
		    s->id, tw->path, command_name(tw));
	secret_free(kek);
	secret_free(master);
	return r;
}

static int
test(struct tokenward *tw, unsigned slot, struct buf *text, struct error *err)
{
	const struct key_slot *s;
	int r = need_store(tw, err);

	if (r != TOKENWARD_OK)
		return r;
	s = find_slot(store_header(tw->store), slot);
	if (!s)
		return no_slot(tw, slot, err);
	r = open_slot(tw, s, err);
	if (r != TOKENWARD_OK)
		return r;
	buf_printf(text, "key slot %u opens the store: ", slot);
	key_slot_name(s, text);
	return TOKENWARD_OK;
}

int
tokenward_test_key(struct tokenward *tw, unsigned slot, char **ret_text)
{
	cleanup_buf struct buf text = BUF_INIT;
	int r;

	if (!tw || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	call_begin(tw);
	r = test(tw, slot, &text, &tw->err);
	if (r == TOKENWARD_OK)
		r = text_result(&text, ret_text, &tw->err);
	return call_end(tw, r);
}
