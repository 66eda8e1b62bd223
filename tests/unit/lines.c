/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several store lines: the store's own files, and a shelf of the module
 * debug that is only read.  The commands are in tests/cli/lines-test.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "module/module.h"
#include "store/front.h"
#include "store/lines.h"
#include "store/migrate.h"
#include "unit.h"

#define LINES 3

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static struct stack_line lines[LINES];
static struct stack stack = {.v = lines};

static int
give_stack(void *data, const struct stack **ret, struct error *err)
{
	(void)data;
	(void)err;
	*ret = &stack;
	return TOKENWARD_OK;
}

static const struct key_context modules = {
    .modules = "tests/modules", .stack = give_stack};

static void
forget_lines(void)
{
	for (; stack.n > 0; stack.n--)
		stack_line_free(&lines[stack.n - 1]);
}

static void
end(void)
{
	forget_lines();
	unit_cleanup();
}

TestSuite(lines, .fini = end);

static struct stack_line *
add_line(const char *module, enum control control)
{
	struct stack_line *l = &lines[stack.n++];

	*l = (struct stack_line){.kind = MODULE_STORE,
	    .control = control,
	    .module = strdup(module),
	    .file = strdup("here"),
	    .line = (unsigned)stack.n};
	return l;
}

static void
add_shelf(enum control control)
{
	struct stack_line *l = add_line("debug", control);

	cr_assert(strmap_set(&l->options, "directory", unit_path("shelf")));
	cr_assert(strmap_set(&l->options, "readonly", "yes"));
}

/* A stack that says own first, or the shelf. */
static void
own_then_shelf(struct store *s, bool shelf_first)
{
	store_rest(s);
	forget_lines();
	if (shelf_first)
		add_shelf(CONTROL_OPTIONAL);
	add_line("files", CONTROL_REQUIRED);
	if (!shelf_first)
		add_shelf(CONTROL_OPTIONAL);
}

static void
put(struct store *s, const char *name, const char *text, uint64_t generation)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	struct error err;

	buf_put_str(&plain, text);
	assert_ok(store_write(s, RECORD_CREDENTIAL, name, &plain, generation,
		      true, &err),
	    err);
}

static uint64_t
expect(struct store *s, const char *name, const char *text)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	uint64_t generation;
	struct error err;

	assert_ok(
	    store_read(s, RECORD_CREDENTIAL, name, &plain, &generation, &err),
	    err);
	cr_assert_str_eq(buf_str(&plain), text);
	return generation;
}

static int
write_over(
    struct store *s, const char *name, uint64_t generation, struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	buf_put_str(&plain, "changed");
	return store_write(
	    s, RECORD_CREDENTIAL, name, &plain, generation, true, err);
}

static struct store *
make(void)
{
	struct header h = {.created_at = 1700000000};
	struct store *s = NULL;
	struct error err;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(
	    store_create(unit_path("s"), &h, master, NULL, &s, &err), err);
	store_use_modules(s, &modules);
	assert_ok(store_unlock(s, master, true, &err), err);
	add_line("files", CONTROL_REQUIRED);
	return s;
}

/* With "far" on the shelf alone, "near" at home alone. */
static struct store *
two_places(void)
{
	struct store *s = make();
	struct migration m = {.s = s, .master = master};
	cleanup_where struct where shelf = {0}, files = {0};
	struct error err;
	char text[300];

	cr_assert_eq(mkdir(unit_path("shelf"), 0700), 0);
	put(s, "far", "from afar", 0);
	put(s, "far", "from afar", 1);
	snprintf(text, sizeof(text), "debug=directory=%s", unit_path("shelf"));
	assert_ok(where_parse(text, &shelf, &err), err);
	assert_ok(store_migrate(&m, &shelf, &err), err);
	cr_assert_eq(rename(unit_path("shelf"), unit_path("kept")), 0);
	cr_assert_eq(mkdir(unit_path("shelf"), 0700), 0);
	m = (struct migration){.s = s, .master = master};
	assert_ok(store_migrate(&m, &files, &err), err);
	cr_assert_eq(rmdir(unit_path("shelf")), 0);
	cr_assert_eq(rename(unit_path("kept"), unit_path("shelf")), 0);
	put(s, "near", "from here", 0);
	own_then_shelf(s, false);
	return s;
}

Test(lines, a_record_is_read_where_it_lies)
{
	struct store *s = two_places();

	cr_assert_eq(expect(s, "far", "from afar"), 2);
	cr_assert_eq(expect(s, "near", "from here"), 1);
	store_close(s);
}

Test(lines, what_was_read_elsewhere_is_written_at_home_over_its_generation)
{
	struct store *s = two_places();
	struct error err;

	assert_fails(write_over(s, "far", 1, &err), err, TOKENWARD_EXISTS,
	    "another process");
	assert_fails(write_over(s, "far", 0, &err), err, TOKENWARD_EXISTS,
	    "another process");
	assert_ok(write_over(s, "far", 2, &err), err);
	cr_assert_eq(expect(s, "far", "changed"), 3);
	store_close(s);
}

Test(lines, nothing_is_written_where_it_would_not_be_read)
{
	struct store *s = two_places();
	struct error err;

	own_then_shelf(s, true);
	assert_fails(write_over(s, "far", 2, &err), err, TOKENWARD_NOT_ALLOWED,
	    "(here:1)");
	assert_ok(write_over(s, "near", 1, &err), err);
	store_close(s);
}

Test(lines, what_is_only_read_is_not_taken_away)
{
	struct store *s = two_places();
	struct error err;

	assert_fails(store_check_remove(s, "far", &err), err,
	    TOKENWARD_NOT_ALLOWED, "remove it there");
	assert_fails(store_remove(s, RECORD_CREDENTIAL, "far", &err), err,
	    TOKENWARD_NOT_ALLOWED, "(here:2)");
	assert_ok(store_check_remove(s, "near", &err), err);
	assert_ok(store_remove(s, RECORD_CREDENTIAL, "near", &err), err);
	store_close(s);
}

static int
count_one(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	(void)plain;
	(void)generation;
	*(int *)data += damage ? 100 : 1;
	return 0;
}

static int
count(struct store *s)
{
	struct error err;
	int n = 0;

	assert_ok(store_each(s, count_one, &n, &err), err);
	return n;
}

Test(lines, what_is_in_two_places_is_listed_once)
{
	struct store *s = two_places();
	struct error err;

	cr_assert_eq(count(s), 2);
	assert_ok(write_over(s, "far", 2, &err), err);
	cr_assert_eq(count(s), 2);
	store_close(s);
}

Test(lines, a_place_that_need_not_answer_is_missed_in_a_list)
{
	struct store *s = two_places();
	struct error err;
	int n = 0;

	cr_assert(strmap_set(&lines[1].options, "result", "away"));
	cr_assert_eq(count(s), 101);
	store_rest(s);
	lines[1].control = CONTROL_REQUIRED;
	cr_assert_eq(store_each(s, count_one, &n, &err), TOKENWARD_UNAVAILABLE);
	cr_assert_eq(n, 0);
	store_close(s);
}

Test(lines, no_new_master_key_while_another_place_has_records)
{
	struct store *s = two_places();
	struct error err;

	assert_fails(lines_check_rekey(s, &err), err, TOKENWARD_NOT_ALLOWED,
	    "new master key");
	store_rest(s);
	lines[1].control = CONTROL_OPTIONAL;
	cr_assert(strmap_set(&lines[1].options, "result", "away"));
	cr_assert_eq(lines_check_rekey(s, &err), TOKENWARD_UNAVAILABLE);
	store_close(s);
}

Test(lines, there_is_no_stamp_where_a_record_may_lie_elsewhere)
{
	struct store *s = two_places();
	struct stat st;

	cr_assert_not(store_stamp(s, RECORD_CREDENTIAL, "near", &st));
	store_rest(s);
	forget_lines();
	add_line("files", CONTROL_REQUIRED);
	cr_assert(store_stamp(s, RECORD_CREDENTIAL, "near", &st));
	store_close(s);
}

/* Whoever reads may find a newer header in the middle of it. */
static int
change_header(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	struct store *s = data;
	struct header h;
	struct error err;

	(void)generation;
	cr_assert(plain && !damage);
	assert_ok(
	    header_decode(s->header.bytes.data, s->header.bytes.len, &h, &err),
	    err);
	assert_ok(store_write_header(s, &h, master, &err), err);
	header_free(&h);
	return 0;
}

Test(lines, the_header_may_change_while_they_are_walked)
{
	struct store *s = two_places();
	struct error err;

	assert_ok(store_each(s, change_header, s, &err), err);
	cr_assert_eq(count(s), 2);
	store_close(s);
}

static const struct {
	const char *place, *line; /* both as after "store required" */
	bool speaks;
} pairs[] = {
    {"files", "files", true},
    {"files", "files readonly", true},
    {"files", "files a=b readonly", false},
    {"files", "debug", false},
    {"debug=a=1", "debug", true},
    {"debug=a=1", "debug a=1 b=2", true},
    {"debug=a=1", "debug a=1 readonly", true},
    {"debug=a=1", "debug a=2 readonly", false},
    {"debug=a=1", "debug a=2", true}, /* the header's stands */
    {"debug=a=1", "files", false},
    {"debug=a=1 b=2", "debug a=1 b=2 readonly", true},
    {"debug=a=1 b=2", "debug a=1 b=3 readonly", false},
    {"debug=a=1 b=2", "debug a=2 b=2 readonly", false},
};

Test(lines, a_line_speaks_of_the_place_that_it_does_not_deny)
{
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		cleanup_where struct where w = {0};
		cleanup_buf struct buf text = BUF_INIT;
		struct error err;
		const char *rest = strchr(pairs[i].line, ' ');
		struct stack_line *l;

		assert_ok(where_parse(pairs[i].place, &w, &err), err);
		buf_put(&text, pairs[i].line, strcspn(pairs[i].line, " "));
		l = add_line(buf_str(&text), CONTROL_REQUIRED);
		if (rest && strstr(rest, "readonly"))
			strmap_set(&l->options, "readonly", "yes");
		for (; rest && (rest = strchr(rest, '=')); rest++)
			strmap_set(&l->options, (char[]){rest[-1], 0},
			    (char[]){rest[1], 0});
		cr_assert_eq(where_line(&w, &stack) != NULL, pairs[i].speaks,
		    "%s, %s", pairs[i].place, pairs[i].line);
		forget_lines();
	}
}

Test(lines, the_first_line_that_agrees_goes_before_one_that_is_written)
{
	cleanup_where struct where w = {0};
	struct error err;

	assert_ok(where_parse("debug=a=1", &w, &err), err);
	cr_assert_null(where_line(&w, &stack));
	strmap_set(&add_line("debug", CONTROL_REQUIRED)->options, "a", "2");
	strmap_set(&add_line("debug", CONTROL_REQUIRED)->options, "a", "3");
	cr_assert_eq(where_line(&w, &stack), &lines[0]);
	strmap_set(&add_line("debug", CONTROL_REQUIRED)->options, "a", "1");
	cr_assert_eq(where_line(&w, &stack), &lines[2]);
	lines[2].fault = strdup("it has no sense");
	cr_assert_eq(where_line(&w, &stack), &lines[0]);
	forget_lines();
	where_free(&w);
	strmap_set(&add_line("files", CONTROL_REQUIRED)->options, "a", "b");
	add_line("files", CONTROL_REQUIRED);
	cr_assert_eq(where_line(&w, &stack), &lines[1]);
}
