/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A checked JSON text as a tree of json-c's.  Its own parser is not used: it
 * trusts that there is memory for every name, and asks the locale how a
 * number is written.
 */
#include <json-c/json.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_read.h"
#include "base/json_text.h"
#include "provider/doc.h"

/* The value at v, which then stands behind it; false: no memory. */
static bool make(struct json_value *v, struct json_object **ret);

static void
step(struct json_value *v, const char *to)
{
	v->at = json_after_space(to, v->end);
}

static const char *
string(struct json_value *v, struct buf *out)
{
	json_get_string(v, out);
	step(v, json_after_value(v->at, v->end));
	return out->failed ? NULL : buf_str(out);
}

static bool
make_string(struct json_value *v, struct json_object **ret)
{
	cleanup_buf struct buf text = BUF_SECRET_INIT;
	const char *s = string(v, &text);

	*ret = s ? json_object_new_string_len(s, (int)text.len) : NULL;
	return *ret;
}

/* Too large a number becomes the largest there is, as with json-c. */
static struct json_object *
number(const char *text)
{
	struct json_object *o;
	locale_t c;

	if (!strpbrk(text, ".eE"))
		return json_object_new_int64(strtoll(text, NULL, 10));
	c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!c)
		return NULL;
	o = json_object_new_double(strtod_l(text, NULL, c));
	freelocale(c);
	return o;
}

static bool
make_number(struct json_value *v, struct json_object **ret)
{
	const char *end = json_after_value(v->at, v->end);
	char text[JSON_DIGITS + 1] = "";

	if (end - v->at <= JSON_DIGITS)
		memcpy(text, v->at, (size_t)(end - v->at));
	*ret = number(text);
	step(v, end);
	return *ret;
}

static bool
make_word(struct json_value *v, struct json_object **ret)
{
	enum json_kind kind = json_kind(v);

	step(v, json_after_value(v->at, v->end));
	*ret = kind == JSON_NULL ? NULL
				 : json_object_new_boolean(kind == JSON_TRUE);
	return kind == JSON_NULL || *ret;
}

/* What is not taken is given back. */
static bool
keep(bool taken, struct json_object *o)
{
	if (!taken)
		doc_free(o);
	return taken;
}

static bool
make_item(struct json_value *v, struct json_object *array)
{
	struct json_object *item = NULL;

	return make(v, &item) &&
	       keep(json_object_array_add(array, item) == 0, item);
}

static bool
make_member(struct json_value *v, struct json_object *object)
{
	cleanup_buf struct buf name = BUF_INIT;
	const char *s = string(v, &name);
	struct json_object *member = NULL;

	return s && make(v, &member) &&
	       keep(json_object_object_add_ex(
			object, s, member, JSON_C_OBJECT_ADD_KEY_IS_NEW) == 0,
		   member);
}

static bool
make_all(struct json_value *v, struct json_object **ret)
{
	bool array = json_kind(v) == JSON_ARRAY;
	struct json_object *all =
	    array ? json_object_new_array() : json_object_new_object();
	bool good = all;

	for (step(v, v->at + 1); good && !strchr("]}", *v->at);)
		good = array ? make_item(v, all) : make_member(v, all);
	step(v, v->at + 1);
	if (!good)
		doc_free(all);
	else
		*ret = all;
	return good;
}

/* json_scan() has bounded the depth. */
static bool
make(struct json_value *v, struct json_object **ret)
{
	static bool (*const makers[])(
	    struct json_value * v, struct json_object * *ret) = {
	    [JSON_NULL] = make_word,
	    [JSON_FALSE] = make_word,
	    [JSON_TRUE] = make_word,
	    [JSON_NUMBER] = make_number,
	    [JSON_STRING] = make_string,
	    [JSON_ARRAY] = make_all,
	    [JSON_OBJECT] = make_all,
	};

	return makers[json_kind(v)](v, ret);
}

bool
doc_make(const char *text, size_t len, struct json_object **ret)
{
	struct json_value v = json_begin(text, len);

	*ret = NULL;
	return make(&v, ret);
}
