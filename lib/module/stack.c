/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk: what each result means under each control, and what comes out at
 * the end.  Pure; tests/unit/stack.c proves every cell.
 */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "module/module.h"

enum action {
	GOOD,      /* go on */
	GOOD_STOP, /* stop, unless it is bad already */
	IGNORE,
	REMEMBER, /* ignored, but it may tell why nothing was good */
	BAD,      /* go on */
	BAD_STOP,
};

/* What one control makes of ok, of none, and of every failure. */
static const struct {
	enum action ok, none, failure;
} table[CONTROL_MAX] = {
    [CONTROL_REQUIRED] = {GOOD, IGNORE, BAD},
    [CONTROL_REQUISITE] = {GOOD, IGNORE, BAD_STOP},
    [CONTROL_SUFFICIENT] = {GOOD_STOP, IGNORE, REMEMBER},
    [CONTROL_OPTIONAL] = {GOOD, IGNORE, REMEMBER},
};

/* The more telling, the greater. */
static const int telling[TOKENWARD_MODULE_RESULT_MAX] = {
    [TOKENWARD_MODULE_OK] = -1,
    [TOKENWARD_MODULE_NONE] = 0,
    [TOKENWARD_MODULE_AWAY] = 1,
    [TOKENWARD_MODULE_ASK] = 2,
    [TOKENWARD_MODULE_CONFLICT] = 3,
    [TOKENWARD_MODULE_DENIED] = 4,
    [TOKENWARD_MODULE_FAILED] = 5,
    [TOKENWARD_MODULE_BROKEN] = 6,
};

struct walk {
	enum module_kind kind;
	const struct stack_line *good; /* the first */
	bool bad;
	enum tokenward_module_result told; /* the most telling so far */
	const struct stack_line *told_by;
};

static enum action
action_of(const struct stack_line *line, enum tokenward_module_result result)
{
	if (result == TOKENWARD_MODULE_OK)
		return table[line->control].ok;
	if (result == TOKENWARD_MODULE_NONE)
		return table[line->control].none;
	return table[line->control].failure;
}

static void
listen(struct walk *w, const struct stack_line *line,
    enum tokenward_module_result result)
{
	if (result == TOKENWARD_MODULE_OK)
		return;
	if (w->told_by && telling[result] <= telling[w->told])
		return;
	w->told = result;
	w->told_by = line;
}

static enum tokenward_module_result
result_of(const struct stack_line *line, stack_run_fn run, void *data)
{
	enum tokenward_module_result r;

	if (line->fault)
		return TOKENWARD_MODULE_FAILED;
	r = run(data, line);
	return r < TOKENWARD_MODULE_RESULT_MAX ? r : TOKENWARD_MODULE_FAILED;
}

/* True: the walk ends here. */
static bool
step(struct walk *w, const struct stack_line *line,
    enum tokenward_module_result result)
{
	enum action action = action_of(line, result);

	listen(w, line, result);
	if (action == GOOD || action == GOOD_STOP) {
		if (!w->good)
			w->good = line;
		return !w->bad &&
		       (action == GOOD_STOP || w->kind != MODULE_NOTIFY);
	}
	if (action == BAD || action == BAD_STOP)
		w->bad = true;
	return action == BAD_STOP;
}

const struct stack_line *
stack_next(
    const struct stack *s, enum module_kind kind, const struct stack_line *prev)
{
	const struct stack_line *line = prev ? prev + 1 : s->v;

	for (; line && line < s->v + s->n; line++)
		if (line->kind == kind)
			return line;
	return NULL;
}

enum tokenward_module_result
stack_walk(const struct stack *s, enum module_kind kind, stack_run_fn run,
    void *data, const struct stack_line **ret_line)
{
	struct walk w = {.kind = kind, .told = TOKENWARD_MODULE_NONE};
	const struct stack_line *line = NULL;
	bool good;

	while ((line = stack_next(s, kind, line)))
		if (step(&w, line, result_of(line, run, data)))
			break;
	good = w.good && !w.bad;
	if (ret_line)
		*ret_line = good ? w.good : w.told_by;
	return good ? TOKENWARD_MODULE_OK : w.told;
}

int
stack_fault_said(const struct stack_line *line, struct error *err)
{
	cleanup_buf struct buf at = BUF_INIT;

	stack_where(&at, line);
	return error_set(err, TOKENWARD_CONFIG, "a %s line%s must fail: %s",
	    stack_kind_names[line->kind], buf_str(&at), line->fault);
}

bool
stack_is_readonly(const struct stack_line *line)
{
	const char *v = strmap_get(&line->options, "readonly");

	return v && strcmp(v, "no") != 0;
}

void
stack_where(struct buf *out, const struct stack_line *line)
{
	if (line->file && line->line)
		buf_printf(out, " (%s:%u)", line->file, line->line);
	else if (line->file)
		buf_printf(out, " (%s)", line->file);
}

void
stack_free(struct stack *s)
{
	while (s->n > 0)
		stack_line_free(&s->v[--s->n]);
	free(s->v);
	*s = (struct stack){0};
}

void
stack_line_free(struct stack_line *line)
{
	free(line->module);
	strmap_free(&line->options);
	free(line->file);
	free(line->fault);
}
