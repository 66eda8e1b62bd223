/* SPDX-License-Identifier: BSD-2-Clause */
/* The one codec: lists of key and value pairs, and their limits. */
#include <stdlib.h>
#include <string.h>
#include "base/frame.h"
#include "unit.h"

static void
make_example(struct buf *b)
{
	struct strmap m = {0};
	size_t mark;

	frame_put_str(b, "text", "hello");
	frame_put(b, "empty", NULL, 0);
	frame_put_num(b, "num", -42);
	mark = frame_begin(b, "list");
	frame_put_str(b, "inner.key_1", "\xc3\xa4");
	frame_put(b, "bytes", "\0\1\2", 3);
	frame_end(b, mark);
	cr_assert(strmap_set(&m, "a", "1") && strmap_set(&m, "b", ""));
	frame_put_map(b, "map", &m);
	frame_put_str(b, "text", "again");
	cr_assert(!b->failed);
	strmap_free(&m);
}

Test(frame, what_is_written_is_read_in_order)
{
	static const char *const keys[] = {
	    "text", "empty", "num", "list", "map", "map", "text"};
	struct buf b = BUF_SECRET_INIT;
	struct frame_reader r;
	struct frame_field f;
	size_t i;

	make_example(&b);
	frame_open(&r, b.data, b.len);
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		cr_assert_eq(frame_next(&r, &f), 1);
		cr_assert(frame_key_is(&f, keys[i]));
	}
	cr_assert_eq(frame_next(&r, &f), 0);
	cr_assert_eq(frame_next(&r, &f), 0);
	buf_free(&b);
}

Test(frame, a_list_in_a_list_is_a_list)
{
	struct buf b = BUF_INIT;
	struct strmap m = {0};
	struct frame_reader r;
	struct frame_field f;

	make_example(&b);
	cr_assert(frame_find(b.data, b.len, "list", &f));
	cr_assert(frame_valid(f.value, f.len));
	cr_assert(frame_find(f.value, f.len, "bytes", &f));
	cr_assert_eq(f.len, 3);
	frame_open(&r, b.data, b.len);
	while (frame_next(&r, &f) == 1)
		if (frame_key_is(&f, "map"))
			cr_assert(frame_get_pair(&f, &m));
	cr_assert_eq(m.n, 2);
	cr_assert_str_eq(strmap_get(&m, "a"), "1");
	cr_assert_str_eq(strmap_get(&m, "b"), "");
	cr_assert(frame_find(b.data, b.len, "text", &f));
	cr_assert(!frame_get_pair(&f, &m));
	strmap_free(&m);
	buf_free(&b);
}

Test(frame, the_first_of_a_repeated_key_is_found)
{
	struct buf b = BUF_INIT;
	struct frame_field f;
	char *text;

	make_example(&b);
	cr_assert(frame_find(b.data, b.len, "text", &f));
	text = frame_dup(&f);
	cr_assert_str_eq(text, "hello");
	free(text);
	cr_assert(!frame_find(b.data, b.len, "tex", &f));
	cr_assert(!frame_find(b.data, b.len, "texts", &f));
	cr_assert(!frame_find(b.data, b.len, "bytes", &f));
	buf_free(&b);
}

Test(frame, keys_are_1_to_64_of_a_small_alphabet)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
	char key[67] = "k?", raw[8];
	struct frame_reader r;
	struct frame_field f;
	struct buf b = BUF_INIT;
	int c;

	for (c = 0; c < 256; c++) {
		memcpy(raw, (char[]){2, 'k', (char)c, 0, 0, 0, 1, 'v'}, 8);
		frame_open(&r, raw, 8);
		cr_assert_eq(frame_next(&r, &f) == 1,
		    c != 0 && strchr(good, c) != NULL, "%d", c);
	}
	for (c = 0; c < 67; c++) {
		memset(key, 'k', 66);
		key[c] = '\0';
		buf_clear(&b);
		frame_put_str(&b, key, "v");
		cr_assert_eq(!b.failed, c >= 1 && c <= 64, "%d", c);
	}
	buf_clear(&b);
	frame_put_str(&b, "Upper", "v");
	cr_assert(b.failed);
	buf_free(&b);
}

Test(frame, every_truncation_is_malformed_or_ends_at_a_field)
{
	struct buf b = BUF_INIT;
	unsigned char *cut;
	struct frame_reader r;
	struct frame_field f;
	size_t n, ends = 0;
	int got;

	make_example(&b);
	for (n = 0; n < b.len; n++) {
		cut = malloc(n + 1);
		memcpy(cut, b.data, n);
		frame_open(&r, cut, n);
		while ((got = frame_next(&r, &f)) == 1)
			;
		cr_assert_eq(frame_valid(cut, n), got == 0);
		ends += got == 0;
		free(cut);
	}
	cr_assert_eq(ends, 7);
	buf_free(&b);
}

Test(frame, lengths_beyond_the_end_are_malformed)
{
	static const char *const rows[] = {"\1k\0\0\0\2v",
	    "\1k\xff\xff\xff\xff", "\1k\x7f\xff\xff\xffv", "\1k\0\0\0", "\1",
	    "\5kk", "\0\0\0\0\0"};
	static const size_t lens[] = {7, 6, 7, 5, 1, 3, 5};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_assert(!frame_valid(rows[i], lens[i]), "row %zu", i);
	cr_assert(frame_valid("", 0));
}

Test(frame, a_list_has_4096_fields_at_most)
{
	struct buf b = BUF_INIT;
	unsigned i;

	for (i = 0; i < FRAME_FIELDS; i++)
		frame_put(&b, "k", "v", 1);
	cr_assert(frame_valid(b.data, b.len));
	frame_put(&b, "k", "v", 1);
	cr_assert(!frame_valid(b.data, b.len));
	buf_free(&b);
}

Test(frame, a_list_has_four_mebibytes_at_most)
{
	unsigned char *big = calloc(1, FRAME_MAX + 1);
	struct buf b = BUF_INIT;

	frame_put(&b, "k", big, FRAME_MAX - 6);
	cr_assert(!b.failed);
	cr_assert_eq(b.len, FRAME_MAX);
	cr_assert(frame_valid(b.data, b.len));
	buf_put_byte(&b, 1);
	cr_assert(!frame_valid(b.data, b.len));
	buf_clear(&b);
	frame_put(&b, "k", big, FRAME_MAX + 1);
	cr_assert(b.failed);
	buf_free(&b);
	free(big);
}

Test(frame, numbers_are_decimal_and_64_bits)
{
	static const struct {
		const char *s;
		bool ok;
		int64_t v;
	} rows[] = {
	    {"0", true, 0},
	    {"-0", true, 0},
	    {"42", true, 42},
	    {"-42", true, -42},
	    {"9223372036854775807", true, INT64_MAX},
	    {"-9223372036854775808", true, INT64_MIN},
	    {"9223372036854775808", false, 0},
	    {"-9223372036854775809", false, 0},
	    {"99999999999999999999", false, 0},
	    {"000000000000000000000", false, 0},
	    {"", false, 0},
	    {"-", false, 0},
	    {"+1", false, 0},
	    {" 1", false, 0},
	    {"1 ", false, 0},
	    {"--1", false, 0},
	    {"1-", false, 0},
	    {"0x1", false, 0},
	    {"1.0", false, 0},
	};
	struct frame_field f = {.key = "k", .key_len = 1};
	int64_t v;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		f.value = (const unsigned char *)rows[i].s;
		f.len = strlen(rows[i].s);
		v = 0;
		cr_assert_eq(
		    frame_num(&f, &v), rows[i].ok, "\"%s\"", rows[i].s);
		cr_assert_eq(v, rows[i].v, "\"%s\"", rows[i].s);
	}
}

Test(frame, numbers_survive_the_trip)
{
	static const int64_t numbers[] = {
	    0, 1, -1, INT64_MAX, INT64_MIN, 1234567890123};
	struct buf b = BUF_INIT;
	struct frame_field f;
	int64_t v;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		buf_clear(&b);
		frame_put_num(&b, "n", numbers[i]);
		cr_assert(frame_find(b.data, b.len, "n", &f));
		cr_assert(frame_num(&f, &v));
		cr_assert_eq(v, numbers[i]);
	}
	buf_free(&b);
}

Test(frame, a_text_with_a_nul_inside_is_no_text)
{
	struct frame_field f = {.value = (const unsigned char *)"a\0b"};
	char *s;

	f.len = 3;
	cr_assert(frame_dup(&f) == NULL);
	f.len = 1;
	s = frame_dup(&f);
	cr_assert_str_eq(s, "a");
	free(s);
	f.len = 0;
	s = frame_dup(&f);
	cr_assert_str_eq(s, "");
	free(s);
}

/* Random bytes, random changes: the reader never leaves the list. */
Test(frame, no_bytes_make_the_reader_stray)
{
	struct buf b = BUF_INIT;
	struct frame_reader r;
	struct frame_field f;
	unsigned char *copy;
	size_t round;

	make_example(&b);
	srandom(5);
	for (round = 0; round < 20000; round++) {
		copy = malloc(b.len);
		memcpy(copy, b.data, b.len);
		copy[(size_t)random() % b.len] = (unsigned char)random();
		copy[(size_t)random() % b.len] ^=
		    (unsigned char)(1u << random() % 8);
		frame_open(&r, copy, b.len);
		while (frame_next(&r, &f) == 1)
			cr_assert(
			    f.value >= copy && f.value + f.len <= copy + b.len);
		free(copy);
	}
	buf_free(&b);
}
