/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of system calls as libseccomp has it.  It takes a twentieth of a
 * fetch to make, so that it is made when tokenward is built (make_filter.c);
 * only a program for another architecture makes it each time.
 */
#ifndef FETCH_FILTER_H
#define FETCH_FILTER_H

#include <seccomp.h>

/* 0, or what libseccomp says, -ENOMEM and so on; then *ret is as it was. */
int filter_make(scmp_filter_ctx *ret);

#endif
