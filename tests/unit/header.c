/* SPDX-License-Identifier: BSD-2-Clause */
/* The header's codec: what was written is read, all else is refused. */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/frame.h"
#include "store/header.h"
#include "unit.h"

TestSuite(header, .fini = unit_cleanup);

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static const unsigned char kek[KEY_LEN] = "a key that wraps, thirty-two byt";

static void
add_slot(struct header *h, const char *kind, const char *path)
{
	struct key_slot *s = &h->slots[h->slots_n++];
	struct error err;

	s->id = h->next_slot++;
	s->kind = strdup(kind);
	s->created_at = 1700000000;
	strmap_set(&s->params, "path", path);
	randombytes_buf(s->salt, sizeof(s->salt));
	assert_ok(slot_wrap(s, h->store_id, kek, master, &err), err);
}

static void
make(struct header *h)
{
	*h = (struct header){.format = 1,
	    .min_reader = 1,
	    .suite = 1,
	    .epoch = 1,
	    .sequence = 4,
	    .created_at = 1700000000,
	    .next_slot = 1};
	memcpy(h->store_id, "0123456789abcdef", STORE_ID_LEN);
	add_slot(h, "keyfile", "/etc/tokenward/key");
	add_slot(h, "keyfile", "/root/other");
}

static void
encode(struct header *h, struct buf *out)
{
	struct error err;

	assert_ok(header_encode(h, master, out, &err), err);
}

Test(header, round_trip)
{
	struct header h, back;
	struct buf b = BUF_INIT;
	struct error err;

	make(&h);
	encode(&h, &b);
	assert_ok(header_decode(b.data, b.len, &back, &err), err);
	cr_assert(header_verify(&back, master));
	cr_assert_not(header_verify(&back, kek));
	cr_assert_eq(back.sequence, 4);
	cr_assert_eq(back.created_at, 1700000000);
	cr_assert_eq(back.next_slot, 3);
	cr_assert_eq(memcmp(back.store_id, h.store_id, STORE_ID_LEN), 0);
	cr_assert_eq(back.slots_n, 2);
	cr_assert_eq(back.slots[1].id, 2);
	cr_assert_str_eq(back.slots[1].kind, "keyfile");
	cr_assert_str_eq(
	    strmap_get(&back.slots[1].params, "path"), "/root/other");
	cr_assert_eq(
	    memcmp(back.slots[1].wrapped, h.slots[1].wrapped, SLOT_WRAPPED_LEN),
	    0);
	cr_assert(buf_equal(&back.bytes, &b));
	header_free(&back);
	header_free(&h);
	buf_free(&b);
}

/* Refused at once, or by the MAC. */
static bool
accepted(const struct buf *b)
{
	struct header h;
	struct error err;
	bool good;

	if (header_decode(b->data, b->len, &h, &err) != TOKENWARD_OK) {
		cr_assert(err.code == TOKENWARD_DAMAGED ||
			      err.code == TOKENWARD_CONFIG,
		    "%s", err.text);
		return false;
	}
	good = header_verify(&h, master);
	header_free(&h);
	return good;
}

Test(header, every_changed_bit_and_every_cut_is_found)
{
	struct header h;
	struct buf b = BUF_INIT;
	size_t i, whole;

	make(&h);
	encode(&h, &b);
	for (i = 0; i < b.len * 8; i++) {
		b.data[i / 8] ^= 1u << i % 8;
		cr_assert_not(accepted(&b), "bit %zu", i);
		b.data[i / 8] ^= 1u << i % 8;
	}
	cr_assert(accepted(&b));
	whole = b.len;
	for (b.len = 0; b.len < whole; b.len++)
		cr_assert_not(accepted(&b), "cut at %zu", b.len);
	header_free(&h);
	buf_free(&b);
}

static void
encode_version(int64_t format, int64_t min_reader, int64_t suite,
    const char *key, const char *value, struct buf *out)
{
	struct header h;
	struct buf b = BUF_INIT;

	make(&h);
	h.format = format;
	h.min_reader = min_reader;
	h.suite = suite;
	encode(&h, &b);
	buf_put(out, b.data, b.len - HEADER_MAC_LEN);
	if (key)
		frame_put_str(out, key, value);
	buf_put(out, b.data + b.len - HEADER_MAC_LEN, HEADER_MAC_LEN);
	header_free(&h);
	buf_free(&b);
}

Test(header, a_newer_format_names_what_it_needs)
{
	struct buf b = BUF_INIT;
	struct header h;
	struct error err;

	encode_version(2, 2, 1, "needs", "1.4", &b);
	assert_fails(header_decode(b.data, b.len, &h, &err), err,
	    TOKENWARD_CONFIG, "needs tokenward 1.4");
	buf_clear(&b);
	encode_version(3, 2, 1, NULL, NULL, &b);
	assert_fails(header_decode(b.data, b.len, &h, &err), err,
	    TOKENWARD_CONFIG, "needs a newer tokenward");
	buf_clear(&b);
	encode_version(1, 1, 2, NULL, NULL, &b);
	assert_fails(header_decode(b.data, b.len, &h, &err), err,
	    TOKENWARD_CONFIG, "cipher suite 2");
	buf_free(&b);
}

Test(header, a_newer_format_that_may_be_read_is_read)
{
	struct buf b = BUF_INIT;
	struct header h;
	struct error err;

	encode_version(2, 1, 1, "colour", "green", &b);
	assert_ok(header_decode(b.data, b.len, &h, &err), err);
	cr_assert_eq(h.format, 2);
	header_free(&h);
	buf_free(&b);
}

Test(header, an_unknown_field_of_this_format_is_refused)
{
	struct buf b = BUF_INIT;
	struct header h;
	struct error err;

	encode_version(1, 1, 1, "colour", "green", &b);
	assert_fails(header_decode(b.data, b.len, &h, &err), err,
	    TOKENWARD_DAMAGED, "unknown");
	buf_clear(&b);
	encode_version(1, 1, 1, "sequence", "9", &b);
	assert_fails(header_decode(b.data, b.len, &h, &err), err,
	    TOKENWARD_DAMAGED, "twice");
	buf_free(&b);
}

Test(header, limits_on_slots)
{
	struct header h, none;
	struct buf b = BUF_INIT;
	struct error err;

	make(&h);
	while (h.slots_n < SLOTS_MAX)
		add_slot(&h, "keyfile", "/key");
	encode(&h, &b);
	cr_assert(accepted(&b));
	buf_clear(&b);
	h.slots[3].id = h.slots[2].id;
	encode(&h, &b);
	cr_assert_not(accepted(&b), "the same slot twice");
	buf_clear(&b);
	h.slots[3].id = h.next_slot;
	encode(&h, &b);
	cr_assert_not(accepted(&b), "a slot of the future");
	buf_clear(&b);
	encode_version(1, 1, 1, "slot", "", &b);
	assert_fails(header_decode(b.data, b.len, &none, &err), err,
	    TOKENWARD_DAMAGED, "key slot");
	header_free(&h);
	buf_free(&b);
}
