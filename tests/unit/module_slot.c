/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key slots of programs (tests/modules/debug): what they are asked, and how
 * little of what they say is believed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sodium.h>
#include "base/clock.h"
#include "base/frame.h"
#include "base/secret.h"
#include "key/module_slot.h"
#include "module/module.h"
#include "store/header.h"
#include "failing.h"
#include "unit.h"

/* The test program runs in the build tree. */
#define DIRECTORY "tests/modules"

static const unsigned char store_id[STORE_ID_LEN] = "0123456789abcde";
static struct stack stack;
static struct buf note = BUF_INIT;
static struct key_context ctx;
static struct key_slot slot;
static struct error err;

static int
give_stack(void *data, const struct stack **ret, struct error *e)
{
	(void)data;
	*ret = &stack;
	return e ? TOKENWARD_OK : TOKENWARD_FAILED;
}

static void
setup(void)
{
	cr_assert(sodium_init() >= 0);
	ctx = (struct key_context){.modules = DIRECTORY,
	    .store_path = "/the/store",
	    .store_id = store_id,
	    .stack = give_stack,
	    .note = &note};
	slot = (struct key_slot){.id = 3, .kind = strdup("debug")};
}

static void
teardown(void)
{
	stack_free(&stack);
	slot_free(&slot);
	buf_free(&note);
	unit_cleanup();
}

TestSuite(module_slot, .init = setup, .fini = teardown);

static void
load(const char *text)
{
	struct stack_files files = {
	    .machine = unit_path("stack.conf"), .store_owner = (uid_t)-1};

	unit_write(files.machine, text, strlen(text));
	stack_free(&stack);
	assert_ok(stack_load(&files, &stack, &err), err);
}

/* The unlock line in force. */
static void
line(const char *options)
{
	char text[400];

	snprintf(text, sizeof(text), "unlock required debug %s\n", options);
	load(text);
}

static int
enroll(const char *arg, unsigned char *kek)
{
	strmap_free(&slot.params);
	memset(slot.salt, 0, sizeof(slot.salt));
	if (!slot.kind)
		slot.kind = strdup("debug");
	return module_slot_enroll(&ctx, arg, &slot, kek, &err);
}

static int
open_slot(unsigned char *kek, bool *slow)
{
	return module_slot_open(&ctx, NULL, &slot, kek, slow, &err);
}

Test(module_slot, what_was_enrolled_opens)
{
	unsigned char a[KEY_LEN] = {0}, b[KEY_LEN] = {0};
	bool slow = true;

	line("");
	assert_ok(enroll("x=y", a), err);
	cr_assert_str_eq(strmap_get(&slot.params, "arg"), "x=y");
	cr_assert_not(sodium_is_zero(slot.salt, SLOT_SALT_LEN));
	cr_assert_not(sodium_is_zero(a, KEY_LEN));
	assert_ok(open_slot(b, &slow), err);
	cr_assert_eq(memcmp(a, b, KEY_LEN), 0);
	cr_assert_not(slow);
	assert_ok(open_slot(b, NULL), err);
	slot.salt[0] ^= 1;
	assert_ok(open_slot(b, NULL), err);
	cr_assert_neq(memcmp(a, b, KEY_LEN), 0, "it is told the salt");
	slot.salt[0] ^= 1;
	ctx.store_id = (const unsigned char *)"another, 16 long";
	assert_ok(open_slot(b, NULL), err);
	cr_assert_neq(memcmp(a, b, KEY_LEN), 0, "it is told the store");
	assert_ok(module_slot_forget(&ctx, &slot, &err), err);
	strmap_free(&slot.params);
	assert_fails(open_slot(b, NULL), err, TOKENWARD_NOT_FOUND, "debug");
	assert_ok(enroll(NULL, a), err);
	cr_assert_str_eq(strmap_get(&slot.params, "arg"), "");
	cr_assert_eq(secret_in_use(), 0);
}

Test(module_slot, without_a_line_it_has_no_options)
{
	unsigned char a[KEY_LEN], b[KEY_LEN];

	load("unlock required keyfile\n");
	assert_ok(enroll("x", a), err);
	assert_ok(open_slot(b, NULL), err);
	cr_assert_eq(memcmp(a, b, KEY_LEN), 0);
}

Test(module_slot, a_line_that_is_given_goes_before_the_stacks)
{
	struct stack_line own = {.kind = MODULE_KEY, .module = (char *)"debug"};
	unsigned char kek[KEY_LEN];

	line("result=denied");
	strmap_set(&slot.params, "arg", "x");
	cr_assert_eq(open_slot(kek, NULL), TOKENWARD_LOCKED);
	assert_ok(module_slot_open(&ctx, &own, &slot, kek, NULL, &err), err);
}

Test(module_slot, results_are_the_slots)
{
	static const struct {
		const char *word;
		int r;
	} rows[] = {{"none", TOKENWARD_NOT_FOUND},
	    {"away", TOKENWARD_UNAVAILABLE}, {"denied", TOKENWARD_LOCKED},
	    {"broken", TOKENWARD_DAMAGED}, {"failed", TOKENWARD_FAILED}};
	unsigned char kek[KEY_LEN];
	char options[64];
	size_t i;

	strmap_set(&slot.params, "arg", "x");
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(options, sizeof(options), "result=%s", rows[i].word);
		line(options);
		cr_assert_eq(open_slot(kek, NULL), rows[i].r, "%s: %s",
		    rows[i].word, err.text);
		cr_assert_eq(module_slot_forget(&ctx, &slot, &err),
		    i == 0 ? TOKENWARD_OK : rows[i].r,
		    "nothing to forget is forgotten");
	}
}

/* A key of zeros would be anybody's. */
Test(module_slot, nonsense_is_no_key)
{
	static const struct {
		const char *word, *words;
	} rows[] = {{"short", "no key of 32 bytes"},
	    {"nothing", "no key of 32 bytes"}, {"zeros", "a key of zeros"},
	    {"many", "parameters that cannot be kept"},
	    {"name", "parameters that cannot be kept"},
	    {"value", "parameters that cannot be kept"},
	    {"nul", "parameters that cannot be kept"},
	    {"twice", "parameters that cannot be kept"}};
	unsigned char kek[KEY_LEN];
	char options[64];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(options, sizeof(options), "nonsense=%s", rows[i].word);
		line(options);
		assert_fails(
		    enroll("x", kek), err, TOKENWARD_FAILED, rows[i].words);
		cr_assert(str_prefix(err.text, "the key module debug"));
		cr_assert(strstr(err.text, ": it answered with "));
		cr_assert_not_null(slot.kind, "it may have kept something");
	}
	for (i = 0; i < 3; i++) {
		snprintf(options, sizeof(options), "nonsense=%s", rows[i].word);
		line(options);
		strmap_free(&slot.params);
		strmap_set(&slot.params, "arg", "x");
		assert_fails(
		    open_slot(kek, NULL), err, TOKENWARD_FAILED, rows[i].words);
	}
}

Test(module_slot, who_refuses_to_make_one_has_kept_nothing)
{
	static const char *const results[] = {
	    "none", "away", "denied", "conflict", "broken", "failed"};
	unsigned char kek[KEY_LEN];
	char options[64];
	size_t i;

	for (i = 0; i < sizeof(results) / sizeof(*results); i++) {
		snprintf(options, sizeof(options), "result=%s", results[i]);
		line(options);
		cr_assert_neq(enroll("x", kek), TOKENWARD_OK);
		cr_assert_null(slot.kind, "%s", results[i]);
	}
}

Test(module_slot, what_it_says_besides_is_not_kept)
{
	unsigned char kek[KEY_LEN];

	line("report=yes");
	assert_ok(enroll("x", kek), err);
	cr_assert_eq(slot.params.n, 1);
	cr_assert_str_eq(strmap_get(&slot.params, "arg"), "x");
}

/* For whom there is no memory, who may have kept something all the same. */
Test(module_slot, parameters_for_which_there_is_no_memory_are_no_nonsense)
{
	unsigned char kek[KEY_LEN];
	unsigned n, failed = 0;
	bool hit = true;
	int r;

	line("");
	for (n = 1; hit; n++) {
		slot_free(&slot);
		slot = (struct key_slot){.id = 3, .kind = strdup("debug")};
		failing_begin("memory", n, ENOMEM);
		r = module_slot_enroll(&ctx, "x", &slot, kek, &err);
		hit = failing_end();
		failed += r != TOKENWARD_OK;
		cr_assert(hit || r == TOKENWARD_OK, "%s", err.text);
		cr_assert(r == TOKENWARD_OK || (r == TOKENWARD_FAILED &&
						   strstr(err.text, "memory")),
		    "%u: %d: %s", n, r, err.text);
	}
	cr_assert_gt(failed, 2);
}

Test(module_slot, a_parameter_without_a_name_is_none)
{
	unsigned char kek[KEY_LEN];

	line("nonsense=noname");
	assert_ok(enroll("x", kek), err);
	cr_assert_eq(slot.params.n, 1);
}

Test(module_slot, notes_are_for_the_user_and_cleaned)
{
	unsigned char kek[KEY_LEN];

	line("nonsense=notes");
	assert_ok(enroll("x", kek), err);
	cr_assert_str_eq(buf_str(&note), "one\ntwo\\x0alines");
	ctx.note = NULL;
	assert_ok(enroll("x", kek), err);
}

/* ---- what it is told --------------------------------------------------- */

/* The last request, and the milliseconds that its answer may take. */
static struct buf told = BUF_INIT;
static int64_t allowed;

enum tokenward_module_result __real_module_call_asking(struct module *m,
    const char *operation, const struct buf *request, struct buf *reply,
    int64_t timeout_ms, const int64_t *deadline_ms, tokenward_ask_fn ask,
    void *ask_data, struct error *e);
enum tokenward_module_result __wrap_module_call_asking(struct module *m,
    const char *operation, const struct buf *request, struct buf *reply,
    int64_t timeout_ms, const int64_t *deadline_ms, tokenward_ask_fn ask,
    void *ask_data, struct error *e);
enum tokenward_module_result
__wrap_module_call_asking(struct module *m, const char *operation,
    const struct buf *request, struct buf *reply, int64_t timeout_ms,
    const int64_t *deadline_ms, tokenward_ask_fn ask, void *ask_data,
    struct error *e)
{
	buf_set(&told, request->data, request->len);
	allowed = timeout_ms;
	return __real_module_call_asking(m, operation, request, reply,
	    timeout_ms, deadline_ms, ask, ask_data, e);
}

/* The text of a field of it, static; "-" when there is none. */
static const char *
field(const char *name)
{
	static char text[200];
	struct frame_field f;

	if (!frame_find(told.data, told.len, name, &f))
		return "-";
	snprintf(text, sizeof(text), "%.*s", (int)f.len, f.value);
	return text;
}

static void
assert_salt(void)
{
	struct frame_field f;

	cr_assert(frame_find(told.data, told.len, "salt", &f));
	cr_assert_eq(f.len, SLOT_SALT_LEN);
	cr_assert_eq(memcmp(f.value, slot.salt, SLOT_SALT_LEN), 0);
}

Test(module_slot, it_is_told_store_slot_salt_and_what_was_kept)
{
	unsigned char kek[KEY_LEN];

	line("");
	assert_ok(enroll("words", kek), err);
	cr_assert_str_eq(field("store"), "30313233343536373839616263646500");
	cr_assert_str_eq(field("path"), "/the/store");
	cr_assert_str_eq(field("slot"), "3");
	cr_assert_str_eq(field("arg"), "words");
	cr_assert_str_eq(field("system"), "-");
	cr_assert_str_eq(field("param.arg"), "-");
	assert_salt();
	cr_assert_eq(allowed, 30000);
	assert_ok(open_slot(kek, NULL), err);
	cr_assert_str_eq(field("param.arg"), "words");
	cr_assert_str_eq(field("arg"), "-");
	assert_salt();
	cr_assert_eq(allowed, 5000);
	ctx.system = true;
	ctx.store_path = NULL;
	assert_ok(module_slot_forget(&ctx, &slot, &err), err);
	cr_assert_str_eq(field("system"), "1");
	cr_assert_str_eq(field("path"), "");
	cr_assert_str_eq(field("param.arg"), "words");
	cr_assert_eq(allowed, 5000);
	ctx.store_id = NULL;
	cr_assert_neq(open_slot(kek, NULL), TOKENWARD_OK);
	cr_assert_str_eq(field("store"), "");
	buf_free(&told);
}

static int
no_stack(void *data, const struct stack **ret, struct error *e)
{
	(void)data;
	(void)ret;
	return error_set(e, TOKENWARD_CONFIG, "there is no stack");
}

Test(module_slot, without_a_stack_nothing_is_started)
{
	unsigned char kek[KEY_LEN];

	ctx.stack = no_stack;
	assert_fails(
	    enroll("x", kek), err, TOKENWARD_CONFIG, "there is no stack");
	cr_assert_null(slot.kind, "nothing was asked");
	slot.kind = strdup("debug");
	assert_fails(
	    open_slot(kek, NULL), err, TOKENWARD_CONFIG, "there is no stack");
	assert_fails(module_slot_forget(&ctx, &slot, &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
}

Test(module_slot, a_line_that_cannot_be_read_may_be_its_own)
{
	unsigned char kek[KEY_LEN];

	load("unlock sometimes debug\n");
	strmap_set(&slot.params, "arg", "x");
	assert_fails(
	    open_slot(kek, NULL), err, TOKENWARD_CONFIG, ":1) must fail: ");
	load("unlock sometimes keyfile\nunlock required debug\n");
	assert_ok(open_slot(kek, NULL), err);
}

Test(module_slot, no_module_runs_on)
{
	unsigned char kek[KEY_LEN];

	line("");
	assert_ok(enroll("x", kek), err);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_assert_eq(errno, ECHILD);
	line("result=denied");
	cr_assert_eq(open_slot(kek, NULL), TOKENWARD_LOCKED);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
}

/* ---- who may be asked -------------------------------------------------- */

static int asked;

static long friend(
    void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	(void)cap;
	asked++;
	cr_assert_str_eq(q->prompt, "Say friend: ");
	if (!data)
		return -1;
	memcpy(to, "mellon", 6);
	return 6;
}

Test(module_slot, a_human_is_asked_where_there_is_one)
{
	unsigned char kek[KEY_LEN];

	line("ask=yes");
	strmap_set(&slot.params, "arg", "x");
	assert_fails(open_slot(kek, NULL), err, TOKENWARD_LOCKED, "debug");
	ctx.ask = friend;
	ctx.ask_data = &asked;
	assert_ok(open_slot(kek, NULL), err);
	cr_assert_eq(asked, 1);
	line("ask=yes result=ask");
	cr_assert_neq(open_slot(kek, NULL), TOKENWARD_OK);
	cr_assert_eq(asked, 4, "three times are enough");
	ctx.ask_data = NULL;
	cr_assert_neq(open_slot(kek, NULL), TOKENWARD_OK);
	cr_assert_eq(asked, 5);
}

/* That time is a prompt's: it does not count. */
Test(module_slot, a_dialog_is_shown_where_it_is_no_surprise)
{
	unsigned char kek[KEY_LEN];
	int64_t deadline = clock_boot_ms() + 10000, was = deadline;

	line("dialog=300");
	strmap_set(&slot.params, "arg", "x");
	ctx.deadline_ms = &deadline;
	cr_assert_neq(open_slot(kek, NULL), TOKENWARD_OK, "nobody is there");
	ctx.ask = friend;
	cr_assert_neq(open_slot(kek, NULL), TOKENWARD_OK, "it would be one");
	cr_assert_eq(deadline, was);
	ctx.dialogs = true;
	assert_ok(open_slot(kek, NULL), err);
	cr_assert(deadline >= was + 300 && deadline < was + 9000, "%lld",
	    (long long)(deadline - was));
	ctx.deadline_ms = NULL;
	assert_ok(open_slot(kek, NULL), err);
	ctx.ask = NULL;
	cr_assert_neq(open_slot(kek, NULL), TOKENWARD_OK);
	cr_assert_eq(asked, 0);
}

Test(module_slot, who_has_a_prompt_shows_no_dialog_besides)
{
	unsigned char kek[KEY_LEN];
	int64_t deadline = clock_boot_ms() + 10000;
	int64_t begun = clock_boot_ms();

	line("ask=yes dialog=3000");
	strmap_set(&slot.params, "arg", "x");
	ctx.ask = friend;
	ctx.dialogs = true;
	ctx.deadline_ms = &deadline;
	assert_fails(open_slot(kek, NULL), err, TOKENWARD_LOCKED, "debug");
	cr_assert_eq(asked, 1, "it is asked, and gives no answer");
	cr_assert(clock_boot_ms() - begun < 3000);
}

/* ---- where it cannot be ------------------------------------------------ */

Test(module_slot, when_the_time_is_up_nothing_is_started)
{
	int64_t deadline = clock_boot_ms() - 1;
	unsigned char kek[KEY_LEN];
	char options[300];

	snprintf(options, sizeof(options), "log=%s", unit_path("log"));
	line(options);
	ctx.deadline_ms = &deadline;
	assert_fails(open_slot(kek, NULL), err, TOKENWARD_UNAVAILABLE,
	    "the time was up");
	cr_assert_eq(access(unit_path("log"), F_OK), -1);
	deadline = clock_boot_ms() + 20000;
	strmap_set(&slot.params, "arg", "x");
	assert_ok(open_slot(kek, NULL), err);
	cr_assert_eq(access(unit_path("log"), F_OK), 0);
}

Test(module_slot, one_that_does_not_answer_is_left_at_the_deadline)
{
	int64_t begun = clock_boot_ms(), deadline = begun + 500;
	unsigned char kek[KEY_LEN];

	line("wait=20000");
	ctx.deadline_ms = &deadline;
	strmap_set(&slot.params, "arg", "x");
	assert_fails(open_slot(kek, NULL), err, TOKENWARD_UNAVAILABLE, "debug");
	cr_assert(clock_boot_ms() - begun < 4000);
}

Test(module_slot, there_is_none_without_a_directory_or_a_name)
{
	unsigned char kek[KEY_LEN];

	line("");
	ctx.modules = NULL;
	assert_fails(open_slot(kek, NULL), err, TOKENWARD_CONFIG,
	    "there is no key module \"debug\" here");
	ctx.modules = DIRECTORY;
	slot.kind[0] = '.';
	cr_assert_eq(open_slot(kek, NULL), TOKENWARD_CONFIG);
	slot.kind[0] = 'x';
	cr_assert_eq(open_slot(kek, NULL), TOKENWARD_CONFIG);
}
