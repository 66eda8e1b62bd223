/* SPDX-License-Identifier: BSD-2-Clause */
/* The header's MAC, and its encoder. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/frame.h"
#include "base/secret.h"
#include "key/slots.h"
#include "store/header_fields.h"
#include "store/seal.h"

const unsigned char header_magic[HEADER_MAGIC_LEN] = {
    0x89, 'T', 'W', 'H', '\r', '\n', 0x1a, '\n'};

const struct header_number header_numbers[HEADER_NUMBERS] = {
    {"format", offsetof(struct header, format), 1, 255},
    {"min_reader", offsetof(struct header, min_reader), 1, 255},
    {"suite", offsetof(struct header, suite), 1, 255},
    {"epoch", offsetof(struct header, epoch), 1, UINT32_MAX},
    {"sequence", offsetof(struct header, sequence), 1, INT64_MAX},
    {"created", offsetof(struct header, created_at), INT64_MIN, INT64_MAX},
};

void
header_free(struct header *h)
{
	size_t i;

	for (i = 0; i < h->slots_n; i++)
		slot_free(&h->slots[i]);
	for (i = 0; i < h->gone_n; i++)
		slot_free(&h->gone[i]);
	where_free(&h->records);
	where_free(&h->other);
	free(h->home);
	buf_free(&h->bytes);
	*h = (struct header){0};
}

void
header_drop_gone(struct header *h, size_t i)
{
	slot_free(&h->gone[i]);
	h->gone_n--;
	memmove(
	    &h->gone[i], &h->gone[i + 1], (h->gone_n - i) * sizeof(h->gone[0]));
}

/* What its module needs to find it, and nothing that opens. */
bool
header_note_gone(struct header *h, const struct key_slot *slot)
{
	struct key_slot gone = {.id = slot->id,
	    .kind = strdup(slot->kind),
	    .created_at = slot->created_at};

	memcpy(gone.salt, slot->salt, SLOT_SALT_LEN);
	if (!gone.kind || !strmap_copy(&gone.params, &slot->params)) {
		slot_free(&gone);
		return false;
	}
	if (h->gone_n == SLOTS_MAX)
		header_drop_gone(h, 0);
	h->gone[h->gone_n++] = gone;
	return true;
}

static void
mac(const void *data, size_t len, const unsigned char *key, unsigned char *ret)
{
	crypto_generichash(ret, HEADER_MAC_LEN, data, len, key, SEAL_KEY_LEN);
}

bool
header_verify_key(const struct header *h, const unsigned char *key)
{
	unsigned char want[HEADER_MAC_LEN];
	size_t len = h->bytes.len - HEADER_MAC_LEN;

	if (h->bytes.len < HEADER_MAC_LEN)
		return false;
	mac(h->bytes.data, len, key, want);
	return sodium_memcmp(want, h->bytes.data + len, sizeof(want)) == 0;
}

bool
header_verify(const struct header *h, const unsigned char *master)
{
	unsigned char *key = secret_alloc(SEAL_KEY_LEN);
	bool good;

	if (!key) {
		errno = ENOMEM;
		return false;
	}
	subkey_derive(SUBKEY_HEADER, master, key);
	good = header_verify_key(h, key);
	secret_free(key);
	errno = 0;
	return good;
}

static void
put_fields(const struct header *h, struct buf *out)
{
	size_t i;
	int64_t v;

	for (i = 0; i < HEADER_NUMBERS; i++) {
		memcpy(
		    &v, (const char *)h + header_numbers[i].offset, sizeof(v));
		frame_put_num(out, header_numbers[i].key, v);
	}
	frame_put(out, "store_id", h->store_id, STORE_ID_LEN);
	frame_put_num(out, "next_slot", h->next_slot);
	for (i = 0; i < KEPT_MAX; i++)
		if (h->kept[i].there)
			frame_put(
			    out, kept_names[i], h->kept[i].sealed, KEPT_LEN);
	if (h->records.module)
		where_encode(&h->records, "records", out);
	if (h->has_other)
		where_encode(&h->other, "records_other", out);
	if (h->home)
		frame_put_str(out, "home", h->home);
	for (i = 0; i < h->slots_n; i++)
		slot_encode(&h->slots[i], "slot", out);
	for (i = 0; i < h->gone_n; i++)
		slot_encode(&h->gone[i], "gone", out);
}

int
header_encode(const struct header *h, const unsigned char *master,
    struct buf *out, struct error *err)
{
	size_t start = out->len;
	unsigned char *key, tag[HEADER_MAC_LEN];

	buf_put(out, header_magic, HEADER_MAGIC_LEN);
	put_fields(h, out);
	key = secret_alloc(SEAL_KEY_LEN);
	if (out->failed || !key) {
		secret_free(key);
		return error_memory(err);
	}
	subkey_derive(SUBKEY_HEADER, master, key);
	mac(out->data + start, out->len - start, key, tag);
	secret_free(key);
	buf_put(out, tag, sizeof(tag));
	if (out->failed)
		return error_memory(err);
	if (out->len - start > HEADER_MAX)
		return error_set(err, TOKENWARD_FAILED,
		    "the header would be too large: remove a key slot first");
	return TOKENWARD_OK;
}
