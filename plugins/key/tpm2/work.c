/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations: texts come in, a job is done with the TPM, texts go out. */
#include <stdio.h>
#include <string.h>
#include "tpm2.h"

#define LEFT_OVER_MS 1000 /* to say that the TPM hangs */
#define TEXT_MAX 4096

/* ---- the TPM, in time -------------------------------------------------- */

static int
hangs(const struct tpm2 *me, struct tokenward_message *reply)
{
	tokenward_message_say(reply,
	    "the TPM at %.200s does not answer; it was given up after the "
	    "time that there was",
	    me->tcti);
	return TOKENWARD_MODULE_AWAY;
}

int
tpm2_run(struct tpm2 *me, struct job *j,
    const struct tokenward_message *request, struct tokenward_message *reply)
{
	int64_t ms = tokenward_message_number(request, "time", 5000);

	if (me->hangs ||
	    !job_run(j, ms > 2 * LEFT_OVER_MS ? ms - LEFT_OVER_MS : ms / 2)) {
		me->hangs = true;
		return hangs(me, reply);
	}
	if (j->tpm.result != TOKENWARD_MODULE_OK)
		tokenward_message_say(reply, "%s", j->tpm.said);
	return j->tpm.result;
}

struct job *
tpm2_job(const struct tpm2 *me, enum job_kind kind,
    const struct tokenward_message *request)
{
	return job_new(
	    kind, me->tcti, tokenward_message_number(request, "slot", 0));
}

/* A thread that hangs still has it. */
void
tpm2_end(const struct tpm2 *me, struct job *j)
{
	if (j && !me->hangs)
		job_free(j);
}

/* ---- operations -------------------------------------------------------- */

static int
answer_key(const struct job *j, struct tokenward_message *reply)
{
	void *kek = tokenward_message_room(reply, "kek", TPM_KEY_LEN);

	if (!kek)
		return TOKENWARD_MODULE_FAILED;
	memcpy(kek, j->key, TPM_KEY_LEN);
	return TOKENWARD_MODULE_OK;
}

static int
put_slot(const struct tpm2_slot *slot, struct tokenward_message *reply)
{
	char name[32], text[TEXT_MAX + 1];
	int i;

	for (i = 0; i < SLOT_TEXTS; i++) {
		if (!slot_print(slot, (enum slot_text)i, text, sizeof(text)))
			return TOKENWARD_MODULE_FAILED;
		snprintf(name, sizeof(name), "param.%s", slot_names[i]);
		if (text[0])
			tokenward_message_put_text(reply, name, text);
	}
	return TOKENWARD_MODULE_OK;
}

static void
put_note(const struct tpm2_slot *slot, struct tokenward_message *reply)
{
	char names[200], note[512];

	if (!slot->pcrs.mask)
		return;
	pcrs_name(slot->pcrs.mask, names, sizeof(names));
	snprintf(note, sizeof(note),
	    "This slot opens only while these are as now: %s. Updates change "
	    "them: keep another slot, such as a recovery code.",
	    names);
	tokenward_message_put_text(reply, "note", note);
}

static int
enroll_with(struct tpm2 *me, struct job *j,
    const struct tokenward_message *request, struct tokenward_message *reply)
{
	int r;

	j->slot.pcrs = me->pcrs;
	j->slot.pin = me->pin;
	r = tpm2_arg(request, &j->slot, reply);
	if (r != TOKENWARD_MODULE_OK)
		return r;
	if (j->slot.pin && !tokenward_message_get(request, "answer", NULL))
		return pin_ask(me, request, true, reply);
	if (j->slot.pin)
		r = pin_take(request, j, reply);
	if (r == TOKENWARD_MODULE_OK)
		r = tpm2_run(me, j, request, reply);
	if (r == TOKENWARD_MODULE_OK)
		r = answer_key(j, reply);
	if (r == TOKENWARD_MODULE_OK)
		put_note(&j->slot, reply);
	return r ? r : put_slot(&j->slot, reply);
}

int
tpm2_enroll(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	struct job *j = tpm2_job(self, JOB_SEAL, request);
	int r = TOKENWARD_MODULE_FAILED;

	if (j)
		r = enroll_with(self, j, request, reply);
	tpm2_end(self, j);
	return r;
}

static int
read_slot(const struct tokenward_message *request, struct tpm2_slot *slot,
    struct tokenward_message *reply)
{
	const char *texts[SLOT_TEXTS], *wrong;
	char name[32];
	int i;

	for (i = 0; i < SLOT_TEXTS; i++) {
		snprintf(name, sizeof(name), "param.%s", slot_names[i]);
		texts[i] = tokenward_message_text(request, name);
	}
	wrong = slot_read(slot, texts);
	if (!wrong)
		return TOKENWARD_MODULE_OK;
	tokenward_message_say(reply,
	    "key slot %lld was changed or is damaged: %s",
	    (long long)tokenward_message_number(request, "slot", 0), wrong);
	return TOKENWARD_MODULE_BROKEN;
}

static int
open_with(struct tpm2 *me, struct job *j,
    const struct tokenward_message *request, struct tokenward_message *reply)
{
	int r = read_slot(request, &j->slot, reply);

	if (r != TOKENWARD_MODULE_OK)
		return r;
	if (j->slot.pin && !tokenward_message_get(request, "answer", NULL))
		return pin_ask(me, request, false, reply);
	if (j->slot.pin)
		r = pin_take(request, j, reply);
	if (r == TOKENWARD_MODULE_OK)
		r = pin_was_denied(me, j, reply);
	if (r == TOKENWARD_MODULE_OK)
		r = tpm2_run(me, j, request, reply);
	if (r == TOKENWARD_MODULE_ASK)
		return pin_wrong(me, j, request, reply);
	return r ? r : answer_key(j, reply);
}

int
tpm2_open(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	struct job *j = tpm2_job(self, JOB_UNSEAL, request);
	int r = TOKENWARD_MODULE_FAILED;

	if (j)
		r = open_with(self, j, request, reply);
	tpm2_end(self, j);
	return r;
}

/* A copy of the header is all that there ever was. */
int
tpm2_forget(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	(void)self;
	(void)request;
	tokenward_message_say(reply,
	    "nothing of the slot is in the TPM: what was sealed was in the "
	    "store's header");
	return TOKENWARD_MODULE_NONE;
}
