/* SPDX-License-Identifier: BSD-2-Clause */
/* Places for records: as a human writes them, as the header keeps them. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "module/module.h"
#include "store/where.h"
#include "failing.h"
#include "trial.h"
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
	    {{"module", "x"}, {"option.9", "y"}},
	    {{"module", "x"}, {"other", "y"}},
	    {{"module", "x"}, {"other.option", "y"}},
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

Test(where, a_list_that_is_cut_or_has_zeros_is_none)
{
	cleanup_buf struct buf cut = BUF_INIT, zero = BUF_INIT, list = BUF_INIT;
	struct where w;
	size_t mark = frame_begin(&zero, "records");

	frame_put_str(&list, "module", "x");
	frame_put(&cut, "records", list.data, list.len);
	cr_assert(decode(&cut, &w));
	where_free(&w);
	buf_clear(&cut);
	buf_put_byte(&list, 6);
	frame_put(&cut, "records", list.data, list.len);
	cr_assert_not(decode(&cut, &w));
	frame_put_str(&zero, "module", "x");
	frame_put(&zero, "option.a", "b\0c", 3);
	frame_end(&zero, mark);
	cr_assert_not(decode(&zero, &w));
	cr_assert_null(w.module);
}

/* ---- limits ------------------------------------------------------------ */

static void
fill(struct strmap *options, size_t n, size_t len)
{
	char key[32], value[1100];
	size_t i;

	memset(value, 'v', len);
	value[len] = '\0';
	for (i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "o%zu", i);
		cr_assert(strmap_set(options, key, value));
	}
}

static const struct {
	size_t n, len; /* of options */
	bool fits;
} sizes[] = {
    {0, 0, true},
    {32, 1024, true},
    {33, 1, false},
    {1, 1025, false},
};

Test(where, options_have_limits_in_a_line)
{
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct stack_line line = {
		    .kind = MODULE_STORE, .module = strdup("x")};
		struct where w = {0};

		fill(&line.options, sizes[i].n, sizes[i].len);
		if (sizes[i].fits)
			assert_ok(where_of_line(&line, &w, &err), err);
		else
			assert_fails(where_of_line(&line, &w, &err), err,
			    TOKENWARD_CONFIG,
			    "the options of x are too many or too long");
		cr_assert_eq(w.options.n, sizes[i].fits ? sizes[i].n : 0);
		where_free(&w);
		stack_line_free(&line);
	}
}

Test(where, options_have_limits_in_the_header)
{
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		cleanup_buf struct buf b = BUF_INIT;
		struct where w = {.module = strdup("x")}, back;

		fill(&w.options, sizes[i].n, sizes[i].len);
		where_encode(&w, "records", &b);
		cr_assert_eq(decode(&b, &back), sizes[i].fits, "%zu", i);
		cr_assert(!sizes[i].fits || where_equal(&w, &back));
		where_free(&w);
		where_free(&back);
	}
}

Test(where, a_name_of_an_option_may_have_32_bytes)
{
	char key[33], value[] = "v";
	cleanup_buf struct buf b = BUF_INIT;
	struct where w = {.module = strdup("x")}, back;

	memset(key, 'k', 32);
	key[32] = '\0';
	cr_assert(strmap_set(&w.options, key, value));
	where_encode(&w, "records", &b);
	cr_assert(decode(&b, &back));
	cr_assert_str_eq(strmap_get(&back.options, key), "v");
	where_free(&w);
	where_free(&back);
}

Test(where, a_long_value_is_shown_cut)
{
	cleanup_buf struct buf shown = BUF_INIT;
	struct where w = {.module = strdup("x")};

	fill(&w.options, 1, 200);
	where_put(&w, &shown);
	cr_assert_eq(shown.len, strlen("x o0=") + 200);
	cr_assert_eq(shown.data[shown.len - 1], 'v');
	where_free(&w);
	w.module = strdup("x");
	fill(&w.options, 1, 201);
	buf_clear(&shown);
	where_put(&w, &shown);
	cr_assert_eq(shown.data[shown.len - 1], '.');
	where_free(&w);
}

/* ---- copies and too little memory -------------------------------------- */

Test(where, a_copy_is_the_same_and_its_own)
{
	cleanup_where struct where w, files, copy, none;

	parse("x=a=1 b=2", &w);
	parse("files", &files);
	cr_assert(where_copy(&copy, &w));
	cr_assert(where_copy(&none, &files));
	cr_assert_null(none.module);
	cr_assert(strmap_set(&w.options, "a", "2"));
	cr_assert_str_eq(strmap_get(&copy.options, "a"), "1");
	cr_assert_eq(copy.options.n, 2);
}

static struct where made;

static int
make_and_copy(struct error *err)
{
	cleanup_buf struct buf b = BUF_INIT;
	cleanup_where struct where w = {0}, back = {0};
	int r = where_parse("x=a=1 b=2", &w, err);

	made = (struct where){0};
	if (r != TOKENWARD_OK)
		return r;
	where_encode(&w, "records", &b);
	if (b.failed || !decode(&b, &back) || !where_copy(&made, &back))
		return error_memory(err);
	return TOKENWARD_OK;
}

static void
check_made(int r, const struct error *err)
{
	trial_is_told(r, err);
	cr_assert_eq(r == TOKENWARD_OK, made.module != NULL);
	cr_assert(r != TOKENWARD_OK || made.options.n == 2);
	where_free(&made);
}

Test(where, one_for_which_there_is_no_memory_is_none)
{
	trial_some(&(struct trial){make_and_copy, check_made}, "memory");
}
