/* SPDX-License-Identifier: BSD-2-Clause */
/* Carrying out a plan: tries, answer, redaction. */
#ifndef FETCH_WORK_H
#define FETCH_WORK_H

#include "fetch/fetch.h"

/* Always fills ret; what goes wrong is an outcome with a message. */
void work(const struct plan *p, int64_t deadline_ms, struct reply *ret);

#endif
