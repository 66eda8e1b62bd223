/* SPDX-License-Identifier: BSD-2-Clause */
/* Every line of the stack in force, as the command line shows it. */
#include <string.h>
#include "base/cleanup.h"
#include "core/modules.h"
#include "module/host.h"

struct checking {
	struct tokenward *tw;
	tokenward_stack_fn each;
	void *data;
	unsigned lines, faults;
	struct error first;
};

static bool
is_secret(const struct module_info *info, const char *name)
{
	size_t i;

	for (i = 0; i < info->options_n; i++)
		if (strcmp(info->options[i].name, name) == 0)
			return info->options[i].secret;
	return false;
}

static void
put_options(struct buf *out, const struct module_info *info,
    const struct strmap *options)
{
	size_t i;

	for (i = 0; i < options->n; i++)
		buf_printf(out, "%s%s=%s", i ? " " : "", options->v[i].key,
		    is_secret(info, options->v[i].key) ? "..."
						       : options->v[i].value);
}

static const char *
find_fault(const struct stack_line *line, struct shown *s)
{
	struct strmap options = {0};

	if (!s->err.code)
		module_options(&s->info, line, &options, &s->err);
	strmap_free(&options);
	return s->err.code ? shown_fault(line, &s->err) : NULL;
}

/* The stack that is shipped names modules that not everybody installs. */
static bool
is_passed_over(const struct tokenward *tw, const struct stack_line *line)
{
	return line->kind == MODULE_KEY && !line->fault && line->module &&
	       (line->control == CONTROL_SUFFICIENT ||
		   line->control == CONTROL_OPTIONAL) &&
	       module_is_name(line->module) &&
	       !module_built_in(line->kind, line->module) &&
	       !key_has_program(&tw->keys, line->module);
}

static int
show_passed_over(struct checking *c, const struct stack_line *line)
{
	const struct tokenward_stack_line out = {
	    .kind = stack_kind_names[line->kind],
	    .control = control_names[line->control],
	    .module = line->module,
	    .options = "",
	    .file = line->file,
	    .line = line->line,
	    .note = "not installed: the line is passed over"};

	c->lines++;
	return c->each(c->data, &out);
}

/* A store that is there goes by its header. */
static void
note_place(
    const struct tokenward *tw, const struct stack_line *line, struct buf *out)
{
	const struct where *w;

	if (!tw->store || line->kind != MODULE_STORE || !line->module ||
	    stack_is_readonly(line))
		return;
	w = &store_header(tw->store)->records;
	if (strcmp(where_name(w), line->module) == 0)
		return;
	buf_put_str(out, "of new stores only: the records of this one lie in ");
	where_put(w, out);
}

static int
check_line(struct checking *c, const struct stack_line *line)
{
	cleanup_buf struct buf options = BUF_INIT, note = BUF_INIT;
	struct tokenward_stack_line out;
	struct shown s;
	const char *fault;
	int r;

	if (is_passed_over(c->tw, line))
		return show_passed_over(c, line);
	shown_make(c->tw, line, &s);
	put_options(&options, &s.info, &line->options);
	note_place(c->tw, line, &note);
	fault = find_fault(line, &s);
	if (s.err.no_memory || options.failed || note.failed) {
		shown_free(&s);
		return error_memory(&c->tw->err);
	}
	out =
	    (struct tokenward_stack_line){.kind = stack_kind_names[line->kind],
		.control = line->module || !line->fault
			       ? control_names[line->control]
			       : NULL,
		.module = line->module,
		.options = buf_str(&options),
		.file = line->file,
		.line = line->line,
		.path = s.out.path,
		.fault = fault,
		.note = note.len ? buf_str(&note) : NULL};
	c->lines++;
	if (out.fault && c->faults++ == 0)
		c->first = s.err;
	r = c->each(c->data, &out);
	shown_free(&s);
	return r;
}

static int
check_stack(struct checking *c, struct error *err)
{
	const struct stack *stack;
	size_t i;
	int r = handle_stack(c->tw, &stack, err);

	for (i = 0; r == 0 && i < stack->n; i++)
		r = check_line(c, &stack->v[i]);
	if (r || c->faults == 0)
		return r;
	*err = c->first;
	err->code = TOKENWARD_CONFIG;
	return c->faults == 1
		   ? error_prefix(err, "one line must fail: ")
		   : error_prefix(err, "%u lines must fail: ", c->faults);
}

int
tokenward_check_stacks(
    struct tokenward *tw, tokenward_stack_fn each, void *data)
{
	struct checking c = {.tw = tw, .each = each, .data = data};

	if (!tw || !each)
		return null_argument(tw);
	call_begin(tw);
	return call_end(
	    tw, tw->broken ? why_broken(tw) : check_stack(&c, &tw->err));
}
