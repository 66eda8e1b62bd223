/* SPDX-License-Identifier: BSD-2-Clause */
/* Buffers: what is put in comes out, and what is given up is wiped. */
#include <stdlib.h>
#include <string.h>
#include "base/secret.h"
#include "failing.h"
#include "unit.h"

static bool
is_zero(const unsigned char *p, size_t len)
{
	while (len > 0 && *p == 0)
		p++, len--;
	return len == 0;
}

Test(buf, an_untouched_one_reads_as_empty)
{
	struct buf b = BUF_INIT, other = BUF_SECRET_INIT;

	cr_assert_str_eq(buf_str(&b), "");
	cr_assert(buf_equal(&b, &other));
	buf_clear(&b);
	buf_free(&b);
	cr_assert(b.data == NULL && !b.failed);
}

Test(buf, data_is_followed_by_a_nul_that_does_not_count)
{
	struct buf b[] = {BUF_INIT, BUF_SECRET_INIT};
	size_t i, n;

	for (i = 0; i < 2; i++) {
		for (n = 0; n < 5000; n++) {
			buf_put_byte(&b[i], 'x');
			cr_assert_eq(b[i].len, n + 1);
			cr_assert_eq(b[i].data[n + 1], 0);
		}
		buf_put(&b[i], "", 0);
		cr_assert_eq(strlen(buf_str(&b[i])), 5000);
		buf_free(&b[i]);
	}
	cr_assert_eq(secret_in_use(), 0);
}

Test(buf, numbers_are_big_endian_both_ways)
{
	struct buf b = BUF_INIT;

	buf_put_u16(&b, 0x0102);
	buf_put_u32(&b, 0x03040506);
	buf_put_u64(&b, 0x0708090a0b0c0d0e);
	cr_assert_eq(b.len, 14);
	cr_assert(
	    memcmp(b.data, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16", 14) == 0);
	cr_assert_eq(get_u16(b.data), 0x0102);
	cr_assert_eq(get_u32(b.data + 2), 0x03040506);
	cr_assert_eq(get_u64(b.data + 6), 0x0708090a0b0c0d0e);
	cr_assert_eq(get_u64((const unsigned char *)"\xff\xff\xff\xff"
						    "\xff\xff\xff\xff"),
	    UINT64_MAX);
	buf_free(&b);
}

Test(buf, a_failure_sticks_until_it_is_cleared)
{
	struct buf b = BUF_INIT;

	buf_put_str(&b, "kept");
	cr_assert(buf_room(&b, SIZE_MAX / 2) == NULL);
	cr_assert(b.failed);
	buf_put_str(&b, "lost");
	buf_printf(&b, "%s", "lost too");
	cr_assert_str_eq(buf_str(&b), "kept");
	buf_clear(&b);
	buf_put_str(&b, "again");
	cr_assert(!b.failed);
	cr_assert_str_eq(buf_str(&b), "again");
	buf_free(&b);
}

Test(buf, text_is_formatted_whatever_its_length)
{
	struct buf b = BUF_INIT;
	size_t n;

	for (n = 0; n < 300; n++) {
		buf_clear(&b);
		buf_printf(&b, "%0*d.", (int)n + 1, 7);
		cr_assert_eq(b.len, n + 2);
		cr_assert_eq(b.data[n], '7');
		cr_assert_eq(b.data[n + 1], '.');
	}
	buf_free(&b);
}

Test(buf, clearing_wipes_and_keeps_the_memory)
{
	struct buf b = BUF_INIT;
	unsigned char *was;

	buf_put_str(&b, "a secret of some length");
	was = b.data;
	buf_clear(&b);
	cr_assert(b.data == was && b.len == 0);
	cr_assert(is_zero(was, b.cap > 23 ? 23 : b.cap));
	buf_free(&b);
}

/* The arena's memory stays mapped, so it can be looked at afterwards. */
Test(buf, growing_and_freeing_wipe_a_secret)
{
	struct buf b = BUF_SECRET_INIT;
	unsigned char *before, *after;

	buf_put(&b, "0123456789abcdef0123456789abcdef", 32);
	before = b.data;
	while (b.data == before)
		buf_put_str(&b, "more of the secret");
	cr_assert(is_zero(before, 32));
	after = b.data;
	buf_free(&b);
	cr_assert(is_zero(after, 32));
	cr_assert(b.secret);
	cr_assert_eq(secret_in_use(), 0);
}

Test(buf, what_is_no_secret_is_given_back_too)
{
	struct buf b = BUF_INIT;
	long before = failing_live();

	buf_free(&b);
	cr_assert_eq(failing_live(), before);
	buf_put_str(&b, "text");
	cr_assert_eq(failing_live(), before + 1);
	while (b.cap < 1000)
		buf_put_str(&b, "text");
	cr_assert_eq(failing_live(), before + 1);
	buf_free(&b);
	cr_assert_eq(failing_live(), before);
}

Test(buf, moving_leaves_the_source_empty)
{
	struct buf a = BUF_SECRET_INIT, b = BUF_SECRET_INIT;

	buf_put_str(&a, "old");
	buf_put_str(&b, "new");
	buf_move(&a, &b);
	cr_assert_str_eq(buf_str(&a), "new");
	cr_assert(b.len == 0 && b.data == NULL && b.secret);
	buf_free(&a);
	buf_free(&b);
	cr_assert_eq(secret_in_use(), 0);
}

Test(buf, equality_is_of_length_and_of_every_byte)
{
	static const struct {
		const char *a, *b;
		size_t a_len, b_len;
		bool equal;
	} rows[] = {
	    {"", "", 0, 0, true},
	    {"a", "", 1, 0, false},
	    {"abc", "abc", 3, 3, true},
	    {"abc", "abd", 3, 3, false},
	    {"abc", "abcd", 3, 4, false},
	    {"a\0b", "a\0c", 3, 3, false},
	};
	struct buf a = BUF_INIT, b = BUF_SECRET_INIT;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_set(&a, rows[i].a, rows[i].a_len);
		buf_set(&b, rows[i].b, rows[i].b_len);
		cr_assert_eq(buf_equal(&a, &b), rows[i].equal, "row %zu", i);
	}
	buf_free(&a);
	buf_free(&b);
}

Test(buf, holds_what_a_plain_array_would_hold)
{
	static unsigned char model[1 << 16];
	struct buf b = BUF_SECRET_INIT;
	unsigned char chunk[200];
	size_t len = 0, n, i, round;

	srandom(1);
	for (round = 0; round < 500; round++) {
		n = (size_t)random() % sizeof(chunk);
		for (i = 0; i < n; i++)
			chunk[i] = (unsigned char)random();
		if (random() % 20 == 0) {
			buf_set(&b, chunk, n);
			len = 0;
		} else
			buf_put(&b, chunk, n);
		memcpy(model + len, chunk, n);
		len += n;
		cr_assert_eq(b.len, len);
		cr_assert(memcmp(b.data, model, len) == 0);
	}
	buf_free(&b);
}
