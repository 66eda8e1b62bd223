/* SPDX-License-Identifier: BSD-2-Clause */
/* A passphrase, through Argon2id.  For humans only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/frame.h"
#include "base/secret.h"
#include "key/methods.h"

/* What is read back is foreign input: not too cheap, not too dear. */
#define MEMORY_MIN (64ll << 20)
#define MEMORY_MAX (1ll << 30)
#define PASSES_MIN 3
#define PASSES_MAX 4

_Static_assert(SLOT_SALT_LEN == crypto_pwhash_SALTBYTES, "Argon2's salt");

static int
stretch(const struct buf *passphrase, const unsigned char *salt, int64_t memory,
    int64_t passes, unsigned char *ret_kek, struct error *err)
{
	if (sodium_init() >= 0 &&
	    crypto_pwhash(ret_kek, KEY_LEN, (const char *)passphrase->data,
		passphrase->len, salt, (unsigned long long)passes,
		(size_t)memory, crypto_pwhash_ALG_ARGON2ID13) == 0)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_FAILED,
	    "the passphrase needs %lld MiB of memory, which this process does "
	    "not get",
	    (long long)memory >> 20);
}

static bool
set_number(struct strmap *params, const char *key, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)v);
	return strmap_set(params, key, text);
}

static int
passphrase_enroll(const struct key_method *self, const struct key_context *ctx,
    const char *arg, struct key_slot *slot, unsigned char *ret_kek,
    struct error *err)
{
	cleanup_buf struct buf answer = BUF_SECRET_INIT;

	if (arg)
		return error_set(err, TOKENWARD_USAGE,
		    "%s takes no value: a passphrase on the command line is "
		    "seen by everybody; it is asked for",
		    self->name);
	if (!set_number(
		&slot->params, "memory", crypto_pwhash_MEMLIMIT_MODERATE) ||
	    !set_number(
		&slot->params, "passes", crypto_pwhash_OPSLIMIT_MODERATE))
		return error_memory(err);
	if (method_ask(ctx, "New passphrase", slot, true, PASSPHRASE_MAX,
		&answer, err) != TOKENWARD_OK)
		return err->code;
	randombytes_buf(slot->salt, SLOT_SALT_LEN);
	return stretch(&answer, slot->salt, crypto_pwhash_MEMLIMIT_MODERATE,
	    crypto_pwhash_OPSLIMIT_MODERATE, ret_kek, err);
}

static bool
get_number(const struct strmap *params, const char *key, int64_t min,
    int64_t max, int64_t *ret)
{
	const char *text = strmap_get(params, key);
	struct frame_field f = {.value = (const unsigned char *)text};

	if (!text)
		return false;
	f.len = strlen(text);
	return frame_num(&f, ret) && *ret >= min && *ret <= max;
}

static int
passphrase_open(const struct key_method *self, const struct key_context *ctx,
    const struct key_slot *slot, unsigned char *ret_kek, struct error *err)
{
	cleanup_buf struct buf answer = BUF_SECRET_INIT;
	int64_t memory, passes;

	(void)self;
	if (!get_number(
		&slot->params, "memory", MEMORY_MIN, MEMORY_MAX, &memory) ||
	    !get_number(
		&slot->params, "passes", PASSES_MIN, PASSES_MAX, &passes))
		return error_set(err, TOKENWARD_DAMAGED,
		    "key slot %u (passphrase) asks for less or more work than "
		    "any tokenward writes: it was changed by somebody else",
		    slot->id);
	if (method_ask(ctx, "Passphrase", slot, false, PASSPHRASE_MAX, &answer,
		err) != TOKENWARD_OK)
		return err->code;
	return stretch(&answer, slot->salt, memory, passes, ret_kek, err);
}

const struct key_method passphrase_method = {
    .name = "passphrase",
    .needs_human = true,
    .enroll = passphrase_enroll,
    .open = passphrase_open,
};
