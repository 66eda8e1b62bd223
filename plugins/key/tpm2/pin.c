/* SPDX-License-Identifier: BSD-2-Clause */
/* A PIN: asked for, checked by the TPM, never tried twice in vain. */
#include <stdio.h>
#include <string.h>
#include <sodium.h>
#include "tpm2.h"

#define SALT_LEN 16
#define PIN_MAX 1024
#define PROMPT_MAX 256

static int
put_prompt(const struct tokenward_message *request,
    struct tokenward_message *reply, const char *what)
{
	const char *path = tokenward_message_text(request, "path");
	char prompt[PROMPT_MAX];

	snprintf(prompt, sizeof(prompt), "%s for the store %s: ", what,
	    path ? path : "");
	tokenward_message_put_text(reply, "prompt", prompt);
	return TOKENWARD_MODULE_ASK;
}

/* Nobody is asked in vain. */
int
pin_ask(struct tpm2 *me, const struct tokenward_message *request, bool is_new,
    struct tokenward_message *reply)
{
	struct job *j = tpm2_job(me, JOB_LOOK, request);
	int r = j ? tpm2_run(me, j, request, reply) : TOKENWARD_MODULE_FAILED;

	tpm2_end(me, j);
	if (r != TOKENWARD_MODULE_OK)
		return r;
	if (is_new)
		tokenward_message_put_text(reply, "confirm", "1");
	tokenward_message_say(
	    reply, "nobody can be asked for the PIN of the TPM");
	return put_prompt(
	    request, reply, is_new ? "New PIN of the TPM" : "PIN of the TPM");
}

/* Of any length, and the TPM strips zeros from the end of what it gets. */
int
pin_take(const struct tokenward_message *request, struct job *j,
    struct tokenward_message *reply)
{
	size_t len = 0, salt_len = 0;
	const void *pin = tokenward_message_get(request, "answer", &len);
	const void *salt = tokenward_message_get(request, "salt", &salt_len);

	if (!salt || salt_len != SALT_LEN)
		return TOKENWARD_MODULE_FAILED;
	if (len == 0 || len > PIN_MAX) {
		tokenward_message_say(
		    reply, "the PIN is %s", len ? "too long" : "empty");
		return TOKENWARD_MODULE_DENIED;
	}
	crypto_generichash(j->auth, sizeof(j->auth), pin, len, salt, SALT_LEN);
	j->auth[sizeof(j->auth) - 1] |= 1;
	return TOKENWARD_MODULE_OK;
}

int
pin_was_denied(
    const struct tpm2 *me, const struct job *j, struct tokenward_message *reply)
{
	if (!j->slot.pin ||
	    sodium_memcmp(me->denied, j->auth, TPM_AUTH_LEN) != 0)
		return TOKENWARD_MODULE_OK;
	tokenward_message_say(reply, "the PIN is wrong, as it was before");
	return TOKENWARD_MODULE_DENIED;
}

int
pin_wrong(struct tpm2 *me, const struct job *j,
    const struct tokenward_message *request, struct tokenward_message *reply)
{
	char what[96];

	memcpy(me->denied, j->auth, TPM_AUTH_LEN);
	snprintf(what, sizeof(what),
	    "Wrong PIN (%u more before the TPM locks "
	    "itself). PIN of the TPM",
	    j->tpm.left);
	return put_prompt(request, reply, what);
}
