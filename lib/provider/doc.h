/* SPDX-License-Identifier: BSD-2-Clause */
/* A JSON document that was looked over strictly, and is wiped when done. */
#ifndef PROVIDER_DOC_H
#define PROVIDER_DOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json_scan.h"

struct json_object;

/* NULL with the fault, also when the text is no object. */
struct json_object *doc_parse(
    const char *text, size_t len, struct json_fault *ret);
/* Any value of a text that json_scan() accepted; JSON null is NULL.  False:
   no memory. */
bool doc_make(const char *text, size_t len, struct json_object **ret);
/* Wipes every string as far as json-c lets us; NULL is allowed. */
void doc_free(struct json_object *root);
/*
 * The value at a JSON Pointer, whose JSON null is NULL; false: none there, or
 * no memory to look, and then *failed is set.
 */
bool doc_at(struct json_object *root, const char *pointer,
    struct json_object **ret, bool *failed);
/* Text of a string, number or boolean, appended; false for other kinds. */
bool doc_text(struct json_object *v, struct buf *out);
/* The same as JSON text, so that "1" and 1 differ; null too. */
bool doc_literal(struct json_object *v, struct buf *out);

#endif
