/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A key slot in the OS keyring: 32 random bytes, an item of their own.  Its
 * attributes say which store and slot, by numbers, and nothing of what the
 * store holds: keyrings keep attributes in plain text.
 */
#include <string.h>
#include <sodium.h>
#include <tokenward/tokenward.h>
#include "key.h"
#include "secrets.h"

#define SCHEMA "org.tokenward.Key"
#define KEY_LEN 32
#define ITEM_LEN 16 /* random: a copied store has the same numbers */
#define ITEMS_MAX 8
#define LABEL_MAX 200
#define MARGIN_MS 300 /* to answer before the host loses its patience */
#define LEAST_MS 50

struct key {
	char *collection;
	char *label; /* NULL: made of the store's path */
	gint64 timeout_ms, dialog_ms;
};

static const struct tokenward_option options[] = {
    {.name = "collection",
	.type = TOKENWARD_OPTION_TEXT,
	.fallback = "default",
	.help = "where new items go: an alias or a name"},
    {.name = "label",
	.type = TOKENWARD_OPTION_TEXT,
	.help = "what new items are called in the keyring"},
    {.name = "timeout",
	.type = TOKENWARD_OPTION_DURATION,
	.fallback = "3s",
	.help = "how long the keyring may take"},
    {.name = "dialog",
	.type = TOKENWARD_OPTION_DURATION,
	.fallback = "90s",
	.help = "how long its question to a human may take"},
    {NULL},
};

static const char *const environment[] = {"DBUS_SESSION_BUS_ADDRESS", "DISPLAY",
    "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", NULL};

static int
start(void **ret_self, const struct tokenward_message *given,
    struct tokenward_message *reply)
{
	struct key *k;

	if (sodium_init() < 0)
		return TOKENWARD_MODULE_FAILED;
	(void)reply;
	k = g_new0(struct key, 1);
	k->collection = g_strdup(tokenward_message_text(given, "collection"));
	k->label = g_strdup(tokenward_message_text(given, "label"));
	k->timeout_ms = tokenward_message_number(given, "timeout", 3) * 1000;
	k->dialog_ms = tokenward_message_number(given, "dialog", 90) * 1000;
	*ret_self = k;
	return TOKENWARD_MODULE_OK;
}

static void
stop(void *self)
{
	struct key *k = self;

	g_free(k->collection);
	g_free(k->label);
	g_free(k);
}

/* ---- which item -------------------------------------------------------- */

static gboolean
is_hex(const char *text, size_t len)
{
	return text && strlen(text) == len &&
	       strspn(text, "0123456789abcdef") == len;
}

/* NULL: the slot has no item of ours, whatever its parameters say. */
static GVariant *
attributes_of(const struct tokenward_message *request, const char *item)
{
	const char *store = tokenward_message_text(request, "store");
	g_autofree char *slot = g_strdup_printf("%" G_GINT64_FORMAT,
	    (gint64)tokenward_message_number(request, "slot", 0));
	GVariantBuilder b;

	if (!is_hex(store, 32) || !is_hex(item, 2 * ITEM_LEN))
		return NULL;
	g_variant_builder_init(&b, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&b, "{ss}", "xdg:schema", SCHEMA);
	g_variant_builder_add(&b, "{ss}", "store", store);
	g_variant_builder_add(&b, "{ss}", "slot", slot);
	g_variant_builder_add(&b, "{ss}", "item", item);
	return g_variant_ref_sink(g_variant_builder_end(&b));
}

static GVariant *
wanted(const struct tokenward_message *request)
{
	return attributes_of(
	    request, tokenward_message_text(request, "param.item"));
}

/* ---- how long ---------------------------------------------------------- */

static int
begin(const struct key *k, const struct tokenward_message *request,
    struct tokenward_message *reply, struct secrets *s)
{
	gint64 all =
	    tokenward_message_number(request, "time", 5000) - MARGIN_MS;
	gint64 machine = CLAMP(k->timeout_ms, LEAST_MS, MAX(all, LEAST_MS));
	gint64 human = 0;

	if (tokenward_message_number(request, "human", 0) == 1)
		human = CLAMP(k->dialog_ms, 0, MAX(all - machine, 0));
	return secrets_open(s, reply, machine, human);
}

/* ---- open -------------------------------------------------------------- */

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

	if (len != KEY_LEN)
		return secrets_say(s, TOKENWARD_MODULE_BROKEN,
		    "the keyring's item for this slot holds %zu bytes, no key "
		    "of 32: it was changed there; remove this slot and add a "
		    "new one",
		    (size_t)len);
	memcpy(kek, bytes, KEY_LEN);
	return TOKENWARD_MODULE_OK;
}

static int
read_key(struct secrets *s, GVariant *attributes, void *kek)
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
		r = secrets_read(s, items[0], attributes, KEY_LEN, &value);
	return r ? r : take_key(s, value, kek);
}

static int
open_slot(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	g_autoptr(GVariant) attributes = wanted(request);
	void *kek = tokenward_message_room(reply, "kek", KEY_LEN);
	struct secrets s;
	int r;

	if (!attributes) {
		tokenward_message_say(reply,
		    "the slot's parameters are damaged: they name no item of "
		    "a keyring");
		return TOKENWARD_MODULE_BROKEN;
	}
	if (!kek)
		return TOKENWARD_MODULE_FAILED;
	r = begin(self, request, reply, &s);
	if (r == TOKENWARD_MODULE_OK)
		r = read_key(&s, attributes, kek);
	secrets_close(&s);
	return r;
}

/* ---- enroll ------------------------------------------------------------ */

static char *
label_of(const struct key *k, const struct tokenward_message *request)
{
	const char *arg = tokenward_message_text(request, "arg");
	const char *path = tokenward_message_text(request, "path");
	const char *label = arg && *arg ? arg : k->label;

	if (label)
		return g_utf8_make_valid(label, MIN(strlen(label), LABEL_MAX));
	return g_strdup_printf("tokenward: key of store %.150s", path);
}

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

/* What was acknowledged is there: it is looked up as open will do. */
static int
check_stored(
    struct secrets *s, const char *item, GVariant *attributes, const void *kek)
{
	unsigned char *found = sodium_malloc(KEY_LEN);
	int r =
	    found ? read_key(s, attributes, found) : TOKENWARD_MODULE_FAILED;

	if (r == TOKENWARD_MODULE_OK && sodium_memcmp(found, kek, KEY_LEN))
		r = secrets_say(s, TOKENWARD_MODULE_BROKEN,
		    "%s gave back another key than it was given", s->who);
	if (r != TOKENWARD_MODULE_OK)
		secrets_delete(s, item);
	sodium_free(found);
	return r;
}

static int
store_key(struct secrets *s, const struct key *k, const char *label,
    GVariant *attributes, const void *kek)
{
	g_autofree char *collection = NULL, *item = NULL;
	g_autoptr(SecretValue) value =
	    secret_value_new(kek, KEY_LEN, "application/octet-stream");
	int r = find_place(s, k->collection, &collection);

	if (r == TOKENWARD_MODULE_OK)
		r = secrets_create(
		    s, collection, label, attributes, value, FALSE, &item);
	return r ? r : check_stored(s, item, attributes, kek);
}

static int
enroll(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	unsigned char random[ITEM_LEN];
	char item[2 * ITEM_LEN + 1];
	g_autoptr(GVariant) attributes = NULL;
	g_autofree char *label = label_of(self, request);
	void *kek = tokenward_message_room(reply, "kek", KEY_LEN);
	struct secrets s;
	int r;

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(item, sizeof(item), random, sizeof(random));
	attributes = attributes_of(request, item);
	if (!kek || !attributes)
		return TOKENWARD_MODULE_FAILED;
	randombytes_buf(kek, KEY_LEN);
	r = begin(self, request, reply, &s);
	if (r == TOKENWARD_MODULE_OK)
		r = store_key(&s, self, label, attributes, kek);
	secrets_close(&s);
	tokenward_message_put_text(reply, "param.item", item);
	return r;
}

/* ---- forget ------------------------------------------------------------ */

static int
delete_all(struct secrets *s, GVariant *attributes)
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
			r = secrets_delete(s, items[i]);
	}
	return r;
}

static int
forget(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	g_autoptr(GVariant) attributes = wanted(request);
	struct secrets s;
	int r;

	if (!attributes)
		return TOKENWARD_MODULE_NONE;
	r = begin(self, request, reply, &s);
	if (r == TOKENWARD_MODULE_OK)
		r = delete_all(&s, attributes);
	secrets_close(&s);
	return r;
}

const struct tokenward_module secret_service_key = {
    .size = sizeof(secret_service_key),
    .abi = TOKENWARD_MODULE_ABI,
    .kind = "key",
    .name = "secret-service",
    .version = TOKENWARD_VERSION_STRING,
    .summary = "a key in the OS keyring (Secret Service)",
    .capabilities = "slow",
    .environment = environment,
    .options = options,
    .start = start,
    .stop = stop,
    .key = {.enroll = enroll, .open = open_slot, .forget = forget},
};
