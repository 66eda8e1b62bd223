/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which key a new store gets when nobody says, and what is said of the keys
 * it has: what each protects against, and what will still fail.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "core/choose.h"
#include "key/key.h"
#include "key/methods.h"

/* ---- the choice -------------------------------------------------------- */

/* The best first; a module that is not there, or has nothing here, is passed
   over. */
static const struct choice choices[] = {
    {"systemd-credential", .own = true, .system = true, .given = true},
    {"tpm2", .system = true, .human = true},
    {"secret-service", .own = true, .human = true},
    {"passphrase", .own = true, .human = true, .last = true},
    {"keyfile", .own = true, .system = true, .last = true},
};
#define CHOICES (sizeof(choices) / sizeof(choices[0]))

/* In a service to which the key was given: it is not made here. */
static bool
has_credential(void)
{
	const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];
	int n = snprintf(
	    path, sizeof(path), "%s/tokenward.key", directory ? directory : "");

	return directory && n > 0 && (size_t)n < sizeof(path) &&
	       access(path, F_OK) == 0;
}

static bool
is_for(const struct choice *c, const struct key_context *ctx)
{
	return (ctx->system ? c->system : c->own) && (ctx->ask || !c->human) &&
	       (!c->given || has_credential());
}

const struct choice *
choice_next(const struct key_context *ctx, const struct choice *prev)
{
	const struct choice *c = prev ? prev + 1 : choices;

	while (c < choices + CHOICES && !is_for(c, ctx))
		c++;
	return c < choices + CHOICES ? c : NULL;
}

/* What is not here is not worth a word; what is and refuses is. */
void
choice_passed(const struct choice *c, const struct error *why, struct buf *text)
{
	if (why->code != TOKENWARD_USAGE && why->code != TOKENWARD_UNAVAILABLE)
		put_line(text,
		    "%s would have been better here, but it is not to be had: "
		    "%s",
		    c->key, why->text);
}

/* ---- what is said of it ------------------------------------------------ */

#define TPM2_PIN "tpm2 with a PIN"

static const struct advice {
	const char *kind, *text;
	const char *jobs; /* where nothing opens the store by itself */
} advice[] = {
    {"keyfile",
	"The store opens by itself with the key file %s: jobs work, also "
	"after a reboot. It protects backups and copies of the store, not "
	"against somebody who can read that file too: keep it out of "
	"backups of the store."},
    {"passphrase",
	"The store opens with your passphrase, which the kernel remembers "
	"for 8 hours.",
	"Jobs without a terminal fail after that time and after "
	"a reboot: run \"tokenward unlock --for 30d\" then, or add a key for "
	"them with \"tokenward key add keyfile\"."},
    {"secret-service",
	"The store opens with a key in your desktop's keyring, as long as "
	"you are logged in there. It protects backups, copies and a stolen "
	"machine as well as your login password does, not against programs "
	"that run as you.",
	"Jobs fail after a reboot until you log in, and "
	"where they have no session bus, as under cron: \"tokenward key add "
	"keyfile\" is for those."},
    {"tpm2",
	"The store opens by itself on this machine and on no other, with its "
	"TPM: jobs work, also after a reboot. It protects backups, copies "
	"and a disk that was taken out, not against somebody who may use "
	"this TPM. When it is cleared or breaks, only another key opens the "
	"store."},
    {TPM2_PIN,
	"The store opens with the PIN of this machine's TPM, and on no other "
	"machine. When the TPM is cleared or breaks, only another key opens "
	"the store.",
	"Jobs fail after a reboot, and when the kernel forgot the "
	"key, until a person gave the PIN: add a key for them with "
	"\"tokenward key add\"."},
    {"systemd-credential",
	"The store opens by itself with the credential %s, on this machine "
	"only, for root and for the services that are given it, also after a "
	"reboot. It protects backups and copies of the store."},
    {"recovery",
	"The store opens with its recovery code: keep it on paper, away "
	"from this machine."},
};

static const struct advice *
advice_of(const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		if (strcmp(advice[i].kind, kind) == 0)
			return &advice[i];
	return NULL;
}

static const char *
kind_of(const struct key_slot *slot)
{
	return strcmp(slot->kind, "tpm2") == 0 && key_slot_needs_human(slot)
		   ? TPM2_PIN
		   : slot->kind;
}

static void
put_slot(struct buf *out, const struct key_slot *slot)
{
	const struct advice *a = advice_of(kind_of(slot));
	const char *text = a ? a->text : NULL;
	const char *what = strmap_get(
	    &slot->params, strmap_get(&slot->params, "path") ? "path" : "name");
	const char *hole = text ? strstr(text, "%s") : NULL;

	if (!text)
		buf_printf(out,
		    "The store opens with the key module %s: see what its "
		    "manual says of reboots and of jobs.",
		    slot->kind);
	if (!hole) {
		buf_put_str(out, text ? text : "");
		return;
	}
	buf_put(out, text, (size_t)(hole - text));
	buf_put_str(out, what ? what : "");
	buf_put_str(out, hole + 2);
}

/* What it says of jobs would be wrong beside a slot that opens by itself. */
static const char *
jobs_of(const struct header *h, const struct key_slot *slot)
{
	const struct advice *a = advice_of(kind_of(slot)), *other;
	size_t i;

	for (i = 0; a && a->jobs && i < h->slots_n; i++) {
		other = advice_of(kind_of(&h->slots[i]));
		if (other && !other->jobs &&
		    strcmp(other->kind, recovery_method.name) != 0)
			return NULL;
	}
	return a ? a->jobs : NULL;
}

void
put_advice(struct buf *out, const struct header *h)
{
	const char *jobs;
	size_t i;

	for (i = 0; i < h->slots_n; i++) {
		if (out->len)
			buf_put_byte(out, '\n');
		put_slot(out, &h->slots[i]);
		jobs = jobs_of(h, &h->slots[i]);
		if (jobs)
			buf_printf(out, " %s", jobs);
	}
}
