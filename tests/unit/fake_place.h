/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Store modules without programs: shelves in memory that fail, lie or let
 * something else happen at a call of one's choice.  Between fake_place_begin()
 * and fake_place_end() every store module is one of them; its option "shelf"
 * says which, from 0.
 */
#ifndef TESTS_FAKE_PLACE_H
#define TESTS_FAKE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <tokenward/module.h>

#define FAKE_SHELVES 3

/* Empty shelves that answer as they should. */
void fake_place_begin(void);
void fake_place_end(void);

/*
 * The nth call, from 1, of an operation (NULL: of any) has that result and
 * does nothing; TOKENWARD_MODULE_OK is the lie of one who did nothing.
 */
void fake_place_fail(
    const char *operation, unsigned nth, enum tokenward_module_result result);
/* As the last, and all that follow too. */
void fake_place_fail_from(
    const char *operation, unsigned nth, enum tokenward_module_result result);
/* Before the nth call something else happens, once. */
void fake_place_before(const char *operation, unsigned nth, void (*what)(void));
/* No longer; whether the call came. */
bool fake_place_hit(void);

/* Every call to that shelf has this result, until it is told otherwise. */
void fake_place_answer(
    unsigned shelf, bool always, enum tokenward_module_result result);
size_t fake_place_records(unsigned shelf);
/* How often operations were asked for, since fake_place_begin(). */
unsigned fake_place_calls(const char *operation);
/* Modules that were started and not ended. */
int fake_place_live(void);

#endif
