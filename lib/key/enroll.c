/* SPDX-License-Identifier: BSD-2-Clause */
/* New slots, and slots opened one at a time. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "key/methods.h"
#include "store/header.h"

static int
unknown_kind(const char *kind, struct error *err)
{
	cleanup_buf struct buf names = BUF_INIT, shown = BUF_INIT;
	size_t i;

	for (i = 0; key_methods[i]; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", key_methods[i]->name);
	str_clean(&shown, kind, strlen(kind), 64);
	return error_set(err, TOKENWARD_USAGE,
	    "\"%s\": there is no such way to unlock; there are: %s",
	    buf_str(&shown), buf_str(&names));
}

int
key_enroll(const struct key_context *ctx, const char *text,
    struct key_slot *slot, unsigned char *ret_kek, struct error *err)
{
	const char *eq = strchr(text, '=');
	const struct key_method *m;

	*slot = (struct key_slot){.kind = strndup(text, strcspn(text, "="))};
	if (!slot->kind)
		return error_memory(err);
	m = key_method_find(slot->kind);
	if (!m)
		return unknown_kind(slot->kind, err);
	return m->enroll(m, ctx, eq ? eq + 1 : NULL, slot, ret_kek, err);
}

int
key_slot_open(const struct header *h, const struct key_slot *slot,
    const struct key_context *ctx, unsigned char *ret_kek,
    unsigned char *ret_master, struct error *err)
{
	const struct key_method *m = key_method_find(slot->kind);
	int r;

	if (!m)
		return error_set(err, TOKENWARD_LOCKED,
		    "there is no key module \"%s\" here", slot->kind);
	r = m->open(m, ctx, slot, ret_kek, err);
	return r ? r : slot_unwrap(slot, h->store_id, ret_kek, ret_master, err);
}
