/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A store brought back on purpose.  A credential that is older than what its
 * tokens record knows is refused, because somebody may have put an old one
 * back; here its owner says that it was meant.  What the tokens record knew
 * of later generations is forgotten, tokens and gates with it.  A store that
 * was moved belongs where it is now.
 */
#include <string.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/events.h"
#include "core/home.h"

struct adopting {
	struct tokenward *tw;
	const char *const *globs;
	tokenward_adopted_fn each;
	void *data;
};

/* The record lock is held. */
static int
forget_later(
    struct tokenward *tw, const struct credential *c, struct error *err)
{
	cleanup_provider struct provider *p = NULL;
	struct error why = {0};
	int r = TOKENWARD_OK;

	provider_load(tw, c->provider, &p, NULL, &why);
	if (why.no_memory)
		return error_memory(err);
	r = store_remove(tw->store, RECORD_TOKENS, c->name, err);
	if (r != TOKENWARD_OK)
		return r;
	return credential_settle(tw, c, p, SETTLE_ALL, err);
}

/* *ret_any false: it was removed meanwhile. */
static int
adopt_locked(struct adopting *a, const char *name, bool *ret_any,
    bool *ret_older, struct error *err)
{
	cleanup_credential struct credential *c = NULL;
	cleanup_tokens struct tokens t = {0};
	cleanup_lock int lock = -1;
	int r = lock_record(a->tw, name, &lock, err);

	if (r == TOKENWARD_OK)
		r = credential_load(a->tw, name, &c, err);
	if (r == TOKENWARD_OK)
		r = tokens_load(a->tw, name, &t, err);
	*ret_any = r != TOKENWARD_NOT_FOUND;
	if (r != TOKENWARD_OK)
		return *ret_any ? r : TOKENWARD_OK;
	*ret_older = t.credential_generation > (int64_t)c->generation;
	return *ret_older ? forget_later(a->tw, c, err) : TOKENWARD_OK;
}

static int
adopt_one(struct adopting *a, const char *name, struct error *err)
{
	bool any = false, older = false;
	int r;

	call_goes_on(a->tw);
	r = adopt_locked(a, name, &any, &older, err);
	if (r == TOKENWARD_OK && older)
		r = event_raise_done(a->tw, err, EVENT_STORE_ADOPTED,
		    "it was adopted", "name", name, NULL);
	if (r == TOKENWARD_OK && any && (older || a->globs) && a->each)
		r = a->each(a->data, name, older);
	return r;
}

/* ---- where the store belongs ------------------------------------------- */

static int
settle(struct tokenward *tw, struct error *err)
{
	unsigned char *master = secret_alloc(KEY_LEN);
	cleanup_lock int lock = -1;
	struct key_opened by;
	struct header h = {0};
	int r = master ? find_master(tw, master, &by, err) : error_memory(err);

	if (r == TOKENWARD_OK)
		r = lock_header(tw, master, &lock, &h, err);
	header_free(&h);
	if (r == TOKENWARD_OK)
		r = store_make_home(tw->store, master, err);
	secret_free(master);
	return r;
}

static int
adopt_store(struct adopting *a, struct error *err)
{
	struct tokenward *tw = a->tw;
	enum home home;
	int r = store_home(tw->store, &home, err);

	if (r != TOKENWARD_OK)
		return r;
	if (home == HOME_COPY)
		handle_warn(tw,
		    "the store %s is a copy of %s, which is still there: what "
		    "both have elsewhere stays that one's",
		    tw->path, store_header(tw->store)->home);
	if (home != HOME_MOVED)
		return TOKENWARD_OK;
	r = settle(tw, err);
	if (r == TOKENWARD_OK)
		r = event_raise_done(tw, err, EVENT_STORE_ADOPTED,
		    "the store was adopted", "path",
		    store_header(tw->store)->home, NULL);
	return r == TOKENWARD_OK && a->each ? a->each(a->data, tw->path, true)
					    : r;
}

/* ---- all of it ---------------------------------------------------------- */

static int
adopt(struct adopting *a, struct error *err)
{
	struct strlist names = {0};
	struct unread unread = {0};
	size_t i;
	int r = credential_names(a->tw, a->globs, &names, &unread, err);

	if (r == TOKENWARD_OK && !a->globs)
		r = adopt_store(a, err);
	if (r == TOKENWARD_OK)
		r = check_named(a->tw, &names, a->globs, err);
	for (i = 0; r == TOKENWARD_OK && i < names.n; i++)
		r = adopt_one(a, names.v[i], err);
	strlist_free(&names);
	/* What an earlier try had forgotten when it was killed. */
	return r ? r : store_settle(a->tw->store, RECORD_TOKENS, err);
}

int
tokenward_adopt(struct tokenward *tw, const char *const *globs,
    tokenward_adopted_fn each, void *data)
{
	struct adopting a = {
	    .tw = tw, .globs = globs && *globs ? globs : NULL, each, data};

	if (!tw)
		return null_argument(tw);
	call_begin(tw);
	return call_end(tw, adopt(&a, &tw->err));
}

/* ---- formats ----------------------------------------------------------- */

/* Format 1 is the only one so far: what is older cannot be opened. */
static int
upgrade(struct tokenward *tw, char **ret_text, struct error *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	const struct header *h;
	int r = need_keys(tw, true, err);

	if (r != TOKENWARD_OK)
		return r;
	h = store_header(tw->store);
	if (h->format > FORMAT_VERSION)
		return error_set(err, TOKENWARD_CONFIG,
		    "the store %s is of format %lld, which is newer than what "
		    "this tokenward writes (%d)",
		    tw->path, (long long)h->format, FORMAT_VERSION);
	put_line(&text,
	    "the store %s is of format %lld, which is the newest: there is "
	    "nothing to do",
	    tw->path, (long long)h->format);
	return text_result(&text, ret_text, err);
}

int
tokenward_upgrade_store(
    struct tokenward *tw, enum tokenward_change *ret_change, char **ret_text)
{
	if (!tw || !ret_change || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	*ret_change = TOKENWARD_UNCHANGED;
	call_begin(tw);
	return call_end(tw, upgrade(tw, ret_text, &tw->err));
}
