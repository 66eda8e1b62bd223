/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One failure: its result code and its sentence.  The sentence is written
 * where the failure is found and passed up untouched.  It never contains a
 * secret.  Text of foreign origin goes through str_clean() first.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>
#include <tokenward/types.h>

struct error {
	int code;         /* enum tokenward_result */
	int64_t retry_at; /* seconds since 1970, 0: not known */
	bool no_memory;   /* that is why: nothing was found out */
	char text[1024];
};

/* Writes the sentence and returns code, so `return error_set(...)`. */
int error_set(struct error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with ": " and the text of errno at the end; a lack of memory is
   TOKENWARD_FAILED, whatever code says. */
int error_errno(struct error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts words before the sentence that is there ("line 3: ..."). */
int error_prefix(struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void error_clear(struct error *err);
/* "out of memory", TOKENWARD_FAILED. */
int error_memory(struct error *err);
/*
 * For readers whose parts only say that they failed: error_memory() when
 * that is why (errno, which the reader set to 0 before), else as error_set().
 */
int error_read(struct error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The result for an errno of a file of ours: 11 for EACCES, EPERM, EROFS. */
int error_code_of_errno(int e);

#endif
