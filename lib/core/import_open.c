/* SPDX-License-Identifier: BSD-2-Clause */
/* The key of an export: slots that open by themselves before those that ask. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/import.h"
#include "key/methods.h"

struct opening {
	struct key_context ctx;
	const struct header *h;
	const char *path;
	const char *key; /* what was asked for, or NULL */
	size_t kind_len; /* of its kind */
	char *key_path;  /* of keyfile=PATH, absolute; or NULL */
	unsigned char *kek, *master;
	int code; /* of the first failure */
	bool no_memory;
	struct buf reasons;
};

static bool
is_wanted(const struct opening *o, const struct key_slot *s)
{
	return !o->key || (strlen(s->kind) == o->kind_len &&
			      memcmp(s->kind, o->key, o->kind_len) == 0);
}

/*
 * The slot says where the key file was; here it may lie elsewhere.  Only the
 * place is taken from elsewhere: the slot itself is bound to what it says.
 */
static int
open_moved(struct opening *o, const struct key_slot *s, struct error *err)
{
	struct key_slot moved = *s;
	int r;

	moved.params = (struct strmap){0};
	if (!strmap_copy(&moved.params, &s->params) ||
	    !strmap_set(&moved.params, "path", o->key_path))
		r = error_memory(err);
	else
		r = key_method_find(s->kind)->open(
		    key_method_find(s->kind), &o->ctx, &moved, o->kek, err);
	strmap_free(&moved.params);
	return r ? r : slot_unwrap(s, o->h->store_id, o->kek, o->master, err);
}

static int
try_slot(struct opening *o, const struct key_slot *s, struct error *err)
{
	int r;

	if (key_needs_human(s->kind) && !o->ctx.ask)
		return error_set(err, TOKENWARD_LOCKED,
		    "nobody can be asked for the %s%s", s->kind,
		    strcmp(s->kind, recovery_method.name) == 0 ? " code" : "");
	if (o->key_path && strcmp(s->kind, "keyfile") == 0)
		r = open_moved(o, s, err);
	else
		r = key_slot_open(o->h, s, &o->ctx, o->kek, o->master, err);
	if (r == TOKENWARD_OK && !header_verify(o->h, o->master))
		r = error_read(err, TOKENWARD_DAMAGED,
		    "its header was changed, though the key fits");
	return r;
}

/* TOKENWARD_OK: o->master is the key. */
static bool
try_slots(struct opening *o, bool human)
{
	struct error err = {0};
	size_t i;

	for (i = 0; i < o->h->slots_n; i++) {
		if (key_needs_human(o->h->slots[i].kind) != human ||
		    !is_wanted(o, &o->h->slots[i]))
			continue;
		if (try_slot(o, &o->h->slots[i], &err) == TOKENWARD_OK)
			return true;
		o->no_memory |= err.no_memory;
		if (!o->reasons.len)
			o->code = err.code;
		buf_printf(
		    &o->reasons, "%s%s", o->reasons.len ? "; " : "", err.text);
	}
	return false;
}

/* True: one of them is a key file. */
static bool
put_kinds(const struct header *h, struct buf *out)
{
	bool file = false;
	size_t i;

	for (i = 0; i < h->slots_n; i++) {
		buf_printf(out, "%s%s", i ? ", " : "", h->slots[i].kind);
		file |= strcmp(h->slots[i].kind, "keyfile") == 0;
	}
	return file;
}

static int
find_key(struct opening *o, struct error *err)
{
	cleanup_buf struct buf kinds = BUF_INIT;
	bool file;

	if (try_slots(o, false) || try_slots(o, true))
		return TOKENWARD_OK;
	file = put_kinds(o->h, &kinds);
	if (o->no_memory || o->reasons.failed || kinds.failed)
		return error_memory(err);
	if (!o->reasons.len)
		return error_set(err, TOKENWARD_USAGE,
		    "the export %s does not open by \"%s\"; it has: %s",
		    o->path, o->key ? o->key : "", buf_str(&kinds));
	return error_set(err,
	    o->code == TOKENWARD_DAMAGED || o->code == TOKENWARD_NOT_ALLOWED
		? o->code
		: TOKENWARD_LOCKED,
	    "the export %s does not open: %s (it opens by: %s%s)", o->path,
	    buf_str(&o->reasons), buf_str(&kinds),
	    file ? "; say --key keyfile=PATH where the key file lies elsewhere "
		   "now"
		 : "");
}

static int
opening_begin(
    struct opening *o, struct tokenward *tw, const char *key, struct error *err)
{
	struct key_context nowhere = {.label = o->path};

	o->ctx = tw->keys;
	o->ctx.label = o->path;
	o->ctx.dialogs = true;
	o->ctx.one_slot = o->h->slots_n > 1;
	o->key = key;
	o->kind_len = key ? strcspn(key, "=") : 0;
	o->kek = secret_alloc(KEY_LEN);
	o->master = secret_alloc(KEY_LEN);
	if (!o->kek || !o->master)
		return error_memory(err);
	return key && str_prefix(key, "keyfile=")
		   ? keyfile_choose(
			 &nowhere, strchr(key, '=') + 1, &o->key_path, err)
		   : TOKENWARD_OK;
}

static int
unlock(struct tokenward *tw, struct export_reader *x, const char *path,
    const char *key, struct error *err)
{
	struct opening o = {.h = export_header(x), .path = path};
	int r = opening_begin(&o, tw, key, err);

	if (r == TOKENWARD_OK)
		r = find_key(&o, err);
	if (r == TOKENWARD_OK)
		r = export_unlock(x, o.master, err);
	secret_free(o.kek);
	secret_free(o.master);
	buf_free(&o.reasons);
	free(o.key_path);
	return r;
}

int
import_open(struct tokenward *tw, const char *path, const char *key,
    struct export_reader **ret, struct error *err)
{
	int r = export_open(path, ret, err);

	if (r != TOKENWARD_OK)
		return r;
	r = unlock(tw, *ret, path, key, err);
	if (r != TOKENWARD_OK) {
		export_close(*ret);
		*ret = NULL;
	}
	return r;
}
