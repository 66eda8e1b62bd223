/* SPDX-License-Identifier: BSD-2-Clause */
/* Out: a valid token is served whatever else is wrong; the warning tells. */
#include <stdio.h>
#include <stdlib.h>
#include "base/cleanup.h"
#include "core/get.h"

static void
warn_about(struct get *g, const char *what, const char *why)
{
	free(g->warning);
	if (asprintf(&g->warning, "%s: %s%s", g->name, what, why) < 0)
		g->warning = NULL;
}

/* A valid token is served whatever else is wrong; the warning tells. */
static void
warn_of_end(struct get *g, const struct now *now)
{
	const struct tokens *t = &g->tokens;
	int64_t wall = now->wall_ms / 1000;
	cleanup_buf struct buf when = BUF_INIT;

	if (!t->secret_ends_at || wall < t->secret_warn_at)
		return;
	sentence_when(&when, t->secret_ends_at, now);
	buf_printf(&when, "; get a new one and run \"%s rotate %s\"",
	    command_name(g->tw), g->name);
	warn_about(g,
	    wall < t->secret_ends_at
		? "the token works, but the client secret ends at "
		: "the token works, but the client secret ended at ",
	    buf_str(&when));
}

static void
find_warning(struct get *g)
{
	struct error why;
	struct now now;

	if (g->warning)
		return;
	handle_now(g->tw, &now);
	if (g->gate) {
		sentence_gate(
		    g->tw, g->name, &g->tokens, g->gate, NULL, &now, &why);
		warn_about(g, "the token still works, but: ", why.text);
	} else if (g->min_valid && token_left(g->token, &now) < g->min_valid)
		warn_about(g, "the token lives shorter than --min-valid", "");
	else if (g->fetched && g->purchase.version->state == VERSION_PREVIOUS)
		warn_about(g,
		    "the new client secret was refused; this token was bought "
		    "with the previous one",
		    "");
	else
		warn_of_end(g, &now);
}

int
serve(struct get *g, struct tokenward_token **ret, struct error *err)
{
	find_warning(g);
	*ret = token_object_new(g->token, !g->fetched, g->warning);
	if (!*ret)
		return error_memory(err);
	tokenward_token_free(g->tw->given);
	g->tw->given = token_object_ref(*ret);
	return TOKENWARD_OK;
}

static int
give_up(struct get *g, struct error *err)
{
	struct purchase *p = &g->purchase;
	struct error ignored;
	struct now now;

	if (!p->credential &&
	    (g->gate->kind != GATE_REFUSED ||
		purchase_prepare(p, g->name, &ignored) != TOKENWARD_OK))
		p = NULL;
	handle_now(g->tw, &now);
	return sentence_gate(g->tw, g->name, &g->tokens, g->gate, p, &now, err);
}

int
out(struct get *g, struct tokenward_token **ret, struct error *err)
{
	if (g->token)
		return serve(g, ret, err);
	if (g->gate)
		return give_up(g, err);
	return error_set(err, TOKENWARD_UNAVAILABLE,
	    "%s: a token was bought but is gone already: its life is too "
	    "short to be used, or somebody rejected it",
	    g->name);
}

int
serve_without_flight(struct get *g, enum flight f, struct tokenward_token **ret,
    struct error *err)
{
	if (g->token && g->decision == SERVE_OR_RENEW)
		return serve(g, ret, err);
	if (f == FLIGHT_FORBIDDEN) {
		if (!g->token)
			return error_prefix(
			    err, "%s: a new token is needed, but ", g->name);
		warn_about(g, "the token could not be renewed: ", err->text);
		return serve(g, ret, err);
	}
	if (g->token) {
		warn_about(g,
		    "another process is renewing this token and has not "
		    "finished",
		    "");
		return serve(g, ret, err);
	}
	return error_set(err, TOKENWARD_UNAVAILABLE,
	    "%s: another process is fetching this token and has not finished "
	    "within %lld s: try again",
	    g->name, (long long)(g->tw->timeout_ms / 1000));
}

int
serve_in_spite(
    struct get *g, int result, struct tokenward_token **ret, struct error *err)
{
	if (!g->token)
		return result;
	warn_about(g, "the token still works, but: ", err->text);
	return serve(g, ret, err);
}
