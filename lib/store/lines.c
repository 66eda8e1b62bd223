/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading through the store lines of the stack; see lines.h. */
#include <stdlib.h>
#include "base/cleanup.h"
#include "key/key.h"
#include "store/lines.h"

/* ---- which there are --------------------------------------------------- */

/* The one that names the store's own place, else the one to be written. */
static const struct stack_line *
own_line(const struct stack *stack, const struct where *own)
{
	const struct stack_line *line = where_line(own, stack);

	if (line)
		return line;
	while ((line = stack_next(stack, MODULE_STORE, line)))
		if (!line->fault && !stack_is_readonly(line))
			break;
	return line;
}

static void
add_readonly(struct store *s, struct line *l)
{
	if (where_of_line(l->of, &l->where, &l->why) != TOKENWARD_OK) {
		l->code = l->why.code;
		return;
	}
	records_open(&l->readonly, s, &l->where);
	l->readonly.line = l->of;
	l->from = &l->readonly;
}

static void
add_lines(struct store *s, const struct stack *stack, struct lines *ret)
{
	const struct stack_line *line = NULL;
	const struct stack_line *own = own_line(stack, s->records.where);
	bool alone = true;

	while ((line = stack_next(stack, MODULE_STORE, line))) {
		struct line *l = &ret->v[ret->n];

		if (line != own && !line->fault && !stack_is_readonly(line))
			continue; /* it is of new stores only */
		alone &= line == own;
		l->of = line;
		ret->n++;
		if (line->fault)
			l->code = stack_fault_said(line, &l->why);
		else if (line == own)
			l->from = &s->records;
		else
			add_readonly(s, l);
	}
	if (alone)
		ret->n = 0;
}

static size_t
count(const struct stack *stack)
{
	const struct stack_line *line = NULL;
	size_t n = 0;

	while ((line = stack_next(stack, MODULE_STORE, line)))
		n++;
	return n;
}

/* Without a stack there is the store's own place alone. */
int
lines_of(struct store *s, struct lines **ret, struct error *err)
{
	const struct key_context *ctx = s->modules;
	const struct stack *stack = NULL;
	struct lines *l = s->lines;

	*ret = l;
	if (l)
		return TOKENWARD_OK;
	if (ctx && ctx->stack &&
	    ctx->stack(ctx->stack_data, &stack, err) != TOKENWARD_OK)
		return err->code;
	l = calloc(1, sizeof(*l));
	if (l)
		l->v = calloc(stack ? count(stack) + 1 : 1, sizeof(*l->v));
	if (!l || !l->v) {
		free(l);
		return error_memory(err);
	}
	if (stack)
		add_lines(s, stack, l);
	*ret = s->lines = l;
	return TOKENWARD_OK;
}

static void
free_one(struct lines *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		records_close(&l->v[i].readonly);
		where_free(&l->v[i].where);
	}
	free(l->v);
	free(l);
}

void
lines_retire(struct store *s)
{
	if (!s->lines)
		return;
	s->lines->before = s->retired;
	s->retired = s->lines;
	s->lines = NULL;
}

void
lines_free(struct store *s)
{
	struct lines *l, *before;

	lines_retire(s);
	for (l = s->retired; l; l = before) {
		before = l->before;
		free_one(l);
	}
	s->retired = NULL;
}

int
lines_are_there(struct store *s, bool *ret, struct error *err)
{
	struct lines *l;
	int r = lines_of(s, &l, err);

	*ret = r == TOKENWARD_OK && l->n > 0;
	return r;
}

/* ---- one record -------------------------------------------------------- */

typedef int (*read_fn)(
    struct records *r, const char *key, struct buf *out, struct error *err);

struct look {
	struct store *s;
	struct lines *lines;
	const char *key;
	bool whole;
	struct buf *out;
	struct records *from; /* that had it */
};

static int
read_one(const struct look *l, struct records *from, struct error *err)
{
	read_fn read = l->whole ? from->ops->get : from->ops->head;

	return read(from, l->key, l->out, err);
}

static struct line *
find_line(const struct lines *l, const struct stack_line *of)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].of == of)
			return &l->v[i];
	return NULL;
}

/* What the walk has to know of a failure. */
static enum tokenward_module_result
result_of(int code)
{
	switch (code) {
	case TOKENWARD_OK:
		return TOKENWARD_MODULE_OK;
	case TOKENWARD_NOT_FOUND:
		return TOKENWARD_MODULE_NONE;
	case TOKENWARD_UNAVAILABLE:
		return TOKENWARD_MODULE_AWAY;
	case TOKENWARD_LOCKED:
	case TOKENWARD_NOT_ALLOWED:
		return TOKENWARD_MODULE_DENIED;
	default:
		return TOKENWARD_MODULE_FAILED;
	}
}

static enum tokenward_module_result
run(void *data, const struct stack_line *of)
{
	struct look *l = data;
	struct line *line = find_line(l->lines, of);

	if (!line || l->from)
		return TOKENWARD_MODULE_NONE;
	if (line->from)
		line->code = read_one(l, line->from, &line->why);
	if (line->code == TOKENWARD_OK)
		l->from = line->from;
	return result_of(line->code);
}

bool
line_must_answer(const struct line *l)
{
	return l->of->control == CONTROL_REQUIRED ||
	       l->of->control == CONTROL_REQUISITE;
}

/* Whoever must answer did: it is not there. */
static bool
is_missing(const struct look *l)
{
	size_t i;

	for (i = 0; i < l->lines->n; i++)
		if (line_must_answer(&l->lines->v[i]) &&
		    l->lines->v[i].code != TOKENWARD_NOT_FOUND)
			return false;
	return true;
}

/* Tokens that need not be there can be bought again. */
static int
conclude(const struct look *l, const struct place *at, const struct line *told,
    struct error *err)
{
	bool missing = is_missing(l);

	if (missing && at->kind == RECORD_TOKENS)
		return TOKENWARD_NOT_FOUND;
	*err = told->why;
	if (missing && at->name)
		return error_prefix(err,
		    "%s may lie where nothing answers now, and nowhere else: ",
		    at->name);
	return err->code;
}

static int
walk(struct look *l, const struct place *at, struct error *err)
{
	const struct stack_line *told;
	const struct stack *stack;
	enum tokenward_module_result r;

	if (l->s->modules->stack(l->s->modules->stack_data, &stack, err) !=
	    TOKENWARD_OK)
		return err->code;
	r = stack_walk(stack, MODULE_STORE, run, l, &told);
	if (r == TOKENWARD_MODULE_OK)
		return TOKENWARD_OK;
	return r == TOKENWARD_MODULE_NONE
		   ? TOKENWARD_NOT_FOUND
		   : conclude(l, at, find_line(l->lines, told), err);
}

static int
look(struct store *s, const struct place *at, bool whole, struct buf *out,
    struct records **ret_from, struct error *err)
{
	struct look l = {
	    .s = s, .key = at->file.text, .whole = whole, .out = out};
	int r = lines_of(s, &l.lines, err);

	*ret_from = &s->records;
	if (r != TOKENWARD_OK)
		return r;
	if (l.lines->n == 0)
		return read_one(&l, &s->records, err);
	r = walk(&l, at, err);
	if (l.from)
		*ret_from = l.from;
	return r;
}

int
lines_get(struct store *s, const struct place *at, struct buf *out,
    struct records **ret_from, struct error *err)
{
	return look(s, at, true, out, ret_from, err);
}

int
lines_head(struct store *s, const struct place *at, struct buf *out,
    struct records **ret_from, struct error *err)
{
	return look(s, at, false, out, ret_from, err);
}
