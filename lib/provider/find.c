/* SPDX-License-Identifier: BSD-2-Clause */
/* Provider files: which of them an id means, and which there are. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/near.h"
#include "provider/provider.h"

#define SUFFIX ".json"

void
provider_file_free(struct provider_file *f)
{
	buf_free(&f->text);
	free(f->path);
	f->path = NULL;
}

static const char *
reason(int e)
{
	switch (e) {
	case EFBIG:
		return "it has more than 64 KiB";
	case EINVAL:
		return "it is no regular file";
	case ENOENT:
		return "there is no such file";
	default:
		return strerrordesc_np(e);
	}
}

static int
read_file(const char *path, struct provider_file *ret, struct error *err)
{
	int e = file_read_at(
	    AT_FDCWD, path, PROVIDER_FILE_MAX, /* follow: */ true, &ret->text);

	if (e == ENOMEM)
		return error_memory(err);
	if (e != 0)
		return error_set(err, TOKENWARD_CONFIG,
		    "cannot read the provider file %s: %s", path, reason(e));
	ret->path = strdup(path);
	return ret->path ? TOKENWARD_OK : error_memory(err);
}

/* A file is found by its name, so the name and the id in it must agree. */
static int
check_id(const struct provider_file *f, const char *id, struct error *err)
{
	cleanup_provider struct provider *p = NULL;
	int res =
	    provider_read(buf_str(&f->text), f->text.len, f->path, &p, err);

	if (res != TOKENWARD_OK || strcmp(p->id, id) == 0)
		return res;
	return error_set(err, TOKENWARD_CONFIG,
	    "%s: the id in it is \"%s\", and so its name should be "
	    "%s" SUFFIX,
	    f->path, p->id, p->id);
}

static int
note_near(void *data, const char *id, const char *path)
{
	struct near *n = data;
	unsigned d = near_distance(n->word, id);

	(void)path;
	if (strstr(id, n->word))
		d = 1; /* "netwrix" is near enough */
	if (d < n->distance) {
		free((char *)n->best);
		n->best = strdup(id);
		n->distance = d;
	}
	return TOKENWARD_OK;
}

static int
unknown(const struct strlist *dirs, const char *id, struct error *err)
{
	cleanup_buf struct buf clean = BUF_INIT;
	struct near n;
	int res;

	near_begin(&n, id);
	provider_each(dirs, note_near, &n, err);
	str_clean(&clean, id, strlen(id), 80);
	res = error_set(err, TOKENWARD_CONFIG,
	    "there is no provider \"%s\"%s%s%s; \"tokenward provider list\" "
	    "says which there are, and a file of your own is given as "
	    "./FILE",
	    buf_str(&clean), n.best ? "; did you mean \"" : "",
	    n.best ? n.best : "", n.best ? "\"?" : "");
	free((char *)n.best);
	return res;
}

static int
look_up(const struct strlist *dirs, const char *id, struct provider_file *ret,
    struct error *err)
{
	int res = TOKENWARD_OK;

	for (size_t i = 0; i < dirs->n; i++) {
		cleanup_free char *path = NULL;
		struct stat st;

		if (asprintf(&path, "%s/%s" SUFFIX, dirs->v[i], id) < 0) {
			path = NULL;
			return error_memory(err);
		}
		if (stat(path, &st) < 0 &&
		    (errno == ENOENT || errno == ENOTDIR))
			continue;
		res = read_file(path, ret, err);
		return res == TOKENWARD_OK ? check_id(ret, id, err) : res;
	}
	return unknown(dirs, id, err);
}

int
provider_find(const struct strlist *dirs, const char *id_or_path,
    struct provider_file *ret, struct error *err)
{
	struct provider_file file = {.text = BUF_INIT};
	int res;

	if (*id_or_path == '/')
		res = read_file(id_or_path, &file, err);
	else if (provider_is_id(id_or_path))
		res = look_up(dirs, id_or_path, &file, err);
	else
		res = unknown(dirs, id_or_path, err);
	if (res == TOKENWARD_OK)
		*ret = file;
	else
		provider_file_free(&file);
	return res;
}

/* The id of a directory entry, false: no provider file. */
static bool
id_of(const char *name, char id[65])
{
	size_t len = strlen(name), tail = strlen(SUFFIX);

	if (len <= tail || len - tail > 64 ||
	    strcmp(name + len - tail, SUFFIX) != 0)
		return false;
	memcpy(id, name, len - tail);
	id[len - tail] = '\0';
	return provider_is_id(id);
}

static int
collect(const char *dir, struct strmap *found, struct error *err)
{
	DIR *d = file_open_dir(AT_FDCWD, dir, 0);
	struct dirent *e;
	char id[65];
	int res = TOKENWARD_OK;

	if (!d)
		return errno == ENOENT || errno == ENOTDIR
			   ? TOKENWARD_OK
			   : error_errno(err, TOKENWARD_CONFIG,
				 "cannot read the provider directory %s", dir);
	while (res == TOKENWARD_OK && (e = readdir(d))) {
		cleanup_free char *path = NULL;

		if (!id_of(e->d_name, id) || strmap_get(found, id))
			continue;
		if (asprintf(&path, "%s/%s", dir, e->d_name) < 0)
			path = NULL;
		if (!path || !strmap_set(found, id, path))
			res = error_memory(err);
	}
	closedir(d);
	return res;
}

static int
by_id(const void *a, const void *b)
{
	const struct strpair *x = a, *y = b;

	return strcmp(x->key, y->key);
}

int
provider_each(const struct strlist *dirs,
    int (*each)(void *data, const char *id, const char *path), void *data,
    struct error *err)
{
	struct strmap found = {0};
	int res = TOKENWARD_OK;

	for (size_t i = 0; res == TOKENWARD_OK && i < dirs->n; i++)
		res = collect(dirs->v[i], &found, err);
	if (found.n > 0)
		qsort(found.v, found.n, sizeof(*found.v), by_id);
	for (size_t i = 0; res == TOKENWARD_OK && i < found.n; i++)
		res = each(data, found.v[i].key, found.v[i].value);
	strmap_free(&found);
	return res;
}
