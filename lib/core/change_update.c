/* SPDX-License-Identifier: BSD-2-Clause */
/* A credential that is there, changed. */
#include <string.h>
#include "base/cleanup.h"
#include "core/change.h"

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

void
update_free(struct update *u)
{
	credential_free(u->c);
	provider_free(u->p);
	buf_free(&u->before);
}

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
		r = check_all_secrets(u->p,
		    credential_version(u->c, VERSION_CURRENT), u->name, err);
	if (r == TOKENWARD_OK)
		r = pin_origins(u->p, u->c, err);
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

int
credential_update(
    struct update *u, enum tokenward_change *ret, struct error *err)
{
	int r = credential_load(u->tw, u->name, &u->c, err);

	u->before.secret = true;
	if (r == TOKENWARD_OK)
		r = credential_encode(u->c, &u->before, err);
	if (r == TOKENWARD_OK)
		r = apply(u, err);
	return r ? r : save_if_changed(u, ret, err);
}
