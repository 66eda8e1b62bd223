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
#include "slot_item.h"

#define SCHEMA "org.tokenward.Key"
#define ITEM_LEN 16 /* the salt: a copied store has the same numbers */
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

/* By which it is found though enroll was cut short: the slot's salt. */
static gboolean
number_of(const struct tokenward_message *request, char *item)
{
	size_t len;
	const void *salt = tokenward_message_get(request, "salt", &len);

	if (!salt || len != ITEM_LEN)
		return FALSE;
	sodium_bin2hex(item, 2 * ITEM_LEN + 1, salt, len);
	return TRUE;
}

/* ---- how long ---------------------------------------------------------- */

static int
begin(const struct key *k, const struct tokenward_message *request,
    struct tokenward_message *reply, struct secrets *s)
{
	gint64 all =
	    tokenward_message_number(request, "time", 5000) - MARGIN_MS;
	gint64 machine = CLAMP(k->timeout_ms, LEAST_MS, MAX(all, LEAST_MS));
	gint64 human = 0, end = g_get_monotonic_time() + all * 1000;
	int r;

	if (tokenward_message_number(request, "human", 0) == 1)
		human = CLAMP(k->dialog_ms, 0, MAX(all - machine, 0));
	r = secrets_open(s, reply, machine, human);
	s->end = end;
	s->asks = TRUE;
	return r;
}

/* ---- open -------------------------------------------------------------- */

static int
open_slot(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	g_autoptr(GVariant) attributes = wanted(request);
	unsigned char *kek;
	struct secrets s;
	int r;

	if (!attributes) {
		tokenward_message_say(reply,
		    "the slot's parameters are damaged: they name no item of "
		    "a keyring");
		return TOKENWARD_MODULE_BROKEN;
	}
	kek = sodium_malloc(SLOT_KEY_LEN);
	if (!kek)
		return TOKENWARD_MODULE_FAILED;
	r = begin(self, request, reply, &s);
	if (r == TOKENWARD_MODULE_OK)
		r = slot_item_read(&s, attributes, kek);
	secrets_close(&s);
	if (r == TOKENWARD_MODULE_OK)
		tokenward_message_put(reply, "kek", kek, SLOT_KEY_LEN);
	sodium_free(kek);
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

static int
enroll(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	char item[2 * ITEM_LEN + 1];
	g_autoptr(GVariant) attributes = NULL;
	g_autofree char *label = label_of(self, request);
	unsigned char *kek = sodium_malloc(SLOT_KEY_LEN);
	struct secrets s;
	int r;

	if (number_of(request, item))
		attributes = attributes_of(request, item);
	if (!kek || !attributes) {
		sodium_free(kek);
		return TOKENWARD_MODULE_FAILED;
	}
	randombytes_buf(kek, SLOT_KEY_LEN);
	r = begin(self, request, reply, &s);
	if (r == TOKENWARD_MODULE_OK)
		r = slot_item_make(&s, ((struct key *)self)->collection, label,
		    attributes, kek);
	secrets_close(&s);
	if (r == TOKENWARD_MODULE_OK) {
		tokenward_message_put(reply, "kek", kek, SLOT_KEY_LEN);
		tokenward_message_put_text(reply, "param.item", item);
	}
	sodium_free(kek);
	return r;
}

/* ---- forget ------------------------------------------------------------ */

static int
forget(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	g_autoptr(GVariant) attributes = wanted(request);
	char item[2 * ITEM_LEN + 1];
	struct secrets s;
	int r;

	if (!tokenward_message_text(request, "param.item") &&
	    number_of(request, item))
		attributes = attributes_of(request, item);
	if (!attributes)
		return TOKENWARD_MODULE_NONE;
	r = begin(self, request, reply, &s);
	if (r == TOKENWARD_MODULE_OK)
		r = slot_item_delete(&s, attributes);
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
