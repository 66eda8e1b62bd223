/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exchange as "tokenward try" shows it: "> " before what was sent, "< "
 * before what came, "* " before what happened.  Nothing goes in that was not
 * redacted first.
 */
#ifndef FETCH_EXCHANGE_H
#define FETCH_EXCHANGE_H

#include "fetch/fetch.h"
#include "http.h"
#include "provider/provider.h"
#include "redact.h"

void exchange_request(
    const struct plan *p, const struct redact *hide, struct buf *out);
void exchange_answer(
    const struct http_try *t, const struct redact *hide, struct buf *out);
void exchange_note(const char *stage, const char *message, struct buf *out);
/* What an answer holds that is as good as a secret: tokens, by their value,
   their place in the provider file or the name of their member. */
void exchange_hide(const struct provider *provider, const struct http_try *t,
    const struct reply *r, struct redact *hide);

#endif
