/* SPDX-License-Identifier: BSD-2-Clause */
/* The records of a store in the OS keyring. */
#include <string.h>
#include <tokenward/tokenward.h>
#include "store.h"

#define LABEL_MAX 100
#define PAGE 1000
#define MARGIN_MS 300 /* to answer before the host loses its patience */
#define LEAST_MS 50

struct store {
	char *collection, *label;
	gint64 timeout_ms;
	struct secrets s; /* one connection for the life of the process */
	gboolean is_open;
	GPtrArray *keys; /* of the last each */
};

static const struct tokenward_option options[] = {
    {.name = "collection",
	.type = TOKENWARD_OPTION_TEXT,
	.fallback = "default",
	.help = "where new items go: an alias or a name"},
    {.name = "label",
	.type = TOKENWARD_OPTION_TEXT,
	.fallback = "tokenward",
	.help = "what the items' names in the keyring begin with"},
    {.name = "timeout",
	.type = TOKENWARD_OPTION_DURATION,
	.fallback = "5s",
	.help = "how long the keyring may take for one record"},
    {NULL},
};

static const char *const environment[] = {
    "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", NULL};

static int
start(void **ret_self, const struct tokenward_message *given,
    struct tokenward_message *reply)
{
	const char *label = tokenward_message_text(given, "label");
	struct store *st = g_new0(struct store, 1);

	(void)reply;
	st->collection = g_strdup(tokenward_message_text(given, "collection"));
	st->label = g_utf8_make_valid(label, MIN(strlen(label), LABEL_MAX));
	st->timeout_ms = tokenward_message_number(given, "timeout", 5) * 1000;
	*ret_self = st;
	return TOKENWARD_MODULE_OK;
}

static void
let_go(struct store *st)
{
	if (st->is_open)
		secrets_close(&st->s);
	st->is_open = FALSE;
}

static void
stop(void *self)
{
	struct store *st = self;

	let_go(st);
	g_clear_pointer(&st->keys, g_ptr_array_unref);
	g_free(st->collection);
	g_free(st->label);
	g_free(st);
}

/* ---- one operation ----------------------------------------------------- */

static struct record_place
place_of(const struct store *st)
{
	return (struct record_place){st->collection, st->label};
}

static GVariant *
wanted(const struct tokenward_message *request, const char *key,
    struct tokenward_message *reply)
{
	GVariant *a =
	    record_attributes(tokenward_message_text(request, "store"), key);

	if (!a)
		tokenward_message_say(reply, "this is no key of a record");
	return a;
}

/* Nobody is asked: a record is wanted by jobs as well. */
static int
begin(struct store *st, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	gint64 ms = MIN(st->timeout_ms,
	    tokenward_message_number(request, "time", 5000) - MARGIN_MS);
	int r;

	ms = MAX(ms, LEAST_MS);
	st->s.reply = reply;
	st->s.deadline = g_get_monotonic_time() + ms * 1000;
	if (st->is_open)
		return TOKENWARD_MODULE_OK;
	r = secrets_open(&st->s, reply, ms, 0);
	st->is_open = TRUE;
	return r;
}

/* After a failure the next operation looks who is there, anew. */
static int
end(struct store *st, int result)
{
	if (result != TOKENWARD_MODULE_OK && result != TOKENWARD_MODULE_NONE &&
	    result != TOKENWARD_MODULE_CONFLICT)
		let_go(st);
	return result;
}

/* ---- get, put, remove -------------------------------------------------- */

static int
get(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	struct store *st = self;
	struct record_place place = place_of(st);
	const char *key = tokenward_message_text(request, "key");
	g_autoptr(GVariant) attributes = wanted(request, key ? key : "", reply);
	g_autoptr(GBytes) bytes = NULL;
	char version[RECORD_VERSION_LEN + 1];
	gsize len;
	const void *data;
	int r;

	if (!attributes)
		return TOKENWARD_MODULE_FAILED;
	r = begin(st, request, reply);
	if (r == TOKENWARD_MODULE_OK)
		r = record_read(&st->s, &place, attributes, &bytes, version);
	if (r != TOKENWARD_MODULE_OK)
		return end(st, r);
	data = g_bytes_get_data(bytes, &len);
	tokenward_message_put(reply, "record", data ? data : "", len);
	tokenward_message_put_text(reply, "version", version);
	return r;
}

/* What is there now must be what the caller saw. */
static int
check_version(struct store *st, GVariant *attributes, const char *wanted_one)
{
	struct record_place place = place_of(st);
	g_autoptr(GBytes) bytes = NULL;
	char version[RECORD_VERSION_LEN + 1] = "";
	int r = record_read(&st->s, &place, attributes, &bytes, version);

	if (r != TOKENWARD_MODULE_OK && r != TOKENWARD_MODULE_NONE)
		return r;
	return g_str_equal(version, wanted_one)
		   ? TOKENWARD_MODULE_OK
		   : secrets_say(&st->s, TOKENWARD_MODULE_CONFLICT,
			 "somebody else wrote the record in the meantime");
}

static int
put(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	struct store *st = self;
	struct record_place place = place_of(st);
	const char *key = tokenward_message_text(request, "key");
	const char *version = tokenward_message_text(request, "version");
	g_autoptr(GVariant) attributes = wanted(request, key ? key : "", reply);
	size_t len;
	const void *data = tokenward_message_get(request, "record", &len);
	int r;

	if (!attributes || !data)
		return TOKENWARD_MODULE_FAILED;
	r = begin(st, request, reply);
	if (r == TOKENWARD_MODULE_OK && version)
		r = check_version(st, attributes, version);
	if (r == TOKENWARD_MODULE_OK)
		r = record_write(&st->s, &place, attributes, key, data, len);
	return end(st, r);
}

static int
remove_record(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	struct store *st = self;
	struct record_place place = place_of(st);
	const char *key = tokenward_message_text(request, "key");
	g_autoptr(GVariant) attributes = wanted(request, key ? key : "", reply);
	int r;

	if (!attributes)
		return TOKENWARD_MODULE_FAILED;
	r = begin(st, request, reply);
	if (r == TOKENWARD_MODULE_OK)
		r = record_delete(&st->s, &place, attributes);
	return end(st, r);
}

/* ---- each -------------------------------------------------------------- */

static void
put_page(const GPtrArray *keys, const char *prefix, const char *after,
    struct tokenward_message *reply)
{
	const char *key, *last = NULL;
	guint i, n = 0;

	for (i = 0; i < keys->len; i++) {
		key = keys->pdata[i];
		if ((prefix && !g_str_has_prefix(key, prefix)) ||
		    (after && strcmp(key, after) <= 0))
			continue;
		if (n++ == PAGE) {
			tokenward_message_put_text(reply, "cursor", last);
			return;
		}
		tokenward_message_put_text(reply, "key", key);
		last = key;
	}
}

static int
list_keys(struct store *st, GVariant *attributes)
{
	struct record_place place = place_of(st);

	g_clear_pointer(&st->keys, g_ptr_array_unref);
	return record_keys(&st->s, &place, attributes, &st->keys);
}

/* A later page comes of the list that the first was made of. */
static int
each(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	struct store *st = self;
	const char *cursor = tokenward_message_text(request, "cursor");
	g_autoptr(GVariant) attributes = wanted(request, NULL, reply);
	int r = TOKENWARD_MODULE_OK;

	if (!attributes)
		return TOKENWARD_MODULE_FAILED;
	if (!cursor || !st->keys) {
		r = begin(st, request, reply);
		if (r == TOKENWARD_MODULE_OK)
			r = list_keys(st, attributes);
	}
	if (r != TOKENWARD_MODULE_OK)
		return end(st, r);
	put_page(
	    st->keys, tokenward_message_text(request, "prefix"), cursor, reply);
	return r;
}

const struct tokenward_module secret_service_records = {
    .size = sizeof(secret_service_records),
    .abi = TOKENWARD_MODULE_ABI,
    .kind = "store",
    .name = "secret-service",
    .version = TOKENWARD_VERSION_STRING,
    .summary = "records as items of the OS keyring (Secret Service)",
    .environment = environment,
    .options = options,
    .start = start,
    .stop = stop,
    .store = {.get = get, .put = put, .remove = remove_record, .each = each},
};
