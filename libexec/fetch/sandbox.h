/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fence around the helper, put up before the first byte is read:
 *
 *   limits.c    no core, no ptrace, no capabilities, little memory, no files
 *   landlock.c  which files may be read, which ports may be reached
 *   seccomp.c   which system calls there are
 */
#ifndef FETCH_SANDBOX_H
#define FETCH_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

/* All of it.  What is missing in the kernel, Landlock apart, is a failure. */
int sandbox_enter(bool *ret_landlock, struct error *err);

int limits_set(struct error *err);
int landlock_enter(bool *ret_fenced, struct error *err);
/* TCP to these ports and to no other (Linux 6.7 and later, else no change). */
int landlock_ports(const uint16_t *ports, size_t n, struct error *err);
int seccomp_enter(struct error *err);

#endif
