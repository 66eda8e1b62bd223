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
int
open_version(const struct get *g, const struct purchase *p,
    const struct now *now, struct secret_version **ret, struct error *err)
{
	static const enum version_state states[] = {
	    VERSION_CURRENT, VERSION_PREVIOUS};
	cleanup_buf struct buf binding = BUF_INIT;
	struct secret_version *v;
	size_t i;

	*ret = NULL;
	for (i = 0; i < 2; i++) {
		v = credential_version(p->credential, states[i]);
		if (i > 0 && !version_may_stand_in(p, now))
			return TOKENWARD_OK;
		buf_clear(&binding);
		if (purchase_binding(p, v, &binding, err) != TOKENWARD_OK)
			return err->code;
		if (gate_refuses(&g->tokens, buf_str(&binding), now, &g->began,
			g->flags & TOKENWARD_TOKEN_RETRY))
			continue;
		*ret = v;
		return TOKENWARD_OK;
	}
	return TOKENWARD_OK;
}

/* Where nothing can be read, the purchase will say what is wrong. */
static int
may_ask(
    const struct get *g, const struct now *now, bool *ret, struct error *err)
{
	cleanup_purchase struct purchase p = PURCHASE_INIT;
	struct secret_version *open = NULL;
	struct error why = {0};
	int r;

	p.tw = g->tw;
	r = purchase_prepare(&p, g->name, &why);
	if (why.no_memory)
		return error_memory(err);
	if (r != TOKENWARD_OK && g->purchase.credential) {
		*err = why; /* the purchase was before */
		return r;
	}
	if (r == TOKENWARD_OK &&
	    open_version(g, &p, now, &open, err) != TOKENWARD_OK)
		return err->code;
	*ret = r != TOKENWARD_OK || open;
	return TOKENWARD_OK;
}

static int
closed_gate(struct get *g, const struct now *now, const struct gate **ret,
    struct error *err)
{
	bool may = false;

	*ret = find_gate(g, NULL, now);
	if (!*ret || (*ret)->kind != GATE_REFUSED)
		return TOKENWARD_OK;
	if (may_ask(g, now, &may, err) != TOKENWARD_OK)
		return err->code;
	if (may)
		*ret = find_gate(g, "", now);
	return TOKENWARD_OK;
}

static enum decision
decide_stale(const struct get *g, enum freshness f)
{
	if (f == TOKEN_ADVISORY)
		return g->gate ? SERVE : SERVE_OR_RENEW;
	if (!g->gate)
		return FETCH;
	return g->token ? SERVE : GIVE_UP;
}

static int
decide(struct get *g, const struct now *now, struct error *err)
{
	const struct token *t = tokens_find(&g->tokens, g->key);
	enum freshness f =
	    t && is_wanted(g, t)
		? token_freshness(t, now, g->min_valid, g->tw->jitter)
		: TOKEN_DEAD;

	g->token = f == TOKEN_DEAD ? NULL : t;
	g->gate = NULL;
	g->decision = SERVE;
	if (f == TOKEN_FRESH)
		return TOKENWARD_OK;
	if (closed_gate(g, now, &g->gate, err) != TOKENWARD_OK)
		return err->code;
	g->decision = decide_stale(g, f);
	return TOKENWARD_OK;
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
	return decide(g, &now, err);
}
