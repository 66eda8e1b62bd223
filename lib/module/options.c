/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a line against the module's own table. */
#include <string.h>
#include "base/cleanup.h"
#include "module/host.h"

/* These are the host's own, whatever the module; it gets them, too, when its
   table has them. */
static const struct {
	enum module_kind kind;
	const char *name;
} of_the_host[] = {
    {MODULE_STORE, "readonly"},
    {MODULE_NOTIFY, "events"},
};

static bool
is_of_the_host(enum module_kind kind, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(of_the_host) / sizeof(of_the_host[0]); i++)
		if (of_the_host[i].kind == kind &&
		    strcmp(of_the_host[i].name, name) == 0)
			return true;
	return false;
}

static bool
read_text(const char *text, struct buf *out)
{
	buf_put_str(out, text);
	return true;
}

static bool
read_number(const char *text, struct buf *out)
{
	struct frame_field f = {
	    .value = (const unsigned char *)text, .len = strlen(text)};
	int64_t v;

	if (!frame_num(&f, &v))
		return false;
	buf_printf(out, "%lld", (long long)v);
	return true;
}

static bool
read_duration(const char *text, struct buf *out)
{
	int64_t v;

	if (!duration_parse(text, &v))
		return false;
	buf_printf(out, "%lld", (long long)v);
	return true;
}

static bool
read_flag(const char *text, struct buf *out)
{
	buf_put_str(out, text);
	return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0;
}

static const struct {
	bool (*read)(const char *text, struct buf *out);
	const char *wanted;
} types[] = {
    [TOKENWARD_OPTION_TEXT] = {read_text, "a text"},
    [TOKENWARD_OPTION_NUMBER] = {read_number, "a whole number"},
    [TOKENWARD_OPTION_DURATION] = {read_duration,
	"a duration such as 90s, 15m, 8h or 30d"},
    [TOKENWARD_OPTION_FLAG] = {read_flag, "yes or no"},
};

static const struct module_option *
find(const struct module_info *info, const char *name)
{
	size_t i;

	for (i = 0; i < info->options_n; i++)
		if (strcmp(info->options[i].name, name) == 0)
			return &info->options[i];
	return NULL;
}

static int
unknown(const struct module_info *info, const char *name, struct error *err)
{
	cleanup_buf struct buf all = BUF_INIT;
	size_t i;

	for (i = 0; i < info->options_n; i++)
		buf_printf(&all, "%s%s", i ? ", " : "", info->options[i].name);
	return error_set(err, TOKENWARD_CONFIG,
	    "it has no option \"%s\"; it has %s", name,
	    all.len ? buf_str(&all) : "none");
}

static int
bad_value(const struct module_option *o, const char *text, struct error *err)
{
	cleanup_buf struct buf shown = BUF_INIT;

	str_clean(&shown, o->secret ? "..." : text,
	    o->secret ? 3 : strlen(text), 100);
	return error_set(err, TOKENWARD_CONFIG,
	    "its option %s wants %s, not \"%s\"", o->name,
	    types[o->type].wanted, buf_str(&shown));
}

static int
take(const struct module_option *o, const char *text, struct strmap *ret,
    struct error *err)
{
	cleanup_buf struct buf value = BUF_INIT;

	if (!types[o->type].read(text, &value))
		return bad_value(o, text, err);
	return !value.failed && strmap_set(ret, o->name, buf_str(&value))
		   ? TOKENWARD_OK
		   : error_memory(err);
}

static int
take_given(const struct module_info *info, const struct strmap *given,
    struct strmap *ret, struct error *err)
{
	const struct module_option *o;
	size_t i;
	int r = TOKENWARD_OK;

	for (i = 0; r == TOKENWARD_OK && i < given->n; i++) {
		o = find(info, given->v[i].key);
		if (o)
			r = take(o, given->v[i].value, ret, err);
		else if (!is_of_the_host(info->kind, given->v[i].key))
			r = unknown(info, given->v[i].key, err);
	}
	return r;
}

static int
take_rest(const struct module_info *info, struct strmap *ret, struct error *err)
{
	const struct module_option *o;
	size_t i;
	int r = TOKENWARD_OK;

	for (i = 0; r == TOKENWARD_OK && i < info->options_n; i++) {
		o = &info->options[i];
		if (strmap_get(ret, o->name))
			continue;
		if (o->fallback)
			r = take(o, o->fallback, ret, err);
		else if (o->required)
			r = error_set(err, TOKENWARD_CONFIG,
			    "its option %s is missing: %s", o->name,
			    o->help ? o->help : "it must be given");
	}
	return r;
}

int
module_options(const struct module_info *info, const struct stack_line *line,
    struct strmap *ret, struct error *err)
{
	int r = take_given(info, &line->options, ret, err);

	if (r == TOKENWARD_OK)
		r = take_rest(info, ret, err);
	return r ? module_blame(line, err) : TOKENWARD_OK;
}

int
module_check_built_in(const struct stack_line *line, struct error *err)
{
	const struct tokenward_module *m =
	    module_built_in(line->kind, line->module);
	struct module_info info = {0};
	struct strmap options = {0};
	int r;

	if (!m || line->options.n == 0) /* no built-in one requires any */
		return TOKENWARD_OK;
	r = module_info_of(m, &info, err);
	if (r == TOKENWARD_OK)
		r = module_options(&info, line, &options, err);
	strmap_free(&options);
	module_info_free(&info);
	return r;
}
