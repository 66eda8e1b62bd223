/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gone, or under another name.  Both go in an order in which an interruption
 * leaves a whole credential, and saying it again finishes it.
 */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/events.h"

static int
remove_both(struct tokenward *tw, const char *name, struct error *err)
{
	int r = store_remove(tw->store, RECORD_TOKENS, name, err);

	return r ? r : store_remove(tw->store, RECORD_CREDENTIAL, name, err);
}

/* A damaged record is there as well, and may go; one that is gone is gone for
   good. */
static int
must_exist(struct tokenward *tw, const char *name, struct error *err)
{
	cleanup_credential struct credential *c = NULL;
	struct error settled;
	int r = credential_load(tw, name, &c, err);

	if (r == TOKENWARD_NOT_FOUND &&
	    store_settle(tw->store, RECORD_CREDENTIAL, &settled) !=
		TOKENWARD_OK) {
		*err = settled;
		return err->code;
	}
	return r == TOKENWARD_DAMAGED ? TOKENWARD_OK : r;
}

static int
remove_one(struct tokenward *tw, const char *name, struct error *err)
{
	cleanup_lock int lock = -1;
	int r = need_name(name, err);

	if (r == TOKENWARD_OK)
		r = need_change(tw, err);
	if (r == TOKENWARD_OK)
		r = lock_record(tw, name, &lock, err);
	if (r == TOKENWARD_OK)
		r = must_exist(tw, name, err);
	if (r == TOKENWARD_OK)
		r = store_check_remove(tw->store, name, err);
	return r ? r : remove_both(tw, name, err);
}

int
tokenward_remove_credential(struct tokenward *tw, const char *name)
{
	int r;

	if (!tw)
		return null_argument(tw);
	call_begin(tw);
	r = remove_one(tw, name, &tw->err);
	if (r == TOKENWARD_OK)
		r = event_raise_done(tw, &tw->err, EVENT_CREDENTIAL_REMOVED,
		    "it was removed", "name", name, NULL);
	return call_end(tw, r);
}

/* ---- rename ------------------------------------------------------------ */

struct rename {
	struct tokenward *tw;
	const char *old_name, *new_name;
	struct credential *old;
	struct credential *there; /* under the new name already, or NULL */
};

static void
rename_free(struct rename *r)
{
	credential_free(r->old);
	credential_free(r->there);
}
#define cleanup_rename __attribute__((cleanup(rename_free)))

/* Under the new name there is nothing, or what an earlier try left. */
static int
check_target(struct rename *r, struct error *err)
{
	int result = credential_load(r->tw, r->new_name, &r->there, err);

	if (result == TOKENWARD_NOT_FOUND)
		return TOKENWARD_OK;
	if (result == TOKENWARD_OK &&
	    memcmp(r->there->id, r->old->id, CREDENTIAL_ID_LEN) == 0)
		return TOKENWARD_OK;
	if (result == TOKENWARD_OK)
		return error_set(err, TOKENWARD_EXISTS,
		    "%s exists already and is another credential", r->new_name);
	return result;
}

/* Set against each other, the two differ in nothing but what was edited. */
static int
same_content(struct rename *r, bool *ret, struct error *err)
{
	cleanup_buf struct buf a = BUF_SECRET_INIT, b = BUF_SECRET_INIT;
	int64_t changed_at = r->there->changed_at;
	int result;

	r->there->changed_at = r->old->changed_at;
	result = credential_encode(r->old, &a, err);
	if (result == TOKENWARD_OK)
		result = credential_encode(r->there, &b, err);
	r->there->changed_at = changed_at;
	*ret = buf_equal(&a, &b);
	return result;
}

/*
 * What an earlier try left there is as good as new, unless the old one was
 * changed since; if the new one was as well, neither may be lost.
 */
static int
write_new(struct rename *r, struct error *err)
{
	bool same = false;

	if (set_text(&r->old->name, r->new_name, err) != TOKENWARD_OK ||
	    (r->there && same_content(r, &same, err) != TOKENWARD_OK))
		return err->code;
	r->old->generation = r->there ? r->there->generation : 0;
	if (same)
		return store_settle(r->tw->store, RECORD_CREDENTIAL, err);
	if (r->there && r->there->generation > 1)
		return error_set(err, TOKENWARD_EXISTS,
		    "%s and %s are one credential since a rename was cut "
		    "short, and were changed apart: remove the one that is "
		    "wrong",
		    r->old_name, r->new_name);
	return credential_save(r->tw, r->old, err);
}

static int
move_tokens(struct rename *r, struct error *err)
{
	cleanup_tokens struct tokens t = {0};
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	int result = tokens_load(r->tw, r->old_name, &t, err);

	if (result == TOKENWARD_OK && r->there && !t.generation && !t.damaged)
		return TOKENWARD_OK; /* an earlier try moved them */
	t.credential_generation = (int64_t)r->old->generation;
	if (result == TOKENWARD_OK)
		result = tokens_encode(&t, &plain, err);
	if (result == TOKENWARD_OK)
		result =
		    store_remove(r->tw->store, RECORD_TOKENS, r->new_name, err);
	if (result == TOKENWARD_OK)
		result = store_write(r->tw->store, RECORD_TOKENS, r->new_name,
		    &plain, 0, true, err);
	return result;
}

static int
rename_locked(struct rename *r, struct error *err)
{
	int result = credential_load(r->tw, r->old_name, &r->old, err);

	if (result == TOKENWARD_OK)
		result = store_check_remove(r->tw->store, r->old_name, err);
	if (result == TOKENWARD_OK)
		result = check_target(r, err);
	if (result == TOKENWARD_OK)
		result = write_new(r, err);
	if (result == TOKENWARD_OK)
		result = move_tokens(r, err);
	return result ? result : remove_both(r->tw, r->old_name, err);
}

/* Two locks, always in the order of the names: no two can wait crosswise. */
static int
rename_one(struct rename *r, struct error *err)
{
	cleanup_lock int first = -1;
	cleanup_lock int second = -1;
	bool swap = strcmp(r->old_name, r->new_name) > 0;
	int result = need_name(r->old_name, err);

	if (result == TOKENWARD_OK)
		result = need_name(r->new_name, err);
	if (result == TOKENWARD_OK && strcmp(r->old_name, r->new_name) == 0)
		return error_set(
		    err, TOKENWARD_USAGE, "both names are the same");
	if (result == TOKENWARD_OK)
		result = need_change(r->tw, err);
	if (result == TOKENWARD_OK)
		result = lock_record(
		    r->tw, swap ? r->new_name : r->old_name, &first, err);
	if (result == TOKENWARD_OK)
		result = lock_record(
		    r->tw, swap ? r->old_name : r->new_name, &second, err);
	return result ? result : rename_locked(r, err);
}

int
tokenward_rename_credential(
    struct tokenward *tw, const char *old_name, const char *new_name)
{
	cleanup_rename struct rename r = {
	    .tw = tw, .old_name = old_name, .new_name = new_name};

	int result;

	if (!tw || !old_name || !new_name)
		return null_argument(tw);
	call_begin(tw);
	result = rename_one(&r, &tw->err);
	if (result == TOKENWARD_OK)
		result = event_raise_done(tw, &tw->err,
		    EVENT_CREDENTIAL_RENAMED, "it was renamed", "name",
		    old_name, "to", new_name, NULL);
	return call_end(tw, result);
}
