/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A token by name.  get() and fly() are the product on one screen:
 *
 *   1  look at the tokens record: a fresh token ends it here
 *   2  take the one flight of this credential, all processes
 *   3  look again: whoever flew before may have settled it
 *   4  buy: credential, provider file, plan, helper, reply; the outcome,
 *      token or gate, is kept for everybody
 *   5  out: the token, with a warning if something is wrong, or why not
 */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/get.h"

#define ADVISORY_MS 3000
#define TRIES 3

struct waiting {
	struct get *g;
	struct error *err;
	int result; /* of the last look */
};

static bool
look_while_waiting(void *data, struct flight_mark *ret_mark)
{
	struct waiting *w = data;
	struct get *g = w->g;

	w->result = look(g, w->err);
	if (w->result != TOKENWARD_OK)
		return true;
	*ret_mark = g->tokens.flight;
	return g->decision != FETCH;
}

/* A good token waits for nothing longer than this, a lock included. */
static void
hurry(struct tokenward *tw)
{
	int64_t soon = clock_boot_ms() + ADVISORY_MS;

	if (tw->deadline_ms > soon)
		tw->deadline_ms = soon;
}

static int
fly(struct get *g, struct tokenward_token **ret, struct error *err)
{
	cleanup_lock int lock = -1;
	bool advisory = g->decision == SERVE_OR_RENEW;
	struct waiting w = {.g = g, .err = err};
	enum flight f = flight_enter(g->tw->store, g->name,
	    advisory ? 0 : g->tw->deadline_ms, look_while_waiting, &w, &lock,
	    err);
	int r;

	if (f == FLIGHT_SETTLED)
		return w.result ? w.result : out(g, ret, err);
	if (f != FLIGHT_MINE)
		return serve_without_flight(g, f, ret, err);
	r = look(g, err);
	if (r != TOKENWARD_OK)
		return r;
	if (g->decision == SERVE || g->decision == GIVE_UP)
		return out(g, ret, err);
	advisory = g->decision == SERVE_OR_RENEW;
	if (advisory)
		hurry(g->tw);
	r = buy(g, advisory ? 1 : TRIES, err);
	return r ? serve_in_spite(g, r, ret, err) : out(g, ret, err);
}

/* A name that is not there is said at once, before any lock. */
static int
must_exist(struct get *g, struct error *err)
{
	cleanup_credential struct credential *c = NULL;

	if (g->tokens.generation != 0)
		return TOKENWARD_OK;
	return credential_load(g->tw, g->name, &c, err);
}

static int
get(struct get *g, struct tokenward_token **ret, struct error *err)
{
	struct store_mark mark;
	int r = need_keys(g->tw, false, err);

	if (r == TOKENWARD_OK && g->flags & TOKENWARD_TOKEN_REJECTED)
		r = reject_cached(g, err);
	if (r != TOKENWARD_OK)
		return r;
	*ret = memo_get(g);
	if (*ret)
		return TOKENWARD_OK;
	store_mark(g->tw->store, RECORD_TOKENS, g->name, &mark);
	r = look(g, err);
	if (r != TOKENWARD_OK)
		return r;
	if (g->decision == SERVE && !g->gate && !g->flags)
		memo_put(g, &mark);
	if (g->decision == SERVE || g->decision == GIVE_UP)
		return out(g, ret, err);
	r = must_exist(g, err);
	return r ? r : fly(g, ret, err);
}

/* Nothing said is nothing wished for: the default has one token. */
static const char *
wish(const char *said)
{
	return said && *said ? said : NULL;
}

static int
take_params(struct get *g, const struct tokenward_token_params *given,
    struct error *err)
{
	struct tokenward_token_params p = {.size = sizeof(p)};
	const char *const *r;

	if (given)
		memcpy(&p, given,
		    given->size < sizeof(p) ? given->size : sizeof(p));
	for (r = p.resources; r && *r; r++)
		if (!strlist_add(&g->resources, *r))
			return error_memory(err);
	g->shape =
	    (struct shape){wish(p.scope), wish(p.audience), &g->resources};
	g->key = shape_key(&g->shape);
	g->flags = p.flags;
	g->min_valid = p.min_valid > 0 ? p.min_valid : 0;
	handle_now(g->tw, &g->began);
	return g->key ? TOKENWARD_OK : error_memory(err);
}

static void
get_free(struct get *g)
{
	tokens_free(&g->tokens);
	purchase_free(&g->purchase);
	strlist_free(&g->resources);
	free(g->key);
	free(g->warning);
}
#define cleanup_get __attribute__((cleanup(get_free)))

static int
get_token(struct tokenward *tw, const char *name,
    const struct tokenward_token_params *params, struct tokenward_token **ret,
    struct error *err)
{
	cleanup_get struct get g = {
	    .tw = tw, .name = name, .purchase = PURCHASE_INIT};
	struct tokenward_token *token = NULL;
	int r = need_name(name, err);

	g.purchase.tw = tw;
	if (r == TOKENWARD_OK)
		r = take_params(&g, params, err);
	if (r == TOKENWARD_OK)
		r = get(&g, &token, err);
	if (r == TOKENWARD_OK)
		*ret = token;
	return r;
}

int
tokenward_get_token(struct tokenward *tw, const char *name,
    const struct tokenward_token_params *params, struct tokenward_token **ret)
{
	if (!tw || !ret)
		return null_argument(tw);
	call_begin(tw);
	return call_end(tw, get_token(tw, name, params, ret, &tw->err));
}
