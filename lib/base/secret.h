/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place for plain text of secrets: memory that is locked against
 * swap, left out of core dumps, fenced by guard pages, wiped in a forked
 * child and wiped when it is given back.  Thread-safe.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* More than anything that is kept here: locking it would eat the machine. */
#define SECRET_MAX ((size_t)64 << 20)

/* NULL when memory is short or len too large.  The memory is zeroed. */
void *secret_alloc(size_t len);
/* Wipes; NULL is allowed. */
void secret_free(void *p);
/* *ret is false once any page could not be locked (doctor says so, strict
   refuses); false: there is no memory to try it with. */
bool secret_locked(bool *ret);
/* Bytes in use, for tests and leak checks. */
size_t secret_in_use(void);
/* Wipes memory so that the compiler cannot leave it out. */
void wipe(void *p, size_t len);

#endif
