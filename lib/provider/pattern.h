/* SPDX-License-Identifier: BSD-2-Clause */
/* Patterns of provider files: which are cheap enough to be compiled. */
#ifndef PROVIDER_PATTERN_H
#define PROVIDER_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

/* What is wrong with it, to follow "the pattern"; NULL: nothing. */
const char *pattern_fault(const char *pattern);

#endif
