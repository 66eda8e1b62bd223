/* SPDX-License-Identifier: BSD-2-Clause */
/* What a caller gets: a token, ready to be presented, counted by reference. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/core.h"

struct tokenward_token {
	atomic_int references;
	struct buf value;
	struct buf header_value;
	char *type;
	char *scope;
	char *use_name;
	bool in_query;
	struct strlist extra; /* "Name: value" without secrets in it */
	int64_t expires_at;
	bool cached;
	char *warning;
};

static void
put_formatted(struct buf *out, const char *format, const struct buf *value)
{
	const char *hole = strstr(format, "{token}");

	if (!hole) {
		buf_put_str(out, format);
		return;
	}
	buf_put(out, format, (size_t)(hole - format));
	buf_put(out, value->data, value->len);
	buf_put_str(out, hole + strlen("{token}"));
}

static bool
copy_text(char **ret, const char *s)
{
	*ret = s ? strdup(s) : NULL;
	return !s || *ret;
}

static bool
add_extra(struct tokenward_token *o, const struct strmap *headers)
{
	cleanup_buf struct buf line = BUF_INIT;
	size_t i;

	for (i = 0; i < headers->n; i++) {
		buf_clear(&line);
		buf_printf(
		    &line, "%s: %s", headers->v[i].key, headers->v[i].value);
		if (line.failed || !strlist_add(&o->extra, buf_str(&line)))
			return false;
	}
	return true;
}

struct tokenward_token *
token_object_new(const struct token *t, bool cached, const char *warning)
{
	struct tokenward_token *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	atomic_init(&o->references, 1);
	o->value.secret = o->header_value.secret = true;
	buf_put(&o->value, t->value.data, t->value.len);
	put_formatted(&o->header_value, t->use_format, &t->value);
	o->in_query = strcmp(t->use_in, "query") == 0;
	o->expires_at = token_expires_at(t);
	o->cached = cached;
	if (o->value.failed || o->header_value.failed ||
	    !copy_text(&o->type, t->type) || !copy_text(&o->scope, t->scope) ||
	    !copy_text(&o->use_name, t->use_name) ||
	    !copy_text(&o->warning, warning) ||
	    !add_extra(o, &t->use_headers)) {
		tokenward_token_free(o);
		return NULL;
	}
	return o;
}

struct tokenward_token *
token_object_ref(struct tokenward_token *o)
{
	atomic_fetch_add_explicit(&o->references, 1, memory_order_relaxed);
	return o;
}

bool
token_object_is_whole(const struct tokenward_token *o)
{
	return o->value.len > 0 && o->value.data[0] != '\0';
}

void
tokenward_token_free(struct tokenward_token *o)
{
	if (!o || atomic_fetch_sub(&o->references, 1) > 1)
		return;
	buf_free(&o->value);
	buf_free(&o->header_value);
	free(o->type);
	free(o->scope);
	free(o->use_name);
	strlist_free(&o->extra);
	free(o->warning);
	free(o);
}

const char *
tokenward_token_value(const struct tokenward_token *o)
{
	return o ? buf_str(&o->value) : NULL;
}

const char *
tokenward_token_type(const struct tokenward_token *o)
{
	return o ? o->type : NULL;
}

const char *
tokenward_token_scope(const struct tokenward_token *o)
{
	return o ? o->scope : NULL;
}

int64_t
tokenward_token_expires_at(const struct tokenward_token *o)
{
	return o ? o->expires_at : TOKENWARD_TIME_UNKNOWN;
}

const char *
tokenward_token_header_name(const struct tokenward_token *o)
{
	return o && !o->in_query ? o->use_name : NULL;
}

const char *
tokenward_token_header_value(const struct tokenward_token *o)
{
	return o ? buf_str(&o->header_value) : NULL;
}

const char *
tokenward_token_query_name(const struct tokenward_token *o)
{
	return o && o->in_query ? o->use_name : NULL;
}

const char *
tokenward_token_extra_header(const struct tokenward_token *o, size_t index)
{
	return o && index < o->extra.n ? o->extra.v[index] : NULL;
}

int
tokenward_token_is_cached(const struct tokenward_token *o)
{
	return o && o->cached;
}

const char *
tokenward_token_warning(const struct tokenward_token *o)
{
	return o ? o->warning : NULL;
}
