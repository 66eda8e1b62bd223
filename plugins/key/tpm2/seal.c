/* SPDX-License-Identifier: BSD-2-Clause */
/* A key is sealed under the parent, and comes out again. */
#include <string.h>
#include <sodium.h>
#include <tokenward/module.h>
#include "tpm.h"

#define CURE                                                          \
	"open the store another way, with a passphrase or a recovery" \
	" code, then \"tokenward key remove %lld\" and \"tokenward"   \
	" key add tpm2\""

/* ---- the policy -------------------------------------------------------- */

static bool
add_policy(struct tpm *t, const struct tpm2_slot *slot,
    const TPM2B_DIGEST *digest_of_values)
{
	TPML_PCR_SELECTION which;
	TSS2_RC rc;

	pcrs_select(&slot->pcrs, &which);
	rc = Esys_PolicyPCR(t->esys, t->session, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, digest_of_values, &which);
	if (rc == TSS2_RC_SUCCESS && slot->pin)
		rc = Esys_PolicyAuthValue(t->esys, t->session, ESYS_TR_NONE,
		    ESYS_TR_NONE, ESYS_TR_NONE);
	return rc == TSS2_RC_SUCCESS || tpm_fail(t, "take a policy", rc);
}

/* Bound to the very values that the slot keeps. */
static bool
compute_policy(
    struct tpm *t, const struct tpm2_slot *slot, TPM2B_DIGEST *ret_policy)
{
	TPM2B_DIGEST digest = {.size = TPM2_SHA256_DIGEST_SIZE}, *got = NULL;
	TSS2_RC rc;

	crypto_hash_sha256(digest.buffer, slot->values, slot->values_len);
	if (!tpm_session(t, TPM2_SE_TRIAL) || !add_policy(t, slot, &digest))
		return false;
	rc = Esys_PolicyGetDigest(t->esys, t->session, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, &got);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(t, "tell a policy", rc);
	*ret_policy = *got;
	Esys_Free(got);
	tpm_flush(t, &t->session);
	return true;
}

/* ---- in ---------------------------------------------------------------- */

static TSS2_RC
create(struct tpm *t, const TPM2B_SENSITIVE_CREATE *secret,
    const TPM2B_PUBLIC *template, TPM2B_PRIVATE **private,
    TPM2B_PUBLIC **public)
{
	TPML_PCR_SELECTION no_pcrs = {0};
	TPM2B_DATA no_data = {0};
	TSS2_RC rc = Esys_TRSess_SetAttributes(t->esys, t->session,
	    TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT |
		TPMA_SESSION_ENCRYPT,
	    0xff);

	return rc ? rc
		  : Esys_Create(t->esys, t->primary, t->session, ESYS_TR_NONE,
			ESYS_TR_NONE, secret, template, &no_data, &no_pcrs,
			private, public, NULL, NULL, NULL);
}

static bool
put_in(struct tpm *t, struct tpm2_slot *slot,
    const TPM2B_SENSITIVE_CREATE *secret, const TPM2B_PUBLIC *template)
{
	TPM2B_PRIVATE *private = NULL;
	TPM2B_PUBLIC *public = NULL;
	TSS2_RC rc = create(t, secret, template, &private, &public);

	if (rc == TSS2_RC_SUCCESS) {
		slot->private = *private;
		slot->public = *public;
	}
	Esys_Free(private);
	Esys_Free(public);
	return rc == TSS2_RC_SUCCESS || tpm_fail(t, "seal a key", rc);
}

bool
tpm_seal(struct tpm *t, struct tpm2_slot *slot, const unsigned char *key,
    const unsigned char *auth)
{
	TPM2B_SENSITIVE_CREATE secret = {
	    .sensitive = {.data.size = TPM_KEY_LEN}};
	TPM2B_PUBLIC template = {0};
	bool good;

	slot_template(slot, &template.publicArea);
	if (!tpm_primary(t, &slot->primary) || !tpm_read_pcrs(t, slot) ||
	    (slot->pcrs.mask &&
		!compute_policy(t, slot, &template.publicArea.authPolicy)) ||
	    !tpm_session(t, TPM2_SE_HMAC))
		return false;
	memcpy(secret.sensitive.data.buffer, key, TPM_KEY_LEN);
	if (slot->pin) {
		secret.sensitive.userAuth.size = TPM_AUTH_LEN;
		memcpy(secret.sensitive.userAuth.buffer, auth, TPM_AUTH_LEN);
	}
	good = put_in(t, slot, &secret, &template);
	sodium_memzero(&secret, sizeof(secret));
	tpm_flush(t, &t->session);
	tpm_flush(t, &t->primary);
	return good;
}

/* ---- out --------------------------------------------------------------- */

static bool
check_parent(struct tpm *t, const struct tpm2_slot *slot)
{
	TPM2B_NAME name;

	if (!tpm_primary(t, &name))
		return false;
	if (name.size == slot->primary.size &&
	    memcmp(name.name, slot->primary.name, name.size) == 0)
		return true;
	return tpm_say(t, TOKENWARD_MODULE_NONE,
	    "this is not the TPM that key slot %lld was made with, or it was "
	    "cleared since: the slot opens nothing here any more; " CURE,
	    (long long)t->number, (long long)t->number);
}

/* What the right TPM refuses was not made by it. */
static bool
load(struct tpm *t, const struct tpm2_slot *slot)
{
	TSS2_RC rc =
	    Esys_Load(t->esys, t->primary, ESYS_TR_PASSWORD, ESYS_TR_NONE,
		ESYS_TR_NONE, &slot->private, &slot->public, &t->object);
	TSS2_RC code = tpm_code(rc);

	if (code == TPM2_RC_INTEGRITY || code == TPM2_RC_BINDING ||
	    code == TPM2_RC_SIZE || code == TPM2_RC_HASH)
		return tpm_say(t, TOKENWARD_MODULE_BROKEN,
		    "the TPM does not take the sealed key of key slot %lld "
		    "(integrity check failed): it was changed or is "
		    "damaged; " CURE,
		    (long long)t->number, (long long)t->number);
	return rc == TSS2_RC_SUCCESS || tpm_fail(t, "load the sealed key", rc);
}

static bool
authorize(
    struct tpm *t, const struct tpm2_slot *slot, const unsigned char *auth)
{
	TPM2B_AUTH a = {.size = TPM_AUTH_LEN};
	TPM2B_DIGEST as_they_are = {0};
	TSS2_RC rc = TSS2_RC_SUCCESS;

	if (slot->pin) {
		memcpy(a.buffer, auth, TPM_AUTH_LEN);
		rc = Esys_TR_SetAuth(t->esys, t->object, &a);
		sodium_memzero(&a, sizeof(a));
	}
	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(t, "take a PIN", rc);
	if (!slot->pcrs.mask)
		return tpm_session(t, TPM2_SE_HMAC);
	return tpm_session(t, TPM2_SE_POLICY) &&
	       add_policy(t, slot, &as_they_are);
}

static bool
say_changed(struct tpm *t, const struct tpm2_slot *slot)
{
	struct tpm2_slot now = {.pcrs = slot->pcrs};
	size_t size = pcrs_size(&slot->pcrs), at = 0;
	uint32_t i, changed = 0;
	char names[200];

	if (!tpm_read_pcrs(t, &now))
		return false;
	for (i = 0; i < PCRS; i++) {
		if (!(slot->pcrs.mask >> i & 1))
			continue;
		if (memcmp(slot->values + at, now.values + at, size) != 0)
			changed |= UINT32_C(1) << i;
		at += size;
	}
	pcrs_name(changed ? changed : slot->pcrs.mask, names, sizeof(names));
	return tpm_say(t, TOKENWARD_MODULE_DENIED,
	    "%s: not as when key slot %lld was made (an update of firmware or "
	    "boot loader, another system started); " CURE,
	    names, (long long)t->number, (long long)t->number);
}

static bool
say_wrong_pin(struct tpm *t)
{
	struct tpm_guesses g;

	if (!tpm_guesses(t, &g))
		return false;
	if (g.locked)
		return tpm_say_locked(t, &g);
	t->left = g.left;
	return tpm_say(t, TOKENWARD_MODULE_ASK,
	    "the PIN is wrong; the TPM takes %u more before it locks itself",
	    g.left);
}

static bool
refused(struct tpm *t, const struct tpm2_slot *slot, TSS2_RC rc)
{
	struct tpm_guesses g;

	switch (tpm_code(rc)) {
	case TPM2_RC_AUTH_FAIL:
		return say_wrong_pin(t);
	case TPM2_RC_POLICY_FAIL:
		return say_changed(t, slot);
	case TPM2_RC_LOCKOUT:
		return tpm_guesses(t, &g) && tpm_say_locked(t, &g);
	default:
		return tpm_fail(t, "unseal the key", rc);
	}
}

bool
tpm_unseal(struct tpm *t, const struct tpm2_slot *slot,
    const unsigned char *auth, unsigned char *ret_key)
{
	TPM2B_SENSITIVE_DATA *data = NULL;
	bool good;
	TSS2_RC rc;

	if (!check_parent(t, slot) || !load(t, slot) ||
	    !authorize(t, slot, auth))
		return false;
	rc = Esys_TRSess_SetAttributes(t->esys, t->session,
	    TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_ENCRYPT, 0xff);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_Unseal(t->esys, t->object, t->session, ESYS_TR_NONE,
		    ESYS_TR_NONE, &data);
	if (rc != TSS2_RC_SUCCESS)
		return refused(t, slot, rc);
	good = data->size == TPM_KEY_LEN;
	if (good)
		memcpy(ret_key, data->buffer, TPM_KEY_LEN);
	sodium_memzero(data, sizeof(*data));
	Esys_Free(data);
	return good || tpm_say(t, TOKENWARD_MODULE_BROKEN,
			   "what the TPM has sealed is no key of tokenward");
}
