/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the store lies, where its records do, and whether it opens. */
#include <string.h>
#include "base/cleanup.h"
#include "core/doctor.h"
#include "store/ground.h"
#include "store/home.h"

/* The header decides, whatever the stack says now. */
static void
look_at_place(struct doctor *d, const struct header *h)
{
	cleanup_buf struct buf records = BUF_INIT, other = BUF_INIT;
	const struct stack_line *line = NULL;
	const struct stack *stack;
	struct error err = {0};

	where_put(&h->records, &records);
	where_put(&h->other, &other);
	if (handle_stack(d->tw, &stack, &err) == TOKENWARD_OK)
		do
			line = stack_next(stack, MODULE_STORE, line);
		while (line && stack_is_readonly(line));
	if (lacks_memory(d, err.no_memory || records.failed || other.failed))
		return;
	if (line && line->module &&
	    strcmp(line->module, where_name(&h->records)) != 0)
		find(d, "fair",
		    "move them with \"store migrate\", or change the line",
		    "records lie in %s, as the header says; the stack's store "
		    "line names %s, which is for new stores",
		    buf_str(&records), line->module);
	else if (h->records.module)
		find(d, "ok", NULL, "records lie in %s", buf_str(&records));
	if (h->has_other)
		find(d, "fair", "say \"store migrate\" again as it was said",
		    "moving the records was cut short: those in %s count, and "
		    "copies may lie in %s",
		    buf_str(&records), buf_str(&other));
}

static int
look_at_line(void *data, const char *what, const struct error *why)
{
	struct doctor *d = data;

	if (why && lacks_memory(d, why->no_memory))
		return TOKENWARD_OK;
	if (why)
		find(d, why->code == TOKENWARD_LOCKED ? "fair" : "bad", NULL,
		    "%s", why->text);
	else
		find(d, "ok", NULL, "records are read in %s as well", what);
	return TOKENWARD_OK;
}

/* The store is unlocked: its module is asked for a record. */
static void
look_into_place(struct doctor *d, const struct header *h)
{
	struct error why;

	if (store_each_readonly(d->tw->store, true, look_at_line, d, &why) !=
		TOKENWARD_OK &&
	    !lacks_memory(d, why.no_memory))
		find(d, "bad", NULL, "%s", why.text);
	if (!h->records.module)
		return;
	if (store_check_place(d->tw->store, &why) == TOKENWARD_OK)
		find(d, "ok", NULL, "the store module %s can be used now",
		    h->records.module);
	else if (!lacks_memory(d, why.no_memory))
		find(d, why.code == TOKENWARD_LOCKED ? "fair" : "bad", NULL,
		    "%s", why.text);
}

/* The header is proved: the store is open. */
static void
look_at_home(struct doctor *d, const struct header *h)
{
	struct error why;
	enum home home;

	if (store_home(d->tw->store, &home, &why) != TOKENWARD_OK) {
		if (!lacks_memory(d, why.no_memory))
			find(d, "bad", NULL, "%s", why.text);
	} else if (home == HOME_COPY)
		find(d, "fair", NULL,
		    "the store is a copy of %s: records in a module, key files "
		    "and keys elsewhere are that one's, and stay when this one "
		    "is destroyed",
		    h->home);
	else if (home == HOME_MOVED)
		find(d, "fair", "say \"store adopt\" if it was moved here",
		    "the store comes from %s and is not there any more",
		    h->home);
}

/* Nothing is said where everything is as it should be. */
static void
look_at_ground(struct doctor *d)
{
	static const struct {
		const char *grade, *what;
	} table[GROUND_MAX] = {
	    [GROUND_MEMORY] = {"fair",
		"in memory: it is gone when the machine is started again"},
	    [GROUND_NETWORK] = {"weak",
		"which others may write as well: locks and what is durable "
		"depend on its server"},
	    [GROUND_PROGRAM] = {"fair",
		"which a program makes: locks and what is durable depend on "
		"it"},
	    [GROUND_MODELESS] = {"weak",
		"which has no owner and mode of a file's own"},
	    [GROUND_UNKNOWN] = {"fair",
		"so nothing is promised of locks and of what is durable"},
	};
	const char *name;
	enum ground g = store_ground(d->tw->store, &name);

	if (table[g].grade)
		find(d, table[g].grade,
		    "keep the store on a disk of this machine",
		    "the store lies on %s, %s", name, table[g].what);
}

int
look_at_store(struct doctor *d, struct error *err)
{
	const struct header *h;
	int r;

	if (!d->tw->store && d->tw->unopened.no_memory)
		return why_broken(d->tw);
	if (!d->tw->store) {
		find(d, "bad", NULL, "%s", d->tw->unopened.text);
		return TOKENWARD_OK;
	}
	h = store_header(d->tw->store);
	find(d, "ok", NULL, "the store is %s, format %lld, %s", d->tw->path,
	    (long long)h->format,
	    store_is_read_only(d->tw->store) ? "read-only" : "writable");
	look_at_ground(d);
	look_at_place(d, h);
	look_at_unlocking(d);
	r = need_keys(d->tw, false, err);
	if (r == TOKENWARD_OK)
		find(d, "ok", NULL, "the store is open to this user now");
	else if (!lacks_memory(d, err->no_memory))
		find(d, r == TOKENWARD_LOCKED ? "fair" : "bad", NULL, "%s",
		    err->text);
	if (r == TOKENWARD_OK) {
		look_at_home(d, h);
		look_into_place(d, h);
	}
	return TOKENWARD_OK;
}
