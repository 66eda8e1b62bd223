/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds of members that a provider file has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "provider/reading.h"

#define TEN_YEARS INT64_C(315360000)
#define TEXT_MAX 4096u

static const struct member *
row_of(const struct member *table, const char *name)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}

int
read_members(struct reading *r, const struct member *table,
    struct json_object *o, void *base)
{
	if (!json_object_is_type(o, json_type_object))
		return reading_must_be(r, "an object");
	json_object_object_foreach(o, name, v)
	{
		const struct member *m = row_of(table, name);
		size_t mark = reading_begin(r, name);
		int res = m ? m->read(r, m, v, (char *)base + m->offset)
			    : reading_unknown(r, table, name, mark);

		if (res != TOKENWARD_OK)
			return res;
		reading_end(r, mark);
	}
	return TOKENWARD_OK;
}

int
read_object(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	return read_members(r, m->more, v, at);
}

/* Nothing in a file ends a line, turns it or hides in it when it is shown. */
static int
check_shown(struct reading *r, const char *s)
{
	return str_is_clean(s, strlen(s))
		   ? TOKENWARD_OK
		   : reading_must_be(r, "a string of printable characters");
}

static int
text_of(struct reading *r, struct json_object *v, const char **ret)
{
	if (!json_object_is_type(v, json_type_string))
		return reading_must_be(r, "a string");
	*ret = json_object_get_string(v);
	if (**ret == '\0')
		return reading_must_be(r, "a string that is not empty");
	if (strlen(*ret) > TEXT_MAX)
		return reading_must_be(r, "a string of at most 4096 bytes");
	return check_shown(r, *ret);
}

static int
set_text(struct reading *r, char **at, const char *s)
{
	char *copy = s ? strdup(s) : NULL;

	if (s && !copy)
		return error_memory(r->err);
	free(*at);
	*at = copy;
	return TOKENWARD_OK;
}

int
read_text(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	const char *s;
	int res = text_of(r, v, &s);

	(void)m;
	return res == TOKENWARD_OK ? set_text(r, at, s) : res;
}

int
read_nullable(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	return v ? read_text(r, m, v, at) : set_text(r, at, NULL);
}

/* One string stands for a list of one; check may be NULL. */
static int
read_list(struct reading *r, const struct member *m, struct json_object *v,
    struct strlist *ret,
    int (*check)(struct reading *, const struct member *, const char *))
{
	bool many = json_object_is_type(v, json_type_array);
	size_t n = many ? json_object_array_length(v) : 1;

	if (n == 0)
		return reading_must_be(r, "a list of at least one");
	strlist_free(ret);
	for (size_t i = 0; i < n; i++) {
		const char *s;
		int res =
		    text_of(r, many ? json_object_array_get_idx(v, i) : v, &s);

		if (res == TOKENWARD_OK && check)
			res = check(r, m, s);
		if (res != TOKENWARD_OK)
			return res;
		if (strlist_has(ret, s))
			return reading_must_be(r, "a list without repeats");
		if (!strlist_add(ret, s))
			return error_memory(r->err);
	}
	return TOKENWARD_OK;
}

int
read_texts(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	return read_list(r, m, v, at, NULL);
}

static int
check_word(struct reading *r, const struct member *m, const char *s)
{
	const char *const *words = m->more;
	char name[160], quoted[160], list[300] = "";
	size_t n = 0;

	for (; *words; words++) {
		if (strcmp(*words, s) == 0)
			return TOKENWARD_OK;
		n += (size_t)snprintf(
		    list + n, sizeof(list) - n, "%s%s", n ? ", " : "", *words);
	}
	return reading_fail(r, "\"%s\" cannot be \"%s\" here, but %s",
	    reading_name(r, name), reading_quote(s, quoted), list);
}

int
read_words(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	return read_list(r, m, v, at, check_word);
}

int
read_word_text(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	const char *s;
	int res = text_of(r, v, &s);

	if (res == TOKENWARD_OK)
		res = check_word(r, m, s);
	return res == TOKENWARD_OK ? set_text(r, at, s) : res;
}

int
read_word(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	const char *const *words = m->more;
	const char *s;
	int res = text_of(r, v, &s);

	if (res == TOKENWARD_OK)
		res = check_word(r, m, s);
	for (unsigned i = 0; res == TOKENWARD_OK && words[i]; i++) {
		if (strcmp(words[i], s) == 0)
			*(unsigned *)at = i;
	}
	return res;
}

int
read_flag(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	(void)m;
	if (!json_object_is_type(v, json_type_boolean))
		return reading_must_be(r, "true or false");
	*(bool *)at = json_object_get_boolean(v);
	return TOKENWARD_OK;
}

int
read_seconds(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	int64_t n = json_object_get_int64(v);

	(void)m;
	if (!json_object_is_type(v, json_type_int) || n < 1 || n > TEN_YEARS)
		return reading_must_be(r,
		    "a whole number of seconds from 1 to 315360000 "
		    "(ten years)");
	*(int64_t *)at = n;
	return TOKENWARD_OK;
}

int
read_map(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	if (!json_object_is_type(v, json_type_object))
		return reading_must_be(r, "an object");
	json_object_object_foreach(v, name, value)
	{
		size_t mark = reading_begin(r, name);
		const char *s;
		int res = check_shown(r, name);

		(void)m;
		if (res == TOKENWARD_OK)
			res = text_of(r, value, &s);
		if (res != TOKENWARD_OK)
			return res;
		if (!strmap_set(at, name, s))
			return error_memory(r->err);
		reading_end(r, mark);
	}
	return TOKENWARD_OK;
}

bool
is_pointer(const char *s)
{
	if (str_prefix(s, "header:"))
		return s[7] && s[7 + strspn(s + 7, "abcdefghijklmnopqrstuvwxyz"
						   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						   "0123456789-")] == '\0';
	if (*s != '/')
		return false;
	for (; *s; s++) {
		if (*s == '~' && s[1] != '0' && s[1] != '1')
			return false;
	}
	return true;
}

static int
check_pointer(struct reading *r, const struct member *m, const char *s)
{
	char name[160], quoted[160];

	(void)m;
	if (is_pointer(s))
		return TOKENWARD_OK;
	return reading_fail(r,
	    "\"%s\" must be a JSON Pointer such as \"/data/token\" or "
	    "\"header:Name\", not \"%s\"",
	    reading_name(r, name), reading_quote(s, quoted));
}

int
read_pointers(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	return read_list(r, m, v, at, check_pointer);
}

int
read_pointer(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	int res = read_text(r, m, v, at);

	return res == TOKENWARD_OK ? check_pointer(r, m, *(char **)at) : res;
}
