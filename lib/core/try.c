/* SPDX-License-Identifier: BSD-2-Clause */
/* One real request, shown; nothing is kept of it but a warning to others. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/core.h"

static void
put_scope_and_life(struct buf *out, const struct reply *r)
{
	buf_printf(out, ", %s", r->type ? r->type : "Bearer");
	if (r->life == LIFE_NEVER)
		buf_put_str(out, ", no expiry");
	else {
		buf_put_str(
		    out, r->life_assumed ? ", assumed to live " : ", lives ");
		duration_put(out, r->life);
	}
	if (r->scope)
		buf_printf(out, ", scope \"%s\"", r->scope);
}

/* What came of it in the words of provider files, then the exchange. */
static char *
report(const struct purchase *p, int code)
{
	const struct reply *r = &p->reply;
	struct buf out = BUF_INIT;

	buf_printf(&out, "outcome: %s", outcome_names[r->outcome]);
	if (r->outcome == OUTCOME_OK)
		put_scope_and_life(&out, r);
	else
		buf_printf(&out, ", exit status %d", code);
	if (r->skew > 30 || r->skew < -30)
		buf_printf(&out, "\nclock: theirs is %lld s %s ours",
		    (long long)(r->skew < 0 ? -r->skew : r->skew),
		    r->skew < 0 ? "behind" : "ahead of");
	buf_printf(&out, "\n%s", r->exchange ? r->exchange : "");
	if (out.failed)
		buf_free(&out);
	return (char *)out.data;
}

static int
sentence_try(struct purchase *p, int code, struct error *err)
{
	cleanup_buf struct buf reason = BUF_INIT;

	if (code == TOKENWARD_OK)
		return TOKENWARD_OK;
	sentence_reason(&reason, p);
	return error_set(
	    err, code, "%s: %s", p->credential->name, buf_str(&reason));
}

static int
try(struct tokenward *tw, const char *name, char **ret_text, struct error *err)
{
	cleanup_purchase struct purchase p = PURCHASE_INIT;
	struct strlist none = {0};
	struct shape shape = {.resources = &none};
	struct now now;
	int code, r = need_name(name, err);

	p.tw = tw;
	p.tries = 1;
	p.exchange = true;
	if (r == TOKENWARD_OK)
		r = purchase_prepare(&p, name, err);
	p.shape = &shape;
	if (r == TOKENWARD_OK)
		r = purchase_run(&p, err);
	if (r != TOKENWARD_OK)
		return r;
	handle_now(tw, &now);
	code =
	    outcome_code(p.reply.outcome, version_is_past_end(p.version, &now));
	*ret_text = report(&p, code);
	return sentence_try(&p, code, err);
}

int
tokenward_try_credential(
    struct tokenward *tw, const char *name, char **ret_text)
{
	if (!tw || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	call_begin(tw);
	return call_end(tw, try(tw, name, ret_text, &tw->err));
}

void
tokenward_text_free(char *text)
{
	free(text);
}
