/* SPDX-License-Identifier: BSD-2-Clause */
/* The header put back from its copy. */
#include "base/secret.h"
#include "core/doctor.h"
#include "key/key.h"

/* One that cannot be read, and one that its own key says was changed. */
static int
look_at_header(struct tokenward *tw, bool *ret_damaged, struct error *err)
{
	struct error why = tw->unopened;

	if (tw->store)
		need_keys(tw, false, &why);
	*ret_damaged = why.code == TOKENWARD_DAMAGED;
	return why.no_memory ? error_memory(err) : TOKENWARD_OK;
}

/* The key that the copy's own slots give must agree with the whole of it. */
static int
check_copy(struct tokenward *tw, const struct header *copy, bool *ret_checked,
    struct error *err)
{
	unsigned char *master = secret_alloc(KEY_LEN);
	struct error why = {0};
	struct key_opened by;
	int r = master ? unlock_master(copy, &tw->keys, master, &by, &why)
		       : error_memory(&why);

	secret_free(master);
	*ret_checked = r == TOKENWARD_OK;
	if (why.no_memory)
		return error_memory(err);
	if (r != TOKENWARD_DAMAGED)
		return TOKENWARD_OK;
	return error_set(err, r,
	    "the copy of the header, %s/header.old, was changed or is damaged "
	    "as well and is not put back: bring both from a backup",
	    tw->path);
}

static int
put_back(struct tokenward *tw, bool *ret_checked, struct error *err)
{
	struct header copy;
	int r = store_read_copy(tw->path, &copy, err);

	if (r != TOKENWARD_OK)
		return r;
	r = check_copy(tw, &copy, ret_checked, err);
	if (r == TOKENWARD_OK)
		r = store_repair_header(tw->path, &copy, &tw->deadline_ms, err);
	header_free(&copy);
	return r;
}

int
repair_header(struct doctor *d, struct error *err)
{
	struct tokenward *tw = d->tw;
	bool checked = false, damaged;
	int r = look_at_header(tw, &damaged, err);

	if (r != TOKENWARD_OK || !damaged)
		return r;
	r = put_back(tw, &checked, err);
	if (r != TOKENWARD_OK)
		return r;
	store_close(tw->store);
	tw->store = NULL;
	r = store_open(tw->path, &tw->store, err);
	if (r == TOKENWARD_OK)
		find(d, checked ? "ok" : "fair",
		    checked ? NULL : "see whether \"tokenward list\" works",
		    "the header of the store was put back from its copy%s; "
		    "what stood there is kept as %s/header.bad",
		    checked ? ""
			    : ", which could not be checked because no key "
			      "for it is at hand",
		    tw->path);
	tw->unopened = *err;
	return r;
}
