/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a stack of several store lines means, case by case: which results of
 * a readonly place are passed over, which are told, and what they forbid.
 */
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "module/module.h"
#include "store/entries.h"
#include "store/front.h"
#include "store/lines.h"
#include "store/migrate.h"
#include "failing.h"
#include "fake_place.h"
#include "trial.h"
#include "unit.h"

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static struct stack_line v[4];
static struct stack stack = {.v = v};
static bool no_stack;
static struct store *s;

static int
give_stack(void *data, const struct stack **ret, struct error *err)
{
	(void)data;
	*ret = &stack;
	return no_stack ? error_set(err, TOKENWARD_CONFIG, "there is no stack")
			: TOKENWARD_OK;
}

static const struct key_context modules = {
    .modules = "shelves", .stack = give_stack};

static void
forget_lines(void)
{
	if (s)
		store_rest(s);
	for (; stack.n > 0; stack.n--)
		stack_line_free(&v[stack.n - 1]);
}

static struct stack_line *
add_line(const char *module, enum control control)
{
	struct stack_line *l = &v[stack.n++];

	*l = (struct stack_line){.kind = MODULE_STORE,
	    .control = control,
	    .module = strdup(module),
	    .file = strdup("here"),
	    .line = (unsigned)stack.n};
	return l;
}

static void
add_shelf(const char *number, enum control control)
{
	struct stack_line *l = add_line("fake", control);

	cr_assert(strmap_set(&l->options, "shelf", number));
	cr_assert(strmap_set(&l->options, "readonly", "yes"));
}

static int
put(enum record_kind kind, const char *name, uint64_t generation,
    struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	buf_put_str(&plain, name);
	return store_write(s, kind, name, &plain, generation, true, err);
}

static int
read_one(enum record_kind kind, const char *name, struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	return store_read(s, kind, name, &plain, NULL, err);
}

/* Bytes of a record in a place where the store itself would not write. */
static void
plant(enum record_kind kind, const char *name, const char *text)
{
	char module[] = "fake";
	struct where w = {.module = module};
	struct buf b = BUF_INIT;
	unsigned char index[INDEX_LEN];
	struct records r;
	struct place at;
	struct error err;
	size_t lines = stack.n;

	stack.n = 0;
	records_open(&r, s, &w);
	assert_ok(store_index(s, name, index, &err), err);
	place_of_index(kind, index, &at);
	buf_put_str(&b, text);
	assert_ok(r.ops->put(&r, at.file.text, &b, true, &err), err);
	records_close(&r);
	buf_free(&b);
	stack.n = lines;
}

/* "near" at home; the readonly shelves are empty. */
static void
setup(void)
{
	struct header h = {.created_at = 1700000000};
	struct error err;

	fake_place_begin();
	failing_hurry(true);
	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(
	    store_create(unit_path("s"), &h, master, NULL, &s, &err), err);
	store_use_modules(s, &modules);
	assert_ok(store_unlock(s, master, true, &err), err);
	assert_ok(put(RECORD_CREDENTIAL, "near", 0, &err), err);
	assert_ok(put(RECORD_TOKENS, "near", 0, &err), err);
	store_rest(s);
}

static void
teardown(void)
{
	forget_lines();
	store_close(s);
	cr_assert_eq(fake_place_live(), 0);
	fake_place_end();
	unit_cleanup();
}

TestSuite(lines_rules, .init = setup, .fini = teardown);

static void
own_and_shelf(enum control control, enum tokenward_module_result result)
{
	forget_lines();
	add_line("files", CONTROL_REQUIRED);
	add_shelf("0", control);
	fake_place_answer(0, result != TOKENWARD_MODULE_OK, result);
}

/* ---- reading ----------------------------------------------------------- */

static const struct {
	enum control control;
	enum tokenward_module_result result; /* of the shelf */
	int credential, tokens;              /* when home has none */
	const char *words;                   /* of the credential's */
} absent[] = {
    {CONTROL_OPTIONAL, TOKENWARD_MODULE_NONE, TOKENWARD_NOT_FOUND,
	TOKENWARD_NOT_FOUND, "there is no credential named far"},
    {CONTROL_REQUIRED, TOKENWARD_MODULE_NONE, TOKENWARD_NOT_FOUND,
	TOKENWARD_NOT_FOUND, "there is no credential named far"},
    {CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY, TOKENWARD_UNAVAILABLE,
	TOKENWARD_NOT_FOUND,
	"far may lie where nothing answers now, and nowhere else: the shelf"},
    {CONTROL_SUFFICIENT, TOKENWARD_MODULE_AWAY, TOKENWARD_UNAVAILABLE,
	TOKENWARD_NOT_FOUND, "far may lie where nothing answers now"},
    {CONTROL_REQUIRED, TOKENWARD_MODULE_AWAY, TOKENWARD_UNAVAILABLE,
	TOKENWARD_UNAVAILABLE, "the shelf says away to get"},
    {CONTROL_REQUISITE, TOKENWARD_MODULE_AWAY, TOKENWARD_UNAVAILABLE,
	TOKENWARD_UNAVAILABLE, "the shelf says away to get"},
    {CONTROL_REQUIRED, TOKENWARD_MODULE_FAILED, TOKENWARD_FAILED,
	TOKENWARD_FAILED, "the shelf says failed to get"},
    {CONTROL_REQUIRED, TOKENWARD_MODULE_DENIED, TOKENWARD_LOCKED,
	TOKENWARD_LOCKED, "the shelf says denied to get"},
    {CONTROL_OPTIONAL, TOKENWARD_MODULE_DENIED, TOKENWARD_LOCKED,
	TOKENWARD_NOT_FOUND, "far may lie where nothing answers now"},
};

Test(lines_rules, what_is_nowhere_found_depends_on_who_must_answer)
{
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		own_and_shelf(absent[i].control, absent[i].result);
		assert_fails(read_one(RECORD_CREDENTIAL, "far", &err), err,
		    absent[i].credential, absent[i].words);
		cr_assert_eq(read_one(RECORD_TOKENS, "far", &err),
		    absent[i].tokens, "%zu: %s", i, err.text);
		assert_ok(read_one(RECORD_CREDENTIAL, "near", &err), err);
	}
}

Test(lines_rules, the_place_that_told_most_is_the_one_that_is_named)
{
	struct error err;

	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY);
	add_shelf("1", CONTROL_OPTIONAL);
	fake_place_answer(1, true, TOKENWARD_MODULE_DENIED);
	assert_fails(read_one(RECORD_CREDENTIAL, "far", &err), err,
	    TOKENWARD_LOCKED, "the shelf says denied to get");
	fake_place_answer(0, true, TOKENWARD_MODULE_FAILED);
	assert_fails(read_one(RECORD_CREDENTIAL, "far", &err), err,
	    TOKENWARD_FAILED, "the shelf says failed to get");
}

Test(lines_rules, a_place_that_must_answer_is_asked_before_home_is_enough)
{
	struct error err;

	add_shelf("0", CONTROL_REQUIRED);
	add_line("files", CONTROL_REQUIRED);
	assert_ok(read_one(RECORD_CREDENTIAL, "near", &err), err);
	cr_assert_eq(fake_place_calls("get"), 1);
	fake_place_answer(0, true, TOKENWARD_MODULE_AWAY);
	assert_fails(read_one(RECORD_CREDENTIAL, "near", &err), err,
	    TOKENWARD_UNAVAILABLE, "the shelf says away to get");
	fake_place_answer(0, true, TOKENWARD_MODULE_DENIED);
	assert_fails(read_one(RECORD_TOKENS, "near", &err), err,
	    TOKENWARD_LOCKED, "the shelf says denied to get");
}

Test(lines_rules, a_place_that_need_not_answer_is_passed_over)
{
	struct error err;

	add_shelf("0", CONTROL_OPTIONAL);
	add_line("files", CONTROL_REQUIRED);
	fake_place_answer(0, true, TOKENWARD_MODULE_AWAY);
	assert_ok(read_one(RECORD_CREDENTIAL, "near", &err), err);
	assert_ok(read_one(RECORD_TOKENS, "near", &err), err);
	cr_assert_eq(fake_place_calls("get"), 2);
}

Test(lines_rules, a_line_that_cannot_be_read_must_fail)
{
	struct error err;
	struct stack_line *l;

	add_line("files", CONTROL_REQUIRED);
	l = add_line("fake", CONTROL_REQUIRED);
	l->fault = strdup("it has no sense");
	assert_fails(read_one(RECORD_CREDENTIAL, "far", &err), err,
	    TOKENWARD_CONFIG,
	    "a store line (here:2) must fail: it has no sense");
	assert_fails(put(RECORD_CREDENTIAL, "near", 1, &err), err,
	    TOKENWARD_CONFIG, "it has no sense");
	assert_ok(read_one(RECORD_CREDENTIAL, "near", &err), err);
}

Test(lines_rules, options_that_are_too_long_fail_as_a_line)
{
	char value[1026] = "";
	struct error err;

	own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_OK);
	memset(value, 'x', 1025);
	cr_assert(strmap_set(&v[1].options, "long", value));
	assert_fails(read_one(RECORD_CREDENTIAL, "far", &err), err,
	    TOKENWARD_CONFIG, "the options of fake are too many or too long");
	store_rest(s);
	value[1024] = '\0';
	cr_assert(strmap_set(&v[1].options, "long", value));
	cr_assert_eq(
	    read_one(RECORD_CREDENTIAL, "far", &err), TOKENWARD_NOT_FOUND);
}

Test(lines_rules, a_stack_that_cannot_be_had_is_told_everywhere)
{
	struct record_list l = {0};
	struct error err;
	struct stat st;

	no_stack = true;
	assert_fails(read_one(RECORD_CREDENTIAL, "near", &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
	assert_fails(store_check_remove(s, "near", &err), err, TOKENWARD_CONFIG,
	    "there is no stack");
	assert_fails(lines_check_rekey(s, &err), err, TOKENWARD_CONFIG,
	    "there is no stack");
	assert_fails(lines_list(s, RECORD_TOKENS, &l, &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
	assert_fails(store_each_readonly(s, true, NULL, NULL, &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
	assert_fails(put(RECORD_CREDENTIAL, "near", 1, &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
	cr_assert_not(store_stamp(s, RECORD_TOKENS, "near", &st));
	no_stack = false;
	cr_assert(store_stamp(s, RECORD_TOKENS, "near", &st));
}

/* ---- which lines count ------------------------------------------------- */

Test(lines_rules, a_writable_line_of_another_place_is_for_new_stores)
{
	struct error err;

	add_line("files", CONTROL_REQUIRED);
	add_line("fake", CONTROL_REQUIRED);
	add_shelf("1", CONTROL_OPTIONAL);
	cr_assert_eq(
	    read_one(RECORD_CREDENTIAL, "far", &err), TOKENWARD_NOT_FOUND);
	cr_assert_eq(fake_place_calls("get"), 1, "shelf 1 alone");
}

Test(lines_rules, a_stack_without_a_line_of_its_place_has_the_writable_one)
{
	struct error err;

	add_shelf("1", CONTROL_OPTIONAL);
	add_line("fake", CONTROL_REQUIRED);
	assert_ok(read_one(RECORD_CREDENTIAL, "near", &err), err);
	cr_assert_eq(fake_place_calls("get"), 1, "shelf 1, then home");
}

Test(lines_rules, its_own_place_alone_needs_no_walk)
{
	bool others = true;
	struct error err;

	assert_ok(lines_are_there(s, &others, &err), err);
	cr_assert_not(others);
	store_rest(s);
	add_line("files", CONTROL_REQUIRED);
	assert_ok(lines_are_there(s, &others, &err), err);
	cr_assert_not(others);
	store_rest(s);
	add_shelf("0", CONTROL_OPTIONAL);
	assert_ok(lines_are_there(s, &others, &err), err);
	cr_assert(others);
}

/* ---- writing ----------------------------------------------------------- */

Test(lines_rules, what_another_place_shows_first_is_not_written_at_home)
{
	struct error err;

	plant(RECORD_TOKENS, "near", "of the shelf");
	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	assert_ok(put(RECORD_TOKENS, "near", 1, &err), err);
	forget_lines();
	add_shelf("0", CONTROL_OPTIONAL);
	add_line("files", CONTROL_REQUIRED);
	assert_fails(put(RECORD_TOKENS, "near", 2, &err), err,
	    TOKENWARD_NOT_ALLOWED,
	    "near: the readonly store fake shelf=0 (here:1) has a record of "
	    "it, which is read first");
	assert_ok(put(RECORD_CREDENTIAL, "near", 1, &err), err);
}

Test(lines_rules, a_place_that_does_not_tell_is_not_written_past)
{
	struct error err;

	own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_AWAY);
	assert_fails(put(RECORD_CREDENTIAL, "far", 0, &err), err,
	    TOKENWARD_UNAVAILABLE, "the shelf says away to get");
	assert_ok(put(RECORD_CREDENTIAL, "near", 1, &err), err);
}

static const struct {
	enum control control;
	enum tokenward_module_result result;
	int credential, tokens; /* of taking them away */
} removals[] = {
    {CONTROL_OPTIONAL, TOKENWARD_MODULE_OK, TOKENWARD_OK, TOKENWARD_OK},
    {CONTROL_REQUIRED, TOKENWARD_MODULE_NONE, TOKENWARD_OK, TOKENWARD_OK},
    {CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY, TOKENWARD_UNAVAILABLE,
	TOKENWARD_OK},
    {CONTROL_SUFFICIENT, TOKENWARD_MODULE_DENIED, TOKENWARD_LOCKED,
	TOKENWARD_OK},
    {CONTROL_REQUIRED, TOKENWARD_MODULE_AWAY, TOKENWARD_UNAVAILABLE,
	TOKENWARD_UNAVAILABLE},
    {CONTROL_REQUISITE, TOKENWARD_MODULE_FAILED, TOKENWARD_FAILED,
	TOKENWARD_FAILED},
};

static void
assert_removed(enum record_kind kind, int want)
{
	struct error err;
	int r = store_remove(s, kind, "near", &err);

	cr_assert_eq(r, want, "%d: %s", r, r ? err.text : "");
	cr_assert_eq(r == TOKENWARD_OK || strstr(err.text, "the shelf says"),
	    true, "%s", err.text);
	if (r == TOKENWARD_OK) {
		fake_place_answer(0, false, TOKENWARD_MODULE_OK);
		assert_ok(put(kind, "near", 0, &err), err);
	}
}

Test(lines_rules, what_another_place_may_hold_is_not_taken_away)
{
	size_t i;

	for (i = 0; i < sizeof(removals) / sizeof(removals[0]); i++) {
		own_and_shelf(removals[i].control, removals[i].result);
		assert_removed(RECORD_CREDENTIAL, removals[i].credential);
		own_and_shelf(removals[i].control, removals[i].result);
		assert_removed(RECORD_TOKENS, removals[i].tokens);
	}
}

Test(lines_rules, what_another_place_does_hold_is_named)
{
	struct error err;

	plant(RECORD_TOKENS, "near", "of the shelf");
	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	add_shelf("1", CONTROL_OPTIONAL);
	assert_fails(store_check_remove(s, "near", &err), err,
	    TOKENWARD_NOT_ALLOWED, "near: the readonly store fake shelf=0");
	assert_fails(store_remove(s, RECORD_TOKENS, "near", &err), err,
	    TOKENWARD_NOT_ALLOWED, "(here:2) has a record of it");
	assert_ok(store_remove(s, RECORD_CREDENTIAL, "near", &err), err);
}

Test(lines_rules, a_line_that_fails_says_nothing_of_what_it_holds)
{
	struct error err;

	own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_OK);
	v[1].fault = strdup("it has no sense");
	assert_fails(store_check_remove(s, "near", &err), err, TOKENWARD_CONFIG,
	    "it has no sense");
	assert_fails(lines_check_rekey(s, &err), err, TOKENWARD_CONFIG,
	    "it has no sense");
}

Test(lines_rules, a_new_master_key_waits_for_empty_places)
{
	struct error err;

	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	add_shelf("1", CONTROL_OPTIONAL);
	assert_ok(lines_check_rekey(s, &err), err);
	plant(RECORD_TOKENS, "far", "of the shelf");
	assert_fails(lines_check_rekey(s, &err), err, TOKENWARD_NOT_ALLOWED,
	    "the readonly store fake shelf=0 (here:2) has records, which "
	    "would not open with a new master key");
	forget_lines();
	add_shelf("0", CONTROL_OPTIONAL);
	add_line("files", CONTROL_REQUIRED);
	assert_fails(lines_check_rekey(s, &err), err, TOKENWARD_NOT_ALLOWED,
	    "shelf=0 (here:1) has records");
	assert_fails(store_check_remove(s, "far", &err), err,
	    TOKENWARD_NOT_ALLOWED, "(here:1) has a record of it");
	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_DENIED);
	assert_fails(lines_check_rekey(s, &err), err, TOKENWARD_LOCKED,
	    "the shelf says denied to each");
}

/* ---- all of them ------------------------------------------------------- */

struct seen {
	int whole, damaged, missing;
	struct error last;
};

static int
see(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	struct seen *n = data;

	(void)generation;
	n->whole += plain != NULL;
	n->damaged += damage && damage->code == TOKENWARD_DAMAGED;
	n->missing += damage && damage->code != TOKENWARD_DAMAGED;
	if (damage)
		n->last = *damage;
	return 0;
}

static struct seen
see_all(int want)
{
	struct seen n = {0};
	struct error err;
	int r = store_each(s, see, &n, &err);

	cr_assert_eq(r, want, "%d: %s", r, r ? err.text : "");
	return n;
}

Test(lines_rules, a_list_has_every_place_and_says_which_did_not_answer)
{
	struct seen n;

	plant(RECORD_CREDENTIAL, "far", "rubbish");
	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	n = see_all(TOKENWARD_OK);
	cr_assert(n.whole == 1 && n.damaged == 1 && n.missing == 0);
	cr_assert(strstr(n.last.text, "(fake:credentials/"), "%s", n.last.text);
	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY);
	n = see_all(TOKENWARD_OK);
	cr_assert(n.whole == 1 && n.damaged == 0 && n.missing == 1);
	cr_assert(strstr(n.last.text, "the shelf says away to each"));
	own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_AWAY);
	n = see_all(TOKENWARD_UNAVAILABLE);
	cr_assert(n.whole == 0 && n.damaged == 0 && n.missing == 0);
}

static int
stop(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	see(data, plain, generation, damage);
	return 77;
}

Test(lines_rules, a_list_ends_when_told)
{
	struct seen n = {0};
	struct error err;

	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY);
	add_shelf("1", CONTROL_OPTIONAL);
	fake_place_answer(1, true, TOKENWARD_MODULE_AWAY);
	cr_assert_eq(store_each(s, stop, &n, &err), 77);
	cr_assert(n.missing == 1 && n.whole == 0);
}

Test(lines_rules, records_are_listed_once_and_sorted)
{
	struct record_list l = {0};
	struct error err;
	char name[8];
	size_t i;

	for (i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "n%zu", i);
		if (i < 6)
			assert_ok(put(RECORD_TOKENS, name, 0, &err), err);
		if (i > 3)
			plant(RECORD_TOKENS, name, "of the shelf");
	}
	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	assert_ok(lines_list(s, RECORD_TOKENS, &l, &err), err);
	cr_assert_eq(l.n, 10);
	for (i = 0; i < l.n; i++) {
		cr_assert_eq(l.v[i].kind, RECORD_TOKENS);
		cr_assert(i == 0 || memcmp(l.v[i - 1].index, l.v[i].index,
					INDEX_LEN) < 0);
		cr_assert_eq(record_list_find(&l, &l.v[i]), &l.v[i]);
	}
	record_list_free(&l);
}

static struct {
	int n, failed;
	char what[160], why[1100];
} told;

static int
tell(void *data, const char *what, const struct error *why)
{
	(void)data;
	told.n++;
	told.failed += why != NULL;
	snprintf(told.what, sizeof(told.what), "%s", what);
	snprintf(told.why, sizeof(told.why), "%s", why ? why->text : "");
	return 0;
}

static void
ask(bool really)
{
	struct error err;

	memset(&told, 0, sizeof(told));
	assert_ok(store_each_readonly(s, really, tell, NULL, &err), err);
}

Test(lines_rules, each_readonly_line_is_shown_and_asked_if_wanted)
{
	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	ask(true);
	cr_assert(told.n == 1 && told.failed == 0);
	cr_assert_str_eq(told.what, "fake shelf=0 (here:2)");
	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY);
	ask(false);
	cr_assert(told.n == 1 && told.failed == 0);
	ask(true);
	cr_assert(told.n == 1 && told.failed == 1);
	cr_assert_str_eq(told.why, "the shelf says away to get");
	v[1].fault = strdup("it has no sense");
	store_rest(s);
	ask(false);
	cr_assert(told.n == 1 && told.failed == 1);
	cr_assert_str_eq(told.what, " (here:2)");
	cr_assert(strstr(told.why, "it has no sense") != NULL);
	forget_lines();
	ask(true);
	cr_assert_eq(told.n, 0);
}

static int
end_at_once(void *data, const char *what, const struct error *why)
{
	tell(data, what, why);
	return 77;
}

Test(lines_rules, a_walk_over_the_lines_ends_when_told)
{
	struct error err;

	memset(&told, 0, sizeof(told));
	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	add_shelf("1", CONTROL_OPTIONAL);
	cr_assert_eq(store_each_readonly(s, true, end_at_once, NULL, &err), 77);
	cr_assert_eq(told.n, 1);
}

/* ---- what lies there --------------------------------------------------- */

static struct {
	unsigned here[RECORD_KIND_MAX], astray, outside[RECORD_KIND_MAX];
	struct entry last;
	char path[160];
} found;

static int
find(void *data, const struct entry *e)
{
	if (e->what == ENTRY_ASTRAY)
		found.astray++;
	if (e->what == ENTRY_RECORD && !e->from)
		found.here[e->kind]++;
	if (e->what == ENTRY_RECORD && e->from) {
		found.outside[e->kind]++;
		found.last = *e;
		snprintf(found.path, sizeof(found.path), "%s", e->path);
	}
	return data && e->from ? *(int *)data : 0;
}

Test(lines_rules, entries_are_those_of_every_place)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	uint64_t generation;
	struct error err;

	memset(&found, 0, sizeof(found));
	plant(RECORD_TOKENS, "far", "rubbish");
	plant(RECORD_CREDENTIAL, "far", "rubbish");
	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	assert_ok(store_entries(s, find, NULL, &err), err);
	cr_assert(found.here[0] == 1 && found.here[1] == 1);
	cr_assert(found.outside[0] == 1 && found.outside[1] == 1);
	cr_assert_eq(found.astray, 0);
	cr_assert(
	    strncmp(found.path, "fake:tokens/", 12) == 0, "%s", found.path);
	cr_assert(S_ISREG(found.last.mode));
	assert_fails(
	    store_read_entry(s, &found.last, &plain, &generation, &err), err,
	    TOKENWARD_DAMAGED, "it is cut short");
}

static int
read_entry(void *data, const struct entry *e)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	int *results = data;
	uint64_t generation;
	struct error err;

	if (e->what == ENTRY_RECORD && e->kind == RECORD_TOKENS)
		results[e->from != NULL] =
		    store_read_entry(s, e, &plain, &generation, &err);
	return 0;
}

/* Two of one name: each is read where it lies, whichever counts. */
Test(lines_rules, an_entry_is_read_in_its_own_place)
{
	int results[2] = {-1, -1};
	struct error err;

	plant(RECORD_TOKENS, "near", "rubbish");
	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	assert_ok(store_entries(s, read_entry, results, &err), err);
	cr_assert_eq(results[0], TOKENWARD_OK);
	cr_assert_eq(results[1], TOKENWARD_DAMAGED);
	forget_lines();
	add_shelf("0", CONTROL_OPTIONAL);
	add_line("files", CONTROL_REQUIRED);
	results[0] = results[1] = -1;
	assert_ok(store_entries(s, read_entry, results, &err), err);
	cr_assert_eq(results[0], TOKENWARD_OK);
	cr_assert_eq(results[1], TOKENWARD_DAMAGED);
}

Test(lines_rules, entries_of_a_place_that_does_not_answer_are_missed_aloud)
{
	struct error err;
	int end = 77;

	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY);
	assert_fails(store_entries(s, find, NULL, &err), err,
	    TOKENWARD_UNAVAILABLE, "the shelf says away to each");
	own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	plant(RECORD_CREDENTIAL, "far", "rubbish");
	plant(RECORD_CREDENTIAL, "other", "rubbish");
	memset(&found, 0, sizeof(found));
	cr_assert_eq(store_entries(s, find, &end, &err), 77);
	cr_assert_eq(found.outside[0], 1);
	v[1].fault = strdup("it has no sense");
	store_rest(s);
	assert_fails(store_entries(s, find, NULL, &err), err, TOKENWARD_CONFIG,
	    "it has no sense");
}

/* Where records lie in a module, files of records are astray. */
Test(lines_rules, files_are_astray_once_the_records_were_moved)
{
	struct where to = {.module = strdup("fake")};
	struct migration m = {.s = s, .master = master, .leave = true};
	struct error err;

	assert_ok(store_migrate(&m, &to, &err), err);
	assert_ok(put(RECORD_TOKENS, "more", 0, &err), err);
	cr_assert_eq(fake_place_records(0), 3);
	memset(&found, 0, sizeof(found));
	assert_ok(store_entries(s, find, NULL, &err), err);
	cr_assert(found.outside[0] == 1 && found.outside[1] == 2);
	cr_assert(found.astray == 0 && found.here[0] == 0);
	where_free(&to);
}

static bool
has(enum record_kind kind, const char *name)
{
	unsigned char index[INDEX_LEN];
	struct error err;

	assert_ok(store_index(s, name, index, &err), err);
	return store_has_record(s, kind, index);
}

Test(lines_rules, what_cannot_be_looked_for_may_be_there)
{
	own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_OK);
	cr_assert(has(RECORD_TOKENS, "near"));
	cr_assert_not(has(RECORD_TOKENS, "far"));
	plant(RECORD_TOKENS, "far", "rubbish");
	cr_assert(has(RECORD_TOKENS, "far"));
	own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_AWAY);
	cr_assert(has(RECORD_TOKENS, "none"));
}

/* ---- a call that fails ------------------------------------------------- */

static int
list_all(struct error *err)
{
	struct seen n = {0};
	int r = store_each(s, see, &n, err);

	cr_assert(r || n.whole + n.damaged + n.missing > 0);
	return r;
}

static void
check(int r, const struct error *err)
{
	trial_is_told(r, err);
	store_rest(s);
	cr_assert_eq(see_all(TOKENWARD_OK).whole, 1);
	store_rest(s);
}

Test(lines_rules, too_little_memory_is_no_missing_record)
{
	own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_OK);
	trial_some(&(struct trial){list_all, check}, "memory");
}
