/* SPDX-License-Identifier: BSD-2-Clause */
/* Places for records: compared, written, read; see where.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "module/module.h"
#include "module/stack_file.h"
#include "store/where.h"

#define OPTION_PREFIX "option."
#define OPTIONS_MAX 32u
#define VALUE_MAX 1024u

void
where_free(struct where *w)
{
	free(w->module);
	strmap_free(&w->options);
	*w = (struct where){0};
}

bool
where_copy(struct where *dst, const struct where *src)
{
	*dst = (struct where){0};
	if (src->module)
		dst->module = strdup(src->module);
	if ((!src->module || dst->module) &&
	    strmap_copy(&dst->options, &src->options))
		return true;
	where_free(dst);
	return false;
}

bool
where_equal(const struct where *a, const struct where *b)
{
	size_t i;

	if (strcmp(where_name(a), where_name(b)) != 0 ||
	    a->options.n != b->options.n)
		return false;
	for (i = 0; i < a->options.n; i++)
		if (!str_equal(strmap_get(&b->options, a->options.v[i].key),
			a->options.v[i].value))
			return false;
	return true;
}

const char *
where_name(const struct where *w)
{
	return w->module ? w->module : WHERE_FILES;
}

void
where_put(const struct where *w, struct buf *out)
{
	size_t i;

	buf_put_str(out, where_name(w));
	for (i = 0; i < w->options.n; i++) {
		buf_printf(out, " %s=", w->options.v[i].key);
		str_clean(out, w->options.v[i].value,
		    strlen(w->options.v[i].value), 200);
	}
}

/* ---- as a human writes it ---------------------------------------------- */

static bool
is_short(const struct strmap *options)
{
	size_t i;

	for (i = 0; i < options->n; i++)
		if (strlen(options->v[i].value) > VALUE_MAX)
			return false;
	return options->n <= OPTIONS_MAX;
}

static int
take_line(const struct stack_line *line, struct where *ret, struct error *err)
{
	bool files = strcmp(line->module, WHERE_FILES) == 0;
	size_t i;
	bool good = files || (ret->module = strdup(line->module));

	for (i = 0; good && i < line->options.n; i++)
		if (strcmp(line->options.v[i].key, "readonly") != 0)
			good = strmap_set(&ret->options, line->options.v[i].key,
			    line->options.v[i].value);
	if (!good)
		return error_memory(err);
	if (files && ret->options.n > 0)
		return error_set(
		    err, TOKENWARD_CONFIG, "the store files has no options");
	return is_short(&ret->options)
		   ? TOKENWARD_OK
		   : error_set(err, TOKENWARD_CONFIG,
			 "the options of %s are too many or too long",
			 line->module);
}

int
where_of_line(
    const struct stack_line *line, struct where *ret, struct error *err)
{
	struct where w = {0};
	int r = take_line(line, &w, err);

	if (r == TOKENWARD_OK)
		*ret = w;
	else
		where_free(&w);
	return r;
}

/* Where both say something they say the same. */
static bool
agree(const struct where *w, const struct stack_line *line)
{
	const char *mine;
	size_t i;

	if (!w->module)
		return line->options.n == (stack_is_readonly(line) ? 1u : 0u);
	for (i = 0; i < line->options.n; i++) {
		mine = strmap_get(&w->options, line->options.v[i].key);
		if (mine && strcmp(mine, line->options.v[i].value) != 0)
			return false;
	}
	return true;
}

const struct stack_line *
where_line(const struct where *w, const struct stack *stack)
{
	const struct stack_line *line = NULL, *writable = NULL;

	while ((line = stack_next(stack, MODULE_STORE, line))) {
		if (line->fault || strcmp(line->module, where_name(w)) != 0)
			continue;
		if (agree(w, line))
			return line;
		if (!writable && !stack_is_readonly(line))
			writable = line;
	}
	return writable;
}

/* The text of the line that says the same. */
static void
put_line_of(const char *text, struct buf *out)
{
	size_t len = strcspn(text, "=");

	buf_put_str(out, "store required ");
	buf_put(out, text, len);
	if (text[len] && text[len + 1]) {
		buf_put_byte(out, ' ');
		buf_put_str(out, text + len + 1);
	}
}

int
where_parse(const char *text, struct where *ret, struct error *err)
{
	cleanup_buf struct buf line = BUF_INIT, shown = BUF_INIT;
	cleanup_buf struct buf include = BUF_INIT;
	struct stack s = {0};
	int r;

	put_line_of(text, &line);
	str_clean(&shown, text, strlen(text), 200);
	if (line.failed ||
	    !stack_read_line(&s, buf_str(&line), NULL, 0, &include) || s.n != 1)
		r = error_memory(err);
	else if (s.v[0].fault || !s.v[0].module)
		r = error_set(err, TOKENWARD_USAGE,
		    "\"%s\" is no place for records (a module, as in \"files\" "
		    "or \"secret-service=label=tokens\"): %s",
		    buf_str(&shown), s.v[0].fault ? s.v[0].fault : "no name");
	else
		r = where_of_line(&s.v[0], ret, err);
	stack_free(&s);
	return r;
}

/* ---- in the header ----------------------------------------------------- */

void
where_encode(const struct where *w, const char *key, struct buf *out)
{
	size_t i, list = frame_begin(out, key);
	char name[sizeof(OPTION_PREFIX) + 32];

	frame_put_str(out, "module", where_name(w));
	for (i = 0; i < w->options.n; i++) {
		snprintf(name, sizeof(name), OPTION_PREFIX "%.32s",
		    w->options.v[i].key);
		frame_put_str(out, name, w->options.v[i].value);
	}
	frame_end(out, list);
}

static bool
take_module(const struct frame_field *f, struct where *w)
{
	if (w->module)
		return false;
	w->module = frame_dup(f);
	return w->module && module_is_name(w->module);
}

static bool
take_option(const struct frame_field *f, struct where *w)
{
	size_t skip = strlen(OPTION_PREFIX);
	cleanup_free char *key = NULL, *value = NULL;

	if (f->key_len <= skip || memcmp(f->key, OPTION_PREFIX, skip) != 0 ||
	    f->len > VALUE_MAX || w->options.n == OPTIONS_MAX)
		return false;
	key = strndup(f->key + skip, f->key_len - skip);
	value = frame_dup(f);
	return key && value && module_is_name(key) &&
	       !strmap_get(&w->options, key) &&
	       strmap_set(&w->options, key, value);
}

static bool
take_fields(const struct frame_field *list, struct where *w)
{
	struct frame_reader r;
	struct frame_field f;
	int got;

	frame_open(&r, list->value, list->len);
	while ((got = frame_next(&r, &f)) == 1)
		if (!(frame_key_is(&f, "module") ? take_module(&f, w)
						 : take_option(&f, w)))
			return false;
	return got == 0 && w->module;
}

bool
where_decode(const struct frame_field *f, struct where *ret)
{
	struct where w = {0};
	bool files;

	if (!take_fields(f, &w)) {
		where_free(&w);
		return false;
	}
	files = strcmp(w.module, WHERE_FILES) == 0;
	if (files && w.options.n > 0) {
		where_free(&w);
		return false;
	}
	if (files)
		where_free(&w);
	*ret = w;
	return true;
}
