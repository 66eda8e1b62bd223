/* SPDX-License-Identifier: BSD-2-Clause */
/* What unit tests share: a directory of their own, assertions on errors. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <criterion/criterion.h>
#include "base/buf.h"
#include "base/error.h"

/* A fresh directory of this test alone, removed by unit_cleanup(). */
const char *unit_dir(void);
/* A path in it; static memory of 16 turns. */
const char *unit_path(const char *name);
void unit_cleanup(void);
/* Bytes of a file, and a file of bytes (mode 0600). */
void unit_read(const char *path, struct buf *out);
void unit_write(const char *path, const void *data, size_t len);
void unit_copy_tree(const char *from, const char *to);

#define assert_ok(call, err) \
	cr_assert_eq((call), TOKENWARD_OK, "%s", (err).text)
/* The result, and words that the sentence must have. */
#define assert_fails(call, err, result, words)                              \
	do {                                                                \
		int r_ = (call);                                            \
		cr_assert_eq(r_, (result), "%d: %s", r_, (err).text);       \
		cr_assert_eq((err).code, (result));                         \
		cr_assert(                                                  \
		    strstr((err).text, (words)) != NULL, "%s", (err).text); \
	} while (0)

#endif
