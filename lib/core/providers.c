/* SPDX-License-Identifier: BSD-2-Clause */
/* The provider files, as the command line shows them. */
#include <fcntl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "core/core.h"

struct each {
	struct tokenward *tw;
	tokenward_provider_fn fn;
	void *data;
};

/* A file that cannot be read is in the list, with what is wrong as a name. */
static int
give(void *data, const char *id, const char *path)
{
	struct each *e = data;
	cleanup_provider struct provider *p = NULL;
	struct error err;

	if (provider_load(e->tw, path, &p, NULL, &err) != TOKENWARD_OK) {
		if (err.no_memory)
			return error_memory(&e->tw->err);
		handle_warn(e->tw, "%s", err.text);
	}
	return e->fn(e->data, id,
	    p ? (p->name ? p->name : p->id) : "(cannot be read)", path);
}

int
tokenward_list_providers(
    struct tokenward *tw, tokenward_provider_fn each, void *data)
{
	struct each e = {tw, each, data};

	if (!tw || !each)
		return null_argument(tw);
	call_begin(tw);
	if (tw->broken)
		return call_end(tw, why_broken(tw));
	return call_end(
	    tw, provider_each(&tw->provider_dirs, give, &e, &tw->err));
}

static int
read_one(struct tokenward *tw, const char *id, struct provider_file *ret)
{
	cleanup_free char *path = NULL;

	if (tw->broken)
		return why_broken(tw);
	if (strchr(id, '/') && !(path = realpath(id, NULL)) && errno == ENOMEM)
		return error_memory(&tw->err);
	return provider_find(
	    &tw->provider_dirs, path ? path : id, ret, &tw->err);
}

int
tokenward_read_provider(
    struct tokenward *tw, const char *id, char **ret_text, char **ret_path)
{
	struct provider_file file = {.text = BUF_INIT};
	char *text;
	int r;

	if (!tw || !id || !ret_text || !ret_path)
		return null_argument(tw);
	call_begin(tw);
	r = read_one(tw, id, &file);
	text = r == TOKENWARD_OK ? strdup(buf_str(&file.text)) : NULL;
	if (text) {
		*ret_text = text;
		*ret_path = take_ptr(file.path);
	} else if (r == TOKENWARD_OK)
		r = error_memory(&tw->err);
	provider_file_free(&file);
	return call_end(tw, r);
}

static int
check(const char *path, struct error *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_provider struct provider *p = NULL;

	errno = file_read_at(AT_FDCWD, path, PROVIDER_FILE_MAX, true, &text);
	if (errno != 0)
		return error_errno(err, TOKENWARD_CONFIG, "%s", path);
	return provider_read(buf_str(&text), text.len, path, &p, err);
}

int
tokenward_check_provider(struct tokenward *tw, const char *path)
{
	if (!tw || !path)
		return null_argument(tw);
	call_begin(tw);
	return call_end(tw, check(path, &tw->err));
}
