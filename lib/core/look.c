/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tokens record says: serve, renew, fetch or give up. */
#include "base/cleanup.h"
#include "core/get.h"

static bool
since_we_began(const struct get *g, const struct now *t)
{
	return time_since(&g->began, t) >= 0 && t->wall_ms >= g->began.wall_ms;
}

/* --new wants one bought after we began, --rejected says the old is dead. */
static bool
is_wanted(const struct get *g, const struct token *t)
{
	if (g->flags & (TOKENWARD_TOKEN_NEW | TOKENWARD_TOKEN_REJECTED))
		return since_we_began(g, &t->asked);
	return true;
}

/*
 * A refusal is about one version of the secret, so its gate means nothing
 * once client id, method or URL changed, or while another version may stand
 * in.  Picks the version to ask with; false when none may be used.
 */
static bool
find_open_version(struct get *g, const struct now *now, struct error *err)
{
	struct purchase *p = &g->purchase;
	cleanup_buf struct buf binding = BUF_INIT;
	static const enum version_state states[] = {
	    VERSION_CURRENT, VERSION_PREVIOUS};
	struct secret_version *v;
	size_t i;

	purchase_free(p);
	if (purchase_prepare(p, g->name, err) != TOKENWARD_OK)
		return true; /* the purchase will say what is wrong */
	for (i = 0; i < 2; i++) {
		v = credential_version(p->credential, states[i]);
		if (i > 0 && !version_may_stand_in(p, now))
			return false;
		buf_clear(&binding);
		if (purchase_binding(p, v, &binding, err) == TOKENWARD_OK &&
		    !gate_find_closed(
			&g->tokens, g->key, buf_str(&binding), now)) {
			p->version = v;
			return true;
		}
	}
	return false;
}

static const struct gate *
closed_gate(struct get *g, const struct now *now)
{
	const struct gate *gate =
	    gate_find_closed(&g->tokens, g->key, NULL, now);
	struct error ignored;

	if (!gate || ((g->flags & TOKENWARD_TOKEN_RETRY) &&
			 !since_we_began(g, &gate->last)))
		return NULL;
	if (gate->kind == GATE_REFUSED && find_open_version(g, now, &ignored))
		return gate_find_closed(&g->tokens, g->key, "", now);
	return gate;
}

static enum decision
decide(struct get *g, const struct now *now)
{
	const struct token *t = tokens_find(&g->tokens, g->key);
	enum freshness f =
	    t && is_wanted(g, t)
		? token_freshness(t, now, g->min_valid, g->tw->jitter)
		: TOKEN_DEAD;

	g->token = f == TOKEN_DEAD ? NULL : t;
	g->gate = NULL;
	if (f == TOKEN_FRESH)
		return SERVE;
	g->gate = closed_gate(g, now);
	if (f == TOKEN_ADVISORY)
		return g->gate ? SERVE : SERVE_OR_RENEW;
	if (!g->gate)
		return FETCH;
	return g->token ? SERVE : GIVE_UP;
}

int
look(struct get *g, struct error *err)
{
	struct now now;
	int r;

	tokens_free(&g->tokens);
	g->token = NULL;
	r = tokens_load(g->tw, g->name, &g->tokens, err);
	if (r != TOKENWARD_OK)
		return r;
	handle_now(g->tw, &now);
	g->decision = decide(g, &now);
	return TOKENWARD_OK;
}
