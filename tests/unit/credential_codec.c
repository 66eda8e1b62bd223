/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials written and read: the trip, the limits, the damage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tokenward/types.h>
#include "base/frame.h"
#include "base/secret.h"
#include "mangle.h"
#include "record/record.h"
#include "unit.h"

static void
fill_field(struct credential *c, const struct field *f)
{
	void *at = (char *)c + f->offset;
	char text[80];

	snprintf(text, sizeof(text), "%s of it", f->name);
	if (f->kind == FIELD_TEXT)
		*(char **)at = strdup(text);
	else if (f->kind == FIELD_LIST)
		cr_assert(strlist_add(at, text) && strlist_add(at, ""));
	else if (f->kind == FIELD_MAP)
		cr_assert(
		    strmap_set(at, "k", text) && strmap_set(at, "empty", ""));
	else if (f->kind == FIELD_FLAG)
		*(bool *)at = true;
	else
		*(int64_t *)at = 12345 + (int64_t)f->offset;
}

/* Every field of the table has a value. */
static struct credential *
full(void)
{
	struct credential *c = credential_new();
	struct secret_version *v;
	size_t i;
	int state;

	for (i = 0; i < credential_fields_n; i++)
		fill_field(c, &credential_fields[i]);
	free(c->name);
	c->name = strdup("a.name");
	for (state = 0; state < VERSION_STATE_MAX; state++) {
		v = credential_add_version(c);
		v->state = (enum version_state)state;
		v->basis = (enum date_basis)state;
		v->client_id = state ? strdup("client") : NULL;
		v->added_at = 1700000000;
		v->issued_at = state ? -1 : TOKENWARD_TIME_UNKNOWN;
		v->expires_at = TOKENWARD_TIME_NEVER;
		cr_assert(
		    version_set_secret(v, "client_secret", "s\xc3\xa4", 3));
		cr_assert(version_set_secret(v, "api_key", "k", 1));
	}
	return c;
}

static void
encode(const struct credential *c, struct buf *out)
{
	struct error err;

	assert_ok(credential_encode(c, out, &err), err);
}

static bool
trip(const void *data, size_t len, struct buf *out)
{
	struct credential *c = NULL;
	struct error err = {0};

	if (credential_decode(data, len, &c, &err) != TOKENWARD_OK) {
		cr_assert(c == NULL);
		cr_assert(err.code == TOKENWARD_DAMAGED, "%s", err.text);
		return false;
	}
	assert_ok(credential_encode(c, out, &err), err);
	credential_free(c);
	return true;
}

static const void *
member(const struct credential *c, const char *name)
{
	size_t i;

	for (i = 0; i < credential_fields_n; i++)
		if (strcmp(credential_fields[i].name, name) == 0)
			return (const char *)c + credential_fields[i].offset;
	cr_assert_fail("%s", name);
	return NULL;
}

Test(credential_codec, every_field_makes_the_trip)
{
	struct credential *c = full(), *back;
	struct buf b = BUF_SECRET_INIT, again = BUF_SECRET_INIT;
	struct error err;

	c->generation = 7;
	encode(c, &b);
	assert_ok(credential_decode(b.data, b.len, &back, &err), err);
	encode(back, &again);
	cr_assert(buf_equal(&b, &again));
	cr_assert(memcmp(back->id, c->id, CREDENTIAL_ID_LEN) == 0);
	cr_assert_eq(back->next_number, c->next_number);
	cr_assert_eq(back->generation, 0, "the store says it");
	cr_assert_str_eq(*(char *const *)member(back, "note"), "note of it");
	cr_assert_eq(back->resources.n, 2);
	cr_assert_str_eq(strmap_get(&back->params, "k"), "params of it");
	cr_assert(back->plain_http);
	cr_assert_eq(back->versions_n, 3);
	cr_assert_eq(credential_version(back, VERSION_STAGED)->issued_at,
	    TOKENWARD_TIME_UNKNOWN);
	cr_assert(credential_version(back, VERSION_STAGED)->client_id == NULL);
	cr_assert_eq(version_secret(credential_version(back, VERSION_CURRENT),
			 "client_secret")
			 ->len,
	    3);
	credential_free(c);
	credential_free(back);
	buf_free(&b);
	buf_free(&again);
	cr_assert_eq(secret_in_use(), 0);
}

Test(credential_codec, a_bare_one_makes_the_trip)
{
	struct credential *c = credential_new();
	struct buf b = BUF_SECRET_INIT, again = BUF_SECRET_INIT;

	c->name = strdup("n");
	c->provider = strdup("p");
	encode(c, &b);
	cr_assert(trip(b.data, b.len, &again));
	cr_assert(buf_equal(&b, &again));
	credential_free(c);
	buf_free(&b);
	buf_free(&again);
}

Test(credential_codec, damage_is_refused_or_harmless, .timeout = 60)
{
	struct credential *c = full();
	struct buf b = BUF_SECRET_INIT;

	encode(c, &b);
	mangle(&b, trip);
	credential_free(c);
	buf_free(&b);
	cr_assert_eq(secret_in_use(), 0);
}

static void
base_record(struct buf *b)
{
	buf_clear(b);
	frame_put(b, "id", "0123456789abcdef", 16);
	frame_put_str(b, "name", "n");
	frame_put_str(b, "provider", "p");
}

static void
put_version(struct buf *b, const char *key, const char *value)
{
	size_t mark = frame_begin(b, "version");

	frame_put_str(b, key, value);
	frame_end(b, mark);
}

static void
assert_refused(const struct buf *b, const char *what)
{
	struct buf out = BUF_SECRET_INIT;

	cr_assert(!trip(b->data, b->len, &out), "%s", what);
	buf_free(&out);
}

Test(credential_codec, what_should_not_be_there_is_refused)
{
	static const struct {
		const char *key, *value;
	} top[] =
	    {
		{"unknown", "x"},
		{"secret", "x"},
		{"name", "n"},
		{"provider", "p"},
		{"id", "short"},
		{"plain_http", "2"},
		{"plain_http", "yes"},
		{"warn", "soon"},
		{"vars", "no pair"},
		{"version", "no list"},
	    },
	  version[] = {
	      {"unknown", "x"},
	      {"state", "future"},
	      {"state", ""},
	      {"basis", "guessed"},
	      {"number", "one"},
	      {"secret", "no list"},
	  };
	struct buf b = BUF_SECRET_INIT, out = BUF_SECRET_INIT;
	size_t i;

	base_record(&b);
	cr_assert(trip(b.data, b.len, &out));
	for (i = 0; i < sizeof(top) / sizeof(*top); i++) {
		base_record(&b);
		frame_put_str(&b, top[i].key, top[i].value);
		assert_refused(&b, top[i].key);
	}
	for (i = 0; i < sizeof(version) / sizeof(*version); i++) {
		base_record(&b);
		put_version(&b, version[i].key, version[i].value);
		assert_refused(&b, version[i].key);
	}
	base_record(&b);
	frame_put(&b, "note", "a\0b", 3);
	assert_refused(&b, "a NUL in a text");
	buf_free(&b);
	buf_free(&out);
}

Test(credential_codec, name_and_provider_must_be_there)
{
	static const char *const bad[] = {"", "a b", "../x", "a\n"};
	struct buf b = BUF_SECRET_INIT;
	size_t i;

	assert_refused(&b, "nothing at all");
	frame_put_str(&b, "name", "n");
	assert_refused(&b, "no provider");
	buf_clear(&b);
	frame_put_str(&b, "provider", "p");
	assert_refused(&b, "no name");
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		buf_clear(&b);
		frame_put_str(&b, "provider", "p");
		frame_put_str(&b, "name", bad[i]);
		assert_refused(&b, bad[i]);
	}
	buf_free(&b);
}

static void
put_secret_of(struct buf *b, size_t len)
{
	static const char bytes[RECORD_SECRET_MAX + 1];
	size_t version = frame_begin(b, "version");
	size_t secret = frame_begin(b, "secret");

	frame_put_str(b, "name", "client_secret");
	frame_put(b, "value", bytes, len);
	frame_end(b, secret);
	frame_end(b, version);
}

Test(credential_codec, limits_hold)
{
	struct buf b = BUF_SECRET_INIT, out = BUF_SECRET_INIT;
	unsigned i;

	base_record(&b);
	put_secret_of(&b, RECORD_SECRET_MAX);
	cr_assert(trip(b.data, b.len, &out));
	base_record(&b);
	put_secret_of(&b, RECORD_SECRET_MAX + 1);
	assert_refused(&b, "a secret too long");
	base_record(&b);
	for (i = 0; i < RECORD_VERSIONS_MAX; i++)
		put_version(&b, "number", "1");
	buf_clear(&out);
	cr_assert(trip(b.data, b.len, &out));
	put_version(&b, "number", "1");
	assert_refused(&b, "too many versions");
	buf_free(&b);
	buf_free(&out);
}

Test(credential_codec, too_large_is_said_before_it_is_stored)
{
	struct credential *c = full();
	struct buf b = BUF_SECRET_INIT;
	struct error err;
	int i;

	for (i = 0; i < 5000; i++)
		cr_assert(strlist_add(&c->resources, "urn:x"));
	cr_assert_eq(credential_encode(c, &b, &err), TOKENWARD_USAGE);
	credential_free(c);
	buf_free(&b);
}
