/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials from an export file.
 *
 *   import.c       checked whole, compared with what is there, stored
 *   import_open.c  the key of the file
 *   init_from.c    a store made of it
 */
#ifndef CORE_IMPORT_H
#define CORE_IMPORT_H

#include "core/core.h"
#include "store/export.h"

struct importing {
	struct tokenward *tw;
	struct tokenward_import_params p;
	struct export_reader *file;
	bool storing;
	struct strlist names; /* of the file, where they are needed */
	bool want_names;
	unsigned conflicts;
	char *conflict; /* the first one's name */
};

int import_take(struct importing *im, const struct tokenward_import_params *p,
    struct error *err);
void importing_free(struct importing *im);
#define cleanup_importing __attribute__((cleanup(importing_free)))
/* For export_each(), with the struct importing: nothing is stored yet. */
int import_check(
    void *data, const char *name, const struct buf *plain, struct error *err);
int import_store(
    void *data, const char *name, const struct buf *plain, struct error *err);

/*
 * Opens the file at path.  key is how ("passphrase", "keyfile=PATH" where
 * the key file lies now), NULL: by what opens by itself, else by asking.
 */
int import_open(struct tokenward *tw, const char *path, const char *key,
    struct export_reader **ret, struct error *err);

#endif
