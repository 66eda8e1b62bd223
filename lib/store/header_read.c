/* SPDX-License-Identifier: BSD-2-Clause */
/* The header's decoder. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/frame.h"
#include "base/str.h"
#include "key/slots.h"
#include "store/header_fields.h"

/* What a decoder has met so far, one bit each. */
#define SEEN_STORE_ID (1u << HEADER_NUMBERS)
#define SEEN_NEXT_SLOT (1u << (HEADER_NUMBERS + 1))
#define SEEN_ALL ((1u << (HEADER_NUMBERS + 2)) - 1)
#define SEEN_KEPT (1u << (HEADER_NUMBERS + 2)) /* and on; may be missing */
#define SEEN_RECORDS (SEEN_KEPT << KEPT_MAX)
#define SEEN_OTHER (SEEN_RECORDS << 1)
#define SEEN_HOME (SEEN_RECORDS << 2)

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

	if (!frame_num(f, &v) || v < header_numbers[i].min ||
	    v > header_numbers[i].max)
		return -1;
	memcpy((char *)h + header_numbers[i].offset, &v, sizeof(v));
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

static int
take_home(const struct frame_field *f, struct header *h)
{
	free(h->home); /* of one that is there twice */
	h->home = f->len <= HOME_MAX ? frame_dup(f) : NULL;
	return h->home && *h->home == '/' ? (int)SEEN_HOME : -1;
}

/* The bit of the field, 0 for one that may be passed over, -1 for a bad one. */
static int
take_field(const struct frame_field *f, struct header *h)
{
	size_t i;

	for (i = 0; i < HEADER_NUMBERS; i++)
		if (frame_key_is(f, header_numbers[i].key))
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
	if (frame_key_is(f, "home"))
		return take_home(f, h);
	return h->format > FORMAT_VERSION ? 0 : -1;
}

static int
take_slot(const struct frame_field *f, struct key_slot *v, size_t *n,
    struct error *err)
{
	int r;

	if (*n == SLOTS_MAX)
		return damaged(err, "too many slots");
	r = slot_decode(f, &v[(*n)++], err);
	if (r != TOKENWARD_OK)
		return r;
	return slot_find(v, *n - 1, v[*n - 1].id)
		   ? damaged(err, "a slot is there twice")
		   : TOKENWARD_OK;
}

/* True: it is one of a list of slots, and *ret says how it went. */
static bool
take_slots(
    const struct frame_field *f, struct header *h, int *ret, struct error *err)
{
	if (frame_key_is(f, "slot"))
		*ret = take_slot(f, h->slots, &h->slots_n, err);
	else if (frame_key_is(f, "gone"))
		*ret = take_slot(f, h->gone, &h->gone_n, err);
	else
		return false;
	return true;
}

static int
take_fields(const void *list, size_t len, struct header *h, struct error *err)
{
	struct frame_reader r;
	struct frame_field f;
	unsigned seen = 0;
	int bit, got, result;

	frame_open(&r, list, len);
	while ((got = frame_next(&r, &f)) == 1) {
		if (take_slots(&f, h, &result, err)) {
			if (result != TOKENWARD_OK)
				return result;
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
	for (i = 0; i < h->gone_n; i++)
		if (h->gone[i].id >= h->next_slot ||
		    slot_find(h->slots, h->slots_n, h->gone[i].id))
			return damaged(err, "a removed slot's number");
	return TOKENWARD_OK;
}

static int
decode(const unsigned char *p, size_t len, struct header *h, struct error *err)
{
	const unsigned char *list = p + HEADER_MAGIC_LEN;
	size_t list_len = len - HEADER_MAGIC_LEN - HEADER_MAC_LEN;

	if (len > HEADER_MAX || len < HEADER_MAGIC_LEN + HEADER_MAC_LEN)
		return damaged(err, "its size");
	if (memcmp(p, header_magic, HEADER_MAGIC_LEN) != 0)
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
