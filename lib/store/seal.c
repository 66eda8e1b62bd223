/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One record, one key: the record key comes from the kind's subkey and from
 * everything that identifies this write, so no two writes share a key.  The
 * commitment beside it is compared before the ciphertext is looked at,
 * because Poly1305 alone does not bind a ciphertext to one key.
 */
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "store/seal.h"
#include "store/store.h"

#define SALT_LEN 32
#define NONCE_LEN 24
#define COMMIT_LEN 32

/* Stack that libsodium may leave pieces of plain text on. */
#define SCRATCH 8192

static const unsigned char magic[8] = {
    0x89, 'T', 'W', 'R', '\r', '\n', 0x1a, '\n'};

/* The outer header, by offset. */
enum {
	AT_FORMAT = 8,
	AT_SUITE = 9,
	AT_KIND = 10,
	AT_ZERO = 11,
	AT_EPOCH = 12,
	AT_GENERATION = 16,
	AT_SALT = 24,
	AT_NONCE = 56,
	AT_COMMIT = 80
};
_Static_assert(AT_COMMIT + COMMIT_LEN == SEAL_OUTER_LEN, "112 bytes");

static const struct {
	const char context[crypto_kdf_CONTEXTBYTES + 1];
	uint64_t number;
} subkeys[] = {
    [SUBKEY_HEADER] = {"twheader", 1},
    [SUBKEY_INDEX] = {"tw-index", 1},
    [SUBKEY_TOKENS] = {"twtokens", 1},
    [SUBKEY_TOKENS_NONCE] = {"twtokens", 2},
    [SUBKEY_CREDENTIALS] = {"tw-creds", 1},
    [SUBKEY_CREDENTIALS_NONCE] = {"tw-creds", 2},
    [SUBKEY_KEPT] = {"twheader", 2},
    [SUBKEY_EXPORT] = {"twexport", 1},
};

void
subkey_derive(
    enum subkey which, const unsigned char *master, unsigned char *ret)
{
	crypto_kdf_derive_from_key(ret, SEAL_KEY_LEN, subkeys[which].number,
	    subkeys[which].context, master);
}

/* 256, 512, ... 4096, then steps of 1024: a length tells little. */
static size_t
padded(size_t len)
{
	size_t want = 256;

	while (want < 4096 && want < len + 1)
		want *= 2;
	return want >= len + 1 ? want : (len + 1024) / 1024 * 1024;
}

/* Key, then commitment; 64 bytes of the arena, NULL: no memory. */
static unsigned char *
record_key(const struct seal_id *id, const struct seal_keys *keys,
    const unsigned char *outer)
{
	unsigned char *both = secret_alloc(SEAL_KEY_LEN + COMMIT_LEN);
	crypto_generichash_state st;

	if (!both)
		return NULL;
	crypto_generichash_init(&st, keys->record, SEAL_KEY_LEN, 64);
	crypto_generichash_update(&st, outer + AT_SALT, SALT_LEN);
	crypto_generichash_update(&st, id->store_id, STORE_ID_LEN);
	crypto_generichash_update(&st, outer + AT_KIND, 1);
	crypto_generichash_update(&st, id->index, INDEX_LEN);
	crypto_generichash_update(&st, outer + AT_EPOCH, 4);
	crypto_generichash_update(&st, outer + AT_GENERATION, 8);
	crypto_generichash_final(&st, both, 64);
	wipe(&st, sizeof(st));
	return both;
}

static void
put_associated(
    struct buf *b, const struct seal_id *id, const unsigned char *outer)
{
	buf_put(b, outer, SEAL_OUTER_LEN);
	buf_put(b, id->store_id, STORE_ID_LEN);
	buf_put(b, id->index, INDEX_LEN);
}

/*
 * From fresh random bytes and from the message: should the random bytes
 * ever come twice (a copied virtual machine), two messages still differ.
 */
static void
make_nonce(const struct seal_keys *keys, const struct buf *associated,
    const struct buf *plain, unsigned char *ret)
{
	unsigned char fresh[NONCE_LEN];
	crypto_generichash_state st;

	randombytes_buf(fresh, sizeof(fresh));
	crypto_generichash_init(&st, keys->nonce, SEAL_KEY_LEN, NONCE_LEN);
	crypto_generichash_update(&st, fresh, sizeof(fresh));
	crypto_generichash_update(&st, associated->data, associated->len);
	crypto_generichash_update(&st, plain->data, plain->len);
	crypto_generichash_final(&st, ret, NONCE_LEN);
	wipe(&st, sizeof(st));
}

static void
put_outer(struct buf *b, const struct seal_id *id)
{
	static const unsigned char zero[NONCE_LEN + COMMIT_LEN];
	unsigned char salt[SALT_LEN];

	randombytes_buf(salt, sizeof(salt));
	buf_put(b, magic, sizeof(magic));
	buf_put_byte(b, id->format);
	buf_put_byte(b, id->suite);
	buf_put_byte(b, id->kind);
	buf_put_byte(b, 0);
	buf_put_u32(b, id->epoch);
	buf_put_u64(b, id->generation);
	buf_put(b, salt, sizeof(salt));
	buf_put(b, zero, sizeof(zero));
}

static bool
put_padded(struct buf *b, const struct buf *plain)
{
	size_t want = padded(plain->len);
	unsigned char *room = buf_room(b, want);

	if (!room)
		return false;
	memset(room, 0, want);
	if (plain->len)
		memcpy(room, plain->data, plain->len);
	room[plain->len] = 0x80;
	b->len += want;
	return true;
}

/* outer stands in out already, with salt, without nonce and commitment. */
static int
encrypt(const struct seal_id *id, const struct seal_keys *keys,
    const struct buf *text, struct buf *out, size_t start, struct error *err)
{
	cleanup_buf struct buf associated = BUF_INIT;
	unsigned char *room = buf_room(out, text->len + SEAL_TAG_LEN);
	unsigned char *outer = room ? out->data + start : NULL;
	unsigned char *key = room ? record_key(id, keys, outer) : NULL;

	if (!key)
		return error_memory(err);
	memcpy(outer + AT_COMMIT, key + SEAL_KEY_LEN, COMMIT_LEN);
	put_associated(&associated, id, outer);
	if (associated.failed) {
		secret_free(key);
		return error_memory(err);
	}
	make_nonce(keys, &associated, text, outer + AT_NONCE);
	memcpy(associated.data + AT_NONCE, outer + AT_NONCE, NONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(room, NULL, text->data,
	    text->len, associated.data, associated.len, NULL, outer + AT_NONCE,
	    key);
	sodium_stackzero(SCRATCH);
	out->len += text->len + SEAL_TAG_LEN;
	secret_free(key);
	return TOKENWARD_OK;
}

int
seal_close(const struct seal_id *id, const struct seal_keys *keys,
    const struct buf *plain, struct buf *out, struct error *err)
{
	cleanup_buf struct buf text = BUF_SECRET_INIT;
	size_t start = out->len;

	if (plain->len > SEAL_PLAIN_MAX)
		return error_set(err, TOKENWARD_FAILED,
		    "the record is too large: %zu bytes, at most %u",
		    plain->len, SEAL_PLAIN_MAX);
	if (sodium_init() < 0)
		return error_set(err, TOKENWARD_FAILED,
		    "the system gives no random numbers");
	put_outer(out, id);
	if (out->failed || !put_padded(&text, plain))
		return error_memory(err);
	return encrypt(id, keys, &text, out, start, err);
}

uint64_t
seal_generation(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t generation;

	if (len < SEAL_OUTER_LEN || memcmp(p, magic, sizeof(magic)) != 0)
		return 0;
	generation = get_u64(p + AT_GENERATION);
	return generation <= INT64_MAX ? generation : 0;
}

uint32_t
seal_epoch(const void *data, size_t len)
{
	const unsigned char *p = data;

	return seal_generation(data, len) ? get_u32(p + AT_EPOCH) : 0;
}

static const char *
outer_fault(const struct seal_id *id, const unsigned char *p, size_t len)
{
	if (len < SEAL_OUTER_LEN + 256 + SEAL_TAG_LEN)
		return "it is cut short";
	if (len > SEAL_MAX)
		return "it is too large";
	if (seal_generation(p, len) == 0)
		return "it does not begin as a record does";
	if (p[AT_FORMAT] != id->format || p[AT_SUITE] != id->suite)
		return "its format is not the one of the store";
	if (p[AT_KIND] != id->kind || p[AT_ZERO] != 0)
		return "it is of another kind";
	if (get_u32(p + AT_EPOCH) != id->epoch)
		return "it was sealed with another master key";
	return NULL;
}

/* The text ends with 0x80 and zeros; false when it does not. */
static bool
unpad(struct buf *b, size_t start)
{
	size_t end = b->len;

	while (end > start && b->data[end - 1] == 0)
		end--;
	if (end == start || b->data[end - 1] != 0x80)
		return false;
	b->len = end - 1;
	b->data[b->len] = 0;
	return true;
}

static int
decrypt(const struct seal_id *id, const unsigned char *outer, size_t text_len,
    const unsigned char *key, struct buf *out, struct error *err)
{
	cleanup_buf struct buf associated = BUF_INIT;
	unsigned char *room = buf_room(out, text_len);
	size_t start = out->len;
	int wrong;

	put_associated(&associated, id, outer);
	if (!room || associated.failed)
		return error_memory(err);
	wrong = crypto_aead_xchacha20poly1305_ietf_decrypt(room, NULL, NULL,
	    outer + SEAL_OUTER_LEN, text_len + SEAL_TAG_LEN, associated.data,
	    associated.len, outer + AT_NONCE, key);
	sodium_stackzero(SCRATCH);
	if (wrong)
		return error_set(
		    err, TOKENWARD_DAMAGED, "its content was changed");
	out->len += text_len;
	if (unpad(out, start))
		return TOKENWARD_OK;
	wipe(room, text_len);
	out->len = start;
	return error_set(err, TOKENWARD_DAMAGED, "its padding is wrong");
}

int
seal_open(const struct seal_id *id, const struct seal_keys *keys,
    const void *data, size_t len, struct buf *out, uint64_t *ret_generation,
    struct error *err)
{
	const unsigned char *outer = data;
	const char *fault = outer_fault(id, outer, len);
	unsigned char *key;
	int r;

	*ret_generation = seal_generation(data, len);
	if (fault)
		return error_set(err, TOKENWARD_DAMAGED, "%s", fault);
	key = record_key(id, keys, outer);
	if (!key)
		return error_memory(err);
	if (sodium_memcmp(key + SEAL_KEY_LEN, outer + AT_COMMIT, COMMIT_LEN) !=
	    0)
		r = error_set(err, TOKENWARD_DAMAGED,
		    "it is not the record of that name in this store, or its "
		    "first bytes were changed");
	else
		r = decrypt(id, outer, len - SEAL_OUTER_LEN - SEAL_TAG_LEN, key,
		    out, err);
	secret_free(key);
	return r;
}
