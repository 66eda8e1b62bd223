/* SPDX-License-Identifier: BSD-2-Clause */
/* What happened, told to the notify lines of the stack. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "core/events.h"
#include "notify/notify.h"

#define MOST_MS 5000 /* for all lines together */

const char *const event_names[EVENT_MAX] = {
    [EVENT_TOKEN_FETCHED] = "token.fetched",
    [EVENT_TOKEN_REJECTED] = "token.rejected",
    [EVENT_GATE_CLOSED] = "gate.closed",
    [EVENT_GATE_OPENED] = "gate.opened",
    [EVENT_SECRET_EXPIRING] = "secret.expiring",
    [EVENT_SECRET_EXPIRED] = "secret.expired",
    [EVENT_SECRET_ROTATED] = "secret.rotated",
    [EVENT_CREDENTIAL_ADDED] = "credential.added",
    [EVENT_CREDENTIAL_CHANGED] = "credential.changed",
    [EVENT_CREDENTIAL_RENAMED] = "credential.renamed",
    [EVENT_CREDENTIAL_REMOVED] = "credential.removed",
    [EVENT_CREDENTIAL_EXPORTED] = "credential.exported",
    [EVENT_KEY_ADDED] = "key.added",
    [EVENT_KEY_CHANGED] = "key.changed",
    [EVENT_KEY_REMOVED] = "key.removed",
    [EVENT_STORE_CREATED] = "store.created",
    [EVENT_STORE_UNLOCKED] = "store.unlocked",
    [EVENT_STORE_LOCKED] = "store.locked",
    [EVENT_STORE_REKEYED] = "store.rekeyed",
    [EVENT_STORE_ADOPTED] = "store.adopted",
    [EVENT_STORE_MIGRATED] = "store.migrated",
    [EVENT_STORE_DESTROYED] = "store.destroyed",
};

static bool
put_common(struct strmap *fields, const struct tokenward *tw)
{
	char uid[24];

	snprintf(uid, sizeof(uid), "%u", (unsigned)getuid());
	return strmap_set(fields, "store", tw->path ? tw->path : "") &&
	       strmap_set(fields, "uid", uid);
}

static bool
put_pairs(struct strmap *fields, va_list ap)
{
	const char *name, *value;
	bool good = true;

	while ((name = va_arg(ap, const char *))) {
		value = va_arg(ap, const char *);
		good = good && (!value || strmap_set(fields, name, value));
	}
	return good;
}

/* What a module's answer means to whoever is told elsewhere: it was a module
   that was locked or damaged, not the store. */
static int
code_of(int code)
{
	return code == TOKENWARD_CONFIG || code == TOKENWARD_UNAVAILABLE
		   ? code
		   : TOKENWARD_FAILED;
}

static int
notify(struct tokenward *tw, enum event event, const struct strmap *fields,
    struct error *err)
{
	struct notify n = {.module_dir = tw->module_dir,
	    .deadline_ms = clock_boot_ms() + MOST_MS};
	int r = handle_stack(tw, &n.stack, err);

	if (r != TOKENWARD_OK)
		return r;
	if (n.deadline_ms > tw->deadline_ms)
		n.deadline_ms = tw->deadline_ms;
	r = notify_raise(
	    &n, event_names[event], fields, tokenward_now(tw), err);
	if (r == TOKENWARD_OK)
		return r;
	err->code = code_of(r);
	return error_prefix(err,
	    "somebody who must be told of it (%s) was not: ",
	    event_names[event]);
}

static int
raise_list(
    struct tokenward *tw, struct error *err, enum event event, va_list ap)
{
	struct strmap fields = {0};
	int r = put_common(&fields, tw) && put_pairs(&fields, ap)
		    ? notify(tw, event, &fields, err)
		    : error_memory(err);

	strmap_free(&fields);
	return r;
}

int
event_raise(struct tokenward *tw, struct error *err, enum event event, ...)
{
	va_list ap;
	int r;

	va_start(ap, event);
	r = raise_list(tw, err, event, ap);
	va_end(ap);
	return r;
}

int
event_raise_done(struct tokenward *tw, struct error *err, enum event event,
    const char *done, ...)
{
	va_list ap;
	int r;

	va_start(ap, done);
	r = raise_list(tw, err, event, ap);
	va_end(ap);
	return r ? error_prefix(err, "%s, but ", done) : r;
}

int
event_check(struct tokenward *tw, struct error *err)
{
	const struct stack *stack;
	int r = handle_stack(tw, &stack, err);

	return r ? r : notify_check(stack, err);
}

int
event_raise_change(struct tokenward *tw, const char *name,
    enum tokenward_change change, struct error *err)
{
	char done[200];

	if (change == TOKENWARD_UNCHANGED)
		return TOKENWARD_OK;
	snprintf(done, sizeof(done), "%s was %s", name,
	    change == TOKENWARD_CREATED ? "added" : "changed");
	return event_raise_done(tw, err,
	    change == TOKENWARD_CREATED ? EVENT_CREDENTIAL_ADDED
					: EVENT_CREDENTIAL_CHANGED,
	    done, "name", name, NULL);
}

int
event_raise_key(struct tokenward *tw, enum event event, const char *done,
    const struct key_slot *slot, struct error *err)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", (unsigned)slot->id);
	return event_raise_done(tw, err, event, done, "slot", number, "kind",
	    slot->kind, "path", strmap_get(&slot->params, "path"), NULL);
}
