/* SPDX-License-Identifier: BSD-2-Clause */
/* A sealed key as texts, and back with every doubt. */
#include <stdio.h>
#include <string.h>
#include <sodium.h>
#include <tss2/tss2_mu.h>
#include "slot.h"

#define TEXT_MAX 4096
#define BYTES_MAX (TEXT_MAX / 4 * 3)
#define BASE64 sodium_base64_VARIANT_ORIGINAL

const char *const slot_names[SLOT_TEXTS] = {
    [SLOT_PUBLIC] = "public",
    [SLOT_PRIVATE] = "private",
    [SLOT_PRIMARY] = "primary",
    [SLOT_PCRS] = "pcrs",
    [SLOT_VALUES] = "values",
    [SLOT_PIN] = "pin",
};

struct bytes {
	unsigned char data[BYTES_MAX];
	size_t len;
};

/* ---- writing ----------------------------------------------------------- */

/* A slot with a PIN counts wrong ones.  One without has nothing to guess,
   and must not fall to somebody else's wrong guesses. */
void
slot_template(const struct tpm2_slot *s, TPMT_PUBLIC *ret)
{
	*ret = (TPMT_PUBLIC){.type = TPM2_ALG_KEYEDHASH,
	    .nameAlg = TPM2_ALG_SHA256,
	    .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT};
	ret->parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
	if (!s->pcrs.mask)
		ret->objectAttributes |= TPMA_OBJECT_USERWITHAUTH;
	if (!s->pin)
		ret->objectAttributes |= TPMA_OBJECT_NODA;
}

static bool
marshal(const struct tpm2_slot *s, enum slot_text which, struct bytes *b)
{
	TSS2_RC rc;

	b->len = 0;
	if (which == SLOT_PUBLIC)
		rc = Tss2_MU_TPM2B_PUBLIC_Marshal(
		    &s->public, b->data, sizeof(b->data), &b->len);
	else
		rc = Tss2_MU_TPM2B_PRIVATE_Marshal(
		    &s->private, b->data, sizeof(b->data), &b->len);
	return rc == TSS2_RC_SUCCESS;
}

static bool
print_bytes(const void *bytes, size_t len, char *text, size_t size)
{
	if (sodium_base64_encoded_len(len, BASE64) > size)
		return false;
	sodium_bin2base64(text, size, bytes, len, BASE64);
	return true;
}

bool
slot_print(
    const struct tpm2_slot *s, enum slot_text which, char *text, size_t size)
{
	struct bytes b;

	switch (which) {
	case SLOT_PUBLIC:
	case SLOT_PRIVATE:
		return marshal(s, which, &b) &&
		       print_bytes(b.data, b.len, text, size);
	case SLOT_PRIMARY:
		return print_bytes(
		    s->primary.name, s->primary.size, text, size);
	case SLOT_VALUES:
		return print_bytes(s->values, s->values_len, text, size);
	case SLOT_PCRS:
		if (size >= PCRS_TEXT_MAX)
			pcrs_print(&s->pcrs, text);
		return size >= PCRS_TEXT_MAX;
	default:
		return snprintf(text, size, "%s", s->pin ? "yes" : "no") <
		       (int)size;
	}
}

/* ---- reading ----------------------------------------------------------- */

static bool
decode(const char *text, struct bytes *b)
{
	size_t len = text ? strlen(text) : TEXT_MAX + 1;
	const char *end;

	return len <= TEXT_MAX &&
	       sodium_base642bin(b->data, sizeof(b->data), text, len, NULL,
		   &b->len, &end, BASE64) == 0 &&
	       end == text + len;
}

static const char *
read_public(struct tpm2_slot *s, const char *text)
{
	struct bytes b;
	size_t at = 0;

	if (!decode(text, &b) ||
	    Tss2_MU_TPM2B_PUBLIC_Unmarshal(b.data, b.len, &at, &s->public) !=
		TSS2_RC_SUCCESS ||
	    at != b.len)
		return "its public part cannot be read";
	return NULL;
}

static const char *
read_private(struct tpm2_slot *s, const char *text)
{
	struct bytes b;
	size_t at = 0;

	if (!decode(text, &b) ||
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(b.data, b.len, &at, &s->private) !=
		TSS2_RC_SUCCESS ||
	    at != b.len || s->private.size == 0)
		return "its private part cannot be read";
	return NULL;
}

/* The name of a key is an algorithm and a digest. */
static const char *
read_primary(struct tpm2_slot *s, const char *text)
{
	struct bytes b;

	if (!decode(text, &b) || b.len != 2 + TPM2_SHA256_DIGEST_SIZE ||
	    b.data[0] != TPM2_ALG_SHA256 >> 8 ||
	    b.data[1] != (TPM2_ALG_SHA256 & 0xff))
		return "the name of its parent cannot be read";
	s->primary.size = (UINT16)b.len;
	memcpy(s->primary.name, b.data, b.len);
	return NULL;
}

static const char *
read_pcrs(struct tpm2_slot *s, const char *text, const char *values)
{
	struct bytes b;

	if (!text || strlen(text) >= PCRS_TEXT_MAX ||
	    !pcrs_parse(text, &s->pcrs))
		return "its list of PCRs cannot be read";
	if (!decode(values ? values : "", &b) ||
	    b.len != pcrs_count(&s->pcrs) * pcrs_size(&s->pcrs))
		return "its values of PCRs cannot be read";
	memcpy(s->values, b.data, b.len);
	s->values_len = b.len;
	return NULL;
}

static const char *
read_pin(struct tpm2_slot *s, const char *text)
{
	if (!text || (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0))
		return "whether it has a PIN cannot be read";
	s->pin = text[0] == 'y';
	return NULL;
}

/* Of the kind that we make, and sealed as the rest of the slot says. */
static const char *
check_public(const struct tpm2_slot *s)
{
	const TPMT_PUBLIC *is = &s->public.publicArea;
	TPMT_PUBLIC want;

	slot_template(s, &want);
	if (is->type != want.type || is->nameAlg != want.nameAlg ||
	    is->objectAttributes != want.objectAttributes ||
	    is->authPolicy.size !=
		(s->pcrs.mask ? TPM2_SHA256_DIGEST_SIZE : 0) ||
	    is->parameters.keyedHashDetail.scheme.scheme != TPM2_ALG_NULL ||
	    is->unique.keyedHash.size != TPM2_SHA256_DIGEST_SIZE)
		return "its public part is not of a key that tokenward sealed";
	return NULL;
}

const char *
slot_read(struct tpm2_slot *s, const char *const *texts)
{
	const char *wrong;

	memset(s, 0, sizeof(*s));
	wrong = read_public(s, texts[SLOT_PUBLIC]);
	if (!wrong)
		wrong = read_private(s, texts[SLOT_PRIVATE]);
	if (!wrong)
		wrong = read_primary(s, texts[SLOT_PRIMARY]);
	if (!wrong)
		wrong = read_pcrs(s, texts[SLOT_PCRS], texts[SLOT_VALUES]);
	if (!wrong)
		wrong = read_pin(s, texts[SLOT_PIN]);
	return wrong ? wrong : check_public(s);
}
