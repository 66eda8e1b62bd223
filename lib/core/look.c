/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tokens record says: serve, renew, fetch or give up. */
#include "base/cleanup.h"
#include "core/get.h"

static bool
since_we_began(const struct get *g, const struct now *t)
{
	return time_not_before(t, &g->began);
}

/* --new wants one bought after we began. */
static bool
is_wanted(const struct get *g, const struct token *t)
{
	if (g->flags & TOKENWARD_TOKEN_NEW)
		return since_we_began(g, &t->asked);
	return true;
}

/* --retry minds no gate but those that closed while it waited. */
static const struct gate *
find_gate(const struct get *g, const char *binding, const struct now *now)
{
	return gate_find_since(&g->tokens, g->key, binding, now, &g->began,
	    g->flags & TOKENWARD_TOKEN_RETRY);
}

/*
 * A refusal is about one version of the secret, so its gate means nothing
 * once client id, method or URL changed, or while another version may stand
 * in.
 */
struct secret_version *
open_version(
    const struct get *g, const struct purchase *p, const struct now *now)
{
	static const enum version_state states[] = {
	    VERSION_CURRENT, VERSION_PREVIOUS};
	cleanup_buf struct buf binding = BUF_INIT;
	struct secret_version *v;
	struct error ignored;
	size_t i;

	for (i = 0; i < 2; i++) {
		v = credential_version(p->credential, states[i]);
		if (i > 0 && !version_may_stand_in(p, now))
			return NULL;
		buf_clear(&binding);
		if (purchase_binding(p, v, &binding, &ignored) ==
			TOKENWARD_OK &&
		    !gate_refuses(&g->tokens, buf_str(&binding), now, &g->began,
			g->flags & TOKENWARD_TOKEN_RETRY))
			return v;
	}
	return NULL;
}

/* Where nothing can be read, the purchase will say what is wrong. */
static bool
may_ask(const struct get *g, const struct now *now)
{
	cleanup_purchase struct purchase p = PURCHASE_INIT;
	struct error ignored;

	p.tw = g->tw;
	return purchase_prepare(&p, g->name, &ignored) != TOKENWARD_OK ||
	       open_version(g, &p, now);
}

static const struct gate *
closed_gate(struct get *g, const struct now *now)
{
	const struct gate *gate = find_gate(g, NULL, now);

	if (gate && gate->kind == GATE_REFUSED && may_ask(g, now))
		return find_gate(g, "", now);
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
