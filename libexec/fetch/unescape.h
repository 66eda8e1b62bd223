/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading one character of a text that may be escaped. */
#ifndef FETCH_UNESCAPE_H
#define FETCH_UNESCAPE_H

#include <stddef.h>

#define UNESCAPE_MAX 4

/*
 * The character at s as 1 to UNESCAPE_MAX bytes; returns how much of s it
 * took, 0 when s (never empty) ends within an escape.
 */
typedef size_t unescape_fn(
    const char *s, size_t len, unsigned char *ret, size_t *ret_len);

/* As it is, JSON, JSON in JSON, form (+ is a blank), URL, str_clean(). */
extern unescape_fn *const unescapes[];
extern const size_t unescapes_n;

#endif
