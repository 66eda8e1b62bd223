/* SPDX-License-Identifier: BSD-2-Clause */
/* The header's codec and its MAC. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/frame.h"
#include "base/secret.h"
#include "key/slots.h"
#include "store/header.h"
#include "store/seal.h"

static const unsigned char magic[8] = {
    0x89, 'T', 'W', 'H', '\r', '\n', 0x1a, '\n'};

/* The plain numbers; every one must be there, once. */
static const struct {
	const char *key;
	size_t offset;
	int64_t min, max;
} numbers[] = {
    {"format", offsetof(struct header, format), 1, 255},
    {"min_reader", offsetof(struct header, min_reader), 1, 255},
    {"suite", offsetof(struct header, suite), 1, 255},
    {"epoch", offsetof(struct header, epoch), 1, UINT32_MAX},
    {"sequence", offsetof(struct header, sequence), 1, INT64_MAX},
    {"created", offsetof(struct header, created_at), INT64_MIN, INT64_MAX},
};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

/* What a decoder has met so far, one bit each. */
#define SEEN_STORE_ID (1u << NUMBERS)
#define SEEN_NEXT_SLOT (1u << (NUMBERS + 1))
#define SEEN_ALL ((1u << (NUMBERS + 2)) - 1)
#define SEEN_KEPT (1u << (NUMBERS + 2)) /* and on; may be missing */
#define SEEN_RECORDS (SEEN_KEPT << KEPT_MAX)
#define SEEN_OTHER (SEEN_RECORDS << 1)

void
header_free(struct header *h)
{
	size_t i;

	for (i = 0; i < h->slots_n; i++)
		slot_free(&h->slots[i]);
	where_free(&h->records);
	where_free(&h->other);
	buf_free(&h->bytes);
	*h = (struct header){0};
}

static int
damaged(struct error *err, const char *what)
{
	return error_read(
	    err, TOKENWARD_DAMAGED, "the header is damaged (%s)", what);
}

/* A newer program may say in "needs" which of its versions can read this. */
static int
refuse_version(const void *list, size_t len, int64_t format, struct error *err)
{
	cleanup_buf struct buf needs = BUF_INIT;
	struct frame_field f;

	if (frame_find(list, len, "needs", &f))
		str_clean(&needs, (const char *)f.value, f.len, 32);
	return error_set(err, TOKENWARD_CONFIG,
	    "the store is of format %lld and needs %s%s; this is tokenward %s, "
	    "which reads format %d",
	    (long long)format, needs.len ? "tokenward " : "a newer tokenward",
	    buf_str(&needs), TOKENWARD_VERSION_STRING, FORMAT_VERSION);
}

/* The version first: nothing else of a newer format can be judged. */
static int
check_version(const void *list, size_t len, struct error *err)
{
	struct frame_field f;
	int64_t format, reader, suite;

	if (!frame_find(list, len, "format", &f) || !frame_num(&f, &format) ||
	    !frame_find(list, len, "min_reader", &f) ||
	    !frame_num(&f, &reader) || !frame_find(list, len, "suite", &f) ||
	    !frame_num(&f, &suite))
		return damaged(err, "no version");
	if (reader > FORMAT_VERSION)
		return refuse_version(list, len, format, err);
	if (suite != 1)
		return error_set(err, TOKENWARD_CONFIG,
		    "the store uses cipher suite %lld, which tokenward %s does "
		    "not know",
		    (long long)suite, TOKENWARD_VERSION_STRING);
	return TOKENWARD_OK;
}

static int
take_number(const struct frame_field *f, size_t i, struct header *h)
{
	int64_t v;

	if (!frame_num(f, &v) || v < numbers[i].min || v > numbers[i].max)
		return -1;
	memcpy((char *)h + numbers[i].offset, &v, sizeof(v));
	return 1 << i;
}

static int
take_store_id(const struct frame_field *f, struct header *h)
{
	if (f->len != STORE_ID_LEN)
		return -1;
	memcpy(h->store_id, f->value, STORE_ID_LEN);
	return SEEN_STORE_ID;
}

static int
take_next_slot(const struct frame_field *f, struct header *h)
{
	int64_t v;

	if (!frame_num(f, &v) || v < 1 || v > INT32_MAX)
		return -1;
	h->next_slot = (uint32_t)v;
	return SEEN_NEXT_SLOT;
}

static int
take_kept(const struct frame_field *f, enum kept which, struct header *h)
{
	if (f->len != KEPT_LEN)
		return -1;
	memcpy(h->kept[which].sealed, f->value, KEPT_LEN);
	h->kept[which].there = true;
	return SEEN_KEPT << which;
}

static int
take_where(const struct frame_field *f, unsigned bit, struct where *ret)
{
	where_free(ret); /* of one that is there twice */
	return where_decode(f, ret) ? (int)bit : -1;
}

/* The bit of the field, 0 for one that may be passed over, -1 for a bad one. */
static int
take_field(const struct frame_field *f, struct header *h)
{
	size_t i;

	for (i = 0; i < NUMBERS; i++)
		if (frame_key_is(f, numbers[i].key))
			return take_number(f, i, h);
	if (frame_key_is(f, "store_id"))
		return take_store_id(f, h);
	if (frame_key_is(f, "next_slot"))
		return take_next_slot(f, h);
	for (i = 0; i < KEPT_MAX; i++)
		if (frame_key_is(f, kept_names[i]))
			return take_kept(f, i, h);
	if (frame_key_is(f, "records"))
		return take_where(f, SEEN_RECORDS, &h->records);
	if (frame_key_is(f, "records_other")) {
		h->has_other = true;
		return take_where(f, SEEN_OTHER, &h->other);
	}
	return h->format > FORMAT_VERSION ? 0 : -1;
}

static int
take_slot(const struct frame_field *f, struct header *h, struct error *err)
{
	struct key_slot *slot = &h->slots[h->slots_n];
	size_t i;
	int r;

	if (h->slots_n == SLOTS_MAX)
		return damaged(err, "too many slots");
	h->slots_n++;
	r = slot_decode(f, slot, err);
	if (r != TOKENWARD_OK)
		return r;
	for (i = 0; i + 1 < h->slots_n; i++)
		if (h->slots[i].id == slot->id)
			return damaged(err, "a slot is there twice");
	return TOKENWARD_OK;
}

static int
take_fields(const void *list, size_t len, struct header *h, struct error *err)
{
	struct frame_reader r;
	struct frame_field f;
	unsigned seen = 0;
	int bit, got;

	frame_open(&r, list, len);
	while ((got = frame_next(&r, &f)) == 1) {
		if (frame_key_is(&f, "slot")) {
			if (take_slot(&f, h, err) != TOKENWARD_OK)
				return err->code;
			continue;
		}
		bit = take_field(&f, h);
		if (bit < 0 || (seen & (unsigned)bit))
			return damaged(err, "a field is unknown, wrong or "
					    "there twice");
		seen |= (unsigned)bit;
	}
	if (got < 0 || (seen & SEEN_ALL) != SEEN_ALL ||
	    h->min_reader > h->format)
		return damaged(err, "fields are missing");
	return TOKENWARD_OK;
}

static int
check_slot_ids(const struct header *h, struct error *err)
{
	size_t i;

	for (i = 0; i < h->slots_n; i++)
		if (h->slots[i].id >= h->next_slot)
			return damaged(err, "a slot's number");
	return TOKENWARD_OK;
}

static int
decode(const unsigned char *p, size_t len, struct header *h, struct error *err)
{
	const unsigned char *list = p + sizeof(magic);
	size_t list_len = len - sizeof(magic) - HEADER_MAC_LEN;

	if (len > HEADER_MAX || len < sizeof(magic) + HEADER_MAC_LEN)
		return damaged(err, "its size");
	if (memcmp(p, magic, sizeof(magic)) != 0)
		return damaged(err, "its first bytes");
	if (!frame_valid(list, list_len))
		return damaged(err, "cut short or changed");
	if (check_version(list, list_len, err) != TOKENWARD_OK ||
	    take_fields(list, list_len, h, err) != TOKENWARD_OK ||
	    check_slot_ids(h, err) != TOKENWARD_OK)
		return err->code;
	buf_set(&h->bytes, p, len);
	return h->bytes.failed ? error_memory(err) : TOKENWARD_OK;
}

int
header_decode(
    const void *data, size_t len, struct header *ret, struct error *err)
{
	struct header h = {0};

	errno = 0;
	if (decode(data, len, &h, err) != TOKENWARD_OK) {
		header_free(&h);
		return err->code;
	}
	*ret = h;
	return TOKENWARD_OK;
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

	if (!key)
		return false;
	subkey_derive(SUBKEY_HEADER, master, key);
	good = header_verify_key(h, key);
	secret_free(key);
	return good;
}

static void
put_fields(const struct header *h, struct buf *out)
{
	size_t i;
	int64_t v;

	for (i = 0; i < NUMBERS; i++) {
		memcpy(&v, (const char *)h + numbers[i].offset, sizeof(v));
		frame_put_num(out, numbers[i].key, v);
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
	for (i = 0; i < h->slots_n; i++)
		slot_encode(&h->slots[i], out);
}

int
header_encode(const struct header *h, const unsigned char *master,
    struct buf *out, struct error *err)
{
	size_t start = out->len;
	unsigned char *key, tag[HEADER_MAC_LEN];

	buf_put(out, magic, sizeof(magic));
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
