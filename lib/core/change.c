/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials made and changed: add, edit.  Each change is checked against
 * the provider file first, written whole under the record's lock, and only
 * then are gates and tokens that no longer mean anything dropped.
 */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/change.h"
#include "core/events.h"

int
check_all_secrets(const struct provider *p, const struct secret_version *v,
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

int
pin_origins(const struct provider *p, struct credential *c, struct error *err)
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
		r = check_all_secrets(p, v, name, err);
	if (r == TOKENWARD_OK)
		r = pin_origins(p, c, err);
	if (r != TOKENWARD_OK || (flags & TOKENWARD_ADD_DRY_RUN))
		return r;
	r = credential_save(tw, c, err);
	return r ? r : credential_settle(tw, c, p, SETTLE_ALL, err);
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
		r = need_change(tw, err);
	if (r == TOKENWARD_OK && !(u->flags & TOKENWARD_ADD_DRY_RUN))
		r = lock_record(tw, name, &lock, err);
	if (r != TOKENWARD_OK)
		return r;
	r = exists(tw, name, err);
	if (r == TOKENWARD_OK && (u->flags & TOKENWARD_ADD_UPDATE))
		return credential_update(u, ret, err);
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
		r = need_change(u->tw, err);
	if (r == TOKENWARD_OK)
		r = lock_record(u->tw, u->name, &lock, err);
	return r ? r : credential_update(u, ret, err);
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
