/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways to open the store: listed, tried, and what changing them shares.
 * Whoever changes them asks and stretches first, then holds the header's lock
 * for as long as it takes to read the header again and to write it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/core.h"
#include "key/slots.h"

/* ---- shared ------------------------------------------------------------- */

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
text_end(int r, char **ret_text)
{
	if (r != TOKENWARD_OK) {
		free(*ret_text);
		*ret_text = NULL;
	}
	return r;
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
	return slot_find(h->slots, h->slots_n, slot);
}

int
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
		r = store_settle_header(tw->store, err);
	if (r == TOKENWARD_OK)
		r = store_reload(tw->store, err);
	if (r == TOKENWARD_OK && !header_verify(h, master))
		r = error_read(err, TOKENWARD_EXISTS,
		    "another process gave the store %s a new master key "
		    "meanwhile; say it again",
		    tw->path);
	return r ? r : header_decode(h->bytes.data, h->bytes.len, ret, err);
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
		r = error_read(err, TOKENWARD_DAMAGED,
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
