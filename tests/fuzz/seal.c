/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sealed records.  The first byte says how: 0, the rest is a sealed record as
 * it may lie there; else the rest is sealed here, comes back as it was, and
 * with one bit of seal or identity changed does not come back at all.
 */
#include "base/cleanup.h"
#include "base/secret.h"
#include "fuzz.h"
#include "store/header.h"
#include "store/seal.h"
#include "store/store.h"

static unsigned char store_id[STORE_ID_LEN], indexes[INDEX_LEN];
static struct seal_keys keys;

static struct seal_id
make_id(void)
{
	memset(store_id, 1, sizeof(store_id));
	memset(indexes, 2, sizeof(indexes));
	memset(keys.record, 3, sizeof(keys.record));
	memset(keys.nonce, 4, sizeof(keys.nonce));
	return (struct seal_id){store_id, indexes, RECORD_TOKENS, 1, 1, 1, 7};
}

static int
open_any(const struct seal_id *id, const void *data, size_t len)
{
	cleanup_buf struct buf out = BUF_SECRET_INIT;
	struct error err = {0};
	uint64_t generation;
	int r;

	faults_on();
	r = seal_open(id, &keys, data, len, &out, &generation, &err);
	faults_off();
	REQUIRE(generation <= INT64_MAX);
	REQUIRE(seal_generation(data, len) == generation);
	seal_epoch(data, len);
	if (r) {
		fuzz_error(&err, r);
		REQUIRE(out.len == 0);
	}
	return r;
}

/* Where what changes, by the input: the seal, or what it belongs to. */
static void
damage(struct seal_id *id, struct buf *sealed, uint64_t where)
{
	size_t bits = 8 * sealed->len;

	where %= bits + 5;
	if (where < bits)
		sealed->data[where / 8] ^= 1u << (where & 7);
	else if (where == bits)
		store_id[0] ^= 1;
	else if (where == bits + 1)
		indexes[0] ^= 1;
	else if (where == bits + 2)
		id->kind = RECORD_CREDENTIAL;
	else if (where == bits + 3)
		id->epoch++;
	else
		keys.record[0] ^= 1;
}

static void
check_opens(
    const struct seal_id *id, const struct buf *sealed, const struct buf *plain)
{
	cleanup_buf struct buf back = BUF_SECRET_INIT;
	struct error err;
	uint64_t generation;

	REQUIRE(seal_open(id, &keys, sealed->data, sealed->len, &back,
		    &generation, &err) == TOKENWARD_OK);
	REQUIRE(generation == id->generation);
	REQUIRE(buf_equal(&back, plain));
}

static int
close_and_open(struct seal_id *id, struct input in)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT, sealed = BUF_INIT;
	uint64_t where = input_u64(&in);
	struct error err = {0};
	int r;

	buf_put(&plain, in.at, in.left);
	faults_on();
	r = seal_close(id, &keys, &plain, &sealed, &err);
	faults_off();
	if (r) {
		fuzz_error(&err, r);
		return r;
	}
	check_opens(id, &sealed, &plain);
	damage(id, &sealed, where);
	r = open_any(id, sealed.data, sealed.len);
	REQUIRE(r != TOKENWARD_OK);
	return r;
}

static int
once(struct input in)
{
	struct seal_id id = make_id();

	return input_byte(&in) ? close_and_open(&id, in)
			       : open_any(&id, in.at, in.left);
}

FUZZ(seal)
{
	return fuzz_run(once, data, len);
}
