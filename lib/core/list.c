/* SPDX-License-Identifier: BSD-2-Clause */
/* One credential shown, or all of them in the order of their names. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/frame.h"
#include "core/core.h"

/* The provider files met so far, by id: many credentials share few. */
struct known {
	char *id;
	struct provider *provider; /* NULL: it could not be read */
};

struct describer {
	struct tokenward *tw;
	struct now now;
	struct known *known;
	size_t known_n;
};

static int
load_known(struct describer *d, const char *id, struct error *err)
{
	struct known *k = reallocarray(d->known, d->known_n + 1, sizeof(*k));
	struct error why;

	if (!k)
		return error_memory(err);
	d->known = k;
	k += d->known_n;
	*k = (struct known){.id = strdup(id)};
	if (!k->id)
		return error_memory(err);
	d->known_n++;
	if (provider_load(d->tw, id, &k->provider, NULL, &why) == TOKENWARD_OK)
		return TOKENWARD_OK;
	k->provider = NULL;
	return why.no_memory ? error_memory(err) : TOKENWARD_OK;
}

static int
provider_of(struct describer *d, const char *id, const struct provider **ret,
    struct error *err)
{
	size_t i;

	for (i = 0; i < d->known_n && strcmp(d->known[i].id, id) != 0; i++)
		;
	if (i == d->known_n && load_known(d, id, err) != TOKENWARD_OK)
		return err->code;
	*ret = d->known[i].provider;
	return TOKENWARD_OK;
}

static void
describer_free(struct describer *d)
{
	size_t i;

	for (i = 0; i < d->known_n; i++) {
		free(d->known[i].id);
		provider_free(d->known[i].provider);
	}
	free(d->known);
}
#define cleanup_describer __attribute__((cleanup(describer_free)))

/* Takes rec over, also on failure. */
static int
describe(struct describer *d, struct credential *rec,
    struct tokenward_credential **ret, struct error *err)
{
	cleanup_tokens struct tokens t = {0};
	struct tokenward_credential *c = calloc(1, sizeof(*c));
	const struct provider *provider = NULL;
	int r;

	if (!c) {
		credential_free(rec);
		return error_memory(err);
	}
	c->rec = rec;
	r = tokens_load(d->tw, rec->name, &t, err);
	if (r == TOKENWARD_OK)
		r = provider_of(d, rec->provider, &provider, err);
	if (r == TOKENWARD_OK &&
	    object_describe(d->tw, c, &t, provider, &d->now) != TOKENWARD_OK)
		r = error_memory(err);
	if (r == TOKENWARD_OK)
		*ret = c;
	else
		tokenward_credential_free(c);
	return r;
}

static int
get_one(struct tokenward *tw, const char *name,
    struct tokenward_credential **ret, struct error *err)
{
	cleanup_describer struct describer d = {.tw = tw};
	struct credential *rec;
	int r = need_name(name, err);

	handle_now(tw, &d.now);
	if (r == TOKENWARD_OK)
		r = credential_load(tw, name, &rec, err);
	return r ? r : describe(&d, rec, ret, err);
}

int
tokenward_get_credential(
    struct tokenward *tw, const char *name, struct tokenward_credential **ret)
{
	if (!tw || !ret)
		return null_argument(tw);
	call_begin(tw);
	return call_end(tw, get_one(tw, name, ret, &tw->err));
}

/* ---- all --------------------------------------------------------------- */

struct names {
	struct strlist list;
	const char *const *globs;
	struct tokenward *tw;
	struct unread unread;
	struct error *err;
};

static bool
matches(const char *name, const char *const *globs)
{
	if (!globs || !*globs)
		return true;
	for (; *globs; globs++)
		if (fnmatch(*globs, name, 0) == 0)
			return true;
	return false;
}

static int
collect(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	struct names *n = data;
	struct frame_field f;
	cleanup_free char *name = NULL;

	(void)generation;
	if (!plain && damage->no_memory)
		return error_memory(n->err);
	if (!plain) {
		handle_warn(n->tw, "%s", damage->text);
		n->unread.n++;
		if (n->unread.n == 1 ||
		    (n->unread.worst.code == TOKENWARD_DAMAGED &&
			damage->code != TOKENWARD_DAMAGED))
			n->unread.worst = *damage;
		return TOKENWARD_OK;
	}
	if (frame_find(plain->data, plain->len, "name", &f))
		name = frame_dup(&f);
	if (!name || (matches(name, n->globs) && !strlist_add(&n->list, name)))
		return error_memory(n->err);
	return TOKENWARD_OK;
}

int
unread_say(const struct unread *u, const char *path, struct error *err)
{
	cleanup_buf struct buf more = BUF_INIT;

	if (u->n > 1)
		buf_printf(&more, " (and %u more)", u->n - 1);
	return error_set(err, u->worst.code,
	    "not all of the store %s can be read: %s%s", path, u->worst.text,
	    buf_str(&more));
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
give(struct describer *d, const char *name, tokenward_each_fn each, void *data,
    struct error *err)
{
	struct tokenward_credential *c;
	struct credential *rec;
	int r = credential_load(d->tw, name, &rec, err);

	if (r == TOKENWARD_NOT_FOUND)
		return TOKENWARD_OK; /* removed in between */
	if (r == TOKENWARD_OK)
		r = describe(d, rec, &c, err);
	if (r != TOKENWARD_OK)
		return r;
	r = each(data, c);
	tokenward_credential_free(c);
	return r;
}

int
credential_names(struct tokenward *tw, const char *const *globs,
    struct strlist *ret, struct unread *ret_unread, struct error *err)
{
	struct names n = {.tw = tw, .globs = globs, .err = err};
	int r = need_keys(tw, true, err);

	if (r == TOKENWARD_OK)
		r = store_each(tw->store, collect, &n, err);
	if (r == TOKENWARD_OK && n.list.n)
		qsort(n.list.v, n.list.n, sizeof(*n.list.v), by_text);
	*ret = n.list;
	*ret_unread = n.unread;
	return r;
}

int
check_named(const struct tokenward *tw, const struct strlist *names,
    const char *const *globs, struct error *err)
{
	size_t i;

	for (; globs && *globs; globs++) {
		for (i = 0; i < names->n; i++)
			if (fnmatch(*globs, names->v[i], 0) == 0)
				break;
		if (i == names->n)
			return error_set(err, TOKENWARD_NOT_FOUND,
			    "there is no credential named \"%s\" in %s (\"%s "
			    "list\" shows those there are)",
			    *globs, tw->path, command_name(tw));
	}
	return TOKENWARD_OK;
}

static int
list(struct tokenward *tw, const char *const *globs, tokenward_each_fn each,
    void *data, struct error *err)
{
	cleanup_describer struct describer d = {.tw = tw};
	struct strlist names;
	struct unread unread;
	size_t i;
	int r = credential_names(tw, globs, &names, &unread, err);

	handle_now(tw, &d.now);
	for (i = 0; r == TOKENWARD_OK && i < names.n; i++)
		r = give(&d, names.v[i], each, data, err);
	strlist_free(&names);
	if (r == TOKENWARD_OK && unread.n)
		r = unread_say(&unread, tw->path, err);
	return r;
}

int
tokenward_list_credentials(struct tokenward *tw, const char *const *globs,
    tokenward_each_fn each, void *data)
{
	if (!tw || !each)
		return null_argument(tw);
	call_begin(tw);
	return call_end(tw, list(tw, globs, each, data, &tw->err));
}
