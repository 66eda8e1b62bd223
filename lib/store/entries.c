/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking the directory of a store, whatever lies there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "store/entries.h"
#include "store/front.h"
#include "store/lines.h"

static const char *const parts[] = {
    "header", "header.old", "header.bad", "lock", "credentials", "tokens"};
static const char *const temporaries[] = {"header.new", "header.old.new"};

static bool
is_one_of(const char *name, const char *const *list, size_t n)
{
	while (n-- > 0)
		if (strcmp(name, list[n]) == 0)
			return true;
	return false;
}

static enum entry_kind
top_kind(const char *name)
{
	if (is_one_of(name, parts, sizeof(parts) / sizeof(parts[0])))
		return ENTRY_PART;
	return is_one_of(name, temporaries,
		   sizeof(temporaries) / sizeof(temporaries[0]))
		   ? ENTRY_TEMPORARY
		   : ENTRY_STRANGE;
}

static enum entry_kind
record_entry_kind(const char *name, unsigned char *ret_index)
{
	char digits[2 * INDEX_LEN + 1];
	size_t len = strlen(name);
	bool temporary = len == 2 * INDEX_LEN + 4 &&
			 strcmp(name + 2 * INDEX_LEN, ".new") == 0;

	if (len != 2 * INDEX_LEN && !temporary)
		return ENTRY_STRANGE;
	memcpy(digits, name, 2 * INDEX_LEN);
	digits[2 * INDEX_LEN] = '\0';
	if (strpbrk(digits, "ABCDEF") || !hex_get(digits, ret_index, INDEX_LEN))
		return ENTRY_STRANGE;
	return temporary ? ENTRY_TEMPORARY : ENTRY_RECORD;
}

struct walk {
	const struct files *f;
	const char *folder; /* NULL: the directory itself */
	enum record_kind kind;
	entry_fn each;
	void *data;
};

static int
give(const struct walk *w, DIR *d, const char *name, struct error *err)
{
	char path[NAME_MAX + 32];
	struct entry e = {.path = path, .kind = w->kind};
	struct stat st;

	snprintf(path, sizeof(path), "%s%s%s", w->folder ? w->folder : "",
	    w->folder ? "/" : "", name);
	if (fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT /* gone meanwhile */
			   ? 0
			   : files_fail(w->f, errno, "look at", path, err);
	e.mode = st.st_mode;
	e.what = w->folder ? record_entry_kind(name, e.index) : top_kind(name);
	return w->each(w->data, &e);
}

static int
walk_folder(const struct walk *w, struct error *err)
{
	const char *name = w->folder ? w->folder : ".";
	DIR *d = file_open_dir(w->f->dir, name, O_NOFOLLOW);
	int r = 0, e = errno;
	struct dirent *entry;

	if (!d)
		return e == ENOENT || e == ENOTDIR || e == ELOOP
			   ? TOKENWARD_OK
			   : files_fail(w->f, e, "read", name, err);
	while (r == 0 && (errno = 0, entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			r = give(w, d, entry->d_name, err);
	e = r == 0 ? errno : 0;
	closedir(d);
	return e ? files_fail(w->f, e, "read", name, err) : r;
}

int
files_entries(
    const struct files *f, entry_fn each, void *data, struct error *err)
{
	struct walk w = {.f = f, .each = each, .data = data};
	int kind, r = walk_folder(&w, err);

	for (kind = 0; r == TOKENWARD_OK && kind < RECORD_KIND_MAX; kind++) {
		w.kind = (enum record_kind)kind;
		w.folder = files_folders[kind];
		r = walk_folder(&w, err);
	}
	return r;
}

/* ---- of an open store -------------------------------------------------- */

struct outside_walk {
	struct records *from;
	enum record_kind kind;
	entry_fn each;
	void *data;
	struct error *err;
};

static int
give_astray(void *data, const struct entry *e)
{
	struct outside_walk *w = data;
	struct entry astray = *e;

	if (e->what == ENTRY_RECORD)
		astray.what = ENTRY_ASTRAY;
	return w->each(w->data, &astray);
}

static int
give_outside(void *data, const unsigned char *index)
{
	struct outside_walk *w = data;
	cleanup_buf struct buf path = BUF_INIT;
	struct entry e = {.what = ENTRY_RECORD,
	    .kind = w->kind,
	    .mode = S_IFREG | 0600,
	    .from = w->from};
	struct place at;

	place_of_index(w->kind, index, &at);
	records_path(w->from, at.file.text, &path);
	e.path = buf_str(&path);
	memcpy(e.index, index, INDEX_LEN);
	return w->each(w->data, &e);
}

static int
give_place(struct outside_walk *w, struct records *from, struct error *err)
{
	int kind, r = TOKENWARD_OK;

	w->from = from;
	for (kind = 0; r == TOKENWARD_OK && kind < RECORD_KIND_MAX; kind++) {
		w->kind = (enum record_kind)kind;
		r = from->ops->each(from, w->kind, give_outside, w, err);
	}
	return r;
}

static int
give_line(void *data, struct line *l, const char *what)
{
	struct outside_walk *w = data;

	(void)what;
	if (!l->from)
		*w->err = l->why;
	return l->from ? give_place(w, l->from, w->err) : l->code;
}

int
store_entries(struct store *s, entry_fn each, void *data, struct error *err)
{
	struct outside_walk w = {.each = each, .data = data, .err = err};
	bool outside = s->records.where->module != NULL;
	int r = files_entries(&s->files, outside ? give_astray : each,
	    outside ? (void *)&w : data, err);

	if (r == TOKENWARD_OK && outside)
		r = give_place(&w, &s->records, err);
	return r ? r : lines_each(s, give_line, &w, err);
}

int
store_read_entry(struct store *s, const struct entry *e, struct buf *out,
    uint64_t *ret_generation, struct error *err)
{
	struct place at;

	place_of_index(e->kind, e->index, &at);
	return place_read_bare(s, &at, e->from, out, ret_generation, err);
}

int
store_read_index(struct store *s, enum record_kind kind,
    const unsigned char *index, struct buf *out, uint64_t *ret_generation,
    struct error *err)
{
	struct place at;

	place_of_index(kind, index, &at);
	return place_read(s, &at, out, ret_generation, err);
}

bool
store_has_record(
    struct store *s, enum record_kind kind, const unsigned char *index)
{
	cleanup_buf struct buf ignored = BUF_INIT;
	struct records *from;
	struct error err;
	struct place at;

	place_of_index(kind, index, &at);
	return lines_head(s, &at, &ignored, &from, &err) != TOKENWARD_NOT_FOUND;
}

bool
store_has_lock(const struct store *s)
{
	return files_has(&s->files, "lock");
}

static int
check_copy(const struct store *s, const struct header *h, struct error *err)
{
	if (memcmp(h->store_id, s->header.store_id, STORE_ID_LEN) != 0)
		return error_set(err, TOKENWARD_DAMAGED,
		    "it is the header of another store");
	if (h->epoch == s->header.epoch &&
	    !header_verify_key(h, s->keys->header))
		return error_set(
		    err, TOKENWARD_DAMAGED, "it was changed without its key");
	return TOKENWARD_OK;
}

int
store_check_copy(struct store *s, struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;
	struct header h;
	int r, e = files_get(&s->files, "header.old", HEADER_MAX, &b);

	if (e == ENOENT)
		return error_set(err, TOKENWARD_NOT_FOUND, "it is not there");
	if (e == EFBIG || e == EINVAL || e == ELOOP)
		return error_set(
		    err, TOKENWARD_DAMAGED, "it is not a file of ours");
	if (e)
		return files_fail(&s->files, e, "read", "header.old", err);
	if (header_decode(b.data, b.len, &h, err) != TOKENWARD_OK)
		return err->code;
	r = check_copy(s, &h, err);
	header_free(&h);
	return r;
}
