/* SPDX-License-Identifier: BSD-2-Clause */
/* The TPM: beginning and end, parent key, sessions, what it tells. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tss2/tss2_tctildr.h>
#include <tokenward/module.h>
#include "tpm.h"

#define DEVICE "device:"
#define SWTPM "swtpm:"
#define IN_LOCKOUT 0x200u /* TPMA_PERMANENT */

/* ---- beginning and end ------------------------------------------------- */

/* The library tells nothing apart. */
static bool
check_device(struct tpm *t, const char *path)
{
	int fd;

	if (path[0] != '/')
		return tpm_say(t, TOKENWARD_MODULE_FAILED,
		    "tcti=%.200s: the device must be an absolute path",
		    t->tcti);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return tpm_say_absent(t, path, errno);
	close(fd);
	return true;
}

/* Other names would load other libraries. */
static bool
check_tcti(struct tpm *t)
{
	if (strncmp(t->tcti, DEVICE, strlen(DEVICE)) == 0)
		return check_device(t, t->tcti + strlen(DEVICE));
	if (strncmp(t->tcti, SWTPM, strlen(SWTPM)) == 0)
		return true;
	return tpm_say(t, TOKENWARD_MODULE_FAILED,
	    "tcti=%.200s: a TPM is at device:/PATH or at "
	    "swtpm:host=ADDRESS,port=NUMBER",
	    t->tcti);
}

bool
tpm_begin(struct tpm *t, const char *tcti)
{
	TSS2_RC rc;

	t->tcti = tcti;
	t->primary = t->session = t->object = ESYS_TR_NONE;
	if (!check_tcti(t))
		return false;
	rc = Tss2_TctiLdr_Initialize(tcti, &t->transport);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_say(
		    t, TOKENWARD_MODULE_AWAY, "no TPM answers at %.200s", tcti);
	rc = Esys_Initialize(&t->esys, t->transport, NULL);
	return rc == TSS2_RC_SUCCESS || tpm_fail(t, "begin", rc);
}

void
tpm_flush(struct tpm *t, ESYS_TR *what)
{
	if (*what != ESYS_TR_NONE)
		Esys_FlushContext(t->esys, *what);
	*what = ESYS_TR_NONE;
}

void
tpm_end(struct tpm *t)
{
	if (t->esys) {
		tpm_flush(t, &t->session);
		tpm_flush(t, &t->object);
		tpm_flush(t, &t->primary);
		Esys_Finalize(&t->esys);
	}
	if (t->transport)
		Tss2_TctiLdr_Finalize(&t->transport);
}

/* ---- the parent -------------------------------------------------------- */

/* The storage root key of the TCG: ECC P-256, for AES-128 in CFB. */
static const TPM2B_PUBLIC storage_root = {
    .publicArea = {.type = TPM2_ALG_ECC,
	.nameAlg = TPM2_ALG_SHA256,
	.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
			    TPMA_OBJECT_SENSITIVEDATAORIGIN |
			    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
			    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
	.parameters.eccDetail = {.symmetric = {.algorithm = TPM2_ALG_AES,
				     .keyBits.aes = 128,
				     .mode.aes = TPM2_ALG_CFB},
	    .scheme.scheme = TPM2_ALG_NULL,
	    .curveID = TPM2_ECC_NIST_P256,
	    .kdf.scheme = TPM2_ALG_NULL},
	.unique.ecc = {.x.size = 32, .y.size = 32}}};

bool
tpm_primary(struct tpm *t, TPM2B_NAME *ret_name)
{
	TPM2B_SENSITIVE_CREATE no_auth = {0};
	TPM2B_DATA no_data = {0};
	TPML_PCR_SELECTION no_pcrs = {0};
	TPM2B_NAME *name = NULL;
	TSS2_RC rc =
	    Esys_CreatePrimary(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, &no_auth, &storage_root, &no_data,
		&no_pcrs, &t->primary, NULL, NULL, NULL, NULL);

	if (tpm_code(rc) == TPM2_RC_BAD_AUTH)
		return tpm_say(t, TOKENWARD_MODULE_DENIED,
		    "somebody gave the owner hierarchy of this TPM a "
		    "password: nothing can be sealed or opened before it is "
		    "taken away (\"tpm2_changeauth -c owner\")");
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_TR_GetName(t->esys, t->primary, &name);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(t, "make the parent key", rc);
	*ret_name = *name;
	Esys_Free(name);
	return true;
}

/* ---- sessions ---------------------------------------------------------- */

/* Salted by the parent: its key crosses no wire. */
bool
tpm_session(struct tpm *t, TPM2_SE type)
{
	static const TPMT_SYM_DEF aes = {.algorithm = TPM2_ALG_AES,
	    .keyBits.aes = 128,
	    .mode.aes = TPM2_ALG_CFB};
	TSS2_RC rc = Esys_StartAuthSession(t->esys, t->primary, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, type, &aes,
	    TPM2_ALG_SHA256, &t->session);

	return rc == TSS2_RC_SUCCESS ||
	       tpm_fail(t, "begin an encrypted session", rc);
}

/* ---- what it tells ----------------------------------------------------- */

static bool
get_property(struct tpm *t, TPM2_PT property, uint32_t *ret)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	const TPML_TAGGED_TPM_PROPERTY *list;
	TPMI_YES_NO more;
	TSS2_RC rc = Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES, property, 1, &more, &data);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(t, "tell its properties", rc);
	list = &data->data.tpmProperties;
	*ret = list->count == 1 && list->tpmProperty[0].property == property
		   ? list->tpmProperty[0].value
		   : 0;
	Esys_Free(data);
	return true;
}

bool
tpm_guesses(struct tpm *t, struct tpm_guesses *ret)
{
	uint32_t permanent, wrong, most;

	if (!get_property(t, TPM2_PT_PERMANENT, &permanent) ||
	    !get_property(t, TPM2_PT_LOCKOUT_COUNTER, &wrong) ||
	    !get_property(t, TPM2_PT_MAX_AUTH_FAIL, &most) ||
	    !get_property(t, TPM2_PT_LOCKOUT_INTERVAL, &ret->interval))
		return false;
	ret->left = wrong < most ? most - wrong : 0;
	ret->locked = permanent & IN_LOCKOUT || ret->left == 0;
	return true;
}

static bool
no_bank(struct tpm *t, const struct tpm2_slot *slot)
{
	char text[PCRS_TEXT_MAX];

	pcrs_print(&slot->pcrs, text);
	return tpm_say(t, TOKENWARD_MODULE_AWAY,
	    "this TPM does not keep the PCRs %s", text);
}

static uint32_t
mask_of(const TPML_PCR_SELECTION *s)
{
	const BYTE *b = s->pcrSelections[0].pcrSelect;

	return s->count == 1 ? b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16
			     : 0;
}

/* The lowest first; a TPM gives as many as it likes, at most 8. */
static bool
take_values(struct tpm2_slot *slot, struct pcrs *left,
    const TPML_PCR_SELECTION *which, const TPML_DIGEST *values)
{
	size_t size = pcrs_size(&slot->pcrs);
	struct pcrs got = {slot->pcrs.bank, mask_of(which)};
	uint32_t i;

	if (!got.mask || got.mask & ~left->mask ||
	    values->count != pcrs_count(&got) ||
	    slot->values_len + size * values->count > sizeof(slot->values))
		return false;
	for (i = 0; i < values->count; i++) {
		if (values->digests[i].size != size)
			return false;
		memcpy(slot->values + slot->values_len,
		    values->digests[i].buffer, size);
		slot->values_len += size;
	}
	left->mask &= ~got.mask;
	return true;
}

bool
tpm_read_pcrs(struct tpm *t, struct tpm2_slot *slot)
{
	struct pcrs left = slot->pcrs;
	TPML_PCR_SELECTION want, *which;
	TPML_DIGEST *values;
	UINT32 counter;
	bool good = true;
	TSS2_RC rc;

	slot->values_len = 0;
	while (good && left.mask) {
		pcrs_select(&left, &want);
		which = NULL;
		values = NULL;
		rc = Esys_PCR_Read(t->esys, ESYS_TR_NONE, ESYS_TR_NONE,
		    ESYS_TR_NONE, &want, &counter, &which, &values);
		if (rc != TSS2_RC_SUCCESS)
			return tpm_fail(t, "tell its PCRs", rc);
		good = take_values(slot, &left, which, values);
		Esys_Free(which);
		Esys_Free(values);
	}
	return good || no_bank(t, slot);
}
