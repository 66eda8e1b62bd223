/* SPDX-License-Identifier: BSD-2-Clause */
/* Which key a store gets where nobody says. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "core/choose.h"
#include "unit.h"

static long
somebody(void *data, const struct tokenward_question *question, char *answer,
    size_t cap)
{
	(void)data;
	(void)question;
	(void)answer;
	(void)cap;
	return -1;
}

static const char *
order(bool system, bool human)
{
	struct key_context ctx = {
	    .system = system, .ask = human ? somebody : NULL};
	const struct choice *c = NULL;
	static struct buf b;

	buf_clear(&b);
	while ((c = choice_next(&ctx, c)))
		buf_printf(
		    &b, "%s%s%s", b.len ? " " : "", c->key, c->last ? "." : "");
	return buf_str(&b);
}

Test(choose, the_best_first)
{
	cr_assert_str_eq(
	    order(false, true), "secret-service passphrase. keyfile.");
	cr_assert_str_eq(order(false, false), "keyfile.");
	cr_assert_str_eq(order(true, true), "tpm2 keyfile.");
	cr_assert_str_eq(order(true, false), "keyfile.");
}

Test(choose, a_credential_that_was_given_is_the_best)
{
	cleanup_free char *dir = strdup(unit_path("."));

	close(open(unit_path("tokenward.key"), O_CREAT | O_WRONLY, 0600));
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	cr_assert_str_eq(order(false, false), "systemd-credential keyfile.");
	cr_assert_str_eq(order(true, true), "systemd-credential tpm2 keyfile.");
	cr_assert_eq(unlink(unit_path("tokenward.key")), 0);
	cr_assert_str_eq(order(false, false), "keyfile.");
}

Test(choose, only_what_is_here_and_refuses_is_told)
{
	static const struct choice c = {.key = "tpm2"};
	static const struct {
		int code;
		bool told;
	} cases[] = {
	    {TOKENWARD_USAGE, false}, /* no such module */
	    {TOKENWARD_UNAVAILABLE, false},
	    {TOKENWARD_LOCKED, true},
	    {TOKENWARD_DAMAGED, true},
	    {TOKENWARD_FAILED, true},
	    {TOKENWARD_CONFIG, true},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cleanup_buf struct buf text = BUF_INIT;
		struct error why;

		error_set(&why, cases[i].code, "it is so");
		choice_passed(&c, &why, &text);
		cr_assert_eq(strstr(buf_str(&text), "it is so") != NULL,
		    cases[i].told, "%d", cases[i].code);
	}
}

static const char *
advice_with(const char *kind, const char *pin)
{
	struct header h = {.slots_n = 1};
	static struct buf b;

	buf_clear(&b);
	h.slots[0].kind = (char *)(uintptr_t)kind;
	cr_assert(strmap_set(&h.slots[0].params, "path", "/a/key"));
	cr_assert(strmap_set(&h.slots[0].params, "pin", pin));
	put_advice(&b, &h);
	strmap_free(&h.slots[0].params);
	return buf_str(&b);
}

static const char *
advice(const char *kind)
{
	return advice_with(kind, "no");
}

Test(choose, a_pin_wants_a_person)
{
	cr_assert(strstr(advice_with("tpm2", "yes"), "Jobs fail"));
	cr_assert(strstr(advice_with("keyfile", "yes"), "jobs work"));
}

Test(choose, every_key_there_is_has_its_sentence)
{
	static const struct {
		const char *kind, *part;
	} cases[] = {
	    {"keyfile", "with the key file /a/key: jobs work"},
	    {"passphrase", "your passphrase, which the kernel"},
	    {"secret-service", "keyring, as long as you are logged in"},
	    {"tpm2", "with its TPM: jobs work"},
	    {"systemd-credential", "with the credential /a/key, on this"},
	    {"recovery", "recovery code: keep it on paper"},
	    {"doormat", "key module doormat: see what its manual"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert(strstr(advice(cases[i].kind), cases[i].part), "%s",
		    advice(cases[i].kind));
}
