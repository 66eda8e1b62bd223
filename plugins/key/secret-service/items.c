/* SPDX-License-Identifier: BSD-2-Clause */
/* Collections and items of the Secret Service. */
#include <string.h>
#include "secrets.h"

#define SERVICE SECRETS_INTERFACE "Service"
#define COLLECTION SECRETS_INTERFACE "Collection"
#define ITEM SECRETS_INTERFACE "Item"
#define COLLECTIONS SECRETS_ROOT "/collection/"
#define COLLECTIONS_MAX 100
#define BLOCK 16 /* of the cipher on the bus: what it adds at most */

/* ---- collections ------------------------------------------------------- */

/* "login" of /org/freedesktop/secrets/collection/login/12. */
static char *
subject_of(const char *path)
{
	const char *name;

	if (!g_str_has_prefix(path, COLLECTIONS))
		return g_strdup("the keyring");
	name = path + strlen(COLLECTIONS);
	return g_strdup_printf("the keyring's collection \"%.*s\"",
	    (int)MIN(strcspn(name, "/"), 64), name);
}

static gboolean
has_label(struct secrets *s, const char *path, const char *label)
{
	g_autoptr(GVariant) value = NULL;

	return secrets_property(s, path, COLLECTION, "Label", "s", &value) ==
		   0 &&
	       g_str_equal(g_variant_get_string(value, NULL), label);
}

static int
by_name(struct secrets *s, const char *name, char **ret)
{
	g_autoptr(GVariant) all = NULL;
	GVariantIter iter;
	const char *path;
	int n = 0;
	int r = secrets_property(
	    s, SECRETS_ROOT, SERVICE, "Collections", "ao", &all);

	if (r != TOKENWARD_MODULE_OK)
		return r;
	g_variant_iter_init(&iter, all);
	while (n++ < COLLECTIONS_MAX && g_variant_iter_next(&iter, "&o", &path))
		if (g_str_equal(strrchr(path, '/') + 1, name) ||
		    has_label(s, path, name)) {
			*ret = g_strdup(path);
			return TOKENWARD_MODULE_OK;
		}
	return secrets_say(s, TOKENWARD_MODULE_NONE,
	    "the keyring has no collection \"%.64s\"", name);
}

int
secrets_collection(struct secrets *s, const char *name, char **ret)
{
	g_autoptr(GVariant) reply = NULL;
	const char *path;
	int r = secrets_call(s, SECRETS_ROOT, SERVICE, "ReadAlias",
	    g_variant_new("(s)", name), "(o)", &reply);

	if (r != TOKENWARD_MODULE_OK)
		return r;
	g_variant_get(reply, "(&o)", &path);
	if (!g_str_equal(path, "/")) {
		*ret = g_strdup(path);
		return TOKENWARD_MODULE_OK;
	}
	if (!g_str_equal(name, "default"))
		return by_name(s, name, ret);
	return secrets_say(s, TOKENWARD_MODULE_AWAY,
	    "the keyring has no default collection: log in on the desktop "
	    "once, or make one with its program (Passwords and Keys)");
}

/* ---- unlocking --------------------------------------------------------- */

static int
unlock(struct secrets *s, const char *path, const char *subject)
{
	g_autoptr(GVariant) reply = NULL, result = NULL;
	const char *prompt;
	int r = secrets_call(s, SECRETS_ROOT, SERVICE, "Unlock",
	    g_variant_new("(^ao)", (const char *const[]){path, NULL}), "(aoo)",
	    &reply);

	if (r != TOKENWARD_MODULE_OK)
		return r;
	g_variant_get(reply, "(@ao&o)", NULL, &prompt);
	return secrets_prompt(s, prompt, subject, &result);
}

/* A collection or an item: both have the property. */
int
secrets_unlock(struct secrets *s, const char *path)
{
	g_autofree char *subject = subject_of(path);
	g_autoptr(GVariant) before = NULL, after = NULL;
	const char *interface = g_str_has_prefix(path, COLLECTIONS) &&
					!strchr(path + strlen(COLLECTIONS), '/')
				    ? COLLECTION
				    : ITEM;
	int r = secrets_property(s, path, interface, "Locked", "b", &before);

	if (r || !g_variant_get_boolean(before))
		return r;
	if (!s->answer_within)
		return secrets_locked(s, subject);
	r = unlock(s, path, subject);
	if (r == TOKENWARD_MODULE_OK)
		r = secrets_property(s, path, interface, "Locked", "b", &after);
	if (r || !g_variant_get_boolean(after))
		return r;
	return secrets_locked(s, subject);
}

/* ---- items ------------------------------------------------------------- */

static unsigned
take_paths(GVariant *paths, unsigned max, GPtrArray *out)
{
	GVariantIter iter;
	char *path;

	g_variant_iter_init(&iter, paths);
	while (out->len < max && g_variant_iter_next(&iter, "o", &path))
		g_ptr_array_add(out, path);
	return out->len;
}

int
secrets_find(struct secrets *s, GVariant *attributes, unsigned max,
    char ***ret_paths, unsigned *ret_locked)
{
	g_autoptr(GVariant) reply = NULL, unlocked = NULL, locked_ones = NULL;
	GPtrArray *paths;
	int r = secrets_call(s, SECRETS_ROOT, SERVICE, "SearchItems",
	    g_variant_new("(@a{ss})", attributes), "(aoao)", &reply);

	if (r != TOKENWARD_MODULE_OK)
		return r;
	g_variant_get(reply, "(@ao@ao)", &unlocked, &locked_ones);
	paths = g_ptr_array_new();
	*ret_locked = take_paths(unlocked, max, paths);
	r = take_paths(locked_ones, max, paths) ? TOKENWARD_MODULE_OK
						: TOKENWARD_MODULE_NONE;
	g_ptr_array_add(paths, NULL);
	*ret_paths = (char **)g_ptr_array_free(paths, FALSE);
	return r;
}

static gboolean
has_attributes(GVariant *all, GVariant *wanted)
{
	GVariantIter iter;
	const char *key, *value, *found;

	g_variant_iter_init(&iter, wanted);
	while (g_variant_iter_next(&iter, "{&s&s}", &key, &value))
		if (!g_variant_lookup(all, key, "&s", &found) ||
		    !g_str_equal(found, value))
			return FALSE;
	return TRUE;
}

static int
check_attributes(struct secrets *s, const char *item, GVariant *wanted)
{
	g_autoptr(GVariant) all = NULL;
	int r = secrets_property(s, item, ITEM, "Attributes", "a{ss}", &all);

	if (r || has_attributes(all, wanted))
		return r;
	return secrets_say(s, TOKENWARD_MODULE_BROKEN,
	    "%s gave another item than it was asked for", s->who);
}

static int
too_long(struct secrets *s, size_t len, size_t max)
{
	return secrets_say(s, TOKENWARD_MODULE_BROKEN,
	    "%s gave a secret of %zu bytes: %zu is the most there could be, "
	    "so it was changed in the keyring",
	    s->who, len, max);
}

static int
decode(struct secrets *s, GVariant *secret, size_t max, SecretValue **ret)
{
	g_autoptr(GVariant) bytes = g_variant_get_child_value(secret, 2);
	gsize len = 0;

	if (g_variant_n_children(bytes) > max + BLOCK)
		return too_long(s, g_variant_n_children(bytes), max);
	*ret = secret_service_decode_dbus_secret(s->session, secret);
	if (!*ret)
		return secrets_say(s, TOKENWARD_MODULE_FAILED,
		    "%s did not keep to the protocol: what it gave does not "
		    "decrypt",
		    s->who);
	secret_value_get(*ret, &len);
	if (len <= max)
		return TOKENWARD_MODULE_OK;
	g_clear_pointer(ret, secret_value_unref);
	return too_long(s, len, max);
}

int
secrets_read(struct secrets *s, const char *item, GVariant *attributes,
    size_t max, SecretValue **ret)
{
	g_autoptr(GVariant) reply = NULL, secret = NULL;
	int r = check_attributes(s, item, attributes);

	if (r == TOKENWARD_MODULE_OK)
		r = secrets_session(s);
	if (r == TOKENWARD_MODULE_OK)
		r = secrets_call(s, item, ITEM, "GetSecret",
		    g_variant_new("(o)",
			secret_service_get_session_dbus_path(s->session)),
		    "((oayays))", &reply);
	if (r != TOKENWARD_MODULE_OK)
		return r;
	secret = g_variant_get_child_value(reply, 0);
	return decode(s, secret, max, ret);
}

static GVariant *
properties(const char *label, GVariant *attributes)
{
	GVariantBuilder b;

	g_variant_builder_init(&b, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(
	    &b, "{sv}", ITEM ".Label", g_variant_new_string(label));
	g_variant_builder_add(&b, "{sv}", ITEM ".Attributes", attributes);
	return g_variant_builder_end(&b);
}

/* Of a reply, or of a question that was answered. */
static int
take_item(struct secrets *s, const char *direct, GVariant *asked, char **ret)
{
	const char *path = direct;

	if (asked && g_variant_is_of_type(asked, G_VARIANT_TYPE_OBJECT_PATH))
		path = g_variant_get_string(asked, NULL);
	if (g_str_equal(path, "/"))
		return secrets_say(s, TOKENWARD_MODULE_FAILED,
		    "%s made no item, and does not say why", s->who);
	*ret = g_strdup(path);
	return TOKENWARD_MODULE_OK;
}

int
secrets_create(struct secrets *s, const char *collection, const char *label,
    GVariant *attributes, SecretValue *value, gboolean replace, char **ret)
{
	g_autoptr(GVariant) reply = NULL, asked = NULL;
	g_autofree char *subject = subject_of(collection);
	const char *path, *prompt;
	int r = secrets_session(s);

	if (r == TOKENWARD_MODULE_OK)
		r = secrets_call(s, collection, COLLECTION, "CreateItem",
		    g_variant_new("(@a{sv}@(oayays)b)",
			properties(label, attributes),
			secret_service_encode_dbus_secret(s->session, value),
			replace),
		    "(oo)", &reply);
	if (r != TOKENWARD_MODULE_OK)
		return r;
	g_variant_get(reply, "(&o&o)", &path, &prompt);
	r = secrets_prompt(s, prompt, subject, &asked);
	return r ? r : take_item(s, path, asked, ret);
}

/* What is taken away is looked at before: it might be somebody else's. */
static int
check_item(struct secrets *s, const char *item, GVariant *attributes)
{
	g_autoptr(GVariant) all = NULL;
	GVariantIter iter;
	const char *key, *value, *found;
	int r = secrets_property(s, item, ITEM, "Attributes", "a{ss}", &all);

	g_variant_iter_init(&iter, attributes);
	while (r == TOKENWARD_MODULE_OK &&
	       g_variant_iter_next(&iter, "{&s&s}", &key, &value))
		if (!g_variant_lookup(all, key, "&s", &found) ||
		    !g_str_equal(found, value))
			return secrets_say(s, TOKENWARD_MODULE_BROKEN,
			    "%s gave another item than it was asked for",
			    s->who);
	return r;
}

int
secrets_delete(struct secrets *s, const char *item, GVariant *attributes)
{
	g_autoptr(GVariant) reply = NULL, asked = NULL;
	g_autofree char *subject = subject_of(item);
	const char *prompt;
	int r = check_item(s, item, attributes);

	if (r == TOKENWARD_MODULE_OK)
		r = secrets_call(s, item, ITEM, "Delete", NULL, "(o)", &reply);
	if (r == TOKENWARD_MODULE_NONE)
		return TOKENWARD_MODULE_OK; /* by somebody else */
	if (r != TOKENWARD_MODULE_OK)
		return r;
	g_variant_get(reply, "(&o)", &prompt);
	return secrets_prompt(s, prompt, subject, &asked);
}
