/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the JSON objects of the control interface by a table. A member the
 * table does not know is an error: a test with a typing mistake must fail.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "tokend.h"

static const enum json_type types[] = {
    [MEMBER_BOOL] = json_type_boolean,
    [MEMBER_INT] = json_type_int,
    [MEMBER_TEXT] = json_type_string,
    [MEMBER_BYTES] = json_type_string,
    [MEMBER_BASE64] = json_type_string,
};

static const struct member *
find(const struct member *table, const char *name)
{
	for (; table->name != NULL; table++) {
		if (strcmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}

static void
clear(const struct member *m, void *into)
{
	void *at = (char *)into + m->offset;

	if (m->kind == MEMBER_TEXT) {
		free(*(char **)at);
		*(char **)at = NULL;
	} else if (m->kind == MEMBER_JSON) {
		json_object_put(*(struct json_object **)at);
		*(struct json_object **)at = NULL;
	} else if (m->kind == MEMBER_BYTES || m->kind == MEMBER_BASE64) {
		bytes_free(at);
	}
}

static bool
store(const struct member *m, struct json_object *value, void *into)
{
	void *at = (char *)into + m->offset;

	clear(m, into);
	switch (m->kind) {
	case MEMBER_BOOL:
		*(bool *)at = json_object_get_boolean(value);
		return true;
	case MEMBER_INT:
		*(long long *)at = json_object_get_int64(value);
		return true;
	case MEMBER_TEXT:
		*(char **)at = xstrdup(json_object_get_string(value));
		return true;
	case MEMBER_JSON:
		*(struct json_object **)at = json_object_get(value);
		return true;
	case MEMBER_BYTES:
		bytes_add(at, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
		return true;
	case MEMBER_BASE64:
		return base64_read(json_object_get_string(value), at);
	}
	return false;
}

char *
members_read(const struct member *table, struct json_object *from, void *into)
{
	if (!json_object_is_type(from, json_type_object))
		return text("a JSON object is wanted");
	json_object_object_foreach(from, name, value)
	{
		const struct member *m = find(table, name);

		if (m == NULL)
			return text("unknown member \"%s\"", name);
		if (value == NULL)
			clear(m, into);
		else if (m->kind != MEMBER_JSON &&
			 !json_object_is_type(value, types[m->kind]))
			return text("member \"%s\" must be a %s", name,
			    json_type_to_name(types[m->kind]));
		else if (!store(m, value, into))
			return text("member \"%s\" is not base64", name);
	}
	return NULL;
}

void
members_free(const struct member *table, void *into)
{
	for (; table->name != NULL; table++)
		clear(table, into);
}
