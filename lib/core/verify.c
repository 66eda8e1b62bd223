/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every file of the store looked at: what opens, what does not, what should
 * not be there, each with its cure.
 */
#include <sys/stat.h>
#include "base/cleanup.h"
#include "core/verify.h"
#include "store/home.h"

/* Where records are on the move the header's finding says it all. */
static int
verify_astray(struct verify *v, const struct entry *e)
{
	const struct header *h = store_header(v->tw->store);
	cleanup_buf struct buf why = BUF_INIT;

	if (h->has_other && !h->other.module)
		return TOKENWARD_OK;
	buf_put_str(&why, "it is not in use: the records of this store lie "
			  "in ");
	where_put(&h->records, &why);
	if (why.failed)
		return error_memory(v->err);
	return verify_find(v, STATE_ASTRAY, e->path, NULL, buf_str(&why));
}

static int
verify_moving(struct verify *v)
{
	const struct header *h = store_header(v->tw->store);
	cleanup_buf struct buf why = BUF_INIT;

	if (!h->has_other)
		return TOKENWARD_OK;
	buf_put_str(&why, "moving the records was cut short: those in ");
	where_put(&h->records, &why);
	buf_put_str(&why, " count, and copies may lie in ");
	where_put(&h->other, &why);
	if (why.failed)
		return error_memory(v->err);
	return verify_find(v, STATE_MOVING, "header", NULL, buf_str(&why));
}

static int
verify_home(struct verify *v)
{
	const struct header *h = store_header(v->tw->store);
	cleanup_buf struct buf why = BUF_INIT;
	enum home home;

	if (store_home(v->tw->store, &home, v->err) != TOKENWARD_OK)
		return v->err->code;
	if (home == HOME_HERE)
		return TOKENWARD_OK;
	if (home == HOME_COPY)
		buf_printf(
		    &why, "it is that of a copy: the store is at %s", h->home);
	else
		buf_printf(&why,
		    "the store was at %s, and is not there any more", h->home);
	return verify_find(v, home == HOME_COPY ? STATE_COPY : STATE_MOVED,
	    "header", NULL, buf_str(&why));
}

static int
verify_entry(void *data, const struct entry *e)
{
	struct verify *v = data;
	int r = TOKENWARD_OK;

	call_goes_on(v->tw);
	if (e->what == ENTRY_STRANGE)
		return verify_find(v, STATE_STRANGE, e->path, NULL,
		    "it is no file of a store");
	if (e->what == ENTRY_TEMPORARY)
		return verify_find(v, STATE_TEMPORARY, e->path, NULL,
		    "a write that is under way or was cut short");
	if (e->what == ENTRY_ASTRAY)
		return verify_astray(v, e);
	if (!S_ISDIR(e->mode) && (e->mode & 077))
		r = verify_find(v, STATE_OPEN, e->path, NULL,
		    "its mode lets others use it, though the directory does "
		    "not");
	if (r != TOKENWARD_OK || e->what == ENTRY_PART)
		return r;
	return e->kind == RECORD_TOKENS ? verify_tokens(v, e)
					: verify_credential(v, e);
}

static int
verify_header(struct verify *v)
{
	const struct header *h = store_header(v->tw->store);
	struct error why = {0};
	int r = store_check_copy(v->tw->store, &why);

	if (r == TOKENWARD_NOT_FOUND)
		r = verify_find(
		    v, STATE_MISSING_COPY, "header.old", NULL, why.text);
	else if (r == TOKENWARD_DAMAGED)
		r = verify_find(
		    v, STATE_DAMAGED_COPY, "header.old", NULL, why.text);
	else if (r != TOKENWARD_OK)
		*v->err = why;
	if (r == TOKENWARD_OK && h->kept[KEPT_OLD_MASTER].there)
		r = verify_find(v, STATE_UNFINISHED, "header", NULL,
		    "the store is on its way to a new master key");
	if (r == TOKENWARD_OK)
		r = verify_moving(v);
	if (r == TOKENWARD_OK)
		r = verify_home(v);
	if (r == TOKENWARD_OK && !store_has_lock(v->tw->store))
		r = verify_find(v, STATE_MISSING_LOCK, "lock", NULL,
		    "it is not there, and nothing can be written without it");
	return r;
}

static int
verify(struct verify *v, char **ret_text, struct error *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	int r = need_keys(v->tw, true, err);

	if (r == TOKENWARD_OK)
		r = verify_header(v);
	if (r == TOKENWARD_OK)
		r = store_entries(v->tw->store, verify_entry, v, err);
	if (r != TOKENWARD_OK)
		return r;
	put_line(&text,
	    "%zu credential%s and %zu tokens record%s of %s can be read",
	    v->credentials, v->credentials == 1 ? "" : "s", v->tokens,
	    v->tokens == 1 ? "" : "s", v->tw->path);
	r = text_result(&text, ret_text, err);
	if (r == TOKENWARD_OK && v->bad)
		r = error_set(err, TOKENWARD_DAMAGED,
		    "%zu file%s of the store %s %s not as they should be",
		    v->bad, v->bad == 1 ? "" : "s", v->tw->path,
		    v->bad == 1 ? "is" : "are");
	return r;
}

int
tokenward_verify_store(struct tokenward *tw, tokenward_store_file_fn each,
    void *data, char **ret_text)
{
	struct verify v = {.tw = tw, .each = each, .data = data};

	if (!tw || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	call_begin(tw);
	v.err = &tw->err;
	return call_end(tw, verify(&v, ret_text, &tw->err));
}
