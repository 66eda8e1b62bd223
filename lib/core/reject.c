/* SPDX-License-Identifier: BSD-2-Clause */
/* The only way back: the API said 401, that token is dead. */
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "core/events.h"

#define SUCCESSOR_MS 10000

struct reject {
	const struct buf *value;
	bool found;
	bool must_last;
};

static int
reject(void *data, struct tokens *t, struct error *err)
{
	struct reject *r = data;
	size_t i;

	(void)err;
	for (i = 0; i < t->n; i++)
		if (!t->v[i].rejected && buf_equal(&t->v[i].value, r->value))
			t->v[i].rejected = r->found = true;
	r->must_last = tokens_must_last(t);
	return r->found ? TOKENWARD_OK : TOKENWARD_NOT_FOUND;
}

/* On a full disk nothing can be written, but the record can be taken away. */
static int
reject_durably(
    struct tokenward *tw, const char *name, struct reject *r, struct error *err)
{
	cleanup_lock int lock = -1;
	struct error ignored;
	int result = need_keys(tw, false, err);

	if (result == TOKENWARD_OK)
		result = lock_record(tw, name, &lock, err);
	if (result != TOKENWARD_OK)
		return result;
	result = tokens_change_locked(tw, name, true, reject, r, err);
	if (result == TOKENWARD_FAILED && r->found && !r->must_last &&
	    store_remove(tw->store, RECORD_TOKENS, name, &ignored) ==
		TOKENWARD_OK)
		return TOKENWARD_OK;
	return result;
}

static bool
is_of(const struct token *v, const struct tokenward_token *object)
{
	const char *value = object ? tokenward_token_value(object) : "";

	return *value && strlen(value) == v->value.len &&
	       sodium_memcmp(value, v->value.data, v->value.len) == 0;
}

/*
 * Of a crowd that says it one after the other, each began before it had a
 * token: what somebody else of them has just bought is not what was refused.
 * What this very handle gave out is.
 */
static bool
is_meant(const struct get *g, const struct token *v)
{
	int64_t age = time_since(&v->asked, &g->began);

	if (v->rejected || v->asked.wall_ms > g->began.wall_ms)
		return false;
	return !v->successor || age < 0 || age >= SUCCESSOR_MS ||
	       is_of(v, g->tw->given) || is_of(v, g->tw->memo.object);
}

static int
reject_older(void *data, struct tokens *t, struct error *err)
{
	const struct get *g = data;
	struct token *v = tokens_find(t, g->key);

	(void)err;
	if (!v || !is_meant(g, v))
		return TOKENWARD_NOT_FOUND;
	v->rejected = true;
	return TOKENWARD_OK;
}

int
reject_cached(struct get *g, struct error *err)
{
	int r = tokens_change(g->tw, g->name, true, reject_older, g, err);

	return r == TOKENWARD_NOT_FOUND ? TOKENWARD_OK : r;
}

/* Nothing to change is success, if only the name exists. */
static int
not_cached(struct tokenward *tw, const char *name, struct error *err)
{
	cleanup_credential struct credential *c = NULL;

	return credential_load(tw, name, &c, err);
}

int
tokenward_reject_token(
    struct tokenward *tw, const char *name, const char *value, size_t len)
{
	cleanup_buf struct buf token = BUF_SECRET_INIT;
	struct reject r = {.value = &token};
	int result;

	if (!tw || (!value && len > 0))
		return null_argument(tw);
	call_begin(tw);
	buf_put(&token, value, len);
	result = need_name(name, &tw->err);
	if (result == TOKENWARD_OK && token.failed)
		result = error_memory(&tw->err);
	if (result == TOKENWARD_OK && len == 0)
		result = error_set(&tw->err, TOKENWARD_USAGE,
		    "%s: there was no token to reject", name);
	if (result == TOKENWARD_OK)
		result = reject_durably(tw, name, &r, &tw->err);
	if (result == TOKENWARD_NOT_FOUND && !r.found)
		result = not_cached(tw, name, &tw->err);
	else if (result == TOKENWARD_OK)
		result = event_raise_done(tw, &tw->err, EVENT_TOKEN_REJECTED,
		    "the token is not given out any more", "name", name, NULL);
	return call_end(tw, result);
}

int
tokenward_reject(
    struct tokenward *tw, const char *name, const struct tokenward_token *token)
{
	const char *value = tokenward_token_value(token);

	if (!value)
		return null_argument(tw);
	return tokenward_reject_token(tw, name, value, strlen(value));
}
