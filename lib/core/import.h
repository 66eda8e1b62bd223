/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials from an export file.
 *
 *   import.c       checked whole, compared with what is there, stored
 *   import_open.c  the key of the file
 */
#ifndef CORE_IMPORT_H
#define CORE_IMPORT_H

#include "core/core.h"
#include "store/export.h"

/*
 * Opens the file at path.  key is how ("passphrase", "keyfile=PATH" where
 * the key file lies now), NULL: by what opens by itself, else by asking.
 */
int import_open(struct tokenward *tw, const char *path, const char *key,
    struct export_reader **ret, struct error *err);

#endif
