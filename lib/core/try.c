/* SPDX-License-Identifier: BSD-2-Clause */
/* One real request, shown; nothing is kept of it but a warning to others. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/core.h"

static int
sentence_try(struct purchase *p, struct error *err)
{
	cleanup_buf struct buf reason = BUF_INIT;
	struct now now;

	handle_now(p->tw, &now);
	if (p->reply.outcome == OUTCOME_OK)
		return TOKENWARD_OK;
	sentence_reason(&reason, p);
	return error_set(err,
	    outcome_code(
		p->reply.outcome, version_is_past_end(p->version, &now)),
	    "%s: %s", p->credential->name, buf_str(&reason));
}

static int
try(struct tokenward *tw, const char *name, char **ret_text, struct error *err)
{
	cleanup_purchase struct purchase p = {.tw = tw,
	    .timeout_ms = tw->timeout_ms,
	    .tries = 1,
	    .exchange = true,
	    .reply = REPLY_INIT};
	struct strlist none = {0};
	struct shape shape = {.resources = &none};
	int r = need_name(name, err);

	if (r == TOKENWARD_OK)
		r = purchase_prepare(&p, name, err);
	p.shape = &shape;
	if (r == TOKENWARD_OK)
		r = purchase_run(&p, err);
	if (r != TOKENWARD_OK)
		return r;
	*ret_text = take_ptr(p.reply.exchange);
	return sentence_try(&p, err);
}

int
tokenward_try_credential(
    struct tokenward *tw, const char *name, char **ret_text)
{
	*ret_text = NULL;
	call_begin(tw);
	return call_end(tw, try(tw, name, ret_text, &tw->err));
}

void
tokenward_text_free(char *text)
{
	free(text);
}
