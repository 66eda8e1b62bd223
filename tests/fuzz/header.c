/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store's header, of which nothing is proved when it is decoded: what
 * comes out is within its limits, nothing in it verifies under a key that
 * did not make it, and its slots can be shown and tried.
 */
#include "base/cleanup.h"
#include "base/secret.h"
#include "fuzz.h"
#include "store/header.h"
#include "store/seal.h"

static unsigned char master[KEY_LEN];

static void
check_slots(const struct header *h)
{
	for (size_t i = 0; i < h->slots_n; i++) {
		const struct key_slot *s = &h->slots[i];
		unsigned char *key = secret_alloc(KEY_LEN);
		struct error err = {0};
		int r;

		REQUIRE(s->kind && s->id > 0 && s->id < h->next_slot);
		REQUIRE(key);
		faults_on();
		r = slot_unwrap(s, h->store_id, master, key, &err);
		faults_off();
		secret_free(key);
		fuzz_error(&err, r);
	}
}

/* With our own MAC it is as good as one of ours. */
static void
check_again(const struct header *h)
{
	cleanup_buf struct buf out = BUF_INIT;
	struct header back;
	struct error err;
	int r = header_encode(h, master, &out, &err);

	if (r) { /* numbers may be shorter than they were written */
		REQUIRE(out.len > HEADER_MAX);
		return;
	}
	REQUIRE(header_decode(out.data, out.len, &back, &err) == 0);
	REQUIRE(header_verify(&back, master));
	REQUIRE(back.slots_n == h->slots_n && back.gone_n == h->gone_n &&
		back.epoch == h->epoch);
	header_free(&back);
}

static int
once(struct input in)
{
	struct header h = {0};
	struct error err = {0};
	int r;

	memset(master, 9, sizeof(master));
	faults_on();
	r = header_decode(in.at, in.left, &h, &err);
	faults_off();
	if (r) {
		fuzz_error(&err, r);
		REQUIRE(!h.bytes.data && h.slots_n == 0);
		return r;
	}
	REQUIRE(h.format <= 255 && h.min_reader <= FORMAT_VERSION);
	REQUIRE(!header_verify(&h, master));
	check_slots(&h);
	check_again(&h);
	header_free(&h);
	return r;
}

FUZZ(header)
{
	return fuzz_run(once, data, len);
}
