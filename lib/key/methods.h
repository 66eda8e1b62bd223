/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in ways to a wrapping key; the table is in unlock.c. */
#ifndef KEY_METHODS_H
#define KEY_METHODS_H

#include "key/key.h"

#define KEYFILE_MIN 32
#define KEYFILE_MAX (8u << 20)
#define PASSPHRASE_MAX 1024

extern const struct key_method keyfile_method;
extern const struct key_method passphrase_method;
extern const struct key_method recovery_method;

/*
 * "WHAT for the store ...: ", the answer of at most max bytes into a secret
 * buffer.  Nobody there, no answer, too long: TOKENWARD_LOCKED.
 */
int method_ask(const struct key_context *ctx, const char *what,
    const struct key_slot *slot, bool confirm, size_t max, struct buf *answer,
    struct error *err);

/*
 * The wrapping key from the file at path: owner, mode and size are checked
 * on the open descriptor.  fault is the result for a file that is not fit:
 * TOKENWARD_USAGE when it is being chosen, TOKENWARD_LOCKED later.  Owner
 * and mode: TOKENWARD_NOT_ALLOWED.
 */
int keyfile_read(const char *path, const unsigned char *salt, int fault,
    unsigned char *ret_kek, struct error *err);

/* Absolute, and fit to be printed. */
bool keyfile_path_ok(const char *path);
/* arg or the default place, absolute; never inside the store.  *ret is the
   caller's to free. */
int keyfile_choose(const struct key_context *ctx, const char *arg, char **ret,
    struct error *err);
/* Makes it, durably; one that came first stays.  0 or errno. */
int keyfile_make(int dir, const char *name);
/* Whoever did it: that it is there, or is not, is durable. */
int keyfile_settle(int dir, const char *name);
/* The directory of a key file that is to be made or taken, made if need be;
   11 where others could put another file in the place of root's. */
int keyfile_place(
    const char *path, int *ret_dir, const char **ret_name, struct error *err);

#endif
