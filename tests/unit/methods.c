/* SPDX-License-Identifier: BSD-2-Clause */
/* How slots and questions are named, and what stands for a key program. */
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "key/methods.h"
#include "key/module_slot.h"
#include "module/module.h"
#include "store/header.h"
#include "failing.h"
#include "unit.h"

TestSuite(methods, .fini = unit_cleanup);

/* ---- questions --------------------------------------------------------- */

static struct {
	char prompt[200];
	int confirm;
	long says; /* how many bytes */
} human;

static long
answer(void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	(void)data;
	snprintf(human.prompt, sizeof(human.prompt), "%s", q->prompt);
	human.confirm = q->confirm;
	if (human.says > 0)
		memset(to, 'x',
		    (size_t)human.says < cap ? (size_t)human.says : cap);
	return human.says;
}

static const struct {
	struct key_context ctx;
	uint32_t slot;
	bool confirm;
	const char *prompt;
} prompts[] = {
    {{.store_path = "/s"}, 3, false, "Word for the store /s: "},
    {{.store_path = "/s"}, 3, true, "Word for the store /s: "},
    {{.store_path = NULL}, 3, false, "Word for the store : "},
    {{.store_path = "/s", .question = "Word or code"}, 3, false,
	"Word or code for the store /s: "},
    {{.store_path = "/s", .question = "Word or code"}, 3, true,
	"Word for the store /s: "},
    {{.store_path = "/s", .one_slot = true}, 3, false,
	"Word of key slot 3 for the store /s: "},
    {{.store_path = "/s", .one_slot = true}, 0, false,
	"Word for the store /s: "},
    {{.store_path = "/s", .label = "/e"}, 3, false, "Word for the export /e: "},
};

Test(methods, a_question_says_what_it_is_for)
{
	struct error err;
	size_t i;

	human.says = 4;
	for (i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++) {
		cleanup_buf struct buf got = BUF_SECRET_INIT;
		struct key_slot slot = {.id = prompts[i].slot};
		struct key_context ctx = prompts[i].ctx;

		ctx.ask = answer;
		assert_ok(method_ask(&ctx, "Word", &slot, prompts[i].confirm,
			      10, &got, &err),
		    err);
		cr_assert_str_eq(human.prompt, prompts[i].prompt);
		cr_assert_eq(human.confirm, prompts[i].confirm);
		cr_assert_str_eq(buf_str(&got), "xxxx");
	}
}

static const struct {
	long says;
	int code;
	const char *words;
} answers[] = {
    {1, TOKENWARD_OK, NULL},
    {10, TOKENWARD_OK, NULL},
    {11, TOKENWARD_LOCKED, "the word is too long"},
    {0, TOKENWARD_LOCKED, "the word is empty"},
    {-1, TOKENWARD_LOCKED, "nobody can be asked for the word"},
};

Test(methods, an_answer_has_its_limits)
{
	struct key_context ctx = {.ask = answer, .store_path = "/s"};
	struct key_slot slot = {.id = 1};
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		cleanup_buf struct buf got = BUF_SECRET_INIT;
		int r;

		human.says = answers[i].says;
		r = method_ask(&ctx, "Word", &slot, false, 10, &got, &err);
		cr_assert_eq(r, answers[i].code);
		cr_assert(!r || strcmp(err.text, answers[i].words) == 0, "%s",
		    err.text);
		cr_assert_eq(got.len, r ? 0 : (size_t)answers[i].says);
	}
	ctx.ask = NULL;
	human.prompt[0] = '\0';
	assert_fails(method_ask(&ctx, "Word", &slot, false, 10,
			 &(struct buf)BUF_SECRET_INIT, &err),
	    err, TOKENWARD_LOCKED, "nobody can be asked for the word");
	cr_assert_str_eq(human.prompt, "");
}

/* ---- names ------------------------------------------------------------- */

Test(methods, a_slot_is_named_by_its_kind_and_path)
{
	char path[1100], *kind = strdup("keyfile");
	struct key_slot slot = {.id = 1, .kind = kind};
	struct buf b = BUF_INIT;

	key_slot_name(&slot, &b);
	cr_assert_str_eq(buf_str(&b), "keyfile");
	memset(path, 'p', sizeof(path));
	path[1024] = '\0';
	cr_assert(strmap_set(&slot.params, "path", path));
	buf_clear(&b);
	key_slot_name(&slot, &b);
	cr_assert_eq(b.len, strlen("keyfile ") + 1024);
	cr_assert_eq(b.data[b.len - 1], 'p');
	path[1024] = 'p';
	path[1025] = '\0';
	cr_assert(strmap_set(&slot.params, "path", path));
	buf_clear(&b);
	key_slot_name(&slot, &b);
	cr_assert_eq(b.data[b.len - 1], '.', "it is cut");
	buf_free(&b);
	slot_free(&slot);
}

static const struct {
	const char *kind, *pin;
	bool human;
	const char *grade, *why;
} kinds[] = {
    {"keyfile", NULL, false, "fair", "who can read it"},
    {"keyfile", "yes", false, "fair", "who can read it"},
    {"passphrase", NULL, true, "strong", "as hard to guess"},
    {"recovery", NULL, true, "strong", "130 random bits"},
    {"tpm2", NULL, false, "strong", "this machine's TPM"},
    {"tpm2", "yes", true, "strong", "this machine's TPM"},
    {"tpm2", "no", false, "strong", "this machine's TPM"},
    {"secret-service", NULL, false, "strong", "opens the keyring"},
    {"systemd-credential", NULL, false, "fair", "root here opens it"},
    {"other", NULL, false, "fair", "the module's affair"},
};

Test(methods, each_kind_has_its_grade_and_may_need_a_human)
{
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct key_slot slot = {.kind = strdup(kinds[i].kind)};

		if (kinds[i].pin)
			strmap_set(&slot.params, "pin", kinds[i].pin);
		cr_assert_eq(
		    key_slot_needs_human(&slot), kinds[i].human, "%zu", i);
		cr_assert_str_eq(key_grade(&slot, &why), kinds[i].grade);
		cr_assert(strstr(why, kinds[i].why) != NULL, "%s", why);
		slot_free(&slot);
	}
}

/* ---- programs ---------------------------------------------------------- */

static const struct {
	const char *text;
	bool program;
} texts[] = {
    {"keyfile", false},
    {"keyfile=/x", false},
    {"passphrase", false},
    {"recovery", false},
    {"key", true},
    {"keyfiles", true},
    {"keyfilf", true},
    {"=keyfile", true},
    {"tpm2=pin", true},
    {"", true},
};

Test(methods, what_is_not_built_in_is_a_program)
{
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(key_is_program(texts[i].text), texts[i].program,
		    "%s", texts[i].text);
}

static int
enroll(const struct key_context *ctx, const char *text, struct error *err)
{
	struct key_slot slot = {.id = 1};
	unsigned char kek[KEY_LEN];
	int r = key_enroll(ctx, text, &slot, kek, err);

	slot_free(&slot);
	return r;
}

Test(methods, an_unknown_kind_names_those_there_are)
{
	struct key_context ctx = {.store_path = unit_path("s")};
	struct error err;

	assert_fails(enroll(&ctx, "none=x", &err), err, TOKENWARD_USAGE,
	    "\"none\": there is no such way to unlock; there are: keyfile, "
	    "passphrase, recovery, and the key modules in no directory");
	ctx.modules = unit_path("modules");
	assert_fails(
	    enroll(&ctx, "none", &err), err, TOKENWARD_USAGE, "/modules");
	assert_fails(enroll(&ctx, "../none", &err), err, TOKENWARD_USAGE,
	    "\"../none\": there is no such way");
	assert_fails(enroll(&ctx, "a\nb", &err), err, TOKENWARD_USAGE,
	    "\"a\\x0ab\": there is no such way");
}

/* What cannot be looked at may be there: then its start says why. */
Test(methods, a_program_that_cannot_be_looked_at_is_no_unknown_kind)
{
	struct key_context ctx = {.store_path = unit_path("s")};
	struct error err;

	unit_write(unit_path("modules"), "no directory", 12);
	ctx.modules = unit_path("modules");
	cr_assert_neq(enroll(&ctx, "none", &err), TOKENWARD_OK);
	cr_assert(strstr(err.text, "no such way") == NULL, "%s", err.text);
}

Test(methods, no_program_is_looked_for_under_half_a_name)
{
	char modules[PATH_MAX + 1];
	struct key_context ctx = {.modules = modules};
	struct error err;

	memset(modules, '/', sizeof(modules));
	modules[PATH_MAX] = '\0';
	cr_assert_not(key_has_program(&ctx, "none"));
	assert_fails(enroll(&ctx, "none", &err), err, TOKENWARD_USAGE,
	    "\"none\": there is no such way to unlock");
}

static int
open_slot(const struct key_context *ctx, const char *kind, struct error *err)
{
	struct key_slot slot = {.id = 4, .kind = strdup(kind)};
	struct header h = {.slots_n = 0};
	unsigned char kek[KEY_LEN], master[KEY_LEN];
	int r = key_slot_open(&h, &slot, ctx, kek, master, err);

	slot_free(&slot);
	return r;
}

Test(methods, a_slot_whose_program_is_gone_says_which_it_needs)
{
	struct key_context ctx = {.store_path = unit_path("s")};
	struct error err;

	assert_fails(open_slot(&ctx, "none", &err), err, TOKENWARD_CONFIG,
	    "the key module none: it is not installed, and key slot 4 needs "
	    "it");
	ctx.modules = unit_path("modules");
	assert_fails(open_slot(&ctx, "none", &err), err, TOKENWARD_CONFIG,
	    "the key module none: it is not installed, and key slot 4 needs "
	    "it");
}

Test(methods, what_left_nothing_elsewhere_is_forgotten_at_once)
{
	struct key_context ctx = {.modules = unit_path("modules")};
	struct key_slot slot = {.id = 4};
	struct header h = {.slots_n = 0};
	struct error err;

	assert_ok(key_slot_forget(&h, &slot, &ctx, &err), err);
	slot.kind = strdup("keyfile");
	assert_ok(key_slot_forget(&h, &slot, &ctx, &err), err);
	slot_free(&slot);
}

/* Its module may be installed again. */
Test(methods, what_nobody_can_forget_is_not_taken_for_forgotten)
{
	struct key_context ctx = {.modules = unit_path("modules")};
	struct key_slot slot = {.id = 4, .kind = strdup("none")};
	struct header h = {.slots_n = 0};
	struct error err;

	assert_fails(key_slot_forget(&h, &slot, &ctx, &err), err,
	    TOKENWARD_CONFIG, "the key module none: ");
	slot_free(&slot);
}
