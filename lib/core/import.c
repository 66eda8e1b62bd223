/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials from an export.  The file is read twice: first everything is
 * checked and compared, then it is stored, one credential after the other.
 * What is there already and the same is left alone, so that saying it again
 * finishes what was cut short.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/events.h"
#include "core/import.h"

enum fate { FATE_SAME, FATE_NEW, FATE_REPLACE, FATE_KEEP, FATE_CONFLICT };

/* ---- what becomes of one ----------------------------------------------- */

/* Sealed by whoever had the key; it must still make sense. */
static int
decode(const char *name, const struct buf *plain, struct credential **ret,
    struct error *err)
{
	int r = credential_decode(plain->data, plain->len, ret, err);

	if (r == TOKENWARD_OK &&
	    ((*ret)->auth == NULL || strcmp((*ret)->name, name) != 0 ||
		!credential_version(*ret, VERSION_CURRENT)))
		r = error_set(err, TOKENWARD_DAMAGED,
		    "the credential record does not make sense");
	return r ? error_prefix(err, "%s: ", name) : TOKENWARD_OK;
}

static int
is_same(const struct credential *a, const struct credential *b, bool *ret,
    struct error *err)
{
	cleanup_buf struct buf x = BUF_SECRET_INIT, y = BUF_SECRET_INIT;

	if (credential_encode(a, &x, err) != TOKENWARD_OK ||
	    credential_encode(b, &y, err) != TOKENWARD_OK)
		return err->code;
	*ret = buf_equal(&x, &y);
	return TOKENWARD_OK;
}

static enum fate
fate_of_other(const struct importing *im)
{
	if (im->p.flags & TOKENWARD_IMPORT_UPDATE)
		return FATE_REPLACE;
	return im->p.flags & TOKENWARD_IMPORT_KEEP ? FATE_KEEP : FATE_CONFLICT;
}

/*
 * c takes over what must go on counting up: the record's generation, and the
 * numbers of secret versions.
 */
static int
find_fate(const struct importing *im, struct credential *c, enum fate *ret,
    struct error *err)
{
	cleanup_credential struct credential *there = NULL;
	bool same = false;
	int r;

	*ret = FATE_NEW;
	if (!im->tw->store)
		return TOKENWARD_OK;
	r = credential_load(im->tw, c->name, &there, err);
	if (r == TOKENWARD_NOT_FOUND)
		return TOKENWARD_OK;
	*ret = fate_of_other(im);
	if (r == TOKENWARD_DAMAGED)
		return TOKENWARD_OK;
	if (r != TOKENWARD_OK)
		return r;
	c->generation = there->generation;
	if (c->next_number < there->next_number)
		c->next_number = there->next_number;
	r = is_same(c, there, &same, err);
	if (same)
		*ret = FATE_SAME;
	return r;
}

/* ---- storing ----------------------------------------------------------- */

static void
warn_of_provider(struct importing *im, const struct credential *c,
    const struct provider *p, const struct error *err)
{
	if (!p)
		handle_warn(im->tw,
		    "%s: its provider file cannot be read here, so it gets no "
		    "tokens yet: %s",
		    c->name, err->text);
}

/* What was bought on other terms goes first: killed, we leave none behind. */
static int
store(struct importing *im, struct credential *c, struct error *err)
{
	cleanup_provider struct provider *p = NULL;
	struct error why = {0};
	int r = store_remove(im->tw->store, RECORD_TOKENS, c->name, err);

	if (r == TOKENWARD_OK && c->generation == 0)
		r = store_remove(
		    im->tw->store, RECORD_CREDENTIAL, c->name, err);
	if (r == TOKENWARD_OK)
		r = credential_put(im->tw, c, err);
	if (r != TOKENWARD_OK)
		return r;
	provider_load(im->tw, c->provider, &p, NULL, &why);
	warn_of_provider(im, c, p, &why);
	return credential_settle(im->tw, c, p, SETTLE_ALL, err);
}

/* Stored, and killed before its tokens record said so. */
static int
finish(struct importing *im, struct credential *c, struct error *err)
{
	cleanup_provider struct provider *p = NULL;
	struct error why;

	provider_load(im->tw, c->provider, &p, NULL, &why);
	return credential_finish(im->tw, c, p, SETTLE_ALL, err);
}

static enum tokenward_change
change_of(enum fate fate)
{
	return fate == FATE_NEW       ? TOKENWARD_CREATED
	       : fate == FATE_REPLACE ? TOKENWARD_CHANGED
				      : TOKENWARD_UNCHANGED;
}

static int
tell(const struct importing *im, const char *name, enum fate fate)
{
	struct tokenward_imported told = {.size = sizeof(told),
	    .name = name,
	    .change = change_of(fate),
	    .kept = fate == FATE_KEEP};

	return im->p.each ? im->p.each(im->p.data, &told) : 0;
}

static int
note_conflict(struct importing *im, const char *name, struct error *err)
{
	if (im->conflicts++ == 0 && !(im->conflict = strdup(name)))
		return error_memory(err);
	return TOKENWARD_OK;
}

int
import_check(
    void *data, const char *name, const struct buf *plain, struct error *err)
{
	cleanup_credential struct credential *c = NULL;
	struct importing *im = data;
	enum fate fate;
	int r = decode(name, plain, &c, err);

	if (r == TOKENWARD_OK && im->want_names &&
	    !strlist_add(&im->names, name))
		r = error_memory(err);
	if (r == TOKENWARD_OK)
		r = find_fate(im, c, &fate, err);
	if (r != TOKENWARD_OK)
		return r;
	if (fate == FATE_CONFLICT)
		return note_conflict(im, name, err);
	return im->p.flags & TOKENWARD_IMPORT_DRY_RUN ? tell(im, name, fate)
						      : TOKENWARD_OK;
}

static int
store_locked(struct importing *im, struct credential *c, enum fate *ret,
    struct error *err)
{
	cleanup_lock int lock = -1;
	int r = lock_record(im->tw, c->name, &lock, err);

	if (r == TOKENWARD_OK)
		r = find_fate(im, c, ret, err);
	if (r != TOKENWARD_OK)
		return r;
	if (*ret == FATE_CONFLICT)
		return error_set(err, TOKENWARD_EXISTS,
		    "%s was made by another process meanwhile; say it again",
		    c->name);
	if (*ret == FATE_NEW || *ret == FATE_REPLACE)
		return store(im, c, err);
	return *ret == FATE_SAME ? finish(im, c, err) : TOKENWARD_OK;
}

int
import_store(
    void *data, const char *name, const struct buf *plain, struct error *err)
{
	cleanup_credential struct credential *c = NULL;
	struct importing *im = data;
	enum fate fate = FATE_SAME;
	int r = decode(name, plain, &c, err);

	call_goes_on(im->tw);
	if (r == TOKENWARD_OK)
		r = store_locked(im, c, &fate, err);
	if (r == TOKENWARD_OK)
		r = event_raise_change(im->tw, name, change_of(fate), err);
	return r ? r : tell(im, name, fate);
}

/* ---- the whole --------------------------------------------------------- */

static int
check_conflicts(const struct importing *im, struct error *err)
{
	char others[40] = "";

	if (!im->conflicts)
		return TOKENWARD_OK;
	if (im->conflicts > 1)
		snprintf(others, sizeof(others), " (and %u other%s)",
		    im->conflicts - 1, im->conflicts == 2 ? "" : "s");
	return error_set(err, TOKENWARD_EXISTS,
	    "nothing was imported: %s%s exists already and is not the same; "
	    "--update takes what %s has, --keep leaves what is stored",
	    im->conflict, others, im->p.path);
}

static int
check(struct importing *im, struct error *err)
{
	int r = export_each(im->file, import_check, im, err);

	if (r == TOKENWARD_DAMAGED)
		return error_prefix(err, "nothing was imported: ");
	return r ? r : check_conflicts(im, err);
}

int
import_take(struct importing *im, const struct tokenward_import_params *p,
    struct error *err)
{
	memcpy(&im->p, p, p->size < sizeof(im->p) ? p->size : sizeof(im->p));
	if (!im->p.path)
		return error_set(err, TOKENWARD_USAGE, "which file?");
	if ((im->p.flags & TOKENWARD_IMPORT_UPDATE) &&
	    (im->p.flags & TOKENWARD_IMPORT_KEEP))
		return error_set(err, TOKENWARD_USAGE,
		    "--update and --keep exclude each other");
	return TOKENWARD_OK;
}

void
importing_free(struct importing *im)
{
	export_close(im->file);
	strlist_free(&im->names);
	free(im->conflict);
}
static int
import(struct importing *im, const struct tokenward_import_params *p,
    struct error *err)
{
	int r = import_take(im, p, err);

	if (r == TOKENWARD_OK)
		r = need_change(im->tw, err);
	if (r == TOKENWARD_OK)
		r = import_open(im->tw, im->p.path, im->p.key, &im->file, err);
	if (r == TOKENWARD_OK)
		r = check(im, err);
	if (r != TOKENWARD_OK || (im->p.flags & TOKENWARD_IMPORT_DRY_RUN))
		return r;
	return export_each(im->file, import_store, im, err);
}

int
tokenward_import(
    struct tokenward *tw, const struct tokenward_import_params *params)
{
	cleanup_importing struct importing im = {.tw = tw};

	if (!tw || !params)
		return null_argument(tw);
	call_begin(tw);
	return call_end(tw, import(&im, params, &tw->err));
}
