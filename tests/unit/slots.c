/* SPDX-License-Identifier: BSD-2-Clause */
/* One slot: its own key opens it, in its own store, unchanged. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "key/slots.h"
#include "store/header.h"
#include "failing.h"
#include "unit.h"

TestSuite(slots, .fini = unit_cleanup);

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static const unsigned char kek[KEY_LEN] = "a key that wraps, thirty-two byt";
static const unsigned char store_id[STORE_ID_LEN] = "0123456789abcde";

static struct key_slot
make(void)
{
	struct key_slot s = {.id = 2, .kind = strdup("keyfile")};
	struct error err;

	strmap_set(&s.params, "path", "/etc/key");
	randombytes_buf(s.salt, sizeof(s.salt));
	assert_ok(slot_wrap(&s, store_id, kek, master, &err), err);
	return s;
}

static int
open_with(
    const struct key_slot *s, const unsigned char *id, const unsigned char *key)
{
	unsigned char got[KEY_LEN] = {0};
	struct error err;
	int r = slot_unwrap(s, id, key, got, &err);

	if (r == TOKENWARD_OK)
		cr_assert_eq(memcmp(got, master, KEY_LEN), 0);
	else
		cr_assert_neq(memcmp(got, master, KEY_LEN), 0);
	return r;
}

Test(slots, its_key_opens_it)
{
	struct key_slot s = make();

	cr_assert_eq(open_with(&s, store_id, kek), TOKENWARD_OK);
	cr_assert_eq(open_with(&s, store_id, master), TOKENWARD_LOCKED);
	cr_assert_eq(open_with(&s, master, kek), TOKENWARD_LOCKED);
	slot_free(&s);
}

Test(slots, every_member_is_bound)
{
	struct key_slot s = make();

	s.id = 3;
	cr_assert_eq(open_with(&s, store_id, kek), TOKENWARD_LOCKED);
	s.id = 2;
	strmap_set(&s.params, "path", "/etc/key2");
	cr_assert_eq(open_with(&s, store_id, kek), TOKENWARD_LOCKED);
	strmap_set(&s.params, "path", "/etc/key");
	s.kind[0] = 'c';
	cr_assert_eq(open_with(&s, store_id, kek), TOKENWARD_LOCKED);
	s.kind[0] = 'k';
	cr_assert_eq(open_with(&s, store_id, kek), TOKENWARD_OK);
	slot_free(&s);
}

static void
each_bit(struct key_slot *s, unsigned char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len * 8; i++) {
		p[i / 8] ^= 1u << i % 8;
		cr_assert_eq(open_with(s, store_id, kek), TOKENWARD_LOCKED);
		p[i / 8] ^= 1u << i % 8;
	}
}

Test(slots, every_changed_bit_is_found)
{
	struct key_slot s = make();

	each_bit(&s, s.salt, sizeof(s.salt));
	each_bit(&s, s.nonce, sizeof(s.nonce));
	each_bit(&s, s.wrapped, sizeof(s.wrapped));
	each_bit(&s, s.commitment, sizeof(s.commitment));
	slot_free(&s);
}

Test(slots, one_sentence_for_a_wrong_key_and_a_damaged_slot)
{
	struct key_slot s = make();
	unsigned char got[KEY_LEN];
	struct error wrong, broken;

	assert_fails(slot_unwrap(&s, store_id, master, got, &wrong), wrong,
	    TOKENWARD_LOCKED, "keyfile /etc/key does not fit key slot 2");
	s.wrapped[0] ^= 1;
	slot_unwrap(&s, store_id, kek, got, &broken);
	cr_assert_str_eq(wrong.text, broken.text);
	slot_free(&s);
}

static int
decode(const struct buf *list)
{
	struct frame_field f = {.value = list->data, .len = list->len};
	struct key_slot s;
	struct error err = {0};
	int r = slot_decode(&f, &s, &err);

	slot_free(&s);
	return r;
}

/* Encoded without its frame, with one field replaced or left out. */
static void
encode_with(const char *key, const void *value, long len, struct buf *out)
{
	struct key_slot s = make();
	struct buf b = BUF_INIT;
	struct frame_reader r;
	struct frame_field f;
	char name[65];

	slot_encode(&s, "slot", &b);
	frame_open(&r, b.data, b.len);
	frame_next(&r, &f);
	frame_open(&r, f.value, f.len);
	while (frame_next(&r, &f) == 1) {
		snprintf(name, sizeof(name), "%.*s", (int)f.key_len, f.key);
		if (!key || strcmp(name, key) != 0)
			frame_put(out, name, f.value, f.len);
		else if (len >= 0)
			frame_put(out, name, value, (size_t)len);
	}
	buf_free(&b);
	slot_free(&s);
}

Test(slots, odd_fields_are_refused)
{
	static const struct {
		const char *key, *value;
		long len; /* -1: left out */
	} odd[] = {{"id", NULL, -1}, {"id", "0", 1}, {"id", "-1", 2},
	    {"id", "4294967297", 10}, {"kind", "", 0}, {"kind", "../x", 4},
	    {"kind", "Keyfile", 7}, {"kind", "key\0file", 8},
	    {"kind", "keYfile", 7}, {"kind", "key_file", 8},
	    {"kind", "key/file", 8}, {"kind", "key:file", 8},
	    {"kind", "key`", 4}, {"kind", "key{", 4}, {"kind", "`key", 4},
	    {"kind", "{key", 4}, {"kind", "1key", 4}, {"kind", "-key", 4},
	    {"kind", "a2345678901234567890123456789012x", 33},
	    {"salt", "short", 5}, {"wrapped", NULL, -1},
	    {"commitment", "short", 5}, {"params", "\4path", 5},
	    {"params", "\4path\0\0\0\1a\4path\0\0\0\1b", 20}};
	struct buf b = BUF_INIT;
	size_t i;

	encode_with(NULL, NULL, 0, &b);
	cr_assert_eq(decode(&b), TOKENWARD_OK);
	frame_put_str(&b, "kind", "keyfile");
	cr_assert_eq(decode(&b), TOKENWARD_DAMAGED, "a field twice");
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		buf_clear(&b);
		encode_with(odd[i].key, odd[i].value, odd[i].len, &b);
		cr_assert_eq(decode(&b), TOKENWARD_DAMAGED, "%s, row %zu",
		    odd[i].key, i);
	}
	buf_free(&b);
}

Test(slots, kinds_are_names_of_modules)
{
	static const char *const kinds[] = {
	    "a", "z", "key-09az", "a234567890123456789012345678901z"};
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		buf_clear(&b);
		encode_with("kind", kinds[i], (long)strlen(kinds[i]), &b);
		cr_assert_eq(decode(&b), TOKENWARD_OK, "%s", kinds[i]);
	}
	buf_free(&b);
}

Test(slots, no_field_is_there_twice)
{
	static const char *const names[] = {"id", "kind", "created", "params",
	    "salt", "nonce", "wrapped", "commitment"};
	struct buf b = BUF_INIT;
	struct frame_field f;
	unsigned char value[200];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		buf_clear(&b);
		encode_with(NULL, NULL, 0, &b);
		cr_assert(frame_find(b.data, b.len, names[i], &f));
		cr_assert_leq(f.len, sizeof(value));
		memcpy(value, f.value, f.len);
		frame_put(&b, names[i], value, f.len);
		cr_assert_eq(decode(&b), TOKENWARD_DAMAGED, "%s", names[i]);
	}
	buf_free(&b);
}

/* A slot with that many parameters, the values of that length. */
static int
decode_params(unsigned n, size_t len)
{
	struct buf b = BUF_INIT, params = BUF_INIT;
	char key[16], value[4098];
	unsigned i;
	int r;

	memset(value, 'v', len);
	for (i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "p%u", i);
		frame_put(&params, key, value, len);
	}
	encode_with("params", params.data, (long)params.len, &b);
	r = decode(&b);
	buf_free(&b);
	buf_free(&params);
	return r;
}

Test(slots, parameters_have_their_limits)
{
	cr_assert_eq(decode_params(16, 1), TOKENWARD_OK);
	cr_assert_eq(decode_params(17, 1), TOKENWARD_DAMAGED);
	cr_assert_eq(decode_params(1, 4096), TOKENWARD_OK);
	cr_assert_eq(decode_params(1, 4097), TOKENWARD_DAMAGED);
}

Test(slots, nothing_is_wrapped_without_random_numbers)
{
	struct key_slot s = {.id = 2, .kind = strdup("keyfile")};
	static const unsigned char none[SLOT_WRAPPED_LEN];
	struct error err;

	failing_begin("sodium_init", 1, EIO);
	cr_assert_eq(
	    slot_wrap(&s, store_id, kek, master, &err), TOKENWARD_FAILED);
	cr_assert(failing_end());
	cr_assert_eq(err.code, TOKENWARD_FAILED);
	cr_assert(err.text[0]);
	cr_assert_eq(memcmp(s.wrapped, none, sizeof(none)), 0);
	slot_free(&s);
}
