/* SPDX-License-Identifier: BSD-2-Clause */
/* The stack in force, and the modules as the command line shows them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "core/core.h"
#include "module/host.h"

#define ASK_MS 3000 /* what a module may take to say its name */

int
handle_stack(struct tokenward *tw, const struct stack **ret, struct error *err)
{
	cleanup_free char *own = NULL;
	struct stack_files files = {.shared = PKGDATADIR "/stack.conf",
	    .machine =
		tw->stack_file ? tw->stack_file : SYSCONFDIR "/stack.conf",
	    .store_owner = (uid_t)-1};

	*ret = &tw->stack;
	if (tw->has_stack)
		return TOKENWARD_OK;
	/* A store that was opened is ours, or root's who we are. */
	own = own_stack_file(tw);
	files.own = own;
	if (stack_load(&files, &tw->stack, err) != TOKENWARD_OK)
		return err->code;
	tw->has_stack = true;
	return TOKENWARD_OK;
}

/* ---- what is shown of one ---------------------------------------------- */

static int64_t
ask_deadline(const struct tokenward *tw)
{
	return clock_boot_ms() +
	       (tw->timeout_ms < ASK_MS ? tw->timeout_ms : ASK_MS);
}

static void
put_help(struct buf *out, const struct module_info *info)
{
	static const char *const words[] = {
	    [TOKENWARD_OPTION_TEXT] = "TEXT",
	    [TOKENWARD_OPTION_NUMBER] = "N",
	    [TOKENWARD_OPTION_DURATION] = "DUR",
	    [TOKENWARD_OPTION_FLAG] = "yes|no",
	};
	const struct module_option *o;
	size_t i;

	for (i = 0; i < info->options_n; i++) {
		o = &info->options[i];
		buf_printf(out, "%s%s=%s", out->len ? "\n" : "", o->name,
		    words[o->type]);
		if (o->required)
			buf_put_str(out, " (required)");
		else if (o->fallback)
			buf_printf(out, " (%s)", o->fallback);
		buf_printf(out, ": %s", o->help ? o->help : "");
	}
}

struct shown {
	struct module_info info;
	struct buf path, options;
	struct error err;
	struct tokenward_module_info out;
};

static void
shown_free(struct shown *s)
{
	module_info_free(&s->info);
	buf_free(&s->path);
	buf_free(&s->options);
}

/* Where a column says of whom it is, the sentence need not. */
static const char *
without_blame(const struct stack_line *line, const struct error *err)
{
	struct error prefix = {0};

	module_blame(line, &prefix);
	return str_prefix(err->text, prefix.text)
		   ? err->text + strlen(prefix.text)
		   : err->text;
}

/* The module of a line; what is wrong with it stands in s->err. */
static int
look_at(struct tokenward *tw, const struct stack_line *line, struct shown *s)
{
	bool built_in =
	    line->module && module_built_in(line->kind, line->module);

	*s = (struct shown){.path = BUF_INIT, .options = BUF_INIT};
	module_ask_info(
	    tw->module_dir, line, ask_deadline(tw), &s->info, &s->err);
	if (!built_in && line->module)
		buf_printf(&s->path, "%s/%s", tw->module_dir, line->module);
	put_help(&s->options, &s->info);
	s->out = (struct tokenward_module_info){
	    .kind = module_kind_names[line->kind],
	    .name = line->module,
	    .version = s->info.version,
	    .summary = s->info.summary,
	    .options = s->options.len ? buf_str(&s->options) : NULL,
	    .path = s->path.len ? buf_str(&s->path) : NULL,
	    .fault = s->err.code ? without_blame(line, &s->err) : NULL,
	};
	return s->err.code;
}

/* ---- every module there is --------------------------------------------- */

struct listing {
	struct tokenward *tw;
	tokenward_module_fn each;
	void *data;
	bool given;   /* the name is in the list */
	bool useless; /* it cannot even say what it is */
};

/* As a module of that kind, if it is one. */
static int
give(struct listing *l, enum module_kind kind, char *name, bool faults)
{
	struct stack_line line = {.kind = kind, .module = name};
	struct shown s;
	int r = look_at(l->tw, &line, &s);

	l->useless = r != TOKENWARD_OK && r != TOKENWARD_CONFIG;
	if (r == TOKENWARD_OK || l->useless || faults) {
		l->given = true;
		r = l->each(l->data, &s.out);
	} else {
		r = 0;
	}
	shown_free(&s);
	return r;
}

static bool
is_built_in(const char *name)
{
	int kind;

	for (kind = 0; kind < MODULE_KIND_MAX; kind++)
		if (module_built_in((enum module_kind)kind, name))
			return true;
	return false;
}

/* One program may be modules of several kinds. */
static int
give_name(struct listing *l, char *name)
{
	bool built_in = is_built_in(name);
	int kind, r = 0;

	l->given = l->useless = false;
	for (kind = 0; r == 0 && !l->useless && kind < MODULE_KIND_MAX; kind++)
		if (!built_in || module_built_in((enum module_kind)kind, name))
			r = give(l, (enum module_kind)kind, name, false);
	return r || l->given ? r : give(l, MODULE_KEY, name, true);
}

int
tokenward_list_modules(
    struct tokenward *tw, tokenward_module_fn each, void *data)
{
	struct listing l = {.tw = tw, .each = each, .data = data};
	struct strlist names = {0};
	size_t i;
	int r;

	if (!tw || !each)
		return null_argument(tw);
	call_begin(tw);
	r = module_names(tw->module_dir, &names, &tw->err);
	for (i = 0; r == 0 && i < names.n; i++)
		r = give_name(&l, names.v[i]);
	strlist_free(&names);
	return call_end(tw, r);
}

/* ---- every line in force ----------------------------------------------- */

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
	return s->err.code ? without_blame(line, &s->err) : NULL;
}

/* The stack that is shipped names modules that not everybody installs. */
static bool
is_passed_over(const struct tokenward *tw, const struct stack_line *line)
{
	cleanup_free char *path = NULL;

	return line->kind == MODULE_KEY && !line->fault && line->module &&
	       (line->control == CONTROL_SUFFICIENT ||
		   line->control == CONTROL_OPTIONAL) &&
	       module_is_name(line->module) &&
	       !module_built_in(line->kind, line->module) &&
	       asprintf(&path, "%s/%s", tw->module_dir, line->module) >= 0 &&
	       access(path, F_OK) < 0 && errno == ENOENT;
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

static bool
is_read_only(const struct stack_line *line)
{
	const char *v = strmap_get(&line->options, "readonly");

	return v && strcmp(v, "no") != 0;
}

/* A store that is there goes by its header. */
static void
note_place(
    const struct tokenward *tw, const struct stack_line *line, struct buf *out)
{
	const struct where *w;

	if (!tw->store || line->kind != MODULE_STORE || !line->module ||
	    is_read_only(line))
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
	int r;

	if (is_passed_over(c->tw, line))
		return show_passed_over(c, line);
	look_at(c->tw, line, &s);
	put_options(&options, &s.info, &line->options);
	note_place(c->tw, line, &note);
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
		.fault = find_fault(line, &s),
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
	return call_end(tw, check_stack(&c, &tw->err));
}
