/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading inside a JSON text: what json_scan.c, json_line.c and json_read.c
 * share.
 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stdbool.h>

/* Four hexadecimal digits. */
bool json_hex4(const char *p, unsigned *ret);
/*
 * The next character of a checked string as a code point, escapes resolved,
 * so that a name compares equal however it is spelled.  0 at the closing
 * quote, where *at then stays.
 */
unsigned json_next_char(const char **at);
/* In a checked text: past blanks, commas and colons; past a value. */
const char *json_after_space(const char *at, const char *end);
const char *json_after_value(const char *at, const char *end);

#endif
