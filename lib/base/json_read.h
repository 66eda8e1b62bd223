/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a text that json_scan() accepted, in place: nothing is copied but
 * what is asked for, into a buffer of the caller's choice, so that a secret
 * in the text never reaches the ordinary heap.
 */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"

/* A value in the text; it stands at its first byte. */
struct json_value {
	const char *at, *end; /* end: of the whole text */
};

enum json_kind {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json_value json_begin(const char *text, size_t len);
enum json_kind json_kind(const struct json_value *v);
/* "a string", "an object", ... for messages. */
const char *json_kind_word(enum json_kind kind);

/*
 * One after the other what stands in an array or an object: begin with
 * walk = json_inside(&v); the name is a string value too.  False: no more.
 */
struct json_value json_inside(const struct json_value *v);
bool json_next_item(struct json_value *walk, struct json_value *ret);
bool json_next_member(
    struct json_value *walk, struct json_value *name, struct json_value *ret);

/* A string's content as UTF-8; appends. */
void json_get_string(const struct json_value *v, struct buf *out);

#endif
