/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON documents by json-c, behind base/json_scan. */
#include <errno.h>
#include <json-c/json.h>
#include <json-c/json_visit.h>
#include <stdint.h>
#include <string.h>

#include "base/json_write.h"
#include "base/secret.h"
#include "provider/doc.h"

/* Of a text that was scanned, and so has a first character. */
static bool
is_object(const char *text)
{
	return text[strspn(text, " \t\n\r")] == '{';
}

struct json_object *
doc_parse(const char *text, size_t len, struct json_fault *ret)
{
	struct json_object *root;

	if (len > INT32_MAX / 2) {
		*ret = (struct json_fault){.line = 1, .what = "too large"};
		return NULL;
	}
	if (json_scan(text, len, ret) != 0)
		return NULL;
	if (!is_object(text)) {
		*ret = (struct json_fault){.line = 1, .what = "no JSON object"};
		return NULL;
	}
	if (!doc_make(text, len, &root))
		*ret = (struct json_fault){1, "no memory to read it", true};
	return root;
}

static int
wipe_strings(struct json_object *v, int flags, struct json_object *parent,
    const char *key, size_t *index, void *unused)
{
	(void)flags;
	(void)parent;
	(void)key;
	(void)index;
	(void)unused;
	if (json_object_is_type(v, json_type_string))
		wipe((void *)(uintptr_t)json_object_get_string(v),
		    (size_t)json_object_get_string_len(v));
	return JSON_C_VISIT_RETURN_CONTINUE;
}

void
doc_free(struct json_object *root)
{
	if (root)
		json_c_visit(root, 0, wipe_strings, NULL);
	json_object_put(root);
}

bool
doc_at(struct json_object *root, const char *pointer, struct json_object **ret,
    bool *failed)
{
	if (!root)
		return false;
	errno = 0;
	if (json_pointer_get(root, pointer, ret) == 0)
		return true;
	*failed |= errno == ENOMEM;
	return false;
}

/* Whole numbers look the same with and without a point. */
static bool
put_double(double d, struct buf *out)
{
	if (d > -9e15 && d < 9e15 && (double)(int64_t)d == d)
		buf_printf(out, "%lld", (long long)d);
	else if (__builtin_isfinite(d))
		buf_printf(out, "%.17g", d);
	else
		return false;
	return true;
}

bool
doc_text(struct json_object *v, struct buf *out)
{
	switch (json_object_get_type(v)) {
	case json_type_string:
		buf_put(out, json_object_get_string(v),
		    (size_t)json_object_get_string_len(v));
		return true;
	case json_type_int:
		buf_printf(out, "%lld", (long long)json_object_get_int64(v));
		return true;
	case json_type_double:
		return put_double(json_object_get_double(v), out);
	case json_type_boolean:
		buf_put_str(out, json_object_get_boolean(v) ? "true" : "false");
		return true;
	default:
		return false;
	}
}

bool
doc_literal(struct json_object *v, struct buf *out)
{
	if (json_object_is_type(v, json_type_null)) {
		buf_put_str(out, "null");
		return true;
	}
	if (!json_object_is_type(v, json_type_string))
		return doc_text(v, out);
	json_put_strn(out, NULL, json_object_get_string(v),
	    (size_t)json_object_get_string_len(v));
	return true;
}
