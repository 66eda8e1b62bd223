/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of key and value: what is read, put again, is the same bytes. */
#include "base/cleanup.h"
#include "base/frame.h"
#include "fuzz.h"

static void
check_field(const struct frame_field *f, const void *list, size_t len)
{
	cleanup_free char *text = frame_dup(f), *key = NULL;
	struct strmap map = {0};
	struct frame_field found;
	int64_t number;

	REQUIRE(f->key_len >= 1 && f->key_len <= 64);
	REQUIRE(!memchr(f->key, 0, f->key_len));
	REQUIRE(!text == (memchr(f->value, 0, f->len) != NULL));
	REQUIRE(!text || strlen(text) == f->len);
	key = strndup(f->key, f->key_len);
	REQUIRE(frame_key_is(f, key));
	REQUIRE(frame_find(list, len, key, &found));
	REQUIRE(found.value <= f->value);
	if (frame_num(f, &number))
		REQUIRE(strtoll(text, NULL, 10) == number);
	if (frame_get_pair(f, &map))
		REQUIRE(map.n == 1);
	strmap_free(&map);
}

static bool
put_again(const void *list, size_t len, struct buf *out)
{
	struct frame_reader r;
	struct frame_field f;
	int got;

	frame_open(&r, list, len);
	while ((got = frame_next(&r, &f)) == 1) {
		cleanup_free char *key = strndup(f.key, f.key_len);

		check_field(&f, list, len);
		REQUIRE(key);
		frame_put(out, key, f.value, f.len);
		REQUIRE(f.value + f.len <= (const unsigned char *)list + len);
	}
	return got == 0;
}

static int
once(struct input in)
{
	cleanup_buf struct buf out = BUF_INIT;
	bool whole = put_again(in.at, in.left, &out);

	REQUIRE(whole == frame_valid(in.at, in.left));
	REQUIRE(!out.failed);
	REQUIRE(out.len <= in.left);
	REQUIRE(out.len == 0 || memcmp(out.data, in.at, out.len) == 0);
	REQUIRE(!whole || out.len == in.left);
	return TOKENWARD_OK;
}

FUZZ(frame)
{
	return fuzz_run(once, data, len);
}
