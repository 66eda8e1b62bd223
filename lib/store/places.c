/* SPDX-License-Identifier: BSD-2-Clause */
/* What every place for records has. */
#include <fcntl.h>
#include "base/cleanup.h"
#include "store/front.h"

void
records_open(struct records *r, struct store *s, const struct where *where)
{
	*r = (struct records){.s = s,
	    .where = where,
	    .ops = where->module ? &records_module : &records_files};
}

void
records_close(struct records *r)
{
	if (r->ops)
		r->ops->rest(r);
	r->ops = NULL;
}

void
records_path(const struct records *r, const char *key, struct buf *out)
{
	if (r->where->module)
		buf_printf(out, "%s:%s", r->where->module, key);
	else
		buf_printf(out, "%s/%s", r->s->files.path, key);
}

/*
 * What is not there may have been moved: the header says where to.  It is
 * read again only when its file is another one than at the last such look.
 */
bool
records_have_moved(struct store *s)
{
	struct error ignored;
	struct stat st;
	bool same = true, known;

	if (fstatat(s->files.dir, "header", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	known = s->has_looked && st.st_ino == s->looked.st_ino &&
		st.st_ctim.tv_sec == s->looked.st_ctim.tv_sec &&
		st.st_ctim.tv_nsec == s->looked.st_ctim.tv_nsec;
	s->looked = st;
	s->has_looked = true;
	if (known || header_compare(s, &same, &ignored) != TOKENWARD_OK)
		return false;
	return !same && store_renew(s, &ignored) == TOKENWARD_OK;
}

/* By asking for one that is not there. */
int
store_check_place(struct store *s, struct error *err)
{
	cleanup_buf struct buf none = BUF_INIT;
	unsigned char index[INDEX_LEN] = {0};
	struct place at;
	int r;

	place_of_index(RECORD_TOKENS, index, &at);
	r = s->records.ops->get(&s->records, at.file.text, &none, err);
	return r == TOKENWARD_NOT_FOUND ? TOKENWARD_OK : r;
}
