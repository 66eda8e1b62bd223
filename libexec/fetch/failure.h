/* SPDX-License-Identifier: BSD-2-Clause */
/* What it means that no answer came. */
#ifndef FETCH_FAILURE_H
#define FETCH_FAILURE_H

#include <stdbool.h>
#include "fetch/fetch.h"
#include "http.h"

/*
 * Outcome, stage and message of a try that failed.  The message is what the
 * stage leaves open: lib/core/sentence.c puts it in brackets after a phrase
 * for the stage, "no connection could be made to HOST (Connection refused)".
 */
void failure_report(
    const struct plan *p, const struct http_try *t, struct reply *r);
/* Another try may do better, and it cannot do harm. */
bool failure_retry(const struct http_try *t);
/* Outcome and message in one; text is cleaned and cut. */
void failure_set(struct reply *r, enum outcome outcome, const char *stage,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* That memory lacked, and nothing else. */
void failure_lack(struct reply *r);

#endif
