/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a slot of the header has of a sealed key.  Anybody who can write the
 * header may have made it: nothing is taken that we would not have written.
 */
#ifndef TPM2_SLOT_H
#define TPM2_SLOT_H

#include "pcrs.h"

#define SLOT_VALUES_MAX (PCRS * TPM2_SHA512_DIGEST_SIZE)

struct tpm2_slot {
	TPM2B_PUBLIC public;
	TPM2B_PRIVATE private;
	TPM2B_NAME primary; /* of the key it is sealed with */
	struct pcrs pcrs;
	bool pin;
	unsigned char values[SLOT_VALUES_MAX]; /* of the registers then */
	size_t values_len;
};

enum slot_text {
	SLOT_PUBLIC,
	SLOT_PRIVATE,
	SLOT_PRIMARY,
	SLOT_PCRS,
	SLOT_VALUES,
	SLOT_PIN,
	SLOT_TEXTS
};
/* "public", "private", ... */
extern const char *const slot_names[SLOT_TEXTS];

/* NULL is a text that there is not.  NULL: good; else what is wrong. */
const char *slot_read(struct tpm2_slot *s, const char *const *texts);
/* One of its texts, may be empty; false: it does not fit. */
bool slot_print(
    const struct tpm2_slot *s, enum slot_text which, char *text, size_t size);
/* How a key is sealed with that policy and that PIN or none. */
void slot_template(const struct tpm2_slot *s, TPMT_PUBLIC *ret);

#endif
