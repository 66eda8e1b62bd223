/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key module tpm2: a random key, sealed by the TPM of this machine.  What
 * was sealed stands in the slot of the store's header; in the TPM there is
 * nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sodium.h>
#include <tokenward/tokenward.h>
#include "tpm2.h"

static const struct tokenward_option options[] = {
    {.name = "tcti",
	.type = TOKENWARD_OPTION_TEXT,
	.fallback = "device:/dev/tpmrm0",
	.help = "where the TPM is: device:/PATH or swtpm:host=,port="},
    {.name = "pcrs",
	.type = TOKENWARD_OPTION_TEXT,
	.fallback = "none",
	.help = "new slots open only while these PCRs are as now: sha256:7"},
    {.name = "pin",
	.type = TOKENWARD_OPTION_FLAG,
	.fallback = "no",
	.help = "new slots open only with a PIN"},
    {NULL},
};

/* ---- options and what the user gave ------------------------------------ */

static int
bad_pcrs(struct tokenward_message *reply, const char *text)
{
	tokenward_message_say(reply,
	    "pcrs=%.100s: a bank and numbers from 0 to 23 are wanted, such as "
	    "sha256:7 or sha256:0+7, or none",
	    text);
	return TOKENWARD_MODULE_FAILED;
}

static const char *
option(const struct tokenward_message *given, const char *name)
{
	const char *text = tokenward_message_text(given, name);

	return text ? text : "";
}

static int
start(void **ret_self, const struct tokenward_message *given,
    struct tokenward_message *reply)
{
	struct tpm2 *me = calloc(1, sizeof(*me));

	setenv("TSS2_LOG", "all+none", 1);
	/* What the libraries keep for themselves; not everybody may. */
	mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	if (!me || sodium_init() < 0)
		return TOKENWARD_MODULE_FAILED;
	*ret_self = me;
	me->denied = sodium_malloc(TPM_AUTH_LEN);
	me->tcti = strdup(option(given, "tcti"));
	me->pin = strcmp(option(given, "pin"), "yes") == 0;
	if (!me->denied || !me->tcti)
		return TOKENWARD_MODULE_FAILED;
	sodium_memzero(me->denied, TPM_AUTH_LEN);
	if (!pcrs_parse(option(given, "pcrs"), &me->pcrs))
		return bad_pcrs(reply, option(given, "pcrs"));
	return TOKENWARD_MODULE_OK;
}

static void
stop(void *self)
{
	struct tpm2 *me = self;

	sodium_free(me->denied);
	free(me->tcti);
	free(me);
}

/* One word of ARG: "pin", "pcrs=sha256:7". */
static int
take_word(
    struct tpm2_slot *slot, const char *word, struct tokenward_message *reply)
{
	if (strcmp(word, "pin") == 0) {
		slot->pin = true;
	} else if (strncmp(word, "pcrs=", 5) == 0) {
		if (!pcrs_parse(word + 5, &slot->pcrs))
			return bad_pcrs(reply, word + 5);
	} else {
		tokenward_message_say(reply,
		    "tpm2=%.100s: what may stand there is pin, pcrs=LIST as "
		    "in pcrs=sha256:0+7, or both with a comma between them",
		    word);
		return TOKENWARD_MODULE_FAILED;
	}
	return TOKENWARD_MODULE_OK;
}

int
tpm2_arg(const struct tokenward_message *request, struct tpm2_slot *slot,
    struct tokenward_message *reply)
{
	const char *arg = tokenward_message_text(request, "arg"), *end;
	int r = TOKENWARD_MODULE_OK;
	char word[PCRS_TEXT_MAX];

	while (arg && *arg && r == TOKENWARD_MODULE_OK) {
		end = arg + strcspn(arg, ",");
		snprintf(word, sizeof(word), "%.*s", (int)(end - arg), arg);
		r = take_word(slot, word, reply);
		arg = *end ? end + 1 : end;
	}
	return r;
}

static const struct tokenward_module tpm2 = {
    .size = sizeof(tpm2),
    .abi = TOKENWARD_MODULE_ABI,
    .kind = "key",
    .name = "tpm2",
    .version = TOKENWARD_VERSION_STRING,
    .summary = "a key that this machine's TPM has sealed",
    .capabilities = "asks slow",
    .options = options,
    .start = start,
    .stop = stop,
    .key = {.enroll = tpm2_enroll, .open = tpm2_open, .forget = tpm2_forget},
};

TOKENWARD_MODULE_MAIN(tpm2)
