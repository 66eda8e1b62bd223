/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new client id and secret: staged, proved by a real request, switched.
 * Each step is durable before the next; said again, it goes on where it was.
 */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/events.h"

struct rotation {
	struct tokenward *tw;
	const char *name;
	const struct tokenward_credential *given;
	struct now now;
	bool done; /* it is the current version already */
};

static void
drop_state(struct credential *c, enum version_state state)
{
	struct secret_version *v;

	while ((v = credential_version(c, state)))
		credential_drop_version(c, v);
}

/* What is not given anew stays: the client id, one secret of several. */
static bool
inherit(const struct credential *c, struct secret_version *to)
{
	const struct secret_version *from =
	    credential_version(c, VERSION_CURRENT);
	const struct named_secret *s;
	size_t i;

	if (!from)
		return true;
	for (i = 0; i < from->secrets_n; i++) {
		s = &from->secrets[i];
		if (!version_set_secret(
			to, s->name, s->value.data, s->value.len))
			return false;
	}
	if (from->client_id)
		to->client_id = strdup(from->client_id);
	return !from->client_id || to->client_id;
}

static int
stage(struct credential *c, const struct tokenward_credential *given,
    const struct provider *p, const struct now *now, struct error *err)
{
	struct secret_version *v = credential_version(c, VERSION_STAGED);

	if (v && object_is_version(given, v)) {
		version_dates(given, p, now, v);
		return TOKENWARD_OK;
	}
	drop_state(c, VERSION_STAGED);
	v = credential_add_version(c);
	if (!v)
		return error_memory(err);
	v->state = VERSION_STAGED;
	if (!inherit(c, v))
		return error_memory(err);
	return object_apply_version(given, p, now, v, err);
}

static void
switch_over(struct credential *c, const struct now *now)
{
	struct secret_version *staged, *current;

	drop_state(c, VERSION_PREVIOUS);
	current = credential_version(c, VERSION_CURRENT);
	staged = credential_version(c, VERSION_STAGED);
	if (current)
		current->state = VERSION_PREVIOUS;
	staged->state = VERSION_CURRENT;
	staged->added_at = now->wall_ms / 1000;
}

int
rotate_in(struct credential *c, const struct tokenward_credential *new,
    const struct provider *p, const struct now *now, struct error *err)
{
	int r = stage(c, new, p, now, err);

	if (r == TOKENWARD_OK)
		switch_over(c, now);
	return r;
}

/* ---- the three steps --------------------------------------------------- */

static bool
is_current(const struct credential *c, const struct tokenward_credential *given)
{
	const struct secret_version *v = credential_version(c, VERSION_CURRENT);

	return v && object_is_version(given, v);
}

/* True: they are others now. */
static bool
set_dates(const struct rotation *ro, const struct purchase *p)
{
	struct secret_version *v =
	    credential_version(p->credential, VERSION_CURRENT);
	int64_t issued_at = v->issued_at, expires_at = v->expires_at;
	enum date_basis basis = v->basis;

	if (object_has_dates(ro->given))
		version_dates(ro->given, p->provider, &ro->now, v);
	return v->issued_at != issued_at || v->expires_at != expires_at ||
	       v->basis != basis;
}

/*
 * It is in use: an earlier try finished, or a mistaken one is taken back, or
 * it is said again with other dates.
 */
static int
finish(struct rotation *ro, struct purchase *p, struct error *err)
{
	bool staged = credential_version(p->credential, VERSION_STAGED);
	bool dates = set_dates(ro, p);
	int r = TOKENWARD_OK;

	drop_state(p->credential, VERSION_STAGED);
	if (staged || dates)
		r = credential_save(ro->tw, p->credential, err);
	return r ? r
		 : credential_finish(
		       ro->tw, p->credential, p->provider, SETTLE_GATES, err);
}

static int
stage_durably(struct rotation *ro, struct error *err)
{
	cleanup_purchase struct purchase p = PURCHASE_INIT;
	cleanup_lock int lock = -1;
	int r = lock_record(ro->tw, ro->name, &lock, err);

	if (r == TOKENWARD_OK)
		r = credential_load(ro->tw, ro->name, &p.credential, err);
	if (r == TOKENWARD_OK)
		r = provider_load(
		    ro->tw, p.credential->provider, &p.provider, NULL, err);
	if (r != TOKENWARD_OK)
		return r;
	ro->done = is_current(p.credential, ro->given);
	if (ro->done)
		return finish(ro, &p, err);
	r = stage(p.credential, ro->given, p.provider, &ro->now, err);
	return r ? r : credential_save(ro->tw, p.credential, err);
}

static int
not_proved(struct purchase *p, const char *name, struct error *err)
{
	cleanup_buf struct buf reason = BUF_INIT;

	sentence_reason(&reason, p);
	return error_set(err, outcome_code(p->reply.outcome, false),
	    "%s: the new secret was not switched in: %s; the old one stays "
	    "in use; say \"%s rotate %s\" again with the right secret, or "
	    "--no-try to switch without asking",
	    name, buf_str(&reason), command_name(p->tw), name);
}

static int
prove(struct rotation *ro, struct purchase *p, struct error *err)
{
	int r = purchase_prepare(p, ro->name, err);

	if (r != TOKENWARD_OK)
		return r;
	p->version = credential_version(p->credential, VERSION_STAGED);
	if (!p->version)
		return error_set(err, TOKENWARD_EXISTS,
		    "%s: somebody else changed its secret at the same time",
		    ro->name);
	r = purchase_run(p, err);
	if (r == TOKENWARD_OK && p->reply.outcome != OUTCOME_OK)
		return not_proved(p, ro->name, err);
	return r;
}

struct settling {
	const struct purchase *p;
	const struct provider *provider;
	const struct credential *c;
	bool keep;
};

static int
settle(void *data, struct tokens *t, struct error *err)
{
	const struct settling *s = data;

	tokens_drop_gates(t, GATE_NONE);
	tokens_note_end(t, s->c, s->provider);
	if (!s->keep)
		return TOKENWARD_OK;
	t->last_ok = s->p->asked;
	t->last_ok_version = s->p->version->number;
	return purchase_store(s->p, t) ? TOKENWARD_OK : error_memory(err);
}

static int
switch_durably(struct rotation *ro, const struct purchase *p, struct error *err)
{
	cleanup_credential struct credential *c = NULL;
	cleanup_provider struct provider *provider = NULL;
	cleanup_lock int lock = -1;
	struct settling s = {.p = p,
	    .keep = p->reply.outcome == OUTCOME_OK && p->reply.token.len > 0};
	struct secret_version *staged;
	int r = lock_record(ro->tw, ro->name, &lock, err);

	if (r == TOKENWARD_OK)
		r = credential_load(ro->tw, ro->name, &c, err);
	if (r == TOKENWARD_OK)
		r = provider_load(ro->tw, c->provider, &provider, NULL, err);
	if (r != TOKENWARD_OK)
		return r;
	staged = credential_version(c, VERSION_STAGED);
	if (!staged || !object_is_version(ro->given, staged))
		return error_set(err, TOKENWARD_EXISTS,
		    "%s: somebody else changed its secret at the same time",
		    ro->name);
	/* Changed since, the token may be one on other terms. */
	s.keep = s.keep && c->generation == p->credential->generation;
	switch_over(c, &ro->now);
	r = credential_save(ro->tw, c, err);
	s.c = c;
	s.provider = provider;
	return r ? r
		 : tokens_change_locked(
		       ro->tw, ro->name, true, settle, &s, err);
}

static int
rotate(struct rotation *ro, unsigned flags, struct error *err)
{
	cleanup_purchase struct purchase p = PURCHASE_INIT;
	struct strlist none = {0};
	struct shape shape = {.resources = &none};
	int r = need_name(ro->name, err);

	p.tw = ro->tw;
	p.tries = 3;
	p.shape_key = "";
	if (r == TOKENWARD_OK && !ro->given->given.secrets_n)
		r = error_set(err, TOKENWARD_USAGE,
		    "%s: the new client secret is needed, on standard input, "
		    "by --secret-file or --secret-fd",
		    ro->name);
	if (r == TOKENWARD_OK)
		r = need_keys(ro->tw, true, err);
	if (r == TOKENWARD_OK)
		r = event_check(ro->tw, err);
	if (r == TOKENWARD_OK)
		r = stage_durably(ro, err);
	p.shape = &shape;
	if (r == TOKENWARD_OK && !ro->done &&
	    !(flags & TOKENWARD_ROTATE_NO_TRY))
		r = prove(ro, &p, err);
	if (r != TOKENWARD_OK || ro->done)
		return r;
	r = switch_durably(ro, &p, err);
	return r ? r
		 : event_raise_done(ro->tw, err, EVENT_SECRET_ROTATED,
		       "the new secret is in use", "name", ro->name, NULL);
}

int
tokenward_rotate_credential(struct tokenward *tw, const char *name,
    const struct tokenward_credential *c, unsigned flags)
{
	struct rotation ro = {.tw = tw, .name = name, .given = c};

	if (!tw || !c)
		return null_argument(tw);
	call_begin(tw);
	handle_now(tw, &ro.now);
	return call_end(tw, rotate(&ro, flags, &tw->err));
}
