/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A record as an item of the OS keyring.  Its attributes say which store and
 * which record by numbers alone; its secret is the sealed bytes as base64
 * text, so that a keyring's program has something to show.
 *
 * A keyring that is locked may hide what it has: where nothing is found it
 * is asked first whether it is open, or a record would be gone by a lock.
 */
#include <string.h>
#include "store.h"

#define SCHEMA "org.tokenward.Record"
#define COPIES_MAX 16
#define RECORDS_MAX 100000
#define RECORD_MAX (4u << 20)
#define KEY_MAX 128

/* ---- which ------------------------------------------------------------- */

static gboolean
is_made_of(const char *text, const char *allowed, size_t most)
{
	size_t len = text ? strlen(text) : 0;

	return len > 0 && len <= most && strspn(text, allowed) == len;
}

GVariant *
record_attributes(const char *store, const char *key)
{
	GVariantBuilder b;

	if (!is_made_of(store, "0123456789abcdef", 32) ||
	    (key && !is_made_of(key, "abcdefghijklmnopqrstuvwxyz0123456789/.-",
			KEY_MAX)))
		return NULL;
	g_variant_builder_init(&b, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&b, "{ss}", "xdg:schema", SCHEMA);
	g_variant_builder_add(&b, "{ss}", "store", store);
	if (key)
		g_variant_builder_add(&b, "{ss}", "record", key);
	return g_variant_ref_sink(g_variant_builder_end(&b));
}

/* ---- finding ----------------------------------------------------------- */

static int
check_open(struct secrets *s, const struct record_place *place, char **ret)
{
	g_autofree char *path = NULL;
	int r = secrets_collection(s, place->collection, &path);

	if (r == TOKENWARD_MODULE_OK)
		r = secrets_unlock(s, path);
	if (r == TOKENWARD_MODULE_OK && ret)
		*ret = g_steal_pointer(&path);
	return r;
}

/* The unlocked items; one that is locked is a keyring that is. */
static int
find(struct secrets *s, const struct record_place *place, GVariant *attributes,
    unsigned max, char ***ret)
{
	g_auto(GStrv) items = NULL;
	unsigned locked;
	int r = secrets_find(s, attributes, max, &items, &locked);

	if (r == TOKENWARD_MODULE_NONE) {
		r = check_open(s, place, NULL);
		return r ? r : TOKENWARD_MODULE_NONE;
	}
	if (r == TOKENWARD_MODULE_OK && items[locked])
		r = secrets_unlock(s, items[locked]);
	if (r == TOKENWARD_MODULE_OK)
		*ret = g_steal_pointer(&items);
	return r;
}

/* ---- reading ----------------------------------------------------------- */

static void
make_version(const char *text, size_t len, char *ret)
{
	g_autofree char *sum = g_compute_checksum_for_data(
	    G_CHECKSUM_SHA256, (const guchar *)text, len);

	memcpy(ret, sum, RECORD_VERSION_LEN);
	ret[RECORD_VERSION_LEN] = '\0';
}

static int
decode(struct secrets *s, SecretValue *value, GBytes **ret, char *ret_version)
{
	gsize len, out_len;
	const char *text = secret_value_get(value, &len);
	g_autofree char *again = NULL;
	guchar *bytes;

	/* Base64 has one spelling for each record, or it was changed. */
	if (len > 0 && (memchr(text, 0, len) || len % 4 != 0))
		bytes = NULL;
	else
		bytes = g_base64_decode(text, &out_len);
	if (bytes)
		again = g_base64_encode(bytes, out_len);
	if (!again || strlen(again) != len || memcmp(again, text, len) != 0) {
		g_free(bytes);
		return secrets_say(s, TOKENWARD_MODULE_BROKEN,
		    "the keyring's item is no record: it was changed there");
	}
	make_version(text, len, ret_version);
	*ret = g_bytes_new_take(bytes, out_len);
	return TOKENWARD_MODULE_OK;
}

int
record_read(struct secrets *s, const struct record_place *place,
    GVariant *attributes, GBytes **ret, char *ret_version)
{
	g_auto(GStrv) items = NULL;
	g_autoptr(SecretValue) value = NULL;
	int r = find(s, place, attributes, 1, &items);

	if (r == TOKENWARD_MODULE_OK)
		r = secrets_read(
		    s, items[0], attributes, RECORD_MAX / 3 * 4 + 8, &value);
	return r ? r : decode(s, value, ret, ret_version);
}

/* ---- writing ----------------------------------------------------------- */

/* Beside the one there is, whatever is wished for new ones. */
static int
find_collection(struct secrets *s, const struct record_place *place,
    GVariant *attributes, char **ret)
{
	g_auto(GStrv) items = NULL;
	int r = find(s, place, attributes, 1, &items);

	if (r == TOKENWARD_MODULE_NONE) {
		r = check_open(s, place, ret);
		if (r != TOKENWARD_MODULE_OK ||
		    !g_str_has_suffix(*ret, "/collection/session"))
			return r;
		return secrets_say(s, TOKENWARD_MODULE_FAILED,
		    "the keyring's collection \"session\" is gone after the "
		    "login: records need another one (option collection=)");
	}
	if (r == TOKENWARD_MODULE_OK)
		*ret = g_path_get_dirname(items[0]);
	return r;
}

/* "tokenward: tokens 1a2b3c4d" */
static char *
make_label(const struct record_place *place, const char *key)
{
	g_auto(GStrv) parts = g_strsplit(key, "/", 2);

	return g_strdup_printf("%s: %.11s %.8s", place->label,
	    parts[1] ? parts[0] : "record", parts[1] ? parts[1] : parts[0]);
}

/* Not every keyring replaces what has the same attributes. */
static int
drop_others(struct secrets *s, const struct record_place *place,
    GVariant *attributes, const char *item)
{
	g_auto(GStrv) items = NULL;
	unsigned i;
	int r = find(s, place, attributes, COPIES_MAX, &items);

	/* One that it named for the new one and is not may be the only one. */
	if (r == TOKENWARD_MODULE_OK &&
	    !g_strv_contains((const char *const *)items, item))
		return secrets_say(s, TOKENWARD_MODULE_BROKEN,
		    "%s does not find the item that it made", s->who);
	for (i = 0; r == TOKENWARD_MODULE_OK && items[i]; i++)
		if (!g_str_equal(items[i], item))
			r = secrets_delete(s, items[i], attributes);
	return r == TOKENWARD_MODULE_NONE ? TOKENWARD_MODULE_OK : r;
}

/* What was acknowledged is there: it is asked for again. */
static int
check_stored(struct secrets *s, const struct record_place *place,
    GVariant *attributes, const char *text, size_t len)
{
	char wanted[RECORD_VERSION_LEN + 1], found[RECORD_VERSION_LEN + 1];
	g_autoptr(GBytes) bytes = NULL;
	int r = record_read(s, place, attributes, &bytes, found);

	make_version(text, len, wanted);
	if (r == TOKENWARD_MODULE_NONE ||
	    (r == TOKENWARD_MODULE_OK && !g_str_equal(wanted, found)))
		return secrets_say(s, TOKENWARD_MODULE_FAILED,
		    "%s took a record, and does not give it back", s->who);
	return r;
}

int
record_write(struct secrets *s, const struct record_place *place,
    GVariant *attributes, const char *key, const void *data, size_t len)
{
	g_autofree char *text = g_base64_encode(data, len);
	g_autofree char *label = make_label(place, key);
	g_autofree char *collection = NULL, *item = NULL;
	g_autoptr(SecretValue) value =
	    secret_value_new(text, (gssize)strlen(text), "text/plain");
	int r = find_collection(s, place, attributes, &collection);

	if (r == TOKENWARD_MODULE_OK)
		r = secrets_create(
		    s, collection, label, attributes, value, TRUE, &item);
	if (r == TOKENWARD_MODULE_OK)
		r = drop_others(s, place, attributes, item);
	return r ? r : check_stored(s, place, attributes, text, strlen(text));
}

int
record_delete(
    struct secrets *s, const struct record_place *place, GVariant *attributes)
{
	g_auto(GStrv) items = NULL;
	unsigned i;
	int r = find(s, place, attributes, COPIES_MAX, &items);

	if (r != TOKENWARD_MODULE_OK)
		return r == TOKENWARD_MODULE_NONE ? TOKENWARD_MODULE_OK : r;
	for (i = 0; r == TOKENWARD_MODULE_OK && items[i]; i++)
		r = secrets_delete(s, items[i], attributes);
	return r;
}

/* ---- all --------------------------------------------------------------- */

static int
take_key(struct secrets *s, const char *item, const char *store, GPtrArray *out)
{
	g_autoptr(GVariant) all = NULL;
	const char *key, *of;
	int r = secrets_property(
	    s, item, SECRETS_INTERFACE "Item", "Attributes", "a{ss}", &all);

	if (r != TOKENWARD_MODULE_OK)
		return r == TOKENWARD_MODULE_NONE ? TOKENWARD_MODULE_OK : r;
	if (g_variant_lookup(all, "store", "&s", &of) &&
	    g_str_equal(of, store) &&
	    g_variant_lookup(all, "record", "&s", &key) &&
	    strlen(key) <= KEY_MAX) {
		g_ptr_array_add(out, g_strdup(key));
		return TOKENWARD_MODULE_OK;
	}
	return secrets_say(s, TOKENWARD_MODULE_BROKEN,
	    "%s gave an item that is no record of this store", s->who);
}

static int
compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted; one that is there twice counts once. */
static void
sort(GPtrArray *keys)
{
	guint i;

	g_ptr_array_sort(keys, compare);
	for (i = keys->len; i-- > 1;)
		if (g_str_equal(keys->pdata[i], keys->pdata[i - 1]))
			g_ptr_array_remove_index(keys, i);
}

int
record_keys(struct secrets *s, const struct record_place *place,
    GVariant *attributes, GPtrArray **ret)
{
	g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) items = NULL;
	const char *store;
	unsigned i;
	int r = find(s, place, attributes, RECORDS_MAX, &items);

	g_variant_lookup(attributes, "store", "&s", &store);
	for (i = 0; r == TOKENWARD_MODULE_OK && items[i]; i++)
		r = take_key(s, items[i], store, keys);
	if (r != TOKENWARD_MODULE_OK && r != TOKENWARD_MODULE_NONE)
		return r;
	sort(keys);
	*ret = g_steal_pointer(&keys);
	return TOKENWARD_MODULE_OK;
}
