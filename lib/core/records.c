/* SPDX-License-Identifier: BSD-2-Clause */
/* Records read and changed, their locks included. */
#include <string.h>
#include "base/cleanup.h"
#include "core/core.h"

#define LOCK_WAIT_MS 10000
#define LAST_WAIT_MS 200 /* even when the time is up: what came is kept */

int64_t
lock_deadline(const struct tokenward *tw)
{
	int64_t now = clock_boot_ms(), end = tw->deadline_ms;

	if (end > now + LOCK_WAIT_MS)
		end = now + LOCK_WAIT_MS;
	return end > now + LAST_WAIT_MS ? end : now + LAST_WAIT_MS;
}

int
lock_record(
    struct tokenward *tw, const char *name, int *ret_lock, struct error *err)
{
	return store_lock(
	    tw->store, LOCK_RECORD, name, lock_deadline(tw), ret_lock, err);
}

/* Damaged is treated as absent, with a warning: tokens can be bought again. */
int
tokens_load(struct tokenward *tw, const char *name, struct tokens *ret,
    struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	uint64_t generation = 0;
	int r = need_keys(tw, false, err);

	if (r != TOKENWARD_OK)
		return r;
	*ret = (struct tokens){0};
	tw->opened = true;
	r = store_read(
	    tw->store, RECORD_TOKENS, name, &plain, &generation, err);
	if (r == TOKENWARD_OK)
		r = tokens_decode(plain.data, plain.len, ret, err);
	if (r == TOKENWARD_DAMAGED)
		handle_warn(tw,
		    "%s: its tokens record is damaged and counts as empty (%s)",
		    name, err->text);
	ret->damaged = r == TOKENWARD_DAMAGED;
	if (r == TOKENWARD_DAMAGED || r == TOKENWARD_NOT_FOUND)
		return TOKENWARD_OK;
	ret->generation = generation;
	return r;
}

static bool
is_lasting(const struct token *v)
{
	return v->refresh.len > 0 || v->reissue == REISSUE_SAME ||
	       v->reissue == REISSUE_REPLACES;
}

/*
 * What can simply be bought again may be lost with the power.  The rest not,
 * be it new or only in the record that is written anew.
 */
bool
tokens_must_last(const struct tokens *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (is_lasting(&t->v[i]))
			return true;
	for (i = 0; i < t->gates_n; i++)
		if (t->gates[i].kind == GATE_REFUSED)
			return true;
	return false;
}

static int
tokens_write(struct tokenward *tw, const char *name, const struct tokens *t,
    bool durable, struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	int r = tokens_encode(t, &plain, err);

	if (r == TOKENWARD_OK && t->damaged)
		r = store_remove(tw->store, RECORD_TOKENS, name, err);
	if (r == TOKENWARD_OK)
		r = store_write(tw->store, RECORD_TOKENS, name, &plain,
		    t->generation, durable || tokens_must_last(t), err);
	return r;
}

int
tokens_change_locked(struct tokenward *tw, const char *name, bool durable,
    tokens_change_fn change, void *data, struct error *err)
{
	cleanup_tokens struct tokens t = {0};
	int r = tokens_load(tw, name, &t, err);

	if (r == TOKENWARD_OK)
		r = change(data, &t, err);
	return r ? r : tokens_write(tw, name, &t, durable, err);
}

int
tokens_change(struct tokenward *tw, const char *name, bool durable,
    tokens_change_fn change, void *data, struct error *err)
{
	cleanup_lock int lock = -1;
	int r = need_keys(tw, false, err);

	if (r == TOKENWARD_OK)
		r = lock_record(tw, name, &lock, err);
	if (r != TOKENWARD_OK)
		return r;
	return tokens_change_locked(tw, name, durable, change, data, err);
}

int
credential_load(struct tokenward *tw, const char *name, struct credential **ret,
    struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	cleanup_credential struct credential *c = NULL;
	uint64_t generation = 0;
	int r = need_keys(tw, true, err);

	tw->opened = true;
	if (r == TOKENWARD_OK)
		r = store_read(tw->store, RECORD_CREDENTIAL, name, &plain,
		    &generation, err);
	if (r == TOKENWARD_NOT_FOUND)
		return error_set(err, r,
		    "there is no credential named \"%s\" in %s (\"%s list\" "
		    "shows those there are)",
		    name, tw->path, command_name(tw));
	if (r == TOKENWARD_OK)
		r = credential_decode(plain.data, plain.len, &c, err);
	if (r == TOKENWARD_DAMAGED)
		return error_prefix(err, "%s: ", name);
	if (r != TOKENWARD_OK)
		return r;
	if (strcmp(c->name, name) != 0)
		return error_set(err, TOKENWARD_DAMAGED,
		    "%s: its record belongs to another name", name);
	c->generation = generation;
	*ret = take_ptr(c);
	return TOKENWARD_OK;
}

int
credential_save(struct tokenward *tw, struct credential *c, struct error *err)
{
	struct now now;

	handle_now(tw, &now);
	c->changed_at = now.wall_ms / 1000;
	if (!c->created_at)
		c->created_at = c->changed_at;
	return credential_put(tw, c, err);
}

int
credential_put(struct tokenward *tw, struct credential *c, struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	int r = credential_encode(c, &plain, err);

	if (r == TOKENWARD_OK)
		r = store_write(tw->store, RECORD_CREDENTIAL, c->name, &plain,
		    c->generation, /* durable= */ true, err);
	if (r == TOKENWARD_OK)
		c->generation++;
	return r;
}

struct settling {
	const struct credential *c;
	const struct provider *p;
	enum settle what;
};

void
tokens_note_end(
    struct tokens *t, const struct credential *c, const struct provider *p)
{
	const struct secret_version *v = credential_version(c, VERSION_CURRENT);
	bool known = v && v->expires_at != TOKENWARD_TIME_UNKNOWN &&
		     v->expires_at != TOKENWARD_TIME_NEVER;

	t->secret_ends_at = known ? v->expires_at : 0;
	t->secret_warn_at = known ? v->expires_at - version_warn(c, v, p) : 0;
	t->credential_generation = (int64_t)c->generation;
}

static int
settle(void *data, struct tokens *t, struct error *err)
{
	const struct settling *s = data;

	(void)err;
	if (s->what != SETTLE_NOTHING)
		tokens_drop_gates(t, GATE_NONE);
	while (s->what == SETTLE_ALL && t->n > 0)
		token_free(&t->v[--t->n]);
	tokens_note_end(t, s->c, s->p);
	return TOKENWARD_OK;
}

int
credential_settle(struct tokenward *tw, const struct credential *c,
    const struct provider *p, enum settle what, struct error *err)
{
	struct settling s = {c, p, what};

	return tokens_change_locked(tw, c->name, true, settle, &s, err);
}

static int
drop_bought(void *data, struct tokens *t, struct error *err)
{
	(void)data;
	(void)err;
	while (t->n > 0)
		token_free(&t->v[--t->n]);
	return TOKENWARD_OK;
}

int
tokens_forget(struct tokenward *tw, const char *name, struct error *err)
{
	return tokens_change_locked(tw, name, true, drop_bought, NULL, err);
}

int
credential_finish(struct tokenward *tw, const struct credential *c,
    const struct provider *p, enum settle what, struct error *err)
{
	cleanup_tokens struct tokens t = {0};
	int r = tokens_load(tw, c->name, &t, err);

	if (r != TOKENWARD_OK ||
	    t.credential_generation >= (int64_t)c->generation)
		return r;
	r = store_settle(tw->store, RECORD_CREDENTIAL, err);
	return r ? r : credential_settle(tw, c, p, what, err);
}

int
provider_load(struct tokenward *tw, const char *id, struct provider **ret,
    struct buf *ret_text, struct error *err)
{
	struct provider_file file = {.text = BUF_INIT};
	int r = provider_find(&tw->provider_dirs, id, &file, err);

	if (r == TOKENWARD_OK)
		r = provider_read(
		    buf_str(&file.text), file.text.len, file.path, ret, err);
	if (r == TOKENWARD_OK && ret_text)
		buf_move(ret_text, &file.text);
	provider_file_free(&file);
	return r;
}
