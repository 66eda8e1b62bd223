/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The platform configuration registers that a slot is bound to, as text:
 * "sha256:7+11", or "none".
 */
#ifndef TPM2_PCRS_H
#define TPM2_PCRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tss2/tss2_tpm2_types.h>

#define PCRS 24u
#define PCRS_TEXT_MAX 96 /* a bank, every number, a NUL */

struct pcrs {
	TPMI_ALG_HASH bank;
	uint32_t mask; /* 0: none */
};

/* Numbers with + or , between them, each once; sha256 without a bank. */
bool pcrs_parse(const char *text, struct pcrs *ret);
/* The one way that we write it. */
void pcrs_print(const struct pcrs *p, char text[PCRS_TEXT_MAX]);
/* Bytes of one register; 0: no bank that we know. */
size_t pcrs_size(const struct pcrs *p);
unsigned pcrs_count(const struct pcrs *p);
void pcrs_select(const struct pcrs *p, TPML_PCR_SELECTION *ret);
/* "PCR 7 (Secure Boot)" for each register of mask, with commas. */
void pcrs_name(uint32_t mask, char *text, size_t size);

#endif
