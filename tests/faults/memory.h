/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program may ask of memory.c, where it was loaded before it. */
#ifndef FAULTS_MEMORY_H
#define FAULTS_MEMORY_H

/* From now on none fails. */
void memory_enough(void) __attribute__((weak));

#endif
