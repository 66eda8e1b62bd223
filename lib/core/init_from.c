/* SPDX-License-Identifier: BSD-2-Clause */
/* A store made from an export. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/import.h"

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Those of the file go up. */
static bool
is_in_file(const struct importing *im, char *name)
{
	return im->names.n &&
	       bsearch(&name, im->names.v, im->names.n, sizeof(name), by_text);
}

/* One that was begun: it holds nothing but what the file has. */
static int
check_begun(struct importing *im, struct error *err)
{
	struct strlist there = {0};
	struct unread unread = {0};
	size_t i;
	int r = credential_names(im->tw, NULL, &there, &unread, err);
	bool ours = r == TOKENWARD_OK && !unread.n && !im->conflicts;

	for (i = 0; ours && i < there.n; i++)
		ours = is_in_file(im, there.v[i]);
	strlist_free(&there);
	if (r != TOKENWARD_OK || ours)
		return r;
	return error_set(err, TOKENWARD_EXISTS,
	    "there is a store at %s already, and it holds other credentials: "
	    "\"%s import %s\" adds to it",
	    im->tw->path, command_name(im->tw), im->p.path);
}

static int
init_from(struct importing *im, const char *const *keys, unsigned flags,
    const struct tokenward_import_params *p, int *ret_created, char **ret_text,
    struct error *err)
{
	bool begun = im->tw->store != NULL;
	int r = import_take(im, p, err);

	im->want_names = true;
	if (r == TOKENWARD_OK && begun)
		r = need_change(im->tw, err);
	if (r == TOKENWARD_OK)
		r = import_open(im->tw, im->p.path, im->p.key, &im->file, err);
	if (r == TOKENWARD_OK)
		r = export_each(im->file, import_check, im, err);
	if (r == TOKENWARD_OK && begun)
		r = check_begun(im, err);
	if (r == TOKENWARD_OK)
		r = init_store(im->tw, keys,
		    begun ? flags | TOKENWARD_INIT_IF_MISSING : flags,
		    ret_created, ret_text, err);
	if (r == TOKENWARD_OK)
		r = need_change(im->tw, err);
	if (r == TOKENWARD_OK)
		r = export_each(im->file, import_store, im, err);
	return text_end(r, ret_text);
}

int
tokenward_init_store_from(struct tokenward *tw, const char *const *keys,
    unsigned flags, const struct tokenward_import_params *params,
    int *ret_created, char **ret_text)
{
	cleanup_importing struct importing im = {.tw = tw};

	if (!tw || !params || !ret_created || !ret_text)
		return null_argument(tw);
	*ret_created = 0;
	*ret_text = NULL;
	call_begin(tw);
	return call_end(tw, init_from(&im, keys, flags, params, ret_created,
				ret_text, &tw->err));
}
