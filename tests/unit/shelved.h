/* SPDX-License-Identifier: BSD-2-Clause */
/* A store with several lines of the stack, of whose places some, shelves of
   fake_place.h, are only read. */
#ifndef UNIT_SHELVED_H
#define UNIT_SHELVED_H

#include "module/module.h"
#include "store/store.h"

extern const unsigned char shelved_master[KEY_LEN];
extern struct stack shelved_stack;
extern bool shelved_no_stack; /* it cannot be had */
extern struct store *shelved_store;

/* Of every test: .init and .fini.  "near" is at home, the shelves are empty,
   and there is no line. */
void shelved_begin(void);
void shelved_end(void);

void shelved_forget(void); /* all lines */
struct stack_line *shelved_line(const char *module, enum control control);
void shelved_shelf(const char *number, enum control control);
/* A line for the files and one for shelf 0, which answers so. */
void shelved_own_and_shelf(
    enum control control, enum tokenward_module_result result);

int shelved_put(enum record_kind kind, const char *name, uint64_t generation,
    struct error *err);
int shelved_read(enum record_kind kind, const char *name, struct error *err);
/* Bytes of a record in a place where the store itself would not write. */
void shelved_plant(enum record_kind kind, const char *name, const char *text);

#endif
