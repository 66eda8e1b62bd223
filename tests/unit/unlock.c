/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk over cache and slots: order, sentences, nothing trusted early. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sodium.h>
#include "base/secret.h"
#include "key/methods.h"
#include "key/module_slot.h"
#include "module/module.h"
#include "store/store.h"
#include "failing.h"
#include "unit.h"

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static struct header h;
static int asked;

static void
setup(void)
{
	h = (struct header){.format = 1,
	    .min_reader = 1,
	    .suite = 1,
	    .epoch = 1,
	    .sequence = 1,
	    .next_slot = 1};
	cr_assert(sodium_init() >= 0);
	randombytes_buf(h.store_id, sizeof(h.store_id));
}

static void
teardown(void)
{
	keyring_forget(h.store_id, 1);
	header_free(&h);
	unit_cleanup();
}

TestSuite(unlock, .init = setup, .fini = teardown);

static long
answer(void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	(void)q;
	(void)cap;
	asked++;
	if (!data)
		return -1;
	memcpy(to, data, strlen(data));
	return (long)strlen(data);
}

static struct key_context
context(const char *says)
{
	return (struct key_context){.ask = says ? answer : NULL,
	    .ask_data = (void *)(uintptr_t)says,
	    .store_path = "/the/store"};
}

static struct key_slot *
new_slot(const char *kind)
{
	struct key_slot *s = &h.slots[h.slots_n++];

	s->id = h.next_slot++;
	s->kind = strdup(kind);
	return s;
}

static void
add_keyfile(const char *path)
{
	struct key_slot *s = new_slot("keyfile");
	struct key_context ctx = context(NULL);
	unsigned char kek[KEY_LEN];
	struct error err;

	assert_ok(
	    keyfile_method.enroll(&keyfile_method, &ctx, path, s, kek, &err),
	    err);
	assert_ok(slot_wrap(s, h.store_id, kek, master, &err), err);
}

/* As cheap as may be read back. */
static void
add_passphrase(const char *words)
{
	struct key_slot *s = new_slot("passphrase");
	unsigned char kek[KEY_LEN];
	struct error err;

	strmap_set(&s->params, "memory", "67108864");
	strmap_set(&s->params, "passes", "3");
	randombytes_buf(s->salt, sizeof(s->salt));
	cr_assert_eq(crypto_pwhash(kek, KEY_LEN, words, strlen(words), s->salt,
			 3, 67108864, crypto_pwhash_ALG_ARGON2ID13),
	    0);
	assert_ok(slot_wrap(s, h.store_id, kek, master, &err), err);
}

static void
finish(void)
{
	struct buf b = BUF_INIT;
	struct header fresh;
	struct error err;

	assert_ok(header_encode(&h, master, &b, &err), err);
	assert_ok(header_decode(b.data, b.len, &fresh, &err), err);
	header_free(&h);
	h = fresh;
	buf_free(&b);
}

static int
unlock(const char *says, const char **kind, struct error *err)
{
	struct key_context ctx = context(says);
	unsigned char *got = secret_alloc(KEY_LEN);
	struct key_opened by;
	int r = unlock_master(&h, &ctx, got, &by, err);

	if (r == TOKENWARD_OK)
		*kind = by.kind;
	if (r == TOKENWARD_OK)
		cr_assert_eq(memcmp(got, master, KEY_LEN), 0);
	else
		cr_assert(sodium_is_zero(got, KEY_LEN));
	secret_free(got);
	cr_assert_eq(secret_in_use(), 0, "nothing secret is left");
	return r;
}

Test(unlock, cache_before_file_before_passphrase)
{
	const char *kind = NULL;
	struct error err;

	add_passphrase("correct horse");
	add_keyfile(unit_path("key"));
	finish();
	assert_ok(unlock("correct horse", &kind, &err), err);
	cr_assert_str_eq(kind, "keyfile");
	cr_assert_eq(asked, 0);
	if (keyring_put(h.store_id, 1, master, 60)) {
		cr_assert_eq(unlink(unit_path("key")), 0);
		assert_ok(unlock("correct horse", &kind, &err), err);
		cr_assert_str_eq(kind, "keyring-cache");
		cr_assert_eq(asked, 0);
		keyring_forget(h.store_id, 1);
	}
	unlink(unit_path("key"));
	assert_ok(unlock("correct horse", &kind, &err), err);
	cr_assert_str_eq(kind, "passphrase");
	cr_assert_eq(asked, 1);
}

Test(unlock, a_cached_key_of_no_use_is_forgotten)
{
	unsigned char other[KEY_LEN] = {1}, got[KEY_LEN];
	const char *kind = NULL;
	struct error err;

	add_keyfile(unit_path("key"));
	finish();
	if (!keyring_put(h.store_id, 1, other, 60))
		cr_skip("no kernel keyring here");
	assert_ok(unlock(NULL, &kind, &err), err);
	cr_assert_str_eq(kind, "keyfile");
	cr_assert_not(keyring_get(h.store_id, 1, got));
}

Test(unlock, says_what_failed_and_the_cure)
{
	const char *kind = NULL;
	struct error err;

	add_keyfile(unit_path("key"));
	add_keyfile(unit_path("other"));
	add_passphrase("correct horse");
	finish();
	unlink(unit_path("key"));
	unlink(unit_path("other"));
	unit_write(unit_path("other"), "not the thirty-two bytes it had.", 32);
	assert_fails(unlock(NULL, &kind, &err), err, TOKENWARD_LOCKED,
	    "the store /the/store is locked: key file");
	cr_assert(strstr(err.text, "key: No such file or directory; "));
	cr_assert(strstr(err.text, "other does not fit key slot 2; "));
	cr_assert(strstr(err.text, "nobody can be asked"));
	cr_assert(strstr(err.text, "\"tokenward unlock\""));
	assert_fails(unlock("wrong", &kind, &err), err, TOKENWARD_LOCKED,
	    "the passphrase does not fit key slot 3");
	cr_assert_eq(asked, 1);
}

Test(unlock, several_passphrases_one_question)
{
	const char *kind = NULL;
	struct error err;

	add_passphrase("one");
	add_passphrase("two");
	finish();
	assert_ok(unlock("two", &kind, &err), err);
	cr_assert_eq(asked, 1);
}

Test(unlock, a_wrong_mode_is_not_allowed)
{
	const char *kind = NULL;
	struct error err;

	add_keyfile(unit_path("key"));
	finish();
	cr_assert_eq(chmod(unit_path("key"), 0644), 0);
	assert_fails(
	    unlock(NULL, &kind, &err), err, TOKENWARD_NOT_ALLOWED, "chmod 600");
}

Test(unlock, the_right_key_does_not_excuse_a_changed_header)
{
	const char *kind = NULL;
	struct error err;

	add_keyfile(unit_path("key"));
	finish();
	h.bytes.data[h.bytes.len - 1] ^= 1;
	assert_fails(unlock(NULL, &kind, &err), err, TOKENWARD_DAMAGED,
	    "doctor --repair");
}

Test(unlock, a_changed_header_is_not_opened_unattended)
{
	struct key_context ctx = context(NULL);
	const char *kind = "";

	add_keyfile(unit_path("key"));
	finish();
	h.bytes.data[h.bytes.len - 1] ^= 1;
	cr_assert(unlock_unattended(&h, &ctx, true, &kind));
	cr_assert_null(kind);
	cr_assert_eq(secret_in_use(), 0);
}

static int
unlock_nameless(struct error *err)
{
	struct key_context ctx = {.store_path = NULL};
	unsigned char got[KEY_LEN];
	struct key_opened by;

	return unlock_master(&h, &ctx, got, &by, err);
}

Test(unlock, a_store_without_a_path_fails_with_a_sentence_too)
{
	struct error err;

	add_keyfile(unit_path("key"));
	finish();
	assert_ok(unlock_nameless(&err), err);
	h.bytes.data[h.bytes.len - 1] ^= 1;
	assert_fails(unlock_nameless(&err), err, TOKENWARD_DAMAGED,
	    "the header of the store  was changed");
	cr_assert_eq(unlink(unit_path("key")), 0);
	assert_fails(unlock_nameless(&err), err, TOKENWARD_LOCKED,
	    "the store  is locked: key file ");
}

/* ---- no memory --------------------------------------------------------- */

/* Whether an allocation failed. */
static bool
unlock_without_memory(unsigned n, const char *says, int *ret, struct error *err)
{
	struct key_context ctx = context(says);
	static const unsigned char none[KEY_LEN];
	unsigned char got[KEY_LEN];
	struct key_opened by = {.kind = ""};
	bool hit;

	failing_begin("secret_alloc", n, ENOMEM);
	*ret = unlock_master(&h, &ctx, got, &by, err);
	hit = failing_end();
	cr_assert_eq(memcmp(got, *ret ? none : master, KEY_LEN), 0, "%u", n);
	cr_assert_eq(secret_in_use(), 0);
	return hit;
}

Test(unlock, a_passphrase_for_which_there_is_no_memory_is_not_wrong)
{
	struct error err;
	unsigned n;
	int r;

	add_passphrase("correct horse");
	finish();
	for (n = 1; unlock_without_memory(n, "correct horse", &r, &err); n++) {
		cr_assert(r == TOKENWARD_FAILED || r == TOKENWARD_DAMAGED,
		    "%u: %s", n, err.text);
		cr_assert_str_eq(err.text, "out of memory", "%u", n);
		cr_assert(err.no_memory);
	}
	assert_ok(r, err);
	cr_assert_gt(n, 4);
}

Test(unlock, a_kept_key_that_cannot_be_proved_is_kept)
{
	unsigned char got[KEY_LEN];
	struct error err;
	unsigned n;
	int r;

	add_keyfile(unit_path("key"));
	finish();
	if (!keyring_put(h.store_id, 1, master, 60))
		cr_skip("no kernel keyring here");
	for (n = 1; unlock_without_memory(n, NULL, &r, &err); n++)
		cr_assert(r == TOKENWARD_OK || err.no_memory, "%s", err.text);
	assert_ok(r, err);
	cr_assert_eq(n, 3, "the key to open it with, and that to prove it");
	cr_assert(keyring_get(h.store_id, 1, got));
	cr_assert_eq(memcmp(got, master, KEY_LEN), 0);
}

Test(unlock, without_memory_nobody_knows_what_opens_unattended)
{
	struct key_context ctx = context(NULL);
	const char *kind;
	bool known = true, hit = true;
	unsigned n;

	add_keyfile(unit_path("key"));
	finish();
	for (n = 1; hit; n++) {
		kind = "";
		failing_begin("secret_alloc", n, ENOMEM);
		known = unlock_unattended(&h, &ctx, true, &kind);
		hit = failing_end();
		cr_assert_eq(kind == NULL, hit, "%u", n);
		cr_assert(known || hit);
		cr_assert_not(known && n <= 2, "it was not even begun");
		cr_assert_eq(secret_in_use(), 0);
	}
	cr_assert(known);
	cr_assert_str_eq(kind, "keyfile");
}

Test(unlock, unknown_and_absent_slots)
{
	const char *kind = NULL;
	struct error err;

	finish();
	assert_fails(
	    unlock("x", &kind, &err), err, TOKENWARD_CONFIG, "no key slot");
	new_slot("tpm3");
	finish();
	assert_fails(unlock("x", &kind, &err), err, TOKENWARD_CONFIG,
	    "key slot 1: no unlock line names tpm3");
	new_slot("keyfile");
	finish();
	assert_fails(
	    unlock("x", &kind, &err), err, TOKENWARD_DAMAGED, "no usable path");
}

Test(unlock, unattended_means_without_a_human)
{
	struct key_context ctx = context("correct horse");
	const char *kind;

	add_passphrase("correct horse");
	finish();
	cr_assert(unlock_unattended(&h, &ctx, true, &kind));
	cr_assert_null(kind);
	add_keyfile(unit_path("key"));
	finish();
	cr_assert(unlock_unattended(&h, &ctx, true, &kind));
	cr_assert_str_eq(kind, "keyfile");
	unlink(unit_path("key"));
	cr_assert(unlock_unattended(&h, &ctx, true, &kind));
	cr_assert_null(kind);
	cr_assert_eq(asked, 0);
	cr_assert_eq(secret_in_use(), 0);
}

/* ---- recovery codes ---------------------------------------------------- */

static char code[64];

static void
add_recovery(void)
{
	struct key_slot *s = new_slot("recovery");
	struct key_context ctx = context(NULL);
	struct buf made = BUF_SECRET_INIT;
	unsigned char kek[KEY_LEN];
	struct error err;

	assert_fails(
	    recovery_method.enroll(&recovery_method, &ctx, NULL, s, kek, &err),
	    err, TOKENWARD_USAGE, "nobody to show");
	ctx.code = &made;
	assert_fails(
	    recovery_method.enroll(&recovery_method, &ctx, "x", s, kek, &err),
	    err, TOKENWARD_USAGE, "takes no value");
	assert_ok(
	    recovery_method.enroll(&recovery_method, &ctx, NULL, s, kek, &err),
	    err);
	assert_ok(slot_wrap(s, h.store_id, kek, master, &err), err);
	snprintf(code, sizeof(code), "%s", buf_str(&made));
	buf_free(&made);
}

Test(unlock, a_recovery_code_opens)
{
	const char *kind = NULL;
	struct error err;
	char *p;

	add_recovery();
	finish();
	assert_ok(unlock(code, &kind, &err), err);
	cr_assert_str_eq(kind, "recovery");
	for (p = code; *p; p++)
		*p = *p == '-' ? ' ' : (char)(*p | 0x20);
	assert_ok(unlock(code, &kind, &err), err);
	assert_fails(unlock(NULL, &kind, &err), err, TOKENWARD_LOCKED,
	    "nobody can be asked for the recovery code");
}

Test(unlock, a_mistyped_recovery_code_is_said_so)
{
	const char *kind = NULL;
	struct error err;

	add_recovery();
	finish();
	code[7] = code[7] == 'X' ? 'Y' : 'X';
	assert_fails(unlock(code, &kind, &err), err, TOKENWARD_LOCKED,
	    "checksum does not fit; look at group 2 first");
	code[20] = '\0';
	assert_fails(unlock(code, &kind, &err), err, TOKENWARD_LOCKED,
	    "28 letters and digits, these are 16");
	assert_fails(unlock("open sesame!", &kind, &err), err, TOKENWARD_LOCKED,
	    "letters and digits only");
	add_recovery();
	finish();
	assert_ok(unlock(code, &kind, &err), err);
	assert_fails(unlock("0123-4567-89AB-CDEF-GHJK-MNPQ-RSWX", &kind, &err),
	    err, TOKENWARD_LOCKED, "does not fit key slot 2");
}

/* Two at once: no one letter would make it right. */
Test(unlock, of_two_exchanged_letters_no_group_is_named)
{
	const char *kind = NULL;
	struct error err;
	char *p = code, first;

	add_recovery();
	finish();
	while (p[0] == p[1] || p[0] == '-' || p[1] == '-')
		p++;
	first = p[0];
	p[0] = p[1];
	p[1] = first;
	assert_fails(unlock(code, &kind, &err), err, TOKENWARD_LOCKED,
	    "the recovery code is mistyped: its checksum does not fit");
	cr_assert_null(strstr(err.text, "look at group"), "%s", err.text);
}

static long
answer_too_long(
    void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	(void)data;
	(void)q;
	memset(to, 'x', cap);
	return LONG_MAX;
}

Test(unlock, an_answer_that_is_too_long_is_not_cut)
{
	static char longest[PASSPHRASE_MAX + 1];
	struct key_context ctx = context("");
	unsigned char got[KEY_LEN];
	struct key_opened by;
	struct error err;

	add_passphrase(memset(longest, 'x', PASSPHRASE_MAX));
	finish();
	ctx.ask = answer_too_long;
	assert_fails(unlock_master(&h, &ctx, got, &by, &err), err,
	    TOKENWARD_LOCKED, "the passphrase is too long");
	ctx.ask = answer;
	ctx.ask_data = longest;
	assert_ok(unlock_master(&h, &ctx, got, &by, &err), err);
}

Test(unlock, passphrase_or_code_one_question)
{
	const char *kind = NULL;
	struct error err;

	add_passphrase("correct horse");
	add_recovery();
	finish();
	assert_ok(unlock("correct horse", &kind, &err), err);
	cr_assert_str_eq(kind, "passphrase");
	cr_assert_eq(asked, 1);
	assert_ok(unlock(code, &kind, &err), err);
	cr_assert_str_eq(kind, "recovery");
	cr_assert_eq(asked, 2);
	assert_fails(unlock("wrong", &kind, &err), err, TOKENWARD_LOCKED,
	    "the passphrase does not fit key slot 1");
	cr_assert_eq(strstr(err.text, "recovery code is"), NULL);
}

/* ---- the stack --------------------------------------------------------- */

static struct stack stack;

static int
give_stack(void *data, const struct stack **ret, struct error *err)
{
	(void)data;
	(void)err;
	*ret = &stack;
	return TOKENWARD_OK;
}

static void
load(const char *text)
{
	struct stack_files files = {
	    .machine = unit_path("stack.conf"), .store_owner = (uid_t)-1};
	struct error err;

	unit_write(files.machine, text, strlen(text));
	stack_free(&stack);
	assert_ok(stack_load(&files, &stack, &err), err);
}

static int
unlock_by(const char *says, struct key_opened *by, struct error *err)
{
	struct key_context ctx = context(says);
	unsigned char *got = secret_alloc(KEY_LEN);
	int r;

	ctx.stack = give_stack;
	*by = (struct key_opened){.kind = ""};
	r = unlock_master(&h, &ctx, got, by, err);
	secret_free(got);
	return r;
}

Test(unlock, the_stack_says_what_is_tried_and_in_which_order)
{
	struct key_opened by;
	struct error err;

	add_keyfile(unit_path("key"));
	add_passphrase("correct horse");
	finish();
	load("unlock sufficient passphrase\nunlock required keyfile\n");
	assert_ok(unlock_by("correct horse", &by, &err), err);
	cr_assert_str_eq(by.kind, "passphrase");
	cr_assert_eq(by.slot, 2);
	cr_assert_eq(by.keep, 0, "no line lets the kernel keep it");
	assert_ok(unlock_by("wrong", &by, &err), err);
	cr_assert_str_eq(by.kind, "keyfile");
	load("unlock required passphrase\nunlock required keyfile\n");
	assert_fails(unlock_by("wrong", &by, &err), err, TOKENWARD_LOCKED,
	    "does not fit key slot 2");
	load("unlock required passphrase\n");
	assert_fails(unlock_by("wrong", &by, &err), err, TOKENWARD_LOCKED,
	    "key slot 1: no unlock line names keyfile");
	load("unlock sufficient keyring-cache timeout=2h\n"
	     "unlock required passphrase\n");
	assert_ok(unlock_by("correct horse", &by, &err), err);
	cr_assert_eq(by.keep, 7200);
	load("unlock sufficient keyring-cache timeout=soon\n"
	     "unlock required passphrase\n");
	assert_ok(unlock_by("correct horse", &by, &err), err);
	cr_assert_eq(by.keep, 0, "nobody knows how long");
	load("unlock sufficient keyring-cache\n"
	     "unlock required passphrase\n");
	assert_ok(unlock_by("correct horse", &by, &err), err);
	cr_assert_eq(by.keep, 8 * 3600);
	cr_assert(by.human);
	load("unlock sufficient keyring-cache\n"
	     "unlock requisite keyfile\n");
	assert_ok(unlock_by("correct horse", &by, &err), err);
	cr_assert_eq(by.keep, 0, "it opens by itself");
	stack_free(&stack);
}

/* Leaves a trace, and is no module. */
static void
add_program(const char *name)
{
	char path[256], text[512];

	snprintf(path, sizeof(path), "modules/%s", name);
	snprintf(path, sizeof(path), "%s", unit_path(path));
	snprintf(text, sizeof(text), "#!/bin/sh\n: >'%s'\nexit 1\n",
	    unit_path("started"));
	mkdir(unit_path("modules"), 0755);
	unit_write(path, text, strlen(text));
	cr_assert_eq(chmod(path, 0755), 0);
}

static int
unlock_with_programs(struct key_opened *by, struct error *err)
{
	struct key_context ctx = context(NULL);
	unsigned char *got = secret_alloc(KEY_LEN);
	int r;

	ctx.stack = give_stack;
	ctx.modules = unit_path("modules");
	r = unlock_master(&h, &ctx, got, by, err);
	secret_free(got);
	return r;
}

Test(unlock, a_line_that_no_slot_is_for_starts_no_program)
{
	struct key_opened by;
	struct key_slot *s;
	struct error err;

	add_program("secret-service");
	add_keyfile(unit_path("key"));
	finish();
	load("unlock sufficient secret-service\n"
	     "unlock required keyfile\n");
	assert_ok(unlock_with_programs(&by, &err), err);
	cr_assert_eq(access(unit_path("started"), F_OK), -1);
	s = new_slot("secret-service");
	randombytes_buf(s->salt, sizeof(s->salt));
	finish();
	assert_ok(unlock_with_programs(&by, &err), err);
	cr_assert_eq(access(unit_path("started"), F_OK), 0, "it is for it now");
	cr_assert_str_eq(by.kind, "keyfile");
	stack_free(&stack);
}

Test(unlock, an_unreadable_line_is_said)
{
	struct key_opened by;
	struct error err;

	add_keyfile(unit_path("key"));
	finish();
	load("unlock perhaps keyfile\n");
	assert_fails(unlock_by(NULL, &by, &err), err, TOKENWARD_CONFIG,
	    "stack.conf:1): the second word must be");
	stack_free(&stack);
}

Test(unlock, every_reason_is_said_one_after_the_other)
{
	struct key_opened by;
	struct error err;

	add_keyfile(unit_path("key"));
	add_passphrase("correct horse");
	finish();
	cr_assert_eq(unlink(unit_path("key")), 0);
	load("unlock required keyfile\nunlock perhaps passphrase\n");
	assert_fails(unlock_by(NULL, &by, &err), err, TOKENWARD_LOCKED,
	    "/key: No such file or directory; an unlock line (");
	cr_assert(strstr(err.text,
		      "; key slot 2: no unlock line names passphrase; "
		      "\"tokenward unlock\" on a terminal asks for the "
		      "passphrase and keeps the key for a while") != NULL,
	    "%s", err.text);
	cr_assert(strncmp(err.text, "the store /the/store is locked: key file",
		      40) == 0);
	stack_free(&stack);
}

Test(unlock, who_has_nothing_to_type_is_not_told_to)
{
	struct key_opened by;
	struct error err;
	size_t n;

	add_keyfile(unit_path("key"));
	finish();
	cr_assert_eq(unlink(unit_path("key")), 0);
	load("unlock required keyfile\n");
	assert_fails(unlock_by(NULL, &by, &err), err, TOKENWARD_LOCKED,
	    "/key: No such file or directory");
	n = strlen(err.text);
	cr_assert_str_eq(err.text + n - 9, "directory", "%s", err.text);
	stack_free(&stack);
}

Test(unlock, a_recovery_line_of_its_own)
{
	struct key_opened by;
	struct error err;

	add_recovery();
	finish();
	load("unlock required keyfile\n");
	assert_fails(unlock_by(code, &by, &err), err, TOKENWARD_CONFIG,
	    "no unlock line names recovery");
	load("unlock required recovery\n");
	assert_ok(unlock_by(code, &by, &err), err);
	assert_fails(unlock_by("x", &by, &err), err, TOKENWARD_LOCKED,
	    "the recovery code is mistyped");
	cr_assert_null(strstr(err.text, "no unlock line"), "%s", err.text);
	load("unlock required passphrase\n");
	assert_ok(unlock_by(code, &by, &err), err);
	stack_free(&stack);
}

/* So the line of the passphrase is for that alone. */
Test(unlock, a_recovery_line_of_its_own_beside_that_of_the_passphrase)
{
	struct key_opened by;
	struct error err;

	add_passphrase("correct horse");
	add_recovery();
	finish();
	load("unlock sufficient passphrase\nunlock required recovery\n");
	assert_ok(unlock_by(code, &by, &err), err);
	cr_assert_str_eq(by.kind, "recovery");
	cr_assert_eq(asked, 1);
	load("unlock required passphrase\nunlock optional recovery\n");
	assert_fails(unlock_by(code, &by, &err), err, TOKENWARD_LOCKED,
	    "the passphrase does not fit key slot 1");
	cr_assert_null(strstr(err.text, "no unlock line"), "%s", err.text);
	stack_free(&stack);
}

Test(unlock, a_module_that_is_installed_needs_no_slot_to_be_there)
{
	struct key_context ctx = {.modules = unit_path("modules")};
	const struct stack_line *line;
	struct error err;

	load("unlock required other\n");
	line = stack_next(&stack, MODULE_KEY, NULL);
	assert_fails(key_line_check(&h, &ctx, line, &err), err,
	    TOKENWARD_CONFIG, "it is not installed");
	add_program("other");
	assert_ok(key_line_check(&h, &ctx, line, &err), err);
	stack_free(&stack);
}

static int
keep_by(const char *text, int64_t *keep, struct error *err)
{
	struct key_context ctx = {.stack = give_stack};

	load(text);
	return unlock_keep(&ctx, keep, err);
}

Test(unlock, how_long_a_key_is_kept_stands_in_the_stack)
{
	struct key_context none = {.stack = NULL};
	struct error err;
	int64_t keep = -1;

	assert_ok(unlock_keep(&none, &keep, &err), err);
	cr_assert_eq(keep, 8 * 3600, "as the default says");
	assert_ok(keep_by("unlock required keyfile\n", &keep, &err), err);
	cr_assert_eq(keep, 0);
	assert_ok(keep_by("unlock sufficient keyring-cache timeout=90s\n",
		      &keep, &err),
	    err);
	cr_assert_eq(keep, 90);
	assert_fails(keep_by("unlock sufficient keyring-cache timeout=soon\n",
			 &keep, &err),
	    err, TOKENWARD_CONFIG,
	    "stack.conf:1): its timeout wants a duration such as 8h, not "
	    "\"soon\"");
	assert_fails(keep_by("unlock sometimes keyring-cache\n", &keep, &err),
	    err, TOKENWARD_CONFIG, "stack.conf:1) must fail");
	stack_free(&stack);
}

static int
no_stack(void *data, const struct stack **ret, struct error *err)
{
	(void)data;
	(void)ret;
	return error_set(err, TOKENWARD_CONFIG, "there is no stack");
}

Test(unlock, without_a_stack_nothing_is_tried)
{
	struct key_context ctx = context(NULL);
	unsigned char *got = secret_alloc(KEY_LEN);
	const char *kind = "";
	struct key_opened by;
	struct error err;
	int64_t keep;

	ctx.stack = no_stack;
	add_keyfile(unit_path("key"));
	finish();
	assert_fails(unlock_master(&h, &ctx, got, &by, &err), err,
	    TOKENWARD_CONFIG, "there is no stack");
	assert_fails(unlock_keep(&ctx, &keep, &err), err, TOKENWARD_CONFIG,
	    "there is no stack");
	cr_assert(unlock_unattended(&h, &ctx, true, &kind));
	cr_assert_null(kind);
	secret_free(got);
}

Test(unlock, methods_by_name)
{
	cr_assert_eq(key_method_find("keyfile"), &keyfile_method);
	cr_assert_eq(key_method_find("passphrase"), &passphrase_method);
	cr_assert_null(key_method_find("tpm2"));
}
