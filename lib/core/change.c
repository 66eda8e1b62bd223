/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials made and changed: add, edit.  Each change is checked against
 * the provider file first, written whole under the record's lock, and only
 * then are gates and tokens that no longer mean anything dropped.
 */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/events.h"

/* Fields that change what a token is bought with or for. */
static const char *const terms[] = {"provider", "vars", "auth", "scope",
    "audience", "resources", "params", "token_url", "ca", "proxy", "plain_http",
    NULL};

static bool
touches_terms(const struct tokenward_credential *c)
{
	const char *const *t;

	for (t = terms; *t; t++)
		if (object_has(c, *t))
			return true;
	return c->given.client_id != NULL;
}

static int
check_secrets(const struct provider *p, const struct secret_version *v,
    const char *name, struct error *err)
{
	size_t i;

	for (i = 0; i < p->secrets.n; i++)
		if (!version_secret(v, p->secrets.v[i]))
			return error_set(err, TOKENWARD_USAGE,
			    "%s needs its %s: give it on standard input, by "
			    "--secret-file or --secret-fd (in a line of apply "
			    "as \"secret\" or \"secret_file\")",
			    name, p->secrets.v[i]);
	for (i = 0; i < v->secrets_n; i++)
		if (!strlist_has(&p->secrets, v->secrets[i].name))
			return error_set(err, TOKENWARD_USAGE,
			    "the provider %s has no secret named \"%s\"", p->id,
			    v->secrets[i].name);
	if (!v->client_id && provider_wants_client_id(p))
		return error_set(err, TOKENWARD_USAGE,
		    "%s needs its client id: --client-id ID", name);
	return TOKENWARD_OK;
}

/* The origins a record would speak to; its own list is what is sealed. */
static int
pin(const struct provider *p, struct credential *c, struct error *err)
{
	struct strlist origins = {0};
	int r = provider_origins(p, c, &origins, err);

	if (r != TOKENWARD_OK) {
		strlist_free(&origins);
		return r;
	}
	strlist_free(&c->origins);
	c->origins = origins;
	return TOKENWARD_OK;
}

static bool
same_origins(const struct strlist *a, const struct strlist *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (!strlist_has(a, b->v[i]))
			return false;
	return true;
}

static int
refuse_new_origin(struct tokenward *tw, const char *name,
    const struct strlist *was, const struct strlist *is, struct error *err)
{
	size_t i = 0;

	while (i < is->n && strlist_has(was, is->v[i]))
		i++;
	return error_set(err, TOKENWARD_CONFIG,
	    "%s: this would send the stored secret to %s instead of %s; if "
	    "that is right, say \"%s edit %s ... --rebind\" and give the "
	    "secret again",
	    name, i < is->n ? is->v[i] : "nowhere",
	    was->n ? was->v[0] : "nowhere", command_name(tw), name);
}

/* ---- add --------------------------------------------------------------- */

static int
create(struct tokenward *tw, const char *name,
    const struct tokenward_credential *given, unsigned flags, struct error *err)
{
	cleanup_credential struct credential *c = credential_new();
	cleanup_provider struct provider *p = NULL;
	struct secret_version *v;
	struct now now;
	int r;

	if (!c || !(c->name = strdup(name)) || !(v = credential_add_version(c)))
		return error_memory(err);
	v->state = VERSION_CURRENT;
	handle_now(tw, &now);
	r = object_apply(given, c, err);
	if (r == TOKENWARD_OK && !c->provider)
		r = error_set(err, TOKENWARD_USAGE,
		    "say which provider: --provider ID (\"%s provider list\" "
		    "shows them)",
		    command_name(tw));
	if (r == TOKENWARD_OK)
		r = provider_load(tw, c->provider, &p, NULL, err);
	if (r == TOKENWARD_OK)
		r = object_apply_version(given, p, &now, v, err);
	if (r == TOKENWARD_OK)
		r = provider_accept(p, c, err);
	if (r == TOKENWARD_OK)
		r = check_secrets(p, v, name, err);
	if (r == TOKENWARD_OK)
		r = pin(p, c, err);
	if (r != TOKENWARD_OK || (flags & TOKENWARD_ADD_DRY_RUN))
		return r;
	r = credential_save(tw, c, err);
	return r ? r : credential_settle(tw, c, p, SETTLE_ALL, err);
}

/* ---- changing one that is there ---------------------------------------- */

struct update {
	struct tokenward *tw;
	const char *name;
	const struct tokenward_credential *given;
	unsigned flags;
	struct credential *c;
	struct provider *p;
	struct buf before; /* its encoding, to see whether anything changed */
	bool rotated;      /* another secret is in use */
};

static void
update_free(struct update *u)
{
	credential_free(u->c);
	provider_free(u->p);
	buf_free(&u->before);
}
#define cleanup_update __attribute__((cleanup(update_free)))

static int
apply_secret(struct update *u, const struct now *now, struct error *err)
{
	struct secret_version *current =
	    credential_version(u->c, VERSION_CURRENT);

	if (!u->given->given.secrets_n && !u->given->given.client_id &&
	    !object_has_dates(u->given))
		return TOKENWARD_OK;
	if (current && !u->given->given.secrets_n)
		return object_apply_version(u->given, u->p, now, current, err);
	if (current && object_is_version(u->given, current)) {
		if (object_has_dates(u->given))
			version_dates(u->given, u->p, now, current);
		return TOKENWARD_OK;
	}
	u->rotated = true;
	return rotate_in(u->c, u->given, u->p, now, err);
}

/* One of two would take the other along. */
static bool
gives_every_secret(const struct update *u)
{
	size_t i;

	for (i = 0; i < u->p->secrets.n; i++)
		if (!version_secret(&u->given->given, u->p->secrets.v[i]))
			return false;
	return true;
}

static int
check_origin(struct update *u, const struct strlist *was, struct error *err)
{
	bool again = gives_every_secret(u);

	if (same_origins(was, &u->c->origins))
		return TOKENWARD_OK;
	if (again &&
	    (u->flags & (TOKENWARD_EDIT_REBIND | TOKENWARD_ADD_UPDATE)))
		return TOKENWARD_OK;
	if (u->flags & TOKENWARD_EDIT_REBIND)
		return error_set(err, TOKENWARD_USAGE,
		    "%s: --rebind needs the client secret again, on standard "
		    "input or by --secret-file",
		    u->name);
	return refuse_new_origin(u->tw, u->name, was, &u->c->origins, err);
}

/* An old secret must not follow to a new origin. */
static void
drop_old_versions(struct credential *c)
{
	size_t i = 0;

	while (i < c->versions_n)
		if (c->versions[i].state == VERSION_CURRENT)
			i++;
		else
			credential_drop_version(c, &c->versions[i]);
}

static int
apply(struct update *u, struct error *err)
{
	struct strlist was = {0};
	struct now now;
	int r;

	handle_now(u->tw, &now);
	if (!strlist_copy(&was, &u->c->origins))
		return error_memory(err);
	r = object_apply(u->given, u->c, err);
	if (r == TOKENWARD_OK)
		r = provider_load(u->tw, u->c->provider, &u->p, NULL, err);
	if (r == TOKENWARD_OK)
		r = apply_secret(u, &now, err);
	if (r == TOKENWARD_OK)
		r = provider_accept(u->p, u->c, err);
	if (r == TOKENWARD_OK)
		r = check_secrets(u->p,
		    credential_version(u->c, VERSION_CURRENT), u->name, err);
	if (r == TOKENWARD_OK)
		r = pin(u->p, u->c, err);
	if (r == TOKENWARD_OK)
		r = check_origin(u, &was, err);
	if (r == TOKENWARD_OK && !same_origins(&was, &u->c->origins))
		drop_old_versions(u->c);
	strlist_free(&was);
	return r;
}

static enum settle
what_changed(const struct update *u)
{
	if (touches_terms(u->given))
		return SETTLE_ALL;
	return u->given->given.secrets_n ? SETTLE_GATES : SETTLE_NOTHING;
}

/* Tokens bought on other terms go first: killed, we leave none behind. */
static int
save(struct update *u, struct error *err)
{
	enum settle what = what_changed(u);
	int r = what == SETTLE_ALL ? tokens_forget(u->tw, u->name, err)
				   : TOKENWARD_OK;

	if (r == TOKENWARD_OK)
		r = credential_save(u->tw, u->c, err);
	return r ? r : credential_settle(u->tw, u->c, u->p, what, err);
}

static int
save_if_changed(struct update *u, enum tokenward_change *ret, struct error *err)
{
	cleanup_buf struct buf after = BUF_SECRET_INIT;
	int r = credential_encode(u->c, &after, err);

	if (r != TOKENWARD_OK)
		return r;
	*ret = buf_equal(&after, &u->before) ? TOKENWARD_UNCHANGED
					     : TOKENWARD_CHANGED;
	if (u->flags & TOKENWARD_ADD_DRY_RUN)
		return TOKENWARD_OK;
	return *ret == TOKENWARD_CHANGED
		   ? save(u, err)
		   : credential_finish(u->tw, u->c, u->p, what_changed(u), err);
}

/* The record lock is held. */
static int
update(struct update *u, enum tokenward_change *ret, struct error *err)
{
	int r = credential_load(u->tw, u->name, &u->c, err);

	u->before.secret = true;
	if (r == TOKENWARD_OK)
		r = credential_encode(u->c, &u->before, err);
	if (r == TOKENWARD_OK)
		r = apply(u, err);
	return r ? r : save_if_changed(u, ret, err);
}

static int
exists(struct tokenward *tw, const char *name, struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	uint64_t generation;

	return store_read(
	    tw->store, RECORD_CREDENTIAL, name, &plain, &generation, err);
}

/* Without a lock: a module may take its time. */
static int
tell(const struct update *u, enum tokenward_change change, struct error *err)
{
	int r;

	if (u->flags & TOKENWARD_ADD_DRY_RUN)
		return TOKENWARD_OK;
	r = event_raise_change(u->tw, u->name, change, err);
	if (r == TOKENWARD_OK && u->rotated && change == TOKENWARD_CHANGED)
		r = event_raise_done(u->tw, err, EVENT_SECRET_ROTATED,
		    "the new secret is in use", "name", u->name, NULL);
	return r;
}

static int
add(struct update *u, enum tokenward_change *ret, struct error *err)
{
	struct tokenward *tw = u->tw;
	const char *name = u->name;
	cleanup_lock int lock = -1;
	int r = need_name(name, err);

	if (r == TOKENWARD_OK)
		r = need_keys(tw, true, err);
	if (r == TOKENWARD_OK && !(u->flags & TOKENWARD_ADD_DRY_RUN))
		r = lock_record(tw, name, &lock, err);
	if (r != TOKENWARD_OK)
		return r;
	r = exists(tw, name, err);
	if (r == TOKENWARD_OK && (u->flags & TOKENWARD_ADD_UPDATE))
		return update(u, ret, err);
	if (r == TOKENWARD_OK)
		return error_set(err, TOKENWARD_EXISTS,
		    "%s exists already: change it with \"%s add %s "
		    "--update\" or \"%s edit %s\", or give it a new secret "
		    "with \"%s rotate %s\"",
		    name, command_name(tw), name, command_name(tw), name,
		    command_name(tw), name);
	if (r != TOKENWARD_NOT_FOUND)
		return r;
	*ret = TOKENWARD_CREATED;
	return create(tw, name, u->given, u->flags, err);
}

int
credential_add(struct tokenward *tw, const char *name,
    const struct tokenward_credential *given, unsigned flags,
    enum tokenward_change *ret, struct error *err)
{
	cleanup_update struct update u = {
	    .tw = tw, .name = name, .given = given, .flags = flags};
	int r = add(&u, ret, err);

	return r ? r : tell(&u, *ret, err);
}

int
tokenward_add_credential(struct tokenward *tw, const char *name,
    const struct tokenward_credential *c, unsigned flags,
    enum tokenward_change *ret_change)
{
	enum tokenward_change change = TOKENWARD_UNCHANGED;
	int r;

	if (!tw || !c)
		return null_argument(tw);
	call_begin(tw);
	r = credential_add(tw, name, c, flags, &change, &tw->err);
	if (r == TOKENWARD_OK && ret_change)
		*ret_change = change;
	return call_end(tw, r);
}

static int
edit(struct update *u, enum tokenward_change *ret, struct error *err)
{
	cleanup_lock int lock = -1;
	int r = need_name(u->name, err);

	if (r == TOKENWARD_OK)
		r = need_keys(u->tw, true, err);
	if (r == TOKENWARD_OK)
		r = lock_record(u->tw, u->name, &lock, err);
	return r ? r : update(u, ret, err);
}

int
tokenward_edit_credential(struct tokenward *tw, const char *name,
    const struct tokenward_credential *c, unsigned flags,
    enum tokenward_change *ret_change)
{
	cleanup_update struct update u = {.tw = tw,
	    .name = name,
	    .given = c,
	    .flags = flags & ~TOKENWARD_ADD_UPDATE};
	enum tokenward_change change = TOKENWARD_UNCHANGED;
	int r;

	if (!tw || !c)
		return null_argument(tw);
	call_begin(tw);
	r = edit(&u, &change, &tw->err);
	if (r == TOKENWARD_OK)
		r = tell(&u, change, &tw->err);
	if (r == TOKENWARD_OK && ret_change)
		*ret_change = change;
	return call_end(tw, r);
}
