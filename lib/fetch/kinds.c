/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds of members a frame can carry. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/frame.h"
#include "base/str.h"
#include "fetch/fetch.h"
#include "fetch/members.h"

static const char wrong_length[] = "too short or too long";
static const char no_memory[] = "out of memory";

static bool
length_ok(const struct member *m, size_t len)
{
	return (int64_t)len >= m->least && (int64_t)len <= m->most;
}

/* Text */

static void
text_put(struct buf *out, const struct member *m, const void *at)
{
	const char *s = *(char *const *)at;

	if (s)
		frame_put_str(out, m->key, s);
}

static bool
is_line(const unsigned char *v, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (v[i] < 0x20 || v[i] == 0x7f)
			return false;
	return str_is_utf8((const char *)v, len);
}

static bool
is_clean(const unsigned char *v, size_t len)
{
	return str_is_clean((const char *)v, len);
}

static bool
is_clean_lines(const unsigned char *v, size_t len)
{
	const unsigned char *end;

	for (; (end = memchr(v, '\n', len)); v = end + 1) {
		if (!is_clean(v, (size_t)(end - v)))
			return false;
		len -= (size_t)(end - v) + 1;
	}
	return is_clean(v, len);
}

static bool
is_string(const unsigned char *v, size_t len)
{
	return !memchr(v, 0, len);
}

static const char *
text_get(const struct member *m, const unsigned char *v, size_t len, void *at,
    bool (*accept)(const unsigned char *v, size_t len))
{
	char **ret = at;

	if (!length_ok(m, len))
		return wrong_length;
	if (!accept(v, len))
		return "not plain text";
	free(*ret);
	*ret = strndup((const char *)v, len);
	return *ret ? NULL : no_memory;
}

static const char *
line_get(const struct member *m, const unsigned char *v, size_t len, void *at)
{
	return text_get(m, v, len, at, is_line);
}

static const char *
clean_get(const struct member *m, const unsigned char *v, size_t len, void *at)
{
	return text_get(m, v, len, at, is_clean);
}

static const char *
lines_get(const struct member *m, const unsigned char *v, size_t len, void *at)
{
	return text_get(m, v, len, at, is_clean_lines);
}

static const char *
string_get(const struct member *m, const unsigned char *v, size_t len, void *at)
{
	return text_get(m, v, len, at, is_string);
}

const struct member_kind member_line = {.put = text_put, .get = line_get};
const struct member_kind member_clean = {.put = text_put, .get = clean_get};
const struct member_kind member_lines = {.put = text_put, .get = lines_get};
const struct member_kind member_string = {.put = text_put, .get = string_get};

/* Bytes */

static void
bytes_put(struct buf *out, const struct member *m, const void *at)
{
	const struct buf *b = at;

	if (b->failed)
		out->failed = true;
	else if (b->len)
		frame_put(out, m->key, b->data, b->len);
}

static const char *
bytes_get(const struct member *m, const unsigned char *v, size_t len, void *at)
{
	struct buf *b = at;

	if (!length_ok(m, len))
		return wrong_length;
	buf_set(b, v, len);
	return b->failed ? no_memory : NULL;
}

static const char *
list_get(const struct member *m, const unsigned char *v, size_t len, void *at)
{
	if (!frame_valid(v, len))
		return "not a list";
	return bytes_get(m, v, len, at);
}

static const char *
token_get(const struct member *m, const unsigned char *v, size_t len, void *at)
{
	if (len && !str_is_visible((const char *)v, len))
		return "not visible ASCII";
	return bytes_get(m, v, len, at);
}

const struct member_kind member_bytes = {.put = bytes_put, .get = bytes_get};
const struct member_kind member_list = {.put = bytes_put, .get = list_get};
const struct member_kind member_token = {.put = bytes_put, .get = token_get};

/* Numbers */

static const char *
number_get(
    const struct member *m, const unsigned char *v, size_t len, int64_t *ret)
{
	struct frame_field f = {.value = v, .len = len};

	if (!frame_num(&f, ret) || *ret < m->least || *ret > m->most)
		return "not a number in its range";
	return NULL;
}

static void
num_put(struct buf *out, const struct member *m, const void *at)
{
	frame_put_num(out, m->key, *(const int64_t *)at);
}

static const char *
num_get(const struct member *m, const unsigned char *v, size_t len, void *at)
{
	return number_get(m, v, len, at);
}

static void
int_put(struct buf *out, const struct member *m, const void *at)
{
	frame_put_num(out, m->key, *(const int *)at);
}

static const char *
int_get(const struct member *m, const unsigned char *v, size_t len, void *at)
{
	int64_t n = 0;
	const char *why = number_get(m, v, len, &n);

	*(int *)at = (int)n;
	return why;
}

static void
flag_put(struct buf *out, const struct member *m, const void *at)
{
	frame_put_num(out, m->key, *(const bool *)at);
}

static const char *
flag_get(const struct member *m, const unsigned char *v, size_t len, void *at)
{
	int64_t n = 0;
	const char *why = number_get(m, v, len, &n);

	*(bool *)at = n == 1;
	return why;
}

const struct member_kind member_num = {.put = num_put, .get = num_get};
const struct member_kind member_int = {.put = int_put, .get = int_get};
const struct member_kind member_flag = {.put = flag_put, .get = flag_get};

/* Outcomes travel by name. */

static void
word_put(struct buf *out, const struct member *m, const void *at)
{
	enum outcome o = *(const enum outcome *)at;

	if (o < OUTCOME_MAX)
		frame_put_str(out, m->key, outcome_names[o]);
	else
		out->failed = true;
}

static const char *
word_get(const struct member *m, const unsigned char *v, size_t len, void *at)
{
	enum outcome o = outcome_parse((const char *)v, len);

	(void)m;
	*(enum outcome *)at = o;
	return o < OUTCOME_MAX ? NULL : "not a known word";
}

const struct member_kind member_word = {.put = word_put, .get = word_get};

/* Maps: the key once per entry, each a list of name and value. */

static void
map_put(struct buf *out, const struct member *m, const void *at)
{
	const struct strmap *map = at;
	size_t i, mark;

	for (i = 0; i < map->n; i++) {
		mark = frame_begin(out, m->key);
		frame_put_str(out, "name", map->v[i].key);
		frame_put_str(out, "value", map->v[i].value);
		frame_end(out, mark);
	}
}

static const char *
map_get(const struct member *m, const unsigned char *v, size_t len, void *at)
{
	struct strmap *map = at;
	struct frame_field name, value;
	cleanup_free char *key = NULL, *text = NULL;

	if ((int64_t)map->n >= m->most)
		return "too many";
	if (!frame_find(v, len, "name", &name) ||
	    !frame_find(v, len, "value", &value) ||
	    !is_line(name.value, name.len) || !is_line(value.value, value.len))
		return "not a name and a value";
	key = frame_dup(&name);
	text = frame_dup(&value);
	return key && text && strmap_set(map, key, text) ? NULL : no_memory;
}

const struct member_kind member_map = {
    .put = map_put, .get = map_get, .repeats = true};
