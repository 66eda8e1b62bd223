/* SPDX-License-Identifier: BSD-2-Clause */
/* New slots, and slots opened one at a time. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "key/methods.h"
#include "key/module_slot.h"
#include "store/header.h"

bool
key_is_program(const char *text)
{
	size_t len = strcspn(text, "="), i;

	for (i = 0; key_methods[i]; i++)
		if (strlen(key_methods[i]->name) == len &&
		    memcmp(key_methods[i]->name, text, len) == 0)
			return false;
	return true;
}

bool
key_has_program(const struct key_context *ctx, const char *kind)
{
	char path[PATH_MAX];
	int n;

	if (!ctx->modules || !module_is_name(kind))
		return false;
	n = snprintf(path, sizeof(path), "%s/%s", ctx->modules, kind);
	return n > 0 && (size_t)n < sizeof(path) &&
	       (access(path, F_OK) == 0 || errno != ENOENT);
}

static int
unknown_kind(const struct key_context *ctx, const char *kind, struct error *err)
{
	cleanup_buf struct buf names = BUF_INIT, shown = BUF_INIT;
	size_t i;

	for (i = 0; key_methods[i]; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", key_methods[i]->name);
	str_clean(&shown, kind, strlen(kind), 64);
	return error_set(err, TOKENWARD_USAGE,
	    "\"%s\": there is no such way to unlock; there are: %s, and the "
	    "key modules in %s",
	    buf_str(&shown), buf_str(&names),
	    ctx->modules ? ctx->modules : "no directory");
}

int
key_enroll(const struct key_context *ctx, const char *text,
    struct key_slot *slot, unsigned char *ret_kek, struct error *err)
{
	const char *eq = strchr(text, '='), *arg = eq ? eq + 1 : NULL;
	const struct key_method *m;

	slot->kind = strndup(text, strcspn(text, "="));
	if (!slot->kind)
		return error_memory(err);
	m = key_method_find(slot->kind);
	if (m)
		return m->enroll(m, ctx, arg, slot, ret_kek, err);
	if (!key_has_program(ctx, slot->kind))
		return unknown_kind(ctx, slot->kind, err);
	return module_slot_enroll(ctx, arg, slot, ret_kek, err);
}

/* A module that is not there is told with the slot that needs it. */
static int
open_program(const struct key_context *ctx, const struct stack_line *line,
    const struct key_slot *slot, unsigned char *ret_kek, bool *ret_slow,
    struct error *err)
{
	struct stack_line bare = {.kind = MODULE_KEY, .module = slot->kind};

	if (key_has_program(ctx, slot->kind))
		return module_slot_open(
		    ctx, line, slot, ret_kek, ret_slow, err);
	error_set(err, TOKENWARD_CONFIG,
	    "it is not installed, and key slot %u needs it", slot->id);
	return module_blame(line ? line : &bare, err);
}

int
key_slot_open_by(const struct header *h, const struct key_slot *slot,
    const struct key_context *ctx, const struct stack_line *line,
    unsigned char *ret_kek, unsigned char *ret_master, bool *ret_slow,
    struct error *err)
{
	const struct key_method *m = key_method_find(slot->kind);
	struct key_context of_store = *ctx;
	int r;

	of_store.store_id = h->store_id;
	r = m ? m->open(m, &of_store, slot, ret_kek, err)
	      : open_program(&of_store, line, slot, ret_kek, ret_slow, err);
	return r ? r : slot_unwrap(slot, h->store_id, ret_kek, ret_master, err);
}

int
key_slot_open(const struct header *h, const struct key_slot *slot,
    const struct key_context *ctx, unsigned char *ret_kek,
    unsigned char *ret_master, struct error *err)
{
	return key_slot_open_by(
	    h, slot, ctx, NULL, ret_kek, ret_master, NULL, err);
}

int
key_slot_forget(const struct header *h, const struct key_slot *slot,
    const struct key_context *ctx, struct error *err)
{
	struct key_context of_store = *ctx;

	if (!slot->kind) /* it came to nothing before it had one */
		return TOKENWARD_OK;
	if (key_method_find(slot->kind))
		return TOKENWARD_OK;
	of_store.store_id = h->store_id;
	return module_slot_forget(&of_store, slot, err);
}
