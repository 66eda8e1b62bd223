/* SPDX-License-Identifier: BSD-2-Clause */
/* The header's codec: what was written is read, all else is refused. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/frame.h"
#include "key/slots.h"
#include "store/header.h"
#include "failing.h"
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

/* Encoded as it is, be it right or not. */
static int
judge(const struct header *h, struct error *err)
{
	struct header back;
	struct buf b = BUF_INIT;
	int r;

	assert_ok(header_encode(h, master, &b, err), *err);
	r = header_decode(b.data, b.len, &back, err);
	if (r == TOKENWARD_OK)
		header_free(&back);
	buf_free(&b);
	return r;
}

Test(header, every_number_has_its_limits)
{
	static const struct {
		size_t at;
		int64_t v;
		int r;
	} rows[] = {
#define ROW(member, v, r) {offsetof(struct header, member), v, r}
	    ROW(format, 0, TOKENWARD_DAMAGED),
	    ROW(format, 255, TOKENWARD_OK),
	    ROW(format, 256, TOKENWARD_DAMAGED),
	    ROW(min_reader, 0, TOKENWARD_DAMAGED),
	    ROW(min_reader, -1, TOKENWARD_DAMAGED),
	    ROW(min_reader, 2, TOKENWARD_CONFIG),
	    ROW(min_reader, 256, TOKENWARD_CONFIG),
	    ROW(suite, 0, TOKENWARD_CONFIG),
	    ROW(suite, 2, TOKENWARD_CONFIG),
	    ROW(epoch, 0, TOKENWARD_DAMAGED),
	    ROW(epoch, UINT32_MAX, TOKENWARD_OK),
	    ROW(epoch, INT64_C(1) << 32, TOKENWARD_DAMAGED),
	    ROW(sequence, 0, TOKENWARD_DAMAGED),
	    ROW(sequence, INT64_MAX, TOKENWARD_OK),
	    ROW(created_at, INT64_MIN, TOKENWARD_OK),
	    ROW(created_at, INT64_MAX, TOKENWARD_OK),
#undef ROW
	};
	struct header h;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		make(&h);
		memcpy((char *)&h + rows[i].at, &rows[i].v, sizeof(int64_t));
		cr_assert_eq(
		    judge(&h, &err), rows[i].r, "row %zu: %s", i, err.text);
		header_free(&h);
	}
	make(&h);
	h.next_slot = 0;
	assert_fails(judge(&h, &err), err, TOKENWARD_DAMAGED, "wrong");
	h.next_slot = 3;
	h.slots[0].id = 0;
	assert_fails(judge(&h, &err), err, TOKENWARD_DAMAGED, "key slot 0");
	h.slots[0].id = INT32_MAX - 1;
	h.slots[1].id = 1;
	h.next_slot = INT32_MAX;
	assert_ok(judge(&h, &err), err);
	h.next_slot = (uint32_t)INT32_MAX + 1;
	assert_fails(judge(&h, &err), err, TOKENWARD_DAMAGED, "wrong");
	header_free(&h);
}

/* A list with one field left out, or with another value. */
static void
encode_with(const char *key, const char *value, long len, struct buf *out)
{
	struct header h;
	struct buf b = BUF_INIT;
	struct frame_reader r;
	struct frame_field f;
	char name[65];

	make(&h);
	encode(&h, &b);
	buf_put(out, b.data, 8);
	frame_open(&r, b.data + 8, b.len - 8 - HEADER_MAC_LEN);
	while (frame_next(&r, &f) == 1) {
		snprintf(name, sizeof(name), "%.*s", (int)f.key_len, f.key);
		if (strcmp(name, key) != 0)
			frame_put(out, name, f.value, f.len);
		else if (len >= 0)
			frame_put(out, name, value, (size_t)len);
	}
	buf_put(out, b.data + b.len - HEADER_MAC_LEN, HEADER_MAC_LEN);
	header_free(&h);
	buf_free(&b);
}

Test(header, every_field_must_be_there_and_good)
{
	static const struct {
		const char *key, *value;
		long len;
	} rows[] = {{"format", NULL, -1}, {"min_reader", NULL, -1},
	    {"suite", NULL, -1}, {"epoch", NULL, -1}, {"sequence", NULL, -1},
	    {"created", NULL, -1}, {"store_id", NULL, -1},
	    {"next_slot", NULL, -1}, {"format", "x", 1}, {"min_reader", "", 0},
	    {"suite", "1x", 2}, {"epoch", "-1", 2}, {"sequence", "1 ", 2},
	    {"created", "never", 5}, {"store_id", "0123456789abcde", 15},
	    {"store_id", "0123456789abcdef0", 17}, {"next_slot", "x", 1},
	    {"next_slot", "0", 1}, {"slot", "x", 1}};
	struct buf b = BUF_INIT;
	struct header h;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_clear(&b);
		encode_with(rows[i].key, rows[i].value, rows[i].len, &b);
		cr_assert_eq(header_decode(b.data, b.len, &h, &err),
		    TOKENWARD_DAMAGED, "row %zu: %s", i, err.text);
	}
	buf_clear(&b);
	encode_with("none of them", "", 0, &b);
	assert_ok(header_decode(b.data, b.len, &h, &err), err);
	header_free(&h);
	buf_free(&b);
}

Test(header, what_it_needs_is_shown_within_limits)
{
	struct buf b = BUF_INIT;
	struct header h;
	struct error err;

	encode_version(
	    2, 2, 1, "needs", "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15", &b);
	assert_fails(header_decode(b.data, b.len, &h, &err), err,
	    TOKENWARD_CONFIG, "tokenward 1.2.3.4.5.6.7.8.9.10.11.12.13...;");
	buf_clear(&b);
	encode_version(2, 2, 1, "needs", "1\x1b[31m", &b);
	assert_fails(header_decode(b.data, b.len, &h, &err), err,
	    TOKENWARD_CONFIG, "needs tokenward 1\\x1b[31m;");
	cr_assert(strstr(err.text, "which reads format 1"));
	buf_free(&b);
}

Test(header, sizes_have_limits)
{
	static unsigned char big[HEADER_MAX + 1];
	struct header h;
	struct buf b = BUF_INIT;
	struct error err;
	char value[4000];
	size_t i;

	memcpy(big, "\x89TWH\r\n\x1a\n", 8);
	assert_fails(header_decode(big, sizeof(big), &h, &err), err,
	    TOKENWARD_DAMAGED, "its size");
	assert_fails(header_decode(big, 8 + HEADER_MAC_LEN - 1, &h, &err), err,
	    TOKENWARD_DAMAGED, "its size");
	assert_fails(header_decode(big, 8 + HEADER_MAC_LEN, &h, &err), err,
	    TOKENWARD_DAMAGED, "no version");
	big[3] = 'X';
	assert_fails(header_decode(big, 8 + HEADER_MAC_LEN, &h, &err), err,
	    TOKENWARD_DAMAGED, "its first bytes");
	make(&h);
	memset(value, 'x', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	while (h.slots_n < SLOTS_MAX) {
		add_slot(&h, "keyfile", "/key");
		for (i = 0; i < 2; i++)
			strmap_set(&h.slots[h.slots_n - 1].params,
			    i ? "a" : "b", value);
	}
	assert_fails(header_encode(&h, master, &b, &err), err, TOKENWARD_FAILED,
	    "too large");
	header_free(&h);
	buf_free(&b);
}

/* ---- kept keys --------------------------------------------------------- */

Test(header, a_kept_key_opens_under_its_master_key_alone)
{
	static const unsigned char key[KEY_LEN] =
	    "a key of the time before, 32 byt";
	unsigned char got[KEY_LEN] = {0};
	struct header h, back;
	struct buf b = BUF_INIT;
	struct error err;

	make(&h);
	cr_assert_not(header_kept(&h, KEPT_INDEX_KEY, master, got));
	assert_ok(header_keep(&h, KEPT_INDEX_KEY, master, key, &err), err);
	encode(&h, &b);
	assert_ok(header_decode(b.data, b.len, &back, &err), err);
	cr_assert(back.kept[KEPT_INDEX_KEY].there);
	cr_assert_not(back.kept[KEPT_OLD_MASTER].there);
	cr_assert(header_kept(&back, KEPT_INDEX_KEY, master, got));
	cr_assert_eq(memcmp(got, key, KEY_LEN), 0);
	cr_assert_not(header_kept(&back, KEPT_OLD_MASTER, master, got));
	cr_assert_not(header_kept(&back, KEPT_INDEX_KEY, kek, got));
	back.kept[KEPT_OLD_MASTER] = back.kept[KEPT_INDEX_KEY];
	cr_assert_not(header_kept(&back, KEPT_OLD_MASTER, master, got),
	    "it is bound to what it is for");
	back.epoch++;
	cr_assert_not(header_kept(&back, KEPT_INDEX_KEY, master, got));
	back.epoch--;
	back.store_id[0] ^= 1;
	cr_assert_not(header_kept(&back, KEPT_INDEX_KEY, master, got));
	header_free(&back);
	header_free(&h);
	buf_free(&b);
	buf_clear(&b);
	encode_version(1, 1, 1, "index_key", "short", &b);
	assert_fails(header_decode(b.data, b.len, &h, &err), err,
	    TOKENWARD_DAMAGED, "wrong");
	buf_free(&b);
}

Test(header, the_directory_it_belongs_to)
{
	struct header h, back;
	struct buf b = BUF_INIT;
	struct error err;

	make(&h);
	h.home = strdup("/srv/store");
	encode(&h, &b);
	assert_ok(header_decode(b.data, b.len, &back, &err), err);
	cr_assert_str_eq(back.home, "/srv/store");
	header_free(&back);
	header_free(&h);
	buf_free(&b);
}

static void
refuses_home(const char *home)
{
	struct buf b = BUF_INIT;
	struct header h;
	struct error err;

	encode_version(1, 1, 1, "home", home, &b);
	assert_fails(header_decode(b.data, b.len, &h, &err), err,
	    TOKENWARD_DAMAGED, "wrong");
	buf_free(&b);
}

Test(header, a_directory_that_is_none)
{
	char *longest = calloc(1, HOME_MAX + 2);

	refuses_home("");
	refuses_home("srv/store");
	memset(longest, '/', HOME_MAX + 1);
	refuses_home(longest);
	free(longest);
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

/* ---- removed slots ----------------------------------------------------- */

static void
remove_first(struct header *h)
{
	struct key_slot gone = h->slots[0];

	memmove(&h->slots[0], &h->slots[1], --h->slots_n * sizeof(h->slots[0]));
	h->slots[h->slots_n] = (struct key_slot){0};
	cr_assert(header_note_gone(h, &gone));
	slot_free(&gone);
}

Test(header, a_removed_slot_is_noted_without_what_opens)
{
	static const unsigned char none[SLOT_WRAPPED_LEN];
	struct header h, back;
	struct buf b = BUF_INIT;
	struct error err;
	const struct key_slot *g = &back.gone[0];

	make(&h);
	remove_first(&h);
	encode(&h, &b);
	assert_ok(header_decode(b.data, b.len, &back, &err), err);
	cr_assert_eq(back.slots_n, 1);
	cr_assert_eq(back.gone_n, 1);
	cr_assert_eq(g->id, 1);
	cr_assert_str_eq(g->kind, "keyfile");
	cr_assert_str_eq(strmap_get(&g->params, "path"), "/etc/tokenward/key");
	cr_assert_eq(memcmp(g->salt, h.gone[0].salt, SLOT_SALT_LEN), 0);
	cr_assert_eq(memcmp(g->wrapped, none, SLOT_WRAPPED_LEN), 0);
	header_drop_gone(&back, 0);
	cr_assert_eq(back.gone_n, 0);
	header_free(&back);
	header_free(&h);
	buf_free(&b);
}

Test(header, of_too_many_removed_slots_the_oldest_goes)
{
	struct header h;
	struct buf b = BUF_INIT;
	int i;

	make(&h);
	for (i = 0; i < SLOTS_MAX + 1; i++) {
		add_slot(&h, "keyfile", "/key");
		remove_first(&h);
	}
	cr_assert_eq(h.gone_n, SLOTS_MAX);
	cr_assert_eq(h.gone[0].id, 2);
	cr_assert_eq(h.gone[SLOTS_MAX - 1].id, SLOTS_MAX + 1);
	encode(&h, &b);
	cr_assert(accepted(&b));
	header_free(&h);
	buf_free(&b);
}

Test(header, a_removed_slot_has_a_number_of_its_own)
{
	struct header h;
	struct buf b = BUF_INIT;

	make(&h);
	remove_first(&h);
	h.gone[0].id = h.slots[0].id;
	encode(&h, &b);
	cr_assert_not(accepted(&b), "it is there and gone");
	buf_clear(&b);
	h.gone[0].id = h.next_slot;
	encode(&h, &b);
	cr_assert_not(accepted(&b), "a slot of the future");
	buf_clear(&b);
	h.gone[0].id = 1;
	cr_assert(header_note_gone(&h, &h.gone[0]));
	encode(&h, &b);
	cr_assert_not(accepted(&b), "gone twice");
	header_free(&h);
	buf_free(&b);
}

/* ---- as many slots as there may be ------------------------------------- */

/* All of them in one of the two lists. */
static void
make_full(struct header *h, bool gone)
{
	size_t i;

	make(h);
	while (h->slots_n < SLOTS_MAX)
		add_slot(h, "keyfile", "/key");
	for (i = 0; gone && i < SLOTS_MAX; i++) {
		cr_assert(header_note_gone(h, &h->slots[i]));
		slot_free(&h->slots[i]);
	}
	if (gone)
		h->slots_n = 0;
}

static void
encode_one_more(struct header *h, bool gone, struct buf *out)
{
	struct buf b = BUF_INIT;

	encode(h, &b);
	buf_put(out, b.data, b.len - HEADER_MAC_LEN);
	slot_encode(
	    gone ? &h->gone[0] : &h->slots[0], gone ? "gone" : "slot", out);
	buf_put(out, b.data + b.len - HEADER_MAC_LEN, HEADER_MAC_LEN);
	buf_free(&b);
}

Test(header, a_slot_more_than_there_may_be_is_refused)
{
	struct header h, back;
	struct error err;
	int gone;

	for (gone = 0; gone < 2; gone++) {
		struct buf b = BUF_INIT;

		make_full(&h, gone);
		assert_ok(judge(&h, &err), err);
		encode_one_more(&h, gone, &b);
		assert_fails(header_decode(b.data, b.len, &back, &err), err,
		    TOKENWARD_DAMAGED, "too many slots");
		header_free(&h);
		buf_free(&b);
	}
}

Test(header, a_slot_is_noted_as_gone_whole_or_not)
{
	struct header h;
	unsigned n;
	bool good;

	make(&h);
	for (n = 1;; n++) {
		failing_begin("memory", n, ENOMEM);
		good = header_note_gone(&h, &h.slots[0]);
		if (!failing_end())
			break;
		cr_assert(!good && h.gone_n == 0, "%u", n);
	}
	cr_assert(good && h.gone_n == 1 && n > 2);
	cr_assert_str_eq(strmap_get(&h.gone[0].params, "path"),
	    strmap_get(&h.slots[0].params, "path"));
	header_free(&h);
}

Test(header, one_that_was_never_written_proves_no_key)
{
	struct header h;

	make(&h);
	cr_assert_eq(h.bytes.len, 0);
	cr_assert_not(header_verify(&h, master));
	header_free(&h);
}
