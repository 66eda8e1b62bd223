/* SPDX-License-Identifier: BSD-2-Clause */
/* Asked again in one process: one fstatat and what is in memory. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/get.h"

struct tokenward_token *
memo_get(struct get *g)
{
	struct memo *m = &g->tw->memo;

	if (!m->object || !token_object_is_whole(m->object) || g->flags ||
	    (m->warn_at && g->began.wall_ms / 1000 >= m->warn_at) ||
	    token_is_short(&m->token, g->min_valid) ||
	    strcmp(m->name, g->name) != 0 || strcmp(m->shape, g->key) != 0 ||
	    !store_is_as_marked(g->tw->store, &m->mark) ||
	    token_freshness(&m->token, &g->began, g->min_valid,
		g->tw->jitter) != TOKEN_FRESH)
		return NULL;
	return token_object_ref(m->object);
}

/* Marked before it was read: a change in between shows next time. */
void
memo_put(struct get *g, const struct store_mark *mark)
{
	struct memo *m = &g->tw->memo;
	struct token *kept;

	free(m->name);
	free(m->shape);
	token_free(&m->token);
	tokenward_token_free(m->object);
	*m = (struct memo){.name = strdup(g->name),
	    .shape = strdup(g->key),
	    .mark = *mark,
	    .warn_at = g->tokens.secret_warn_at,
	    .token = {.value = BUF_SECRET_INIT, .refresh = BUF_SECRET_INIT}};
	m->object = token_object_new(g->token, true, NULL);
	if (!m->name || !m->shape) {
		tokenward_token_free(m->object);
		m->object = NULL;
	}
	kept = &m->token;
	kept->asked = g->token->asked;
	kept->life = g->token->life;
	kept->reissue = g->token->reissue;
	kept->renews_below = g->token->renews_below;
}
