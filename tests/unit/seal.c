/* SPDX-License-Identifier: BSD-2-Clause */
/* Sealing: what was sealed opens, and as nothing else. */
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "store/seal.h"
#include "store/store.h"
#include "unit.h"

TestSuite(seal, .fini = unit_cleanup);

static unsigned char store_id[STORE_ID_LEN] = "a store's number";
static unsigned char index_[INDEX_LEN] = "thirty-two bytes of some record.";
static struct seal_keys keys = {
    "0123456789abcdef0123456789abcde", "nonce6789abcdef0123456789abcdef"};

static struct seal_id
id(void)
{
	return (struct seal_id){.store_id = store_id,
	    .index = index_,
	    .kind = 1,
	    .format = 1,
	    .suite = 1,
	    .epoch = 3,
	    .generation = 7};
}

static void
seal(struct seal_id *which, const void *data, size_t len, struct buf *out)
{
	struct buf plain = BUF_SECRET_INIT;
	struct error err;

	buf_put(&plain, data, len);
	assert_ok(seal_close(which, &keys, &plain, out, &err), err);
	buf_free(&plain);
}

static int
unseal(struct seal_id *which, const struct buf *sealed, struct buf *plain)
{
	struct error err;
	uint64_t generation;
	int r = seal_open(
	    which, &keys, sealed->data, sealed->len, plain, &generation, &err);

	if (r == TOKENWARD_OK)
		cr_assert_eq(generation, which->generation);
	else
		cr_assert_eq(plain->len, 0);
	return r;
}

Test(seal, round_trip_of_every_length_around_the_steps)
{
	static const size_t lengths[] = {0, 1, 254, 255, 256, 511, 512, 1023,
	    1024, 4094, 4095, 4096, 5119, 5120, 100000, SEAL_PLAIN_MAX};
	static unsigned char data[SEAL_PLAIN_MAX];
	struct buf sealed = BUF_INIT, plain = BUF_SECRET_INIT;
	struct seal_id which = id();
	size_t i;

	memset(data, 0x80, sizeof(data));
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		buf_clear(&sealed);
		buf_clear(&plain);
		seal(&which, data, lengths[i], &sealed);
		cr_assert_eq(unseal(&which, &sealed, &plain), TOKENWARD_OK);
		cr_assert_eq(plain.len, lengths[i]);
		cr_assert_eq(memcmp(buf_str(&plain), data, plain.len), 0);
	}
	buf_free(&sealed);
	buf_free(&plain);
}

Test(seal, both_ways_append_to_what_is_there)
{
	struct buf sealed = BUF_INIT, plain = BUF_SECRET_INIT;
	struct seal_id which = id();
	struct error err;
	uint64_t generation;

	buf_put_str(&sealed, "before");
	buf_put_str(&plain, "words ");
	seal(&which, "one", 3, &sealed);
	cr_assert_eq(memcmp(sealed.data, "before", 6), 0);
	cr_assert_eq(sealed.len - 6, SEAL_OUTER_LEN + 256 + SEAL_TAG_LEN);
	assert_ok(seal_open(&which, &keys, sealed.data + 6, sealed.len - 6,
		      &plain, &generation, &err),
	    err);
	cr_assert_str_eq(buf_str(&plain), "words one");
	sealed.data[sealed.len - 1] ^= 1;
	cr_assert_eq(seal_open(&which, &keys, sealed.data + 6, sealed.len - 6,
			 &plain, &generation, &err),
	    TOKENWARD_DAMAGED);
	cr_assert_str_eq(buf_str(&plain), "words one");
	buf_free(&sealed);
	buf_free(&plain);
}

Test(seal, sizes_tell_steps_only)
{
	static const size_t want[][2] = {{0, 256}, {255, 256}, {256, 512},
	    {511, 512}, {512, 1024}, {1024, 2048}, {2048, 4096}, {4095, 4096},
	    {4096, 5120}, {5119, 5120}, {5120, 6144}};
	static unsigned char data[8192];
	struct seal_id which = id();
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct buf sealed = BUF_INIT;

		seal(&which, data, want[i][0], &sealed);
		cr_assert_eq(sealed.len, 112 + want[i][1] + 16);
		buf_free(&sealed);
	}
}

Test(seal, too_large_is_refused)
{
	static unsigned char data[SEAL_PLAIN_MAX + 1];
	struct buf plain = BUF_SECRET_INIT, out = BUF_INIT;
	struct seal_id which = id();
	struct error err;

	buf_put(&plain, data, sizeof(data));
	assert_fails(seal_close(&which, &keys, &plain, &out, &err), err,
	    TOKENWARD_FAILED, "too large");
	buf_free(&plain);
}

Test(seal, every_changed_bit_is_found)
{
	struct buf sealed = BUF_INIT, plain = BUF_SECRET_INIT;
	struct seal_id which = id();
	size_t i;

	seal(&which, "a secret", 8, &sealed);
	for (i = 0; i < sealed.len * 8; i++) {
		sealed.data[i / 8] ^= 1u << i % 8;
		cr_assert_eq(
		    unseal(&which, &sealed, &plain), TOKENWARD_DAMAGED);
		sealed.data[i / 8] ^= 1u << i % 8;
	}
	cr_assert_eq(unseal(&which, &sealed, &plain), TOKENWARD_OK);
	buf_free(&sealed);
	buf_free(&plain);
}

Test(seal, every_cut_is_found)
{
	struct buf sealed = BUF_INIT, plain = BUF_SECRET_INIT;
	struct seal_id which = id();
	size_t whole;

	seal(&which, "a secret", 8, &sealed);
	buf_put_byte(&sealed, 0);
	cr_assert_eq(unseal(&which, &sealed, &plain), TOKENWARD_DAMAGED);
	whole = sealed.len - 1;
	for (sealed.len = 0; sealed.len < whole; sealed.len++)
		cr_assert_eq(
		    unseal(&which, &sealed, &plain), TOKENWARD_DAMAGED);
	buf_free(&sealed);
}

Test(seal, opens_as_that_record_only)
{
	unsigned char other[32] = "another";
	struct buf sealed = BUF_INIT, plain = BUF_SECRET_INIT;
	struct seal_id which = id();

	seal(&which, "a secret", 8, &sealed);
	which.index = other;
	cr_assert_eq(unseal(&which, &sealed, &plain), TOKENWARD_DAMAGED);
	which = id();
	which.store_id = other;
	cr_assert_eq(unseal(&which, &sealed, &plain), TOKENWARD_DAMAGED);
	which = id();
	which.kind = 2;
	cr_assert_eq(unseal(&which, &sealed, &plain), TOKENWARD_DAMAGED);
	which = id();
	which.epoch = 4;
	cr_assert_eq(unseal(&which, &sealed, &plain), TOKENWARD_DAMAGED);
	which = id();
	which.suite = 2;
	cr_assert_eq(unseal(&which, &sealed, &plain), TOKENWARD_DAMAGED);
	buf_free(&sealed);
}

Test(seal, two_writes_share_nothing)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	struct seal_id which = id();

	seal(&which, "a secret", 8, &a);
	seal(&which, "a secret", 8, &b);
	cr_assert_neq(memcmp(a.data + 24, b.data + 24, 32), 0, "salt");
	cr_assert_neq(memcmp(a.data + 56, b.data + 56, 24), 0, "nonce");
	cr_assert_neq(memcmp(a.data + 80, b.data + 80, 32), 0, "commitment");
	buf_free(&a);
	buf_free(&b);
}

/* A virtual machine that was copied gives the same random bytes twice. */
static void
same_bytes(void *const p, const size_t len)
{
	memset(p, 0x5a, len);
}

static uint32_t
same_number(void)
{
	return 4;
}

static const char *
same_name(void)
{
	return "constant";
}

Test(seal, nonces_differ_though_the_random_bytes_do_not)
{
	static randombytes_implementation constant = {
	    .implementation_name = same_name,
	    .random = same_number,
	    .buf = same_bytes};
	struct buf a = BUF_INIT, b = BUF_INIT, c = BUF_INIT;
	struct seal_id which = id();

	randombytes_set_implementation(&constant);
	seal(&which, "a secret", 8, &a);
	seal(&which, "b secret", 8, &b);
	seal(&which, "a secret", 8, &c);
	cr_assert_eq(memcmp(a.data + 24, b.data + 24, 32), 0, "same salt");
	cr_assert_neq(memcmp(a.data + 56, b.data + 56, 24), 0, "nonce");
	cr_assert_eq(memcmp(a.data, c.data, a.len), 0);
	buf_free(&a);
	buf_free(&b);
	buf_free(&c);
}

/* The numbers of the manual page, computed by another implementation. */
Test(seal, subkeys_are_those_of_the_manual)
{
	static const char *const want[] = {
#include "subkeys.h"
	};
	unsigned char master[32], key[32];
	char hex[65];
	size_t i;

	for (i = 0; i < 32; i++)
		master[i] = (unsigned char)i;
	for (i = 0; i < 6; i++) {
		subkey_derive((enum subkey)i, master, key);
		sodium_bin2hex(hex, sizeof(hex), key, sizeof(key));
		cr_assert_str_eq(hex, want[i]);
	}
}

/* ---- what only a forger with the key could write ----------------------- */

/* Seals a text as it is, with no padding of ours. */
static void
seal_raw(const struct seal_id *which, const unsigned char *text, size_t len,
    struct buf *out)
{
	unsigned char both[64], *outer = out->data;
	cleanup_buf struct buf associated = BUF_INIT;
	crypto_generichash_state st;

	crypto_generichash_init(&st, keys.record, SEAL_KEY_LEN, 64);
	crypto_generichash_update(&st, outer + 24, 32);
	crypto_generichash_update(&st, which->store_id, STORE_ID_LEN);
	crypto_generichash_update(&st, outer + 10, 1);
	crypto_generichash_update(&st, which->index, INDEX_LEN);
	crypto_generichash_update(&st, outer + 12, 4);
	crypto_generichash_update(&st, outer + 16, 8);
	crypto_generichash_final(&st, both, 64);
	memcpy(outer + 80, both + 32, 32);
	buf_put(&associated, outer, SEAL_OUTER_LEN);
	buf_put(&associated, which->store_id, STORE_ID_LEN);
	buf_put(&associated, which->index, INDEX_LEN);
	out->len = SEAL_OUTER_LEN;
	crypto_aead_xchacha20poly1305_ietf_encrypt(
	    buf_room(out, len + SEAL_TAG_LEN), NULL, text, len, associated.data,
	    associated.len, NULL, out->data + 56, both);
	out->len += len + SEAL_TAG_LEN;
}

static const struct {
	size_t at; /* of the last byte that is not zero; 256: there is none */
	unsigned char byte;
	const char *fault; /* NULL: it opens */
} paddings[] = {
    {255, 0x80, NULL},
    {3, 0x80, NULL},
    {0, 0x80, NULL},
    {3, 0x81, "its padding is wrong"},
    {0, 0x01, "its padding is wrong"},
    {256, 0x00, "its padding is wrong"},
};

Test(seal, a_text_without_its_end_is_refused)
{
	size_t i;

	for (i = 0; i < sizeof(paddings) / sizeof(paddings[0]); i++) {
		struct buf sealed = BUF_INIT, plain = BUF_SECRET_INIT;
		unsigned char text[256] = {0};
		struct seal_id which = id();
		uint64_t generation;
		struct error err;
		int r;

		if (paddings[i].at < 256)
			text[paddings[i].at] = paddings[i].byte;
		seal(&which, "", 0, &sealed);
		seal_raw(&which, text, sizeof(text), &sealed);
		buf_put_str(&plain, "x");
		r = seal_open(&which, &keys, sealed.data, sealed.len, &plain,
		    &generation, &err);
		cr_assert_eq(r == TOKENWARD_OK, !paddings[i].fault, "%zu", i);
		cr_assert(!r || strcmp(err.text, paddings[i].fault) == 0);
		cr_assert_eq(plain.len, r ? 1 : 1 + paddings[i].at);
		buf_free(&sealed);
		buf_free(&plain);
	}
}

Test(seal, what_no_store_would_write_is_not_opened)
{
	struct buf sealed = BUF_INIT, plain = BUF_SECRET_INIT;
	struct seal_id which = id();
	uint64_t generation;
	struct error err;

	seal(&which, "", 0, &sealed);
	cr_assert_not_null(buf_room(&sealed, SEAL_MAX));
	memset(sealed.data + sealed.len, 0, SEAL_MAX);
	assert_fails(seal_open(&which, &keys, sealed.data, SEAL_MAX + 1, &plain,
			 &generation, &err),
	    err, TOKENWARD_DAMAGED, "it is too large");
	assert_fails(seal_open(&which, &keys, sealed.data, SEAL_MAX, &plain,
			 &generation, &err),
	    err, TOKENWARD_DAMAGED, "its content was changed");
	assert_fails(seal_open(&which, &keys, sealed.data, sealed.len - 1,
			 &plain, &generation, &err),
	    err, TOKENWARD_DAMAGED, "it is cut short");
	buf_free(&sealed);
	buf_free(&plain);
}
