/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wrapping the master key.  The wrapping key and a commitment to it come
 * from the method's key and from all that identifies the slot; the
 * commitment is compared first, so a wrong key never reaches the cipher.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "key/slots.h"
#include "store/header.h"

#define PARAMS_MAX 16u
#define PARAM_LEN_MAX 4096u

void
slot_free(struct key_slot *slot)
{
	free(slot->kind);
	strmap_free(&slot->params);
	*slot = (struct key_slot){0};
}

const struct key_slot *
slot_find(const struct key_slot *v, size_t n, uint32_t id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].id == id)
			return &v[i];
	return NULL;
}

static void
put_params(struct buf *b, const struct strmap *params)
{
	size_t i;

	for (i = 0; i < params->n; i++)
		frame_put_str(b, params->v[i].key, params->v[i].value);
}

/* "slot", store, number, method, parameters, salt: what a key is for. */
static void
put_binding(
    struct buf *b, const struct key_slot *slot, const unsigned char *store_id)
{
	cleanup_buf struct buf params = BUF_INIT;

	put_params(&params, &slot->params);
	buf_put(b, "slot", 4);
	buf_put(b, store_id, STORE_ID_LEN);
	buf_put_u32(b, slot->id);
	buf_put_byte(b, (unsigned char)strlen(slot->kind));
	buf_put_str(b, slot->kind);
	buf_put_u32(b, (uint32_t)params.len);
	buf_put(b, params.data, params.len);
	buf_put(b, slot->salt, SLOT_SALT_LEN);
	b->failed |= params.failed;
}

/* Wrapping key, then commitment, in the arena; NULL: no memory. */
static unsigned char *
slot_keys(const struct buf *binding, const unsigned char *kek)
{
	unsigned char *both =
	    binding->failed ? NULL : secret_alloc(KEY_LEN + SLOT_COMMIT_LEN);

	if (both)
		crypto_generichash(both, KEY_LEN + SLOT_COMMIT_LEN,
		    binding->data, binding->len, kek, KEY_LEN);
	return both;
}

int
slot_wrap(struct key_slot *slot, const unsigned char *store_id,
    const unsigned char *kek, const unsigned char *master, struct error *err)
{
	cleanup_buf struct buf binding = BUF_INIT;
	unsigned char *keys;

	put_binding(&binding, slot, store_id);
	keys = sodium_init() < 0 ? NULL : slot_keys(&binding, kek);
	if (!keys)
		return error_memory(err);
	randombytes_buf(slot->nonce, SLOT_NONCE_LEN);
	memcpy(slot->commitment, keys + KEY_LEN, SLOT_COMMIT_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(slot->wrapped, NULL, master,
	    KEY_LEN, binding.data, binding.len, NULL, slot->nonce, keys);
	secret_free(keys);
	return TOKENWARD_OK;
}

/* One sentence for a wrong key and for a damaged slot: no oracle. */
static int
does_not_fit(const struct key_slot *slot, struct error *err)
{
	const char *path = strmap_get(&slot->params, "path");
	cleanup_buf struct buf what = BUF_INIT;

	buf_printf(&what, "%s%s", slot->kind, path ? " " : "");
	if (path)
		str_clean(&what, path, strlen(path), 1024);
	return error_set(err, TOKENWARD_LOCKED,
	    "the %s does not fit key slot %u", buf_str(&what), slot->id);
}

int
slot_unwrap(const struct key_slot *slot, const unsigned char *store_id,
    const unsigned char *kek, unsigned char *ret_master, struct error *err)
{
	cleanup_buf struct buf binding = BUF_INIT;
	unsigned char *keys;
	bool fits;

	put_binding(&binding, slot, store_id);
	keys = slot_keys(&binding, kek);
	if (!keys)
		return error_memory(err);
	fits = sodium_memcmp(
		   keys + KEY_LEN, slot->commitment, SLOT_COMMIT_LEN) == 0 &&
	       crypto_aead_xchacha20poly1305_ietf_decrypt(ret_master, NULL,
		   NULL, slot->wrapped, SLOT_WRAPPED_LEN, binding.data,
		   binding.len, slot->nonce, keys) == 0;
	secret_free(keys);
	return fits ? TOKENWARD_OK : does_not_fit(slot, err);
}

void
slot_encode(const struct key_slot *slot, const char *field, struct buf *out)
{
	size_t list = frame_begin(out, field), params;

	frame_put_num(out, "id", slot->id);
	frame_put_str(out, "kind", slot->kind);
	frame_put_num(out, "created", slot->created_at);
	params = frame_begin(out, "params");
	put_params(out, &slot->params);
	frame_end(out, params);
	frame_put(out, "salt", slot->salt, SLOT_SALT_LEN);
	frame_put(out, "nonce", slot->nonce, SLOT_NONCE_LEN);
	frame_put(out, "wrapped", slot->wrapped, SLOT_WRAPPED_LEN);
	frame_put(out, "commitment", slot->commitment, SLOT_COMMIT_LEN);
	frame_end(out, list);
}

static bool
take_bytes(const struct frame_field *f, void *to, size_t len)
{
	if (f->len == len)
		memcpy(to, f->value, len);
	return f->len == len;
}

static bool
take_id(const struct frame_field *f, struct key_slot *slot)
{
	int64_t v;

	if (!frame_num(f, &v) || v < 1 || v >= INT32_MAX)
		return false;
	slot->id = (uint32_t)v;
	return true;
}

/* ^[a-z][a-z0-9-]{0,31}$ */
static bool
is_kind(const unsigned char *s, size_t len)
{
	size_t i;

	if (len < 1 || len > 32 || s[0] < 'a' || s[0] > 'z')
		return false;
	for (i = 1; i < len; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= '0' && s[i] <= '9') && s[i] != '-')
			return false;
	return true;
}

static bool
take_kind(const struct frame_field *f, struct key_slot *slot)
{
	if (!is_kind(f->value, f->len))
		return false;
	slot->kind = frame_dup(f);
	return slot->kind != NULL;
}

static bool
take_param(const struct frame_field *f, struct strmap *params)
{
	cleanup_free char *key = strndup(f->key, f->key_len);
	cleanup_free char *value = frame_dup(f);

	return key && value && f->len <= PARAM_LEN_MAX &&
	       params->n < PARAMS_MAX && !strmap_get(params, key) &&
	       strmap_set(params, key, value);
}

static bool
take_params(const struct frame_field *field, struct key_slot *slot)
{
	struct frame_reader r;
	struct frame_field f;
	int got;

	frame_open(&r, field->value, field->len);
	while ((got = frame_next(&r, &f)) == 1)
		if (!take_param(&f, &slot->params))
			return false;
	return got == 0;
}

/* The bit of the field, 0 when it is bad or unknown. */
static unsigned
take_field(const struct frame_field *f, struct key_slot *s)
{
	if (frame_key_is(f, "id"))
		return take_id(f, s) ? 1 : 0;
	if (frame_key_is(f, "kind"))
		return !s->kind && take_kind(f, s) ? 2 : 0;
	if (frame_key_is(f, "created"))
		return frame_num(f, &s->created_at) ? 4 : 0;
	if (frame_key_is(f, "params"))
		return take_params(f, s) ? 8 : 0;
	if (frame_key_is(f, "salt"))
		return take_bytes(f, s->salt, SLOT_SALT_LEN) ? 16 : 0;
	if (frame_key_is(f, "nonce"))
		return take_bytes(f, s->nonce, SLOT_NONCE_LEN) ? 32 : 0;
	if (frame_key_is(f, "wrapped"))
		return take_bytes(f, s->wrapped, SLOT_WRAPPED_LEN) ? 64 : 0;
	if (frame_key_is(f, "commitment"))
		return take_bytes(f, s->commitment, SLOT_COMMIT_LEN) ? 128 : 0;
	return 0;
}

int
slot_decode(
    const struct frame_field *field, struct key_slot *ret, struct error *err)
{
	struct frame_reader r;
	struct frame_field f;
	unsigned seen = 0, bit = 0;
	int got;

	*ret = (struct key_slot){0};
	errno = 0;
	frame_open(&r, field->value, field->len);
	while ((got = frame_next(&r, &f)) == 1) {
		bit = take_field(&f, ret);
		if (bit == 0 || (seen & bit))
			break;
		seen |= bit;
	}
	if (got != 0 || seen != 255)
		return error_read(err, TOKENWARD_DAMAGED,
		    "the header is damaged (key slot %u)", ret->id);
	return TOKENWARD_OK;
}
