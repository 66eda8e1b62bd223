/* SPDX-License-Identifier: BSD-2-Clause */
/* Tokens records written and read: the trip, the limits, the damage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/frame.h"
#include "base/secret.h"
#include "mangle.h"
#include "record/record.h"
#include "unit.h"

static struct now
some_time(int64_t wall)
{
	struct now t = {.wall_ms = wall, .boot_ms = wall / 2};

	memcpy(
	    t.boot_id, "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", BOOT_ID_LEN);
	return t;
}

static void
fill_token(struct token *v, int64_t i)
{
	buf_put(&v->value, "to\0ken", 6);
	buf_put_str(&v->refresh, i ? "refresh" : "");
	v->type = strdup("Bearer");
	v->scope = i ? strdup("a b") : NULL;
	v->version = i;
	v->asked = some_time(1700000000000 + i);
	v->life = i ? TOKEN_LIFE_NEVER : 3600;
	v->assumed = i == 1;
	v->rejected = i == 2;
	v->successor = i == 3;
	v->reissue = (enum reissue)(i % REISSUE_MAX);
	v->renews_below = 1800;
	v->use_in = strdup("header");
	v->use_name = strdup("Authorization");
	v->use_format = strdup("Bearer {token}");
	cr_assert(strmap_set(&v->keep, "instance_url", "https://x"));
	cr_assert(strmap_set(&v->use_headers, "x-tenant", "t"));
}

static void
full(struct tokens *t)
{
	static const char *const shapes[] = {"", "0123456789abcdef", "x", "y"};
	struct gate *g;
	int64_t i;

	*t = (struct tokens){.flight = {some_time(5), 99},
	    .credential_generation = 12,
	    .secret_ends_at = 1800000000,
	    .secret_warn_at = 1790000000,
	    .last_ok = some_time(77),
	    .last_ok_version = 3};
	for (i = 0; i < 4; i++)
		fill_token(tokens_put(t, shapes[i]), i);
	for (i = 1; i < GATE_MAX; i++) {
		g = tokens_set_gate(
		    t, (enum gate_kind)i, i == 1 ? NULL : "key");
		g->code = (int)i + 4;
		g->since = some_time(i);
		g->last = some_time(1000 * i);
		g->wait_ms = 60000;
		g->failures = (unsigned)i;
		g->reason = strdup("because (HTTP 500)");
	}
}

static bool
trip(const void *data, size_t len, struct buf *out)
{
	struct tokens t = {0};
	struct error err = {0};

	if (tokens_decode(data, len, &t, &err) != TOKENWARD_OK) {
		cr_assert(t.v == NULL && t.gates == NULL);
		cr_assert(err.code == TOKENWARD_DAMAGED, "%s", err.text);
		return false;
	}
	assert_ok(tokens_encode(&t, out, &err), err);
	tokens_free(&t);
	return true;
}

Test(tokens_codec, every_member_makes_the_trip)
{
	struct tokens t, back;
	struct buf b = BUF_SECRET_INIT, again = BUF_SECRET_INIT;
	struct error err;

	full(&t);
	assert_ok(tokens_encode(&t, &b, &err), err);
	assert_ok(tokens_decode(b.data, b.len, &back, &err), err);
	assert_ok(tokens_encode(&back, &again, &err), err);
	cr_assert(buf_equal(&b, &again));
	cr_assert_eq(back.n, 4);
	cr_assert_eq(back.gates_n, 4);
	cr_assert_eq(back.flight.deadline_ms, 99);
	cr_assert_eq(back.credential_generation, 12);
	cr_assert_eq(back.secret_ends_at, 1800000000);
	cr_assert_eq(back.secret_warn_at, 1790000000);
	cr_assert_eq(back.v[0].value.len, 6);
	cr_assert(back.v[0].value.secret && back.v[0].refresh.secret);
	cr_assert(back.v[1].life == TOKEN_LIFE_NEVER && back.v[1].assumed);
	cr_assert(back.v[3].successor && !back.v[2].successor);
	cr_assert(back.v[2].rejected && back.v[2].reissue == REISSUE_EXTENDS);
	cr_assert_str_eq(
	    strmap_get(&back.v[0].keep, "instance_url"), "https://x");
	cr_assert_eq(back.gates[3].failures, 4);
	cr_assert(memcmp(&back.gates[3].last, &t.gates[3].last,
		      sizeof(struct now)) == 0);
	tokens_free(&t);
	tokens_free(&back);
	buf_free(&b);
	buf_free(&again);
	cr_assert_eq(secret_in_use(), 0);
}

Test(tokens_codec, an_empty_record_is_one)
{
	struct tokens t = {0};
	struct buf b = BUF_SECRET_INIT, again = BUF_SECRET_INIT;
	struct error err;

	assert_ok(tokens_encode(&t, &b, &err), err);
	cr_assert(trip(b.data, b.len, &again));
	cr_assert(buf_equal(&b, &again));
	assert_ok(tokens_decode("", 0, &t, &err), err);
	buf_free(&b);
	buf_free(&again);
}

Test(tokens_codec, damage_is_refused_or_harmless, .timeout = 60)
{
	struct tokens t;
	struct buf b = BUF_SECRET_INIT;
	struct error err;

	full(&t);
	assert_ok(tokens_encode(&t, &b, &err), err);
	mangle(&b, trip);
	tokens_free(&t);
	buf_free(&b);
	cr_assert_eq(secret_in_use(), 0);
}

static void
put_token(struct buf *b, const char *key, const char *value, size_t len)
{
	size_t mark = frame_begin(b, "token");

	frame_put_str(b, "use_in", "header");
	frame_put_str(b, "use_name", "Authorization");
	frame_put_str(b, "use_format", "{token}");
	if (key)
		frame_put(b, key, value, len);
	frame_end(b, mark);
}

static void
put_gate(struct buf *b, const char *key, const char *value)
{
	size_t mark = frame_begin(b, "gate");

	if (strcmp(key, "kind") != 0)
		frame_put_str(b, "kind", "1");
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

Test(tokens_codec, what_should_not_be_there_is_refused)
{
	static const struct {
		const char *key, *value;
	} top[] =
	    {
		{"unknown", "x"},
		{"flight_deadline", "soon"},
		{"last_ok", "no list"},
		{"token", "no list"},
		{"gate", "no list"},
	    },
	  token[] =
	      {
		  {"unknown", "x"},
		  {"use_in", "twice"},
		  {"reissue", "4"},
		  {"reissue", "-1"},
		  {"rejected", "2"},
		  {"life", "long"},
		  {"asked", "now"},
		  {"keep", "no pair"},
	      },
	  gate[] = {
	      {"unknown", "x"},
	      {"kind", "0"},
	      {"kind", "5"},
	      {"kind", "-1"},
	      {"code", "13"},
	      {"failures", "-1"},
	      {"failures", "99999999999"},
	      {"wait", "long"},
	  };
	struct buf b = BUF_SECRET_INIT;
	size_t i;

	for (i = 0; i < sizeof(top) / sizeof(*top); i++) {
		buf_clear(&b);
		frame_put_str(&b, top[i].key, top[i].value);
		assert_refused(&b, top[i].key);
	}
	for (i = 0; i < sizeof(token) / sizeof(*token); i++) {
		buf_clear(&b);
		put_token(
		    &b, token[i].key, token[i].value, strlen(token[i].value));
		assert_refused(&b, token[i].key);
	}
	for (i = 0; i < sizeof(gate) / sizeof(*gate); i++) {
		buf_clear(&b);
		put_gate(&b, gate[i].key, gate[i].value);
		assert_refused(&b, gate[i].key);
	}
	buf_free(&b);
}

Test(tokens_codec, limits_hold)
{
	static const char bytes[RECORD_SECRET_MAX + 1];
	struct buf b = BUF_SECRET_INIT, out = BUF_SECRET_INIT;
	char shape[16];
	unsigned i;

	put_token(&b, "value", bytes, RECORD_SECRET_MAX);
	cr_assert(trip(b.data, b.len, &out));
	buf_clear(&b);
	put_token(&b, "value", bytes, RECORD_SECRET_MAX + 1);
	assert_refused(&b, "a token too long");
	buf_clear(&b);
	for (i = 0; i <= RECORD_TOKENS_MAX; i++) {
		snprintf(shape, sizeof(shape), "%u", i);
		put_token(&b, "shape", shape, strlen(shape));
		buf_clear(&out);
		cr_assert_eq(
		    trip(b.data, b.len, &out), i < RECORD_TOKENS_MAX, "%u", i);
	}
	buf_free(&b);
	buf_free(&out);
}
