/* SPDX-License-Identifier: BSD-2-Clause */
/* The stack in force, and the modules as the command line shows them. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/modules.h"
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
	if (!own_stack_file(tw, &own))
		return error_memory(err);
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

void
shown_free(struct shown *s)
{
	module_info_free(&s->info);
	buf_free(&s->path);
	buf_free(&s->options);
}

const char *
shown_fault(const struct stack_line *line, const struct error *err)
{
	struct error prefix = {0};

	module_blame(line, &prefix);
	return str_prefix(err->text, prefix.text)
		   ? err->text + strlen(prefix.text)
		   : err->text;
}

int
shown_make(struct tokenward *tw, const struct stack_line *line, struct shown *s)
{
	bool built_in =
	    line->module && module_built_in(line->kind, line->module);

	*s = (struct shown){.path = BUF_INIT, .options = BUF_INIT};
	module_ask_info(
	    tw->module_dir, line, ask_deadline(tw), &s->info, &s->err);
	if (!built_in && line->module)
		buf_printf(&s->path, "%s/%s", tw->module_dir, line->module);
	put_help(&s->options, &s->info);
	if (s->path.failed || s->options.failed)
		error_memory(&s->err);
	s->out = (struct tokenward_module_info){
	    .kind = module_kind_names[line->kind],
	    .name = line->module,
	    .version = s->info.version,
	    .summary = s->info.summary,
	    .options = s->options.len ? buf_str(&s->options) : NULL,
	    .path = s->path.len ? buf_str(&s->path) : NULL,
	    .fault = s->err.code ? shown_fault(line, &s->err) : NULL,
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
	int r = shown_make(l->tw, &line, &s);

	if (s.err.no_memory) {
		shown_free(&s);
		return error_memory(&l->tw->err);
	}
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
	r = tw->broken ? why_broken(tw)
		       : module_names(tw->module_dir, &names, &tw->err);
	for (i = 0; r == 0 && i < names.n; i++)
		r = give_name(&l, names.v[i]);
	strlist_free(&names);
	return call_end(tw, r);
}
