/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of an answer: by JSON Pointer, or from a header. */
#include <json-c/json.h>
#include <string.h>

#include "provider/answer.h"
#include "provider/doc.h"

#define HEADER_NAME_MAX 128

static const char *
header(const struct http_answer *http, const char *name)
{
	char lower[HEADER_NAME_MAX + 1];
	size_t len = strlen(name);

	if (len > HEADER_NAME_MAX)
		return NULL;
	for (size_t i = 0; i <= len; i++)
		lower[i] = name[i] >= 'A' && name[i] <= 'Z'
			       ? (char)(name[i] | 0x20)
			       : name[i];
	return strmap_get(&http->headers, lower);
}

static enum found
get_header(const struct answer *a, const char *name, struct buf *out)
{
	const char *value = header(a->http, name);

	if (!value || *value == '\0')
		return FOUND_NONE;
	buf_put_str(out, value);
	*a->failed |= out->failed;
	return FOUND_STRING;
}

enum found
answer_get(const struct answer *a, const char *at, struct buf *out)
{
	struct json_object *v;
	size_t before = out->len;

	if (str_prefix(at, "header:"))
		return get_header(a, at + strlen("header:"), out);
	if (!doc_at(a->root, at, &v, a->failed) || !doc_text(v, out))
		return FOUND_NONE;
	*a->failed |= out->failed;
	if (out->len == before)
		return FOUND_NONE;
	return json_object_is_type(v, json_type_string) ? FOUND_STRING
							: FOUND_OTHER;
}

enum found
answer_first(const struct answer *a, const struct strlist *at, struct buf *out)
{
	enum found found = FOUND_NONE;

	for (size_t i = 0; i < at->n && found == FOUND_NONE; i++)
		found = answer_get(a, at->v[i], out);
	return found;
}
