/* SPDX-License-Identifier: BSD-2-Clause */
/* The item of a slot: 32 bytes, made, read and removed. */
#include <string.h>
#include <sodium.h>
#include "slot_item.h"

#define ITEMS_MAX 8
#define DROP_US (1000 * 1000)

/* ---- reading ----------------------------------------------------------- */

static int
absent(struct secrets *s)
{
	return secrets_say(s, TOKENWARD_MODULE_NONE,
	    "the keyring has no item for this slot: it was removed there, or "
	    "this is another keyring; open the store by another slot, remove "
	    "this one and add a new one");
}

static int
take_key(struct secrets *s, SecretValue *value, void *kek)
{
	gsize len;
	const char *bytes = secret_value_get(value, &len);

	if (len != SLOT_KEY_LEN)
		return secrets_say(s, TOKENWARD_MODULE_BROKEN,
		    "the keyring's item for this slot holds %zu bytes, no key "
		    "of 32: it was changed there; remove this slot and add a "
		    "new one",
		    (size_t)len);
	memcpy(kek, bytes, SLOT_KEY_LEN);
	return TOKENWARD_MODULE_OK;
}

int
slot_item_read(struct secrets *s, GVariant *attributes, unsigned char *kek)
{
	g_auto(GStrv) items = NULL;
	g_autoptr(SecretValue) value = NULL;
	unsigned locked;
	int r = secrets_find(s, attributes, 1, &items, &locked);

	if (r != TOKENWARD_MODULE_OK)
		return r == TOKENWARD_MODULE_NONE ? absent(s) : r;
	if (locked == 0)
		r = secrets_unlock(s, items[0]);
	if (r == TOKENWARD_MODULE_OK)
		r = secrets_read(s, items[0], attributes, SLOT_KEY_LEN, &value);
	return r ? r : take_key(s, value, kek);
}

/* ---- making ------------------------------------------------------------ */

/* What is gone at the end of the login is no place for a key. */
static int
find_place(struct secrets *s, const char *name, char **ret)
{
	int r = secrets_collection(s, name, ret);

	if (r == TOKENWARD_MODULE_OK &&
	    g_str_has_suffix(*ret, "/collection/session"))
		r = secrets_say(s, TOKENWARD_MODULE_FAILED,
		    "the keyring's collection \"session\" is gone after the "
		    "login: a key needs another one (option collection=)");
	return r ? r : secrets_unlock(s, *ret);
}

/* What is not acknowledged is not left behind, if that is possible. */
static void
drop(struct secrets *s, const char *item, GVariant *attributes)
{
	s->quiet = TRUE;
	s->answer_within = 0;
	s->deadline =
	    MAX(s->deadline, MIN(s->end, g_get_monotonic_time() + DROP_US));
	secrets_delete(s, item, attributes);
}

/* What was acknowledged is there: it is looked up as open will do. */
static int
check_stored(
    struct secrets *s, const char *item, GVariant *attributes, const void *kek)
{
	unsigned char *found = sodium_malloc(SLOT_KEY_LEN);
	int r = found ? slot_item_read(s, attributes, found)
		      : TOKENWARD_MODULE_FAILED;

	if (r == TOKENWARD_MODULE_OK && sodium_memcmp(found, kek, SLOT_KEY_LEN))
		r = secrets_say(s, TOKENWARD_MODULE_BROKEN,
		    "%s gave back another key than it was given", s->who);
	if (r != TOKENWARD_MODULE_OK)
		drop(s, item, attributes);
	sodium_free(found);
	return r;
}

int
slot_item_make(struct secrets *s, const char *name, const char *label,
    GVariant *attributes, const unsigned char *kek)
{
	g_autofree char *collection = NULL, *item = NULL;
	g_autoptr(SecretValue) value = secret_value_new(
	    (const char *)kek, SLOT_KEY_LEN, "application/octet-stream");
	int r = find_place(s, name, &collection);

	if (r == TOKENWARD_MODULE_OK)
		r = secrets_create(
		    s, collection, label, attributes, value, FALSE, &item);
	return r ? r : check_stored(s, item, attributes, kek);
}

/* ---- removing ---------------------------------------------------------- */

int
slot_item_delete(struct secrets *s, GVariant *attributes)
{
	g_auto(GStrv) items = NULL;
	unsigned locked, i;
	int r = secrets_find(s, attributes, ITEMS_MAX, &items, &locked);

	if (r != TOKENWARD_MODULE_OK)
		return r == TOKENWARD_MODULE_NONE ? TOKENWARD_MODULE_OK : r;
	for (i = 0; r == TOKENWARD_MODULE_OK && items[i]; i++) {
		if (i >= locked)
			r = secrets_unlock(s, items[i]);
		if (r == TOKENWARD_MODULE_OK)
			r = secrets_delete(s, items[i], attributes);
	}
	return r;
}
