/* SPDX-License-Identifier: BSD-2-Clause */
/* The registered clients: built in by each vendor, changed by tests. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "tokend.h"

static struct client *first;

static const struct member members[] = {
    {"vendor", MEMBER_TEXT, offsetof(struct client, vendor)},
    {"client_id", MEMBER_TEXT, offsetof(struct client, id)},
    {"client_secret", MEMBER_TEXT, offsetof(struct client, secret)},
    {"also", MEMBER_TEXT, offsetof(struct client, also)},
    {"method", MEMBER_TEXT, offsetof(struct client, method)},
    {"scopes", MEMBER_TEXT, offsetof(struct client, scopes)},
    {"disabled", MEMBER_BOOL, offsetof(struct client, disabled)},
    {"remove", MEMBER_BOOL, offsetof(struct client, remove)},
    {"issued_at", MEMBER_INT, offsetof(struct client, issued_at)},
    {"lifetime", MEMBER_INT, offsetof(struct client, lifetime)},
    {0},
};

static void
client_free(struct client *c)
{
	if (c == NULL)
		return;
	members_free(members, c);
	free(c);
}

static struct client *
client_new(struct vendor *v)
{
	struct client *c = xcalloc(1, sizeof(*c));

	c->owner = v;
	c->issued_at = now();
	c->lifetime = v->secret_lifetime;
	return c;
}

static struct client **
slot(const struct vendor *v, const char *id)
{
	struct client **at = &first;

	while (*at != NULL && ((*at)->owner != v || strcmp((*at)->id, id) != 0))
		at = &(*at)->next;
	return at;
}

static void
forget(const struct vendor *v, const char *id)
{
	struct client **at = slot(v, id), *old = *at;

	if (old != NULL)
		*at = old->next;
	client_free(old);
}

static void
remember(struct client *c)
{
	forget(c->owner, c->id);
	c->next = first;
	first = c;
}

void
clients_free(void)
{
	while (first != NULL) {
		struct client *c = first;

		first = c->next;
		client_free(c);
	}
}

void
clients_reset(void)
{
	clients_free();
	for (size_t i = 0; vendors[i] != NULL; i++) {
		const struct builtin *b = vendors[i]->clients;

		for (; b->id != NULL; b++) {
			struct client *c = client_new(vendors[i]);

			c->vendor = xstrdup(vendors[i]->name);
			c->id = xstrdup(b->id);
			c->secret = xstrdup(b->secret);
			c->method = xstrdup(b->method);
			c->scopes = xstrdup(b->scopes);
			remember(c);
		}
	}
}

/* Fills what was not said; a sentence if it cannot be. */
static char *
complete(struct client *c)
{
	if (c->id == NULL || c->id[0] == '\0')
		return text("\"client_id\" is wanted");
	if (c->remove)
		return NULL;
	if (c->secret == NULL)
		return text("\"client_secret\" is wanted");
	if (c->method == NULL)
		c->method = xstrdup(c->owner->clients->method);
	if (!has_word("basic post any", c->method))
		return text("\"method\" is basic, post or any");
	if (c->scopes == NULL)
		c->scopes = xstrdup(c->owner->clients->scopes);
	return NULL;
}

char *
clients_change(struct json_object *obj)
{
	struct json_object *name = json_object_object_get(obj, "vendor");
	struct vendor *v = vendor_find(json_object_get_string(name));
	struct client *c;
	char *wrong;

	if (v == NULL)
		return text("\"vendor\" must name one");
	c = client_new(v);
	wrong = members_read(members, obj, c);
	if (wrong == NULL)
		wrong = complete(c);
	if (wrong == NULL && !c->remove) {
		remember(c);
		return NULL;
	}
	if (wrong == NULL)
		forget(v, c->id);
	client_free(c);
	return wrong;
}

static void
put_text(struct json_object *obj, const char *name, const char *value)
{
	if (value != NULL)
		json_object_object_add(
		    obj, name, json_object_new_string(value));
}

struct json_object *
clients_json(void)
{
	struct json_object *list = json_object_new_array(), *obj;

	for (const struct client *c = first; c != NULL; c = c->next) {
		obj = json_object_new_object();
		put_text(obj, "vendor", c->owner->name);
		put_text(obj, "client_id", c->id);
		put_text(obj, "client_secret", c->secret);
		put_text(obj, "also", c->also);
		put_text(obj, "method", c->method);
		put_text(obj, "scopes", c->scopes);
		json_object_object_add(
		    obj, "disabled", json_object_new_boolean(c->disabled));
		json_object_object_add(
		    obj, "issued_at", json_object_new_int64(c->issued_at));
		json_object_object_add(
		    obj, "lifetime", json_object_new_int64(c->lifetime));
		json_object_array_add(list, obj);
	}
	return list;
}

const struct client *
client_find(const struct vendor *v, const char *id)
{
	return *slot(v, id);
}

static bool
secret_fits(const struct client *c, const char *secret)
{
	return strcmp(c->secret, secret) == 0 ||
	       (c->also != NULL && strcmp(c->also, secret) == 0);
}

/* A secret is dead from the very second its lifetime is over. */
enum verdict
client_check(const struct vendor *v, const char *id, const char *secret,
    const struct client **ret)
{
	const struct client *c = id == NULL ? NULL : client_find(v, id);

	if (c == NULL)
		return CLIENT_UNKNOWN;
	if (secret == NULL || !secret_fits(c, secret))
		return CLIENT_WRONG;
	if (c->disabled)
		return CLIENT_DISABLED;
	if (c->lifetime > 0 && now() >= c->issued_at + c->lifetime)
		return CLIENT_EXPIRED;
	*ret = c;
	return CLIENT_OK;
}

bool
client_may(const struct client *c, const char *want)
{
	bool may = true;
	char *copy = xstrdup(want), *rest = copy, *word;

	while (may && (word = strsep(&rest, " ")) != NULL)
		may = *word != '\0' && has_word(c->scopes, word);
	free(copy);
	return may;
}
