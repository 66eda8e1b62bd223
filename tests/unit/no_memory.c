/* SPDX-License-Identifier: BSD-2-Clause */
/* No memory: it is said, and what there was is as it was. */
#include <errno.h>
#include <string.h>
#include "base/frame.h"
#include "base/json_scan.h"
#include "base/secret.h"
#include "base/str.h"
#include "failing.h"
#include "unit.h"

Test(no_memory, a_buffer_keeps_what_it_has)
{
	static const char more[5000];
	struct buf b = BUF_INIT;

	buf_put_str(&b, "kept");
	failing_begin("memory", 1, ENOMEM);
	buf_put(&b, more, sizeof(more));
	cr_assert(failing_end());
	cr_assert(b.failed);
	cr_assert_str_eq(buf_str(&b), "kept");
	buf_free(&b);
	failing_begin("memory", 1, ENOMEM);
	buf_put_str(&b, "lost");
	cr_assert(failing_end());
	cr_assert(b.failed && b.len == 0);
	buf_free(&b);
}

static bool
add_word(struct strlist *l)
{
	return strlist_add(l, "two");
}

static bool
copy_words(struct strlist *l)
{
	static char *words[] = {(char *)"x", (char *)"y"};
	static const struct strlist more = {words, 2};

	return strlist_copy(l, &more);
}

/* Whichever allocation fails, the list is what it was. */
static void
assert_list_whole(bool (*change)(struct strlist *))
{
	struct strlist l = {0};
	unsigned n;
	bool good;

	cr_assert(strlist_add(&l, "one"));
	for (n = 1;; n++) {
		failing_begin("memory", n, ENOMEM);
		good = change(&l);
		if (!failing_end())
			break;
		cr_assert(!good, "%u", n);
		cr_assert_eq(l.n, 1);
		cr_assert_str_eq(l.v[0], "one");
	}
	cr_assert(good && n > 1);
	strlist_free(&l);
}

Test(no_memory, a_list_stays_whole)
{
	assert_list_whole(add_word);
	assert_list_whole(copy_words);
}

static bool
add_pair(struct strmap *m)
{
	return strmap_set(m, "b", "2");
}

static bool
change_value(struct strmap *m)
{
	return strmap_set(m, "a", "another");
}

static bool
copy_pairs(struct strmap *m)
{
	static struct strpair pairs[] = {
	    {(char *)"x", (char *)"7"}, {(char *)"y", (char *)"8"}};
	static const struct strmap more = {pairs, 2};

	return strmap_copy(m, &more);
}

static bool
read_pair(struct strmap *m)
{
	static const char pair[] = "\1k\0\0\0\1x\1v\0\0\0\1y";
	struct frame_field f = {
	    .value = (const unsigned char *)pair, .len = sizeof(pair) - 1};

	return frame_get_pair(&f, m);
}

static void
assert_map_whole(bool (*change)(struct strmap *))
{
	struct strmap m = {0};
	unsigned n;
	bool good;

	cr_assert(strmap_set(&m, "a", "1"));
	for (n = 1;; n++) {
		failing_begin("memory", n, ENOMEM);
		good = change(&m);
		if (!failing_end())
			break;
		cr_assert(!good, "%u", n);
		cr_assert_eq(m.n, 1);
		cr_assert_str_eq(strmap_get(&m, "a"), "1");
	}
	cr_assert(good && n > 1);
	strmap_free(&m);
	cr_assert(m.n == 0 && m.v == NULL);
}

Test(no_memory, a_map_stays_whole)
{
	assert_map_whole(add_pair);
	assert_map_whole(change_value);
	assert_map_whole(copy_pairs);
	assert_map_whole(read_pair);
}

/* A file that cannot be read for lack of memory is not a bad file. */
Test(no_memory, a_json_text_is_not_blamed)
{
	struct json_fault f = {0};

	failing_begin("memory", 1, ENOMEM);
	cr_assert_eq(json_scan("{}", 2, &f), -1);
	cr_assert(failing_end());
	cr_assert(f.no_memory);
	cr_assert_eq(f.line, 1);
	cr_assert(strstr(f.what, "memory") != NULL);
	cr_assert_eq(json_scan("{", 1, &f), -1);
	cr_assert(!f.no_memory);
}

Test(no_memory, hex_of_what_does_not_fit_is_left_out)
{
	static unsigned char many[40];
	struct buf b = BUF_INIT;

	buf_put_str(&b, "kept");
	failing_begin("memory", 1, ENOMEM);
	hex_put(&b, many, sizeof(many));
	cr_assert(failing_end());
	cr_assert(b.failed);
	cr_assert_str_eq(buf_str(&b), "kept");
	buf_free(&b);
}

/* The arena asks for maps, not for heap. */
Test(no_memory, a_secret_that_has_no_room_is_none)
{
	static const char *const calls[] = {"mmap64", "mprotect"};
	struct buf b = BUF_SECRET_INIT;
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		failing_begin(calls[i], 1, ENOMEM);
		cr_assert(secret_alloc(16) == NULL, "%s", calls[i]);
		cr_assert(failing_end(), "%s", calls[i]);
		failing_begin(calls[i], 1, ENOMEM);
		buf_put_str(&b, "secret");
		cr_assert(b.failed && b.len == 0);
		failing_end();
		buf_free(&b);
	}
	buf_put_str(&b, "secret");
	cr_assert(!b.failed);
	buf_free(&b);
	cr_assert_eq(secret_in_use(), 0);
}

Test(no_memory, a_page_that_cannot_be_locked_is_told_of)
{
	bool locked = true;
	void *p;

	errno = 0;
	failing_begin("mlock", 1, ENOMEM);
	p = secret_alloc(16);
	cr_assert(failing_end());
	cr_assert(p != NULL, "it is weak, not absent");
	cr_assert_eq(errno, 0);
	secret_free(p);
	cr_assert(secret_locked(&locked));
	cr_assert(!locked);
}
