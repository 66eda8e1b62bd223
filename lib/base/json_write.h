/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON output, written straight into a buffer.  Commas are put by the writer
 * (it looks at what stands before); strings are escaped, control characters
 * as \u00XX, invalid UTF-8 as U+FFFD.
 */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"

/* key is NULL inside arrays and at the top. */
void json_open(struct buf *b, const char *key, char bracket); /* '{' or '[' */
void json_close(struct buf *b, char bracket);                 /* '}' or ']' */
void json_put_str(struct buf *b, const char *key, const char *s); /* or null */
void json_put_strn(struct buf *b, const char *key, const char *s, size_t len);
/* s is JSON already. */
void json_put_raw(struct buf *b, const char *key, const char *s, size_t len);
void json_put_num(struct buf *b, const char *key, int64_t v);
void json_put_bool(struct buf *b, const char *key, bool v);
void json_put_null(struct buf *b, const char *key);

#endif
