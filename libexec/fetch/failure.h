/* SPDX-License-Identifier: BSD-2-Clause */
/* What it means that no answer came. */
#ifndef FETCH_FAILURE_H
#define FETCH_FAILURE_H

#include <stdbool.h>
#include "fetch/fetch.h"
#include "http.h"

/*
 * Outcome, stage and message of a try that failed.  Messages follow the
 * host's name in a sentence: "api.example: the connection was refused".
 */
void failure_report(
    const struct plan *p, const struct http_try *t, struct reply *r);
/* Another try may do better, and it cannot do harm. */
bool failure_retry(const struct http_try *t);
/* Outcome and message in one; text is cleaned and cut. */
void failure_set(struct reply *r, enum outcome outcome, const char *stage,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
