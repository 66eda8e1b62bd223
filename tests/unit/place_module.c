/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records in a store module (tests/modules/debug): what it is asked, and how
 * little of what it says is believed.  Moving them is in migrate.c.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "module/module.h"
#include "store/entries.h"
#include "store/migrate.h"
#include "store/outside.h"
#include "unit.h"

/* The test program runs in the build tree. */
#define DIRECTORY "tests/modules"

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static struct stack stack;
static struct store *s;
static struct error err;

static int
give_stack(void *data, const struct stack **ret, struct error *e)
{
	(void)data;
	(void)e;
	*ret = &stack;
	return TOKENWARD_OK;
}

static const struct key_context modules = {
    .modules = DIRECTORY, .stack = give_stack};

/* The store line in force, from the next call on. */
static void
line(const char *words)
{
	struct stack_files files = {
	    .machine = unit_path("stack.conf"), .store_owner = (uid_t)-1};
	char text[500];

	snprintf(text, sizeof(text), "store %s\n", words);
	unit_write(files.machine, text, strlen(text));
	stack_free(&stack);
	assert_ok(stack_load(&files, &stack, &err), err);
	if (s)
		store_rest(s);
}

static int
put(enum record_kind kind, const char *name, const char *text,
    uint64_t generation)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	buf_put_str(&plain, text);
	return store_write(s, kind, name, &plain, generation, true, &err);
}

static int
get(const char *name, struct buf *plain, uint64_t *generation)
{
	buf_clear(plain);
	return store_read(s, RECORD_CREDENTIAL, name, plain, generation, &err);
}

/* Moved there with three records, before a test begins. */
static void
setup(void)
{
	struct header h = {.created_at = 1700000000};
	struct migration m;
	struct where to = {0};
	char text[300];

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(
	    store_create(unit_path("s"), &h, master, NULL, &s, &err), err);
	store_use_modules(s, &modules);
	assert_ok(store_unlock(s, master, true, &err), err);
	assert_ok(put(RECORD_CREDENTIAL, "a", "one", 0), err);
	assert_ok(put(RECORD_CREDENTIAL, "b", "two", 0), err);
	assert_ok(put(RECORD_TOKENS, "a", "token", 0), err);
	cr_assert_eq(mkdir(unit_path("shelf"), 0700), 0);
	snprintf(text, sizeof(text), "debug=directory=%s", unit_path("shelf"));
	assert_ok(where_parse(text, &to, &err), err);
	line("required debug");
	m = (struct migration){.s = s, .master = master};
	assert_ok(store_migrate(&m, &to, &err), err);
	cr_assert_eq(m.copied, 3);
	where_free(&to);
}

static void
teardown(void)
{
	store_close(s);
	stack_free(&stack);
	unit_cleanup();
}

TestSuite(place_module, .init = setup, .fini = teardown);

static int
count(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	(void)generation;
	cr_assert(plain != NULL && damage == NULL);
	++*(unsigned *)data;
	return 0;
}

static int
walk(unsigned *n)
{
	*n = 0;
	return store_each(s, count, n, &err);
}

/* ---- as it should be --------------------------------------------------- */

Test(place_module, records_are_written_read_listed_and_removed)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	uint64_t generation;
	struct stat st;
	unsigned n;
	char name[8];
	int i;

	assert_ok(get("a", &plain, &generation), err);
	cr_assert_str_eq(buf_str(&plain), "one");
	cr_assert_eq(generation, 1);
	assert_ok(put(RECORD_CREDENTIAL, "a", "new", 1), err);
	assert_ok(get("a", &plain, &generation), err);
	cr_assert_str_eq(buf_str(&plain), "new");
	cr_assert_eq(generation, 2);
	for (i = 0; i < 10; i++) { /* pages of three */
		snprintf(name, sizeof(name), "n%d", i);
		assert_ok(put(RECORD_CREDENTIAL, name, name, 0), err);
	}
	assert_ok(walk(&n), err);
	cr_assert_eq(n, 12);
	assert_ok(store_remove(s, RECORD_CREDENTIAL, "a", &err), err);
	assert_ok(store_remove(s, RECORD_CREDENTIAL, "a", &err), err);
	cr_assert_eq(get("a", &plain, &generation), TOKENWARD_NOT_FOUND);
	assert_ok(walk(&n), err);
	cr_assert_eq(n, 11);
	cr_assert_not(store_has_stamps(s));
	cr_assert_not(store_stamp(s, RECORD_CREDENTIAL, "b", &st));
	assert_ok(store_check_place(s, &err), err);
}

/* Two who have read the same: one of them writes. */
Test(place_module, what_was_written_meanwhile_is_not_written_over)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	struct store *mine = s, *other = NULL;
	uint64_t generation;

	assert_ok(store_open(unit_path("s"), &other, &err), err);
	store_use_modules(other, &modules);
	assert_ok(store_unlock(other, master, true, &err), err);
	assert_ok(get("a", &plain, &generation), err);
	s = other;
	assert_ok(put(RECORD_CREDENTIAL, "a", "theirs", generation), err);
	s = mine;
	assert_fails(put(RECORD_CREDENTIAL, "a", "ours", generation), err,
	    TOKENWARD_EXISTS, "written by another process");
	assert_fails(put(RECORD_CREDENTIAL, "a", "ours", 0), err,
	    TOKENWARD_EXISTS, "written by another process");
	assert_ok(get("a", &plain, &generation), err);
	cr_assert_str_eq(buf_str(&plain), "theirs");
	store_close(other);
}

struct entries {
	unsigned records, parts, astray;
};

static int
note(void *data, const struct entry *e)
{
	struct entries *n = data;

	if (e->what == ENTRY_RECORD) {
		cr_assert(strncmp(e->path, "debug:", 6) == 0, "%s", e->path);
		cr_assert_eq(e->mode, S_IFREG | 0600);
		cr_assert_eq(e->kind,
		    e->path[6] == 't' ? RECORD_TOKENS : RECORD_CREDENTIAL);
		cr_assert(store_has_record(s, e->kind, e->index));
		n->records++;
	}
	n->parts += e->what == ENTRY_PART;
	n->astray += e->what == ENTRY_ASTRAY;
	return 0;
}

Test(place_module, a_file_of_a_record_is_astray_then)
{
	static const unsigned char none[INDEX_LEN];
	struct entries n = {0};

	unit_write(unit_path("s/tokens/0123456789abcdef0123456789abcdef"
			     "0123456789abcdef0123456789abcdef"),
	    "x", 1);
	assert_ok(store_entries(s, note, &n, &err), err);
	cr_assert_eq(n.records, 3);
	cr_assert_eq(n.parts, 5);
	cr_assert_eq(n.astray, 1);
	cr_assert_not(store_has_record(s, RECORD_TOKENS, none));
}

/* ---- the line of the stack --------------------------------------------- */

Test(place_module, the_headers_options_go_before_the_lines)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	char text[400];

	snprintf(text, sizeof(text), "required debug directory=/nowhere log=%s",
	    unit_path("log"));
	line(text);
	assert_ok(get("a", &plain, NULL), err);
	cr_assert_eq(
	    access(unit_path("log"), F_OK), 0, "the rest is the lines");
}

Test(place_module, the_first_line_for_it_counts)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	line("required debug\nstore required debug readonly result=failed");
	assert_ok(get("a", &plain, NULL), err);
	line("required files");
	assert_ok(get("a", &plain, NULL), err);
}

Test(place_module, a_line_that_cannot_be_read_fails)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	line("perhaps debug");
	assert_fails(
	    get("a", &plain, NULL), err, TOKENWARD_CONFIG, "a store line (");
	cr_assert(strstr(err.text, "must fail: "));
}

Test(place_module, a_readonly_line_is_read_only)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	unsigned n;

	line("required files\nstore required debug readonly");
	assert_ok(get("a", &plain, NULL), err);
	assert_ok(walk(&n), err);
	cr_assert_eq(n, 2);
	assert_fails(put(RECORD_CREDENTIAL, "a", "x", 1), err,
	    TOKENWARD_NOT_ALLOWED, "says readonly");
	cr_assert(strstr(err.text, "stack.conf:2"));
	assert_fails(store_remove(s, RECORD_CREDENTIAL, "a", &err), err,
	    TOKENWARD_NOT_ALLOWED, "says readonly");
	line("required debug readonly=no");
	assert_ok(put(RECORD_CREDENTIAL, "a", "x", 1), err);
}

/* ---- as it should not be ----------------------------------------------- */

Test(place_module, results_are_the_stores)
{
	static const struct {
		const char *word;
		int r;
	} rows[] = {{"away", TOKENWARD_UNAVAILABLE},
	    {"denied", TOKENWARD_LOCKED}, {"broken", TOKENWARD_DAMAGED},
	    {"failed", TOKENWARD_FAILED}};
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	char words[64];
	unsigned n;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(words, sizeof(words), "required debug result=%s",
		    rows[i].word);
		line(words);
		cr_assert_eq(get("a", &plain, NULL), rows[i].r, "%s: %s",
		    rows[i].word, err.text);
		cr_assert_eq(store_check_place(s, &err), rows[i].r);
		cr_assert_eq(walk(&n), rows[i].r);
		cr_assert_eq(
		    store_remove(s, RECORD_CREDENTIAL, "a", &err), rows[i].r);
	}
	line("required debug result=none");
	cr_assert_eq(get("a", &plain, NULL), TOKENWARD_NOT_FOUND);
	assert_fails(
	    walk(&n), err, TOKENWARD_FAILED, "does not know how to \"each\"");
	assert_fails(store_remove(s, RECORD_CREDENTIAL, "a", &err), err,
	    TOKENWARD_FAILED, "does not know how to \"remove\"");
	line("required debug");
	assert_ok(get("a", &plain, NULL), err);
}

Test(place_module, records_that_are_none_are_not_taken)
{
	static const struct {
		const char *word, *words;
		int r;
	} rows[] = {{"empty", "answered without a record", TOKENWARD_FAILED},
	    {"version", "answered with no version", TOKENWARD_FAILED},
	    {"nul", "answered with no version", TOKENWARD_FAILED},
	    {"long", "it does not begin as a record does", TOKENWARD_DAMAGED}};
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	char words[64];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(words, sizeof(words), "required debug nonsense=%s",
		    rows[i].word);
		line(words);
		assert_fails(
		    get("a", &plain, NULL), err, rows[i].r, rows[i].words);
		cr_assert_eq(plain.len, 0);
	}
}

Test(place_module, keys_that_are_none_are_not_taken)
{
	static const char *const rows[] = {"keys", "case", "rounds", "more",
	    "kind", "folder", "longer", "shorter", "digit", "page", "cursor"};
	char words[64];
	unsigned n;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(words, sizeof(words), "required debug nonsense=%s",
		    rows[i]);
		line(words);
		assert_fails(walk(&n), err, TOKENWARD_FAILED,
		    "answered with keys that are none of ours");
		cr_assert_eq(n, 0, "%s", rows[i]);
	}
}

/* Once in a call: it would not start now, either. */
Test(place_module, one_that_does_not_start_is_not_started_again)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	line("required debug start=failed say=oh");
	assert_fails(get("a", &plain, NULL), err, TOKENWARD_FAILED, "oh");
	stack_free(&stack);
	assert_fails(get("b", &plain, NULL), err, TOKENWARD_FAILED, "oh");
	line("required debug");
	assert_ok(get("b", &plain, NULL), err);
}

Test(place_module, a_record_that_no_frame_holds_is_not_put)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	size_t len = FRAME_MAX - 8192;

	memset(buf_room(&plain, len), 'x', len);
	plain.len = len;
	assert_fails(
	    store_write(s, RECORD_CREDENTIAL, "big", &plain, 0, true, &err),
	    err, TOKENWARD_FAILED, "cannot take a record of");
	cr_assert_eq(get("big", &plain, NULL), TOKENWARD_NOT_FOUND);
}

/* ---- what is at hand --------------------------------------------------- */

static int
give_no_stack(void *data, const struct stack **ret, struct error *e)
{
	(void)data;
	(void)ret;
	return error_set(e, TOKENWARD_CONFIG, "there is no stack");
}

static const struct {
	struct key_context context;
	const char *words;
} unfit[] = {
    {{.stack = give_stack}, "which is not at hand here"},
    {{.modules = DIRECTORY}, "which is not at hand here"},
    {{.modules = DIRECTORY, .stack = give_no_stack}, "there is no stack"},
};

Test(place_module, programs_and_a_stack_are_needed)
{
	size_t i;

	for (i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
		store_rest(s);
		store_use_modules(s, &unfit[i].context);
		assert_fails(store_check_place(s, &err), err, TOKENWARD_CONFIG,
		    unfit[i].words);
	}
	store_rest(s);
	store_use_modules(s, NULL);
	assert_fails(store_check_place(s, &err), err, TOKENWARD_CONFIG,
	    "which is not at hand here");
	store_rest(s);
	store_use_modules(s, &modules);
	assert_ok(store_check_place(s, &err), err);
}

Test(place_module, a_line_need_not_come_from_a_file)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	size_t i;

	line("required debug result=away");
	for (i = 0; i < stack.n; i++) {
		free(stack.v[i].file);
		stack.v[i].file = NULL;
	}
	cr_assert_eq(get("a", &plain, NULL), TOKENWARD_UNAVAILABLE);
	cr_assert_null(strstr(err.text, "stack.conf"), "%s", err.text);
	store_rest(s);
}

Test(place_module, it_is_told_which_store_and_whether_it_is_the_systems)
{
	static const struct key_context systems = {
	    .modules = DIRECTORY, .stack = give_stack, .system = true};
	cleanup_buf struct buf of_user = BUF_INIT, of_system = BUF_INIT;
	struct frame_field f;

	outside_request(&s->records, NULL, &of_user);
	cr_assert_not(frame_find(of_user.data, of_user.len, "system", &f));
	store_use_modules(s, &systems);
	outside_request(&s->records, NULL, &of_system);
	store_use_modules(s, &modules);
	cr_assert(frame_find(of_system.data, of_system.len, "system", &f));
	cr_assert(f.len == 1 && f.value[0] == '1');
	cr_assert(frame_find(of_system.data, of_system.len, "path", &f));
	cr_assert_eq(f.len, strlen(store_path(s)));
	cr_assert_eq(memcmp(f.value, store_path(s), f.len), 0);
}

/* What changed is seen by reading. */
Test(place_module, its_records_are_never_as_marked)
{
	struct store_mark mark;

	cr_assert_not(store_mark(s, RECORD_TOKENS, "a", &mark));
	mark.st.st_ino = 1;
	cr_assert_not(store_is_as_marked(s, &mark));
}
