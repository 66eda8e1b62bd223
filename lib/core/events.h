/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happened, told to the notify lines of the stack.  A cached token
 * raises nothing: the warm path never gets here, nor to the stack.
 */
#ifndef CORE_EVENTS_H
#define CORE_EVENTS_H

#include "core/get.h"

/* tokenward-modules(7) has the list and the fields. */
enum event {
	EVENT_TOKEN_FETCHED,
	EVENT_TOKEN_REJECTED,
	EVENT_GATE_CLOSED,
	EVENT_GATE_OPENED,
	EVENT_SECRET_EXPIRING,
	EVENT_SECRET_EXPIRED,
	EVENT_SECRET_ROTATED,
	EVENT_CREDENTIAL_ADDED,
	EVENT_CREDENTIAL_CHANGED,
	EVENT_CREDENTIAL_RENAMED,
	EVENT_CREDENTIAL_REMOVED,
	EVENT_CREDENTIAL_EXPORTED,
	EVENT_KEY_ADDED,
	EVENT_KEY_CHANGED,
	EVENT_KEY_REMOVED,
	EVENT_STORE_CREATED,
	EVENT_STORE_UNLOCKED,
	EVENT_STORE_LOCKED,
	EVENT_STORE_REKEYED,
	EVENT_STORE_ADOPTED,
	EVENT_STORE_MIGRATED,
	EVENT_STORE_DESTROYED,
	EVENT_MAX
};
extern const char *const event_names[EVENT_MAX];

/*
 * Names and values in turn, a NULL name ends; a NULL value is left out.
 * Fails when a required line failed.  Holds no record's lock: a module may
 * take a few seconds, never more than the call has left.
 */
int event_raise(struct tokenward *tw, struct error *err, enum event event, ...)
    __attribute__((sentinel));
/*
 * The same after what was done: a failure says that it is done all the same.
 * done: "the key slot was added".
 */
int event_raise_done(struct tokenward *tw, struct error *err, enum event event,
    const char *done, ...) __attribute__((sentinel));
/* The notify lines can be read: asked before something is done that cannot
   be taken back. */
int event_check(struct tokenward *tw, struct error *err);

/* After a credential was made or changed; UNCHANGED: nothing. */
int event_raise_change(struct tokenward *tw, const char *name,
    enum tokenward_change change, struct error *err);

/* After a key slot was added or removed; done: as above. */
int event_raise_key(struct tokenward *tw, enum event event, const char *done,
    const struct key_slot *slot, struct error *err);

/* fetched.c: a good reply, before it is kept or given out. */
int tell_fetched(struct get *g, struct error *err);
/* A failure that was kept; what the lines say of it changes nothing. */
void tell_failed(struct get *g);

#endif
