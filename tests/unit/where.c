/* SPDX-License-Identifier: BSD-2-Clause */
/* Places for records: as a human writes them, as the header keeps them. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "store/where.h"
#include "unit.h"

static void
parse(const char *text, struct where *ret)
{
	struct error err;

	*ret = (struct where){0};
	assert_ok(where_parse(text, ret, &err), err);
}

Test(where, is_written_as_in_a_line_of_a_stack)
{
	cleanup_buf struct buf shown = BUF_INIT;
	cleanup_where struct where w;

	parse("secret-service=[label=my keys] a=b flag readonly", &w);
	cr_assert_str_eq(where_name(&w), "secret-service");
	cr_assert_eq(w.options.n, 3);
	cr_assert_str_eq(strmap_get(&w.options, "label"), "my keys");
	cr_assert_str_eq(strmap_get(&w.options, "flag"), "yes");
	where_put(&w, &shown);
	cr_assert_str_eq(
	    buf_str(&shown), "secret-service label=my keys a=b flag=yes");
}

Test(where, files_is_no_module)
{
	cleanup_where struct where w;

	parse("files", &w);
	cr_assert_null(w.module);
	cr_assert_str_eq(where_name(&w), "files");
}

Test(where, what_is_none_is_refused)
{
	static const char *const bad[] = {
	    "", "=", "Files", "a=[b=c", "a=x=1 x=2", "a\n"};
	struct where w = {0};
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails(where_parse(bad[i], &w, &err), err,
		    TOKENWARD_USAGE, "no place for records");
	assert_fails(where_parse("files=a=b", &w, &err), err, TOKENWARD_CONFIG,
	    "no options");
	cr_assert_null(w.module);
}

Test(where, the_order_of_options_says_nothing)
{
	cleanup_where struct where a, b, c, files;

	parse("x=a=1 b=2", &a);
	parse("x=b=2 a=1", &b);
	parse("x=a=1", &c);
	parse("files", &files);
	cr_assert(where_equal(&a, &b));
	cr_assert_not(where_equal(&a, &c));
	cr_assert_not(where_equal(&c, &a));
	cr_assert_not(where_equal(&a, &files));
	cr_assert(where_equal(&files, &files));
}

/* As one field of a header. */
static bool
decode(const struct buf *b, struct where *ret)
{
	struct frame_field f;

	*ret = (struct where){0};
	return frame_find(b->data, b->len, "records", &f) &&
	       where_decode(&f, ret);
}

Test(where, comes_back_from_the_header)
{
	static const char *const texts[] = {
	    "files", "x", "x=a=1", "x=[a=two words] b=\xc3\xa4"};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cleanup_buf struct buf b = BUF_INIT;
		cleanup_where struct where w, back;

		parse(texts[i], &w);
		where_encode(&w, "records", &b);
		cr_assert(decode(&b, &back));
		cr_assert(where_equal(&w, &back));
	}
}

Test(where, another_list_is_none)
{
	static const struct {
		const char *key, *value;
	} bad[][3] = {
	    {{NULL, NULL}},
	    {{"module", "X"}},
	    {{"module", ""}},
	    {{"module", "x"}, {"module", "x"}},
	    {{"module", "x"}, {"option.", "y"}},
	    {{"module", "x"}, {"option.A", "y"}},
	    {{"module", "x"}, {"other", "y"}},
	    {{"module", "x"}, {"option.a", "y"}, {"option.a", "y"}},
	    {{"module", "files"}, {"option.a", "y"}},
	    {{"option.a", "y"}},
	};
	size_t i, j;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cleanup_buf struct buf b = BUF_INIT;
		struct where w;
		size_t list = frame_begin(&b, "records");

		for (j = 0; j < 3 && bad[i][j].key; j++)
			frame_put_str(&b, bad[i][j].key, bad[i][j].value);
		frame_end(&b, list);
		cr_assert_not(decode(&b, &w), "%zu", i);
		cr_assert_null(w.module);
	}
}
