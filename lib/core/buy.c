/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The purchase: credential, provider file, plan, helper, reply; and what
 * came of it, token or gate, kept for everybody.
 */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/events.h"

#define LEAST_MS 100 /* less is no time for a request */
#define MARK_WAIT_MS 500

/* What was bought with a credential that is another by now is not kept. */
static int
check_unchanged(const struct get *g, struct error *err)
{
	cleanup_credential struct credential *now = NULL;
	const struct credential *then = g->purchase.credential;
	int r = credential_load(g->tw, g->name, &now, err);

	if (r != TOKENWARD_OK && r != TOKENWARD_NOT_FOUND)
		return r;
	if (now && now->generation == then->generation &&
	    memcmp(now->id, then->id, CREDENTIAL_ID_LEN) == 0)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_UNAVAILABLE,
	    "%s was %s while its token was fetched; try again", g->name,
	    now ? "changed" : "removed");
}

static int
put_mark(void *data, struct tokens *t, struct error *err)
{
	const struct get *g = data;

	t->flight = (struct flight_mark){
	    .started = g->began, .deadline_ms = g->tw->deadline_ms};
	return check_unchanged(g, err);
}

/* For those who wait: no reason to wait long. */
static int
mark_flight(struct get *g, struct error *err)
{
	cleanup_lock int lock = -1;
	int r = store_lock(g->tw->store, LOCK_RECORD, g->name,
	    clock_boot_ms() + MARK_WAIT_MS, &lock, err);

	return r ? r
		 : tokens_change_locked(
		       g->tw, g->name, false, put_mark, g, err);
}

/* What was there when we looked was not bought meanwhile, whatever its date:
   the clock may have been set back. */
static bool
is_what_we_saw(const struct get *g, const struct token *there)
{
	const struct token *then = tokens_find(&g->tokens, g->key);

	return then && then->asked.wall_ms == there->asked.wall_ms &&
	       then->asked.boot_ms == there->asked.boot_ms;
}

/* Somebody took the second lane while we were late: theirs stands. */
static bool
was_settled(const struct get *g, const struct tokens *t)
{
	const struct token *there = tokens_find(t, g->key);

	return there && !there->rejected && !is_what_we_saw(g, there) &&
	       !time_not_before(&g->purchase.asked, &there->asked);
}

static bool
is_the_rejected_one(const struct get *g, const struct tokens *t)
{
	const struct token *old = tokens_find(t, g->key);

	return old && old->rejected &&
	       buf_equal(&old->value, &g->purchase.reply.token);
}

static int
keep_token(struct get *g, struct tokens *t, struct error *err)
{
	const struct purchase *p = &g->purchase;
	struct token *new;

	if (!was_settled(g, t)) {
		new = purchase_store(p, t);
		if (!new)
			return error_memory(err);
		new->successor = (g->flags & TOKENWARD_TOKEN_REJECTED) != 0;
	}
	gate_clear(t, g->key);
	if (p->version->state == VERSION_CURRENT)
		tokens_drop_gates(t, GATE_REFUSED);
	t->last_ok = p->asked;
	t->last_ok_version = p->version->number;
	tokens_note_end(t, p->credential, p->provider);
	return TOKENWARD_OK;
}

static int
keep_gate(struct get *g, struct tokens *t, struct error *err)
{
	cleanup_buf struct buf binding = BUF_INIT, reason = BUF_INIT;
	struct gate *gate;
	struct now now;
	int r =
	    purchase_binding(&g->purchase, g->purchase.version, &binding, err);

	handle_now(g->tw, &now);
	sentence_reason(&reason, &g->purchase);
	gate = r ? NULL
		 : gate_record(t, &g->purchase.reply, g->key, buf_str(&binding),
		       &now, g->tw->jitter);
	if (!gate || reason.failed)
		return error_memory(err);
	free(gate->reason);
	gate->reason = strdup(buf_str(&reason));
	gate->code = outcome_code(g->purchase.reply.outcome,
	    version_is_past_end(g->purchase.version, &now));
	return TOKENWARD_OK;
}

static int
keep(void *data, struct tokens *t, struct error *err)
{
	struct get *g = data;
	const struct credential *c = g->purchase.credential;
	struct reply *reply = &g->purchase.reply;
	int r = check_unchanged(g, err);

	if (r != TOKENWARD_OK)
		return r;
	/* Of a later generation than is durable it must not tell. */
	if (t->credential_generation < (int64_t)c->generation)
		r = store_settle(g->tw->store, RECORD_CREDENTIAL, err);
	if (r != TOKENWARD_OK)
		return r;
	t->flight.deadline_ms = 0;
	if (reply->outcome == OUTCOME_OK && is_the_rejected_one(g, t)) {
		reply->outcome = OUTCOME_TEMPORARY;
		free(reply->stage);
		reply->stage = strdup("again");
	}
	return reply->outcome == OUTCOME_OK ? keep_token(g, t, err)
					    : keep_gate(g, t, err);
}

/* What the provider said matters more than a disk that is full. */
static int
tell_unkept(const struct get *g, struct error *err)
{
	const struct purchase *p = &g->purchase;
	cleanup_buf struct buf reason = BUF_INIT;
	struct now now;

	if (p->reply.outcome == OUTCOME_OK ||
	    (err->code != TOKENWARD_FAILED &&
		err->code != TOKENWARD_NOT_ALLOWED))
		return err->code;
	handle_warn(g->tw, "%s: what came of it could not be kept: %s", g->name,
	    err->text);
	handle_now(g->tw, &now);
	sentence_reason(&reason, p);
	if (reason.failed)
		return error_memory(err);
	return error_set(err,
	    outcome_code(
		p->reply.outcome, version_is_past_end(p->version, &now)),
	    "%s: %s", g->name, buf_str(&reason));
}

/* A good token that cannot be kept is still given out, once. */
static int
serve_unkept(struct get *g, struct error *err)
{
	cleanup_tokens struct tokens alone = {0};

	if (g->purchase.reply.outcome != OUTCOME_OK ||
	    !purchase_store(&g->purchase, &alone))
		return tell_unkept(g, err);
	handle_warn(g->tw, "%s: the new token could not be kept: %s", g->name,
	    err->text);
	tokens_free(&g->tokens);
	g->tokens = alone;
	alone = (struct tokens){0};
	g->token = &g->tokens.v[0];
	g->fetched = true;
	return TOKENWARD_OK;
}

/* Trouble like any other, for everybody who asks. */
static int
as_trouble(struct purchase *p, const char *stage, struct error *err)
{
	const char *why = err->text;
	size_t name = strlen(p->credential->name);

	if (strncmp(why, p->credential->name, name) == 0)
		why += name + strlen(": ");
	reply_free(&p->reply);
	p->reply.outcome = OUTCOME_TEMPORARY;
	p->reply.stage = strdup(stage);
	p->reply.error_message = strdup(why);
	return p->reply.stage && p->reply.error_message ? TOKENWARD_OK
							: error_memory(err);
}

static int
buy_once(struct get *g, struct error *err)
{
	struct purchase *p = &g->purchase;
	int r = purchase_run(p, err);

	/* Without time nobody was asked, which says nothing to others. */
	if (r == TOKENWARD_UNAVAILABLE && p->asked.wall_ms != 0)
		r = as_trouble(p, "helper", err);
	if (r == TOKENWARD_OK && p->reply.outcome == OUTCOME_OK &&
	    tell_fetched(g, err) != TOKENWARD_OK)
		r = err->no_memory ? err->code : as_trouble(p, "told", err);
	if (r != TOKENWARD_OK)
		return r;
	r = tokens_change(g->tw, g->name, false, keep, g, err);
	if (r != TOKENWARD_OK)
		return serve_unkept(g, err);
	g->fetched = p->reply.outcome == OUTCOME_OK;
	r = look(g, err);
	if (r == TOKENWARD_OK && !g->fetched)
		tell_failed(g);
	return r;
}

static bool
may_try_previous(struct get *g)
{
	struct purchase *p = &g->purchase;
	struct now now;

	handle_now(g->tw, &now);
	return (p->reply.outcome == OUTCOME_BAD_CREDENTIALS ||
		   p->reply.outcome == OUTCOME_SECRET_EXPIRED) &&
	       p->version->state == VERSION_CURRENT &&
	       version_may_stand_in(p, &now);
}

static int
check_not_older(struct get *g, struct error *err)
{
	const struct credential *c = g->purchase.credential;

	if ((int64_t)c->generation >= g->tokens.credential_generation)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_DAMAGED,
	    "%s: its stored credential is older than one this store has "
	    "used: an old copy was put back; if that was meant, say \"%s "
	    "store adopt %s\", else enter it again with \"%s add %s "
	    "--update\"",
	    g->name, command_name(g->tw), g->name, command_name(g->tw),
	    g->name);
}

/* Afresh: what was read before the wait for the flight may be old. */
static int
prepare(struct get *g, struct error *err)
{
	struct purchase *p = &g->purchase;
	struct secret_version *open = NULL;
	struct now now;
	int r;

	purchase_free(p);
	r = purchase_prepare(p, g->name, err);
	if (r == TOKENWARD_OK)
		r = check_not_older(g, err);
	if (r == TOKENWARD_OK)
		r = event_check(g->tw, err);
	if (r != TOKENWARD_OK)
		return r;
	handle_now(g->tw, &now);
	if (!(g->flags & TOKENWARD_TOKEN_RETRY))
		r = open_version(g, p, &now, &open, err);
	if (open)
		p->version = open;
	return r;
}

/* The one that is in use was refused, and there is no time for the other. */
static int
no_time_for_previous(const struct get *g, struct error *err)
{
	const struct purchase *p = &g->purchase;
	cleanup_buf struct buf reason = BUF_INIT;
	struct now now;

	handle_now(g->tw, &now);
	sentence_reason(&reason, p);
	return error_set(err,
	    outcome_code(
		p->reply.outcome, version_is_past_end(p->version, &now)),
	    "%s: %s; there was no time left to try the previous secret: say "
	    "it again",
	    g->name, buf_str(&reason));
}

int
buy(struct get *g, unsigned tries, struct error *err)
{
	struct purchase *p = &g->purchase;
	int r = prepare(g, err);

	if (r != TOKENWARD_OK)
		return r;
	p->shape = &g->shape;
	p->shape_key = g->key;
	p->tries = tries;
	r = mark_flight(g, err);
	/* What could not be kept would be bought again by everybody. */
	if (r != TOKENWARD_OK && g->decision == SERVE_OR_RENEW)
		return r;
	r = buy_once(g, err);
	if (r != TOKENWARD_OK || !may_try_previous(g))
		return r;
	if (purchase_time(p) < LEAST_MS)
		return no_time_for_previous(g, err);
	p->version = credential_version(p->credential, VERSION_PREVIOUS);
	return buy_once(g, err);
}
