/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A code of 130 random bits on paper.  Nobody guesses those, so there is no
 * stretching.
 */
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "key/methods.h"
#include "key/recovery_code.h"

#define ANSWER_MAX 256u

static const unsigned char person[crypto_generichash_blake2b_PERSONALBYTES] = {
    't', 'o', 'k', 'e', 'n', 'w', 'a', 'r', 'd', 'r', 'e', 'c', 'o', 'v', 'e',
    'r'};

/* All of it in the locked arena. */
struct code {
	unsigned char symbols[RECOVERY_SYMBOLS];
	char text[RECOVERY_TEXT + 1];
};

static void
derive(const struct code *code, const struct key_slot *slot,
    unsigned char *ret_kek)
{
	crypto_generichash_blake2b_salt_personal(ret_kek, KEY_LEN,
	    code->symbols, RECOVERY_DATA, NULL, 0, slot->salt, person);
}

static int
make(struct code *code, const struct key_context *ctx, struct key_slot *slot,
    unsigned char *ret_kek, struct error *err)
{
	size_t i;

	randombytes_buf(code->symbols, RECOVERY_DATA);
	for (i = 0; i < RECOVERY_DATA; i++)
		code->symbols[i] &= 31;
	recovery_check(code->symbols);
	recovery_write(code->symbols, code->text);
	randombytes_buf(slot->salt, SLOT_SALT_LEN);
	derive(code, slot, ret_kek);
	buf_set(ctx->code, code->text, RECOVERY_TEXT);
	return ctx->code->failed ? error_memory(err) : TOKENWARD_OK;
}

static int
recovery_enroll(const struct key_method *self, const struct key_context *ctx,
    const char *arg, struct key_slot *slot, unsigned char *ret_kek,
    struct error *err)
{
	struct code *code;
	int r;

	if (arg)
		return error_set(err, TOKENWARD_USAGE,
		    "%s takes no value: the code is made and shown",
		    self->name);
	if (!ctx->code)
		return error_set(err, TOKENWARD_USAGE,
		    "there is nobody to show a recovery code to");
	if (sodium_init() < 0)
		return error_set(err, TOKENWARD_FAILED,
		    "the system gives no random numbers");
	code = secret_alloc(sizeof(*code));
	r = code ? make(code, ctx, slot, ret_kek, err) : error_memory(err);
	secret_free(code);
	return r;
}

static int
mistyped(enum recovery_fault fault, size_t where, struct error *err)
{
	if (fault == RECOVERY_STRANGE)
		return error_set(err, TOKENWARD_LOCKED,
		    "the recovery code is mistyped: it has letters and digits "
		    "only");
	if (fault == RECOVERY_LENGTH)
		return error_set(err, TOKENWARD_LOCKED,
		    "the recovery code is mistyped: it has %d letters and "
		    "digits, these are %zu",
		    RECOVERY_SYMBOLS, where);
	if (where == 0)
		return error_set(err, TOKENWARD_LOCKED,
		    "the recovery code is mistyped: its checksum does not fit");
	return error_set(err, TOKENWARD_LOCKED,
	    "the recovery code is mistyped: its checksum does not fit; look "
	    "at group %zu first",
	    where);
}

static int
read_code(const struct buf *answer, struct code *code, struct error *err)
{
	size_t where;
	enum recovery_fault fault = recovery_read(
	    (const char *)answer->data, answer->len, code->symbols, &where);

	return fault ? mistyped(fault, where, err) : TOKENWARD_OK;
}

static int
recovery_open(const struct key_method *self, const struct key_context *ctx,
    const struct key_slot *slot, unsigned char *ret_kek, struct error *err)
{
	cleanup_buf struct buf answer = BUF_SECRET_INIT;
	struct code *code;
	int r;

	(void)self;
	r = method_ask(
	    ctx, "Recovery code", slot, false, ANSWER_MAX, &answer, err);
	if (r != TOKENWARD_OK)
		return r;
	code = secret_alloc(sizeof(*code));
	r = code ? read_code(&answer, code, err) : error_memory(err);
	if (r == TOKENWARD_OK)
		derive(code, slot, ret_kek);
	secret_free(code);
	return r;
}

const struct key_method recovery_method = {
    .name = "recovery",
    .needs_human = true,
    .enroll = recovery_enroll,
    .open = recovery_open,
};
