/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directory of files as a store module.  A record's version is a hash of
 * its bytes; who puts over a version holds the record's lock, as the store's
 * front does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/frame.h"
#include "module/built_in.h"
#include "store/files.h"

#define RECORD_MAX FRAME_MAX
#define PAGE 1000u
#define VERSION_LEN 16

struct place {
	struct files files;
	struct files_name name;
};

static enum tokenward_module_result
result_of(int code)
{
	if (code == TOKENWARD_CONFIG)
		return TOKENWARD_MODULE_AWAY;
	return code == TOKENWARD_NOT_ALLOWED ? TOKENWARD_MODULE_DENIED
					     : TOKENWARD_MODULE_FAILED;
}

static int
fail(struct tokenward_message *reply, const struct error *err)
{
	tokenward_message_say(reply, "%s", err->text);
	return result_of(err->code);
}

static bool
read_key(const char *key, struct files_name *ret)
{
	unsigned char index[INDEX_LEN];
	int kind;

	for (kind = 0; key && kind < RECORD_KIND_MAX; kind++) {
		const char *folder = files_folders[kind];
		size_t len = strlen(folder);

		if (strncmp(key, folder, len) != 0 || key[len] != '/' ||
		    strlen(key + len + 1) != 2 * INDEX_LEN ||
		    !hex_get(key + len + 1, index, INDEX_LEN))
			continue;
		files_name((enum record_kind)kind, index, ret);
		return strcmp(ret->text, key) == 0;
	}
	return false;
}

static int
open_dir(const struct tokenward_message *request,
    struct tokenward_message *reply, struct files *ret)
{
	const char *path = tokenward_message_text(request, "path");
	struct error err;

	if (!path) {
		tokenward_message_say(reply, "the request has no path");
		return TOKENWARD_MODULE_FAILED;
	}
	return files_open(path, ret, &err) ? fail(reply, &err)
					   : TOKENWARD_MODULE_OK;
}

static int
open_place(const struct tokenward_message *request,
    struct tokenward_message *reply, struct place *ret)
{
	if (!read_key(tokenward_message_text(request, "key"), &ret->name)) {
		tokenward_message_say(reply, "this is no key of a record");
		return TOKENWARD_MODULE_FAILED;
	}
	return open_dir(request, reply, &ret->files);
}

/* "" for no record. */
static bool
version_of(const struct place *p, struct buf *record, struct buf *ret)
{
	unsigned char hash[VERSION_LEN];
	int e = files_get(&p->files, p->name.text, RECORD_MAX, record);

	if (e == ENOENT)
		return true;
	if (e || crypto_generichash(
		     hash, sizeof(hash), record->data, record->len, NULL, 0))
		return false;
	hex_put(ret, hash, sizeof(hash));
	return !ret->failed;
}

static int
get_record(const struct place *p, struct tokenward_message *reply)
{
	cleanup_buf struct buf record = BUF_INIT, version = BUF_INIT;

	if (!version_of(p, &record, &version)) {
		tokenward_message_say(
		    reply, "the record %s cannot be read", p->name.text);
		return TOKENWARD_MODULE_FAILED;
	}
	if (version.len == 0)
		return TOKENWARD_MODULE_NONE;
	tokenward_message_put(reply, "record", record.data, record.len);
	tokenward_message_put_text(reply, "version", buf_str(&version));
	return TOKENWARD_MODULE_OK;
}

static int
get(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	struct place p;
	int r = open_place(request, reply, &p);

	(void)self;
	if (r != TOKENWARD_MODULE_OK)
		return r;
	r = get_record(&p, reply);
	files_close(&p.files);
	return r;
}

static int
put_record(const struct place *p, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	const char *wanted = tokenward_message_text(request, "version");
	cleanup_buf struct buf old = BUF_INIT, version = BUF_INIT;
	struct buf record = BUF_INIT;
	struct error err;

	record.data = (unsigned char *)(uintptr_t)tokenward_message_get(
	    request, "record", &record.len);
	if (!record.data)
		return TOKENWARD_MODULE_FAILED;
	if (wanted && (!version_of(p, &old, &version) ||
			  strcmp(buf_str(&version), wanted) != 0))
		return TOKENWARD_MODULE_CONFLICT;
	return files_put(&p->files, p->name.text, &record, FILE_SYNC, &err)
		   ? fail(reply, &err)
		   : TOKENWARD_MODULE_OK;
}

static int
put(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	struct place p;
	int r = open_place(request, reply, &p);

	(void)self;
	if (r != TOKENWARD_MODULE_OK)
		return r;
	r = put_record(&p, request, reply);
	files_close(&p.files);
	return r;
}

static int
remove_record(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	struct place p;
	struct error err;
	int r = open_place(request, reply, &p);

	(void)self;
	if (r != TOKENWARD_MODULE_OK)
		return r;
	if (files_drop(&p.files, p.name.text, &err) != TOKENWARD_OK)
		r = fail(reply, &err);
	files_close(&p.files);
	return r;
}

/* ---- each -------------------------------------------------------------- */

struct listing {
	enum record_kind kind;
	const char *after;
	const char *prefix;
	struct files_name *v;
	size_t n, cap;
};

static int
list_one(void *data, const unsigned char *index)
{
	struct listing *l = data;
	struct files_name name, *v;

	files_name(l->kind, index, &name);
	if ((l->after && strcmp(name.text, l->after) <= 0) ||
	    (l->prefix && !str_prefix(name.text, l->prefix)))
		return 0;
	if (l->n == l->cap) {
		v = reallocarray(l->v, 2 * l->cap + PAGE, sizeof(*v));
		if (!v)
			return TOKENWARD_FAILED;
		l->v = v;
		l->cap = 2 * l->cap + PAGE;
	}
	l->v[l->n++] = name;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct files_name *)a)->text,
	    ((const struct files_name *)b)->text);
}

static int
list_all(const struct files *f, struct listing *l, struct error *err)
{
	int kind, r = 0;

	for (kind = 0; r == 0 && kind < RECORD_KIND_MAX; kind++) {
		l->kind = (enum record_kind)kind;
		r = files_each(f, l->kind, list_one, l, err);
	}
	return r;
}

static void
put_page(struct listing *l, struct tokenward_message *reply)
{
	size_t i;

	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), compare);
	for (i = 0; i < l->n && i < PAGE; i++)
		tokenward_message_put_text(reply, "key", l->v[i].text);
	if (l->n > PAGE)
		tokenward_message_put_text(
		    reply, "cursor", l->v[PAGE - 1].text);
}

static int
each(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	struct listing l = {.after = tokenward_message_text(request, "cursor"),
	    .prefix = tokenward_message_text(request, "prefix")};
	struct error err;
	struct files f;
	int r = open_dir(request, reply, &f);

	(void)self;
	if (r != TOKENWARD_MODULE_OK)
		return r;
	error_clear(&err);
	if (list_all(&f, &l, &err) == 0) {
		put_page(&l, reply);
	} else {
		tokenward_message_say(reply, "%s", err.text);
		r = TOKENWARD_MODULE_FAILED;
	}
	free(l.v);
	files_close(&f);
	return r;
}

const struct tokenward_module files_module = {
    .size = sizeof(files_module),
    .abi = TOKENWARD_MODULE_ABI,
    .kind = "store",
    .name = "files",
    .version = TOKENWARD_VERSION_STRING,
    .summary = "a directory of sealed files",
    .store = {.get = get, .put = put, .remove = remove_record, .each = each},
};
