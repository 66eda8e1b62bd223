/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The events of a request to a provider.  Those of a good one come before the
 * token is kept: where somebody must be told and was not, there is no token.
 */
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/events.h"

static const char *
origin_of(const struct credential *c)
{
	return c->origins.n ? c->origins.v[0] : NULL;
}

/* ---- gates ------------------------------------------------------------- */

static const char *const gates[GATE_MAX] = {
    "none", "rate", "backoff", "refused", "request"};

/* As gate_clear() and whoever calls it will find it. */
static bool
opens(const struct get *g, const struct gate *gate)
{
	if (gate->kind == GATE_REFUSED)
		return g->purchase.version->state == VERSION_CURRENT;
	if (gate->kind == GATE_REQUEST)
		return str_equal(gate->key, g->key) && gate->wait_ms > 0;
	return true;
}

static int
tell_gate(
    struct get *g, enum event event, const struct gate *gate, struct error *err)
{
	cleanup_buf struct buf since = BUF_INIT, until = BUF_INIT;

	time_put(&since, gate->since.wall_ms / 1000);
	time_put(&until, gate_until(gate));
	return event_raise(g->tw, err, event, "name", g->name, "kind",
	    gates[gate->kind], "since", buf_str(&since), "until",
	    event == EVENT_GATE_CLOSED ? buf_str(&until) : NULL, "reason",
	    gate->reason, NULL);
}

static int
tell_opened(struct get *g, struct error *err)
{
	const struct tokens *t = &g->tokens;
	size_t i;

	for (i = 0; i < t->gates_n; i++)
		if (opens(g, &t->gates[i]))
			return tell_gate(
			    g, EVENT_GATE_OPENED, &t->gates[i], err);
	return TOKENWARD_OK;
}

/* ---- the secret's end -------------------------------------------------- */

static int
tell_end(struct get *g, enum event event, struct error *err)
{
	const struct secret_version *v = g->purchase.version;
	cleanup_buf struct buf when = BUF_INIT;

	time_put(&when, v->expires_at);
	return event_raise(g->tw, err, event, "name", g->name, "provider",
	    g->purchase.provider->id, "expires_at", buf_str(&when), "help",
	    g->purchase.provider->renew_help, NULL);
}

/* Once for each: since the last accepted request it came so far. */
static int
tell_secret(struct get *g, struct error *err)
{
	const struct purchase *p = &g->purchase;
	const struct secret_version *v = p->version;
	const struct tokens *t = &g->tokens;
	int64_t last = 0, warn_at, wall = p->asked.wall_ms / 1000;

	if (v->state != VERSION_CURRENT ||
	    v->expires_at == TOKENWARD_TIME_UNKNOWN ||
	    v->expires_at == TOKENWARD_TIME_NEVER)
		return TOKENWARD_OK;
	if (t->last_ok_version == v->number)
		last = t->last_ok.wall_ms / 1000;
	warn_at = v->expires_at - version_warn(p->credential, v, p->provider);
	if (wall >= v->expires_at)
		return last < v->expires_at
			   ? tell_end(g, EVENT_SECRET_EXPIRED, err)
			   : TOKENWARD_OK;
	return wall >= warn_at && last < warn_at
		   ? tell_end(g, EVENT_SECRET_EXPIRING, err)
		   : TOKENWARD_OK;
}

/* ---- the request ------------------------------------------------------- */

int
tell_fetched(struct get *g, struct error *err)
{
	const struct purchase *p = &g->purchase;
	char version[24];
	int r;

	snprintf(
	    version, sizeof(version), "%lld", (long long)p->version->number);
	r = event_raise(g->tw, err, EVENT_TOKEN_FETCHED, "name", g->name,
	    "provider", p->provider->id, "origin", origin_of(p->credential),
	    "version", version, "scope", p->reply.scope, NULL);
	if (r == TOKENWARD_OK)
		r = tell_opened(g, err);
	return r ? r : tell_secret(g, err);
}

/* The first of its row, and by this very request. */
static bool
closed_now(const struct get *g, const struct gate *gate)
{
	return gate->failures == 1 &&
	       gate->last.wall_ms >= g->purchase.asked.wall_ms;
}

void
tell_failed(struct get *g)
{
	const struct tokens *t = &g->tokens;
	struct error ignored;
	size_t i;

	for (i = 0; i < t->gates_n; i++) {
		if (!closed_now(g, &t->gates[i]))
			continue;
		tell_gate(g, EVENT_GATE_CLOSED, &t->gates[i], &ignored);
		if (t->gates[i].kind == GATE_REFUSED)
			tell_secret(g, &ignored);
		return;
	}
}
