/* SPDX-License-Identifier: BSD-2-Clause */
/* Is it this secret, or the provider?  The others there know. */
#include <string.h>
#include "base/cleanup.h"
#include "core/core.h"

#define LOOK_AT_MOST 300

struct survey {
	struct tokenward *tw;
	const struct credential *c;
	const struct now *now;
	unsigned seen, refused;
};

static bool
is_neighbour(const struct survey *s, const struct credential *other)
{
	return strcmp(other->name, s->c->name) != 0 && other->origins.n &&
	       strlist_has(&s->c->origins, other->origins.v[0]);
}

static bool
is_refused(struct survey *s, const char *name)
{
	cleanup_tokens struct tokens t = {0};
	struct error ignored;
	size_t i;

	if (tokens_load(s->tw, name, &t, &ignored) != TOKENWARD_OK)
		return false;
	for (i = 0; i < t.gates_n; i++)
		if (t.gates[i].kind == GATE_REFUSED &&
		    gate_is_closed(&t.gates[i], s->now))
			return true;
	return false;
}

static int
ask(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	cleanup_credential struct credential *other = NULL;
	struct survey *s = data;
	struct error ignored;

	(void)generation;
	(void)damage;
	if (++s->seen > LOOK_AT_MOST)
		return TOKENWARD_EXISTS; /* enough */
	if (plain &&
	    credential_decode(plain->data, plain->len, &other, &ignored) ==
		TOKENWARD_OK &&
	    is_neighbour(s, other) && is_refused(s, other->name))
		s->refused++;
	return TOKENWARD_OK;
}

unsigned
refused_neighbours(
    struct tokenward *tw, const struct credential *c, const struct now *now)
{
	struct survey s = {.tw = tw, .c = c, .now = now};
	struct error ignored;

	store_each(tw->store, ask, &s, &ignored);
	return s.refused;
}
