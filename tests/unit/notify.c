/* SPDX-License-Identifier: BSD-2-Clause */
/* Events to the lines of a stack. */
#include <string.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "notify/notify.h"
#include "unit.h"

static struct stack stack;

static void
stack_of(const char *text)
{
	struct stack_files files = {.machine = unit_path("stack.conf")};
	cleanup_buf struct buf b = BUF_INIT;
	struct error err = {0};

	/* The default of all kinds first, without its notify line. */
	unit_write(unit_path("shared"), "store required files\n", 21);
	files.shared = unit_path("shared");
	buf_put_str(&b, text);
	unit_write(files.machine, b.data, b.len);
	stack_free(&stack);
	assert_ok(stack_load(&files, &stack, &err), err);
}

static int
raise_event(const char *event, struct error *err)
{
	struct notify n = {.stack = &stack,
	    .module_dir = "tests/modules",
	    .deadline_ms = clock_boot_ms() + 5000};
	struct strmap fields = {0};
	int r;

	cr_assert(strmap_set(&fields, "name", "billing"));
	r = notify_raise(&n, event, &fields, 1700000000, err);
	strmap_free(&fields);
	return r;
}

static const char *
logged(void)
{
	static struct buf b;
	FILE *f = fopen(unit_path("log"), "r");

	buf_clear(&b);
	if (f) {
		fclose(f);
		unit_read(unit_path("log"), &b);
	}
	return buf_str(&b);
}

Test(notify, patterns)
{
	static const struct {
		const char *events, *event;
		bool want;
	} cases[] = {
	    {"a.b", "a.b", true},
	    {"a.b", "a.bc", false},
	    {"a.b", "a", false},
	    {"x,a.b,y", "a.b", true},
	    {"x,a.*", "a.b", true},
	    {"*", "anything", true},
	    {"", "a", false},
	    {",", "a", false},
	    {"a.*", "b.a", false},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stack_line line = {0};

		strmap_set(&line.options, "events", cases[i].events);
		cr_assert_eq(notify_wants(&line, cases[i].event), cases[i].want,
		    "%s %s", cases[i].events, cases[i].event);
		strmap_free(&line.options);
	}
	cr_assert(notify_wants(&(struct stack_line){0}, "a"));
}

static const char *
with_log(const char *format)
{
	static struct buf b;
	const char *at = strstr(format, "LOG");

	buf_clear(&b);
	for (; at; format = at + 3, at = strstr(format, "LOG")) {
		buf_put(&b, format, (size_t)(at - format));
		buf_printf(&b, "log=%s", unit_path("log"));
	}
	buf_put_str(&b, format);
	return buf_str(&b);
}

Test(notify, every_line_that_wants_it_is_told)
{
	struct error err = {0};

	stack_of(with_log("notify optional debug LOG\n"
			  "notify required debug LOG events=x.y,secret.*\n"
			  "notify optional debug LOG events=other\n"));
	assert_ok(raise_event("secret.expired", &err), err);
	cr_assert_str_eq(logged(), "secret.expired\nsecret.expired\n");
}

Test(notify, an_optional_line_may_fail)
{
	struct error err = {0};

	stack_of(with_log("notify optional debug result=broken\n"
			  "notify optional absent\n"
			  "notify optional debug LOG\n"));
	assert_ok(raise_event("a.b", &err), err);
	cr_assert_str_eq(logged(), "a.b\n");
	stack_of("notify optional absent\n");
	assert_ok(raise_event("a.b", &err), err);
	stack_of("");
	assert_ok(raise_event("a.b", &err), err);
}

Test(notify, a_required_line_that_fails_is_told_and_the_rest_still_hears)
{
	struct error err = {0};

	stack_of(with_log("notify required debug result=away say=deaf\n"
			  "notify required absent\n"
			  "notify optional debug LOG\n"));
	assert_fails(raise_event("a.b", &err), err, TOKENWARD_UNAVAILABLE,
	    "stack.conf:1): deaf");
	cr_assert_str_eq(logged(), "a.b\n");
	stack_of("notify required absent events=c.d\n");
	assert_ok(raise_event("a.b", &err), err);
	cr_assert_eq(raise_event("c.d", &err), TOKENWARD_CONFIG);
}

Test(notify, a_line_that_cannot_be_read_fails_every_event)
{
	struct error err = {0};

	stack_of("notify sufficient syslog\n");
	assert_fails(raise_event("a.b", &err), err, TOKENWARD_CONFIG,
	    "stack.conf:1) cannot be read");
}

Test(notify, a_module_that_has_nothing_to_say_fails_nobody)
{
	struct error err = {0};

	stack_of("notify required debug result=none\n");
	assert_ok(raise_event("a.b", &err), err);
}

Test(notify, one_that_hangs_leaves_the_next_its_share)
{
	int64_t began = clock_boot_ms();
	struct error err = {0};

	stack_of(with_log("notify required debug wait=60000\n"
			  "notify required debug LOG\n"));
	assert_fails(raise_event("a.b", &err), err, TOKENWARD_UNAVAILABLE,
	    "stack.conf:1): it was stopped");
	cr_assert_str_eq(logged(), "a.b\n");
	cr_assert_lt(clock_boot_ms() - began, 5000);
}
