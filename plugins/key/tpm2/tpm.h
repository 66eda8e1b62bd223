/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One conversation with a TPM.  Every function returns false after a failure,
 * which is then in result and said; whatever happens, tpm_end() leaves
 * nothing of ours in the TPM.
 *
 *   tpm.c    beginning, end, parent key, sessions, what the TPM tells
 *   seal.c   a key goes in and comes out
 *   say.c    what the codes of a TPM mean for us
 */
#ifndef TPM2_TPM_H
#define TPM2_TPM_H

#include <tss2/tss2_esys.h>
#include "slot.h"

#define TPM_KEY_LEN 32
#define TPM_AUTH_LEN 32
#define TPM_SAID_MAX 512

struct tpm {
	const char *tcti; /* how it is reached */
	int64_t number;   /* of the slot, for sentences */
	TSS2_TCTI_CONTEXT *transport;
	ESYS_CONTEXT *esys;
	ESYS_TR primary, session, object;
	uint32_t left; /* wrong PINs until it is locked, after one */
	int result;    /* enum tokenward_module_result */
	char said[TPM_SAID_MAX];
};

/* Wrong PINs that it still bears. */
struct tpm_guesses {
	bool locked;
	uint32_t left, interval; /* interval: seconds until one is forgiven */
};

bool tpm_begin(struct tpm *t, const char *tcti);
void tpm_end(struct tpm *t);
/* The parent of what we seal, the same every time until the TPM is cleared. */
bool tpm_primary(struct tpm *t, TPM2B_NAME *ret_name);
/* Nothing is read on the way to the TPM that goes through it. */
bool tpm_session(struct tpm *t, TPM2_SE type);
void tpm_flush(struct tpm *t, ESYS_TR *what);
bool tpm_guesses(struct tpm *t, struct tpm_guesses *ret);
/* The values of slot->pcrs, into the slot. */
bool tpm_read_pcrs(struct tpm *t, struct tpm2_slot *slot);

/* auth: TPM_AUTH_LEN bytes made of the PIN, NULL without.  Wants slot->pcrs
   and slot->pin, fills the rest. */
bool tpm_seal(struct tpm *t, struct tpm2_slot *slot, const unsigned char *key,
    const unsigned char *auth);
bool tpm_unseal(struct tpm *t, const struct tpm2_slot *slot,
    const unsigned char *auth, unsigned char *ret_key);

/* Both return false. */
bool tpm_fail(struct tpm *t, const char *step, TSS2_RC rc);
bool tpm_say(struct tpm *t, int result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool tpm_say_locked(struct tpm *t, const struct tpm_guesses *g);
bool tpm_say_absent(struct tpm *t, const char *path, int error);
/* A code without what differs from place to place. */
TSS2_RC tpm_code(TSS2_RC rc);

#endif
