/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module of kind store; it speaks to the keyring by what the module of
 * kind key has for that.
 *
 *   record_item.c  one record, one item     store.c  the module
 */
#ifndef SECRET_SERVICE_STORE_H
#define SECRET_SERVICE_STORE_H

#include "secrets.h"

#define RECORD_VERSION_LEN 32

/* Where new items go, and what they are called. */
struct record_place {
	const char *collection;
	const char *label;
};

/* NULL: no store and key of ours.  key NULL: every record of the store. */
GVariant *record_attributes(const char *store, const char *key);
/* NONE without a sentence: there is none.  version has room for
   RECORD_VERSION_LEN + 1. */
int record_read(struct secrets *s, const struct record_place *place,
    GVariant *attributes, GBytes **ret, char *ret_version);
int record_write(struct secrets *s, const struct record_place *place,
    GVariant *attributes, const char *key, const void *data, size_t len);
int record_delete(
    struct secrets *s, const struct record_place *place, GVariant *attributes);
/* The keys of a store, sorted. */
int record_keys(struct secrets *s, const struct record_place *place,
    GVariant *attributes, GPtrArray **ret);

extern const struct tokenward_module secret_service_records;

#endif
