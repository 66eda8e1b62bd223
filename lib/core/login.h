/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a login does to a store: nobody is asked, the passphrases are there
 * already, and no module that is a program runs.  Secret buffers.
 */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include <tokenward/tokenward.h>
#include "base/buf.h"

/*
 * The master key into the kernel's keeping, for as long as the stack says,
 * if a passphrase slot opens and the unlock stack has a line for it.  A store
 * that opens by itself is left as it is.  TOKENWARD_LOCKED: the passphrase
 * is another; TOKENWARD_NOT_FOUND: there is no slot for one.
 */
int login_open(struct tokenward *tw, const struct buf *passphrase);
/* Out of it again. */
int login_lock(struct tokenward *tw);
/*
 * The slot that old opens keeps its number and opens with new from now on.
 * None does: TOKENWARD_LOCKED, and nothing was changed.
 */
int login_change(
    struct tokenward *tw, const struct buf *old, const struct buf *new);

#endif
