/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place for records, as a human writes it and, after a NUL, as a header has
 * it.  Either way it is one that can be written into a header and read back,
 * and be printed.
 */
#include "base/cleanup.h"
#include "fuzz.h"
#include "module/module.h"
#include "store/where.h"

static void
check_same(const struct where *w, const struct buf *list)
{
	cleanup_where struct where back = {0};
	struct frame_field f;

	REQUIRE(frame_find(list->data, list->len, "records", &f));
	REQUIRE(where_decode(&f, &back));
	REQUIRE(where_equal(w, &back) && where_equal(&back, w));
}

static void
check(const struct where *w)
{
	cleanup_buf struct buf list = BUF_INIT, shown = BUF_INIT;

	REQUIRE(!w->module || module_is_name(w->module));
	REQUIRE(w->module ? strcmp(w->module, WHERE_FILES) != 0
			  : w->options.n == 0);
	for (size_t i = 0; i < w->options.n; i++)
		REQUIRE(module_is_name(w->options.v[i].key));
	where_encode(w, "records", &list);
	where_put(w, &shown);
	REQUIRE(!list.failed && !shown.failed && shown.len > 0);
	REQUIRE(fuzz_is_line(buf_str(&shown), shown.len));
	check_same(w, &list);
}

static int
check_text(const char *text)
{
	cleanup_where struct where w = {0};
	struct error err = {0};
	int r;

	faults_on();
	r = where_parse(text, &w, &err);
	faults_off();
	if (r) {
		fuzz_error(&err, r);
		REQUIRE(!w.module && w.options.n == 0);
	} else
		check(&w);
	return r;
}

static bool
check_field(const struct input *in)
{
	struct frame_field f = {.value = in->at, .len = in->left};
	cleanup_where struct where w = {0};
	bool good;

	faults_on();
	good = where_decode(&f, &w);
	faults_off();
	REQUIRE(good || (!w.module && w.options.n == 0));
	if (good)
		check(&w);
	return good;
}

static int
once(struct input in)
{
	cleanup_free char *text = input_text(&in);
	int r = check_text(text);
	bool field = check_field(&in);

	if (faults_hit() && (r == TOKENWARD_FAILED || !field))
		return TOKENWARD_FAILED;
	return r ? r : field ? TOKENWARD_OK : TOKENWARD_USAGE;
}

FUZZ(where)
{
	return fuzz_run(once, data, len);
}
