/* SPDX-License-Identifier: BSD-2-Clause */
/* Which modules there are. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "module/built_in.h"
#include "module/host.h"

#define NAMES_MAX 256

const struct tokenward_module *
module_built_in(enum module_kind kind, const char *name)
{
	const struct tokenward_module *const *m;

	for (m = built_in_modules; *m; m++)
		if (strcmp((*m)->kind, module_kind_names[kind]) == 0 &&
		    strcmp((*m)->name, name) == 0)
			return *m;
	return NULL;
}

int
module_info_of(const struct tokenward_module *descriptor,
    struct module_info *ret, struct error *err)
{
	struct buf hello = BUF_INIT;
	int r = hello_encode(descriptor, &hello)
		    ? module_info_decode(&hello, ret, err)
		    : error_memory(err);

	ret->built_in = r == TOKENWARD_OK;
	buf_free(&hello);
	return r;
}

static bool
add_once(struct strlist *l, const char *name)
{
	return strlist_has(l, name) || strlist_add(l, name);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
add_files(DIR *d, struct strlist *ret)
{
	struct dirent *e;
	size_t start = ret->n;

	while ((e = readdir(d)) && ret->n < NAMES_MAX)
		if (module_is_name(e->d_name) && !add_once(ret, e->d_name))
			return false;
	if (ret->n > start)
		qsort(ret->v + start, ret->n - start, sizeof(*ret->v), compare);
	return true;
}

int
module_names(const char *dir, struct strlist *ret, struct error *err)
{
	const struct tokenward_module *const *m;
	DIR *d;
	bool good;

	for (m = built_in_modules; *m; m++)
		if (!add_once(ret, (*m)->name))
			return error_memory(err);
	d = file_open_dir(AT_FDCWD, dir, 0);
	if (!d)
		return errno == ENOENT ? TOKENWARD_OK
				       : error_errno(err, TOKENWARD_CONFIG,
					     "the modules in %s", dir);
	good = add_files(d, ret);
	closedir(d);
	return good ? TOKENWARD_OK : error_memory(err);
}
