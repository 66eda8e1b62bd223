/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that fail when told to: those of the library's objects and of the
 * tests', which the linker leads through failing.c (--wrap).
 */
#ifndef TESTS_FAILING_H
#define TESTS_FAILING_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * From now on the nth call, from 1, of what fails with errno error: "memory"
 * is any allocation, "system" any call on files and memory maps, else it is a
 * name, "fsync".  With error 0 a read or write does one byte only, and the
 * nth and all that follow do.
 */
void failing_begin(const char *what, unsigned nth, int error);
/* Something else happens just before that call, which works. */
void failing_before(const char *what, unsigned nth, void (*act)(void));
/* No longer; whether a call has failed, or something happened before it. */
bool failing_end(void);
/* Nobody waits for the disk: an fsync that does not fail does nothing. */
void failing_hurry(bool on);
/* Whatever is open belongs to that user, for who asks by its descriptor. */
void failing_owner(bool on, uid_t uid);
/* Whatever is open lies on another device than its name. */
void failing_device(bool on);
/* The password file says that this is home; NULL: it knows nobody. */
void failing_home(bool on, const char *home);
/* Pieces of the heap that are in use. */
long failing_live(void);

#endif
