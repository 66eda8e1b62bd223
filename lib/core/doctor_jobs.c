/* SPDX-License-Identifier: BSD-2-Clause */
/* What the unlock lines come to, by the stack's own rules. */
#include "core/doctor.h"

struct replay {
	const struct stack *s;
	const struct line_results *results;
	enum occasion when;
};

static enum tokenward_module_result
replay(void *data, const struct stack_line *line)
{
	const struct replay *r = data;

	return r->results[line - r->s->v].on[r->when];
}

static bool
opens(struct replay *r, enum occasion when)
{
	r->when = when;
	return stack_walk(r->s, MODULE_KEY, replay, r, NULL) ==
	       TOKENWARD_MODULE_OK;
}

/* Of one line at least, if only the others let it. */
static bool
any_opens(const struct replay *r)
{
	const struct stack_line *line = NULL;

	while ((line = stack_next(r->s, MODULE_KEY, line)))
		if (r->results[line - r->s->v].on[BY_PERSON] ==
		    TOKENWARD_MODULE_OK)
			return true;
	return false;
}

static void
say_nothing_opens(struct doctor *d, const struct replay *r)
{
	if (any_opens(r))
		find(d, "bad",
		    "correct the required or requisite line that fails, or "
		    "bring back what it needs",
		    "nothing here opens this store, though a key is at hand: "
		    "the stack wants a line that fails");
	else
		find(d, "bad", "bring back one of the keys",
		    "nothing here opens this store");
}

void
conclude_unlocking(struct doctor *d, const struct stack *s,
    const struct line_results *results, bool kept)
{
	struct replay r = {.s = s, .results = results};

	if (opens(&r, AT_BOOT))
		find(d, "ok", NULL,
		    "jobs open the store by themselves, also after a reboot if "
		    "what they need is there then");
	else if (opens(&r, IN_LOGIN))
		find(d, "fair",
		    "a key for such jobs: \"tokenward key add "
		    "keyfile\"",
		    "what you start in this login opens the store by itself; "
		    "jobs fail (4) where they have no session bus, as under "
		    "cron, and after a reboot until you log in");
	else if (opens(&r, BY_PERSON))
		find(d, "fair",
		    "\"tokenward unlock --for DUR\", or a key for jobs: "
		    "\"tokenward key add keyfile\"",
		    "only a person opens this store: jobs fail (4) %s",
		    kept ? "when the kernel forgets the key, and after a "
			   "reboot"
			 : "now");
	else
		say_nothing_opens(d, &r);
}
