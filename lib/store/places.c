/* SPDX-License-Identifier: BSD-2-Clause */
/* What every place for records has. */
#include <fcntl.h>
#include "base/cleanup.h"
#include "key/key.h"
#include "module/module.h"
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

int
records_line(
    const struct records *r, const struct stack_line **ret, struct error *err)
{
	const struct key_context *ctx = r->s->modules;
	const struct stack_line *line = NULL;
	const struct stack *stack;

	*ret = r->line;
	if (r->line || !ctx || !ctx->stack)
		return TOKENWARD_OK;
	if (ctx->stack(ctx->stack_data, &stack, err) != TOKENWARD_OK)
		return err->code;
	while ((line = stack_next(stack, MODULE_STORE, line)))
		if (line->fault)
			return stack_fault_said(line, err);
	*ret = where_line(r->where, stack);
	return TOKENWARD_OK;
}

int
records_check_writable(const struct records *r, struct error *err)
{
	cleanup_buf struct buf at = BUF_INIT;
	const struct stack_line *line;

	if (records_line(r, &line, err) != TOKENWARD_OK)
		return err->code;
	if (!line || !stack_is_readonly(line))
		return TOKENWARD_OK;
	stack_where(&at, line);
	return error_set(err, TOKENWARD_NOT_ALLOWED,
	    "nothing is written into the store module %s: its line%s says "
	    "readonly",
	    where_name(r->where), buf_str(&at));
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
int
records_have_moved(struct store *s, bool *ret, struct error *err)
{
	struct stat st;
	bool same = true, known;

	*ret = false;
	if (fstatat(s->files.dir, "header", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return TOKENWARD_OK;
	known = s->has_looked && st.st_ino == s->looked.st_ino &&
		st.st_ctim.tv_sec == s->looked.st_ctim.tv_sec &&
		st.st_ctim.tv_nsec == s->looked.st_ctim.tv_nsec;
	if (known)
		return TOKENWARD_OK;
	if (header_compare(s, &same, err) != TOKENWARD_OK ||
	    (!same && store_renew(s, err) != TOKENWARD_OK))
		return err->code;
	s->looked = st;
	s->has_looked = true;
	*ret = !same;
	return TOKENWARD_OK;
}

int
records_check(struct records *from, struct error *err)
{
	cleanup_buf struct buf none = BUF_INIT;
	unsigned char index[INDEX_LEN] = {0};
	struct place at;
	int r;

	place_of_index(RECORD_TOKENS, index, &at);
	r = from->ops->get(from, at.file.text, &none, err);
	return r == TOKENWARD_NOT_FOUND ? TOKENWARD_OK : r;
}

int
store_check_place(struct store *s, struct error *err)
{
	return records_check(&s->records, err);
}
