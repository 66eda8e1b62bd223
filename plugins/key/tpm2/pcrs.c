/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and numbers of platform configuration registers. */
#include <stdio.h>
#include <string.h>
#include "pcrs.h"

static const struct {
	const char *name;
	TPMI_ALG_HASH bank;
	size_t size;
} banks[] = {
    {"sha256", TPM2_ALG_SHA256, TPM2_SHA256_DIGEST_SIZE},
    {"sha384", TPM2_ALG_SHA384, TPM2_SHA384_DIGEST_SIZE},
    {"sha512", TPM2_ALG_SHA512, TPM2_SHA512_DIGEST_SIZE},
};
#define BANKS (sizeof(banks) / sizeof(banks[0]))

/* What is measured there on a usual Linux machine. */
static const char *const meanings[PCRS] = {
    [0] = "firmware",
    [1] = "firmware settings",
    [2] = "option ROMs",
    [3] = "option ROM settings",
    [4] = "boot loader",
    [5] = "partition table",
    [7] = "Secure Boot",
    [8] = "boot loader commands",
    [9] = "kernel and initrd",
    [11] = "kernel image",
    [12] = "kernel command line",
    [13] = "system extensions",
    [14] = "machine owner keys",
    [15] = "system identity",
};

static bool
take_bank(const char **at, TPMI_ALG_HASH *ret)
{
	const char *colon = strchr(*at, ':');
	size_t i, len = colon ? (size_t)(colon - *at) : 0;

	*ret = TPM2_ALG_SHA256;
	for (i = 0; colon && i < BANKS; i++)
		if (strlen(banks[i].name) == len &&
		    memcmp(banks[i].name, *at, len) == 0) {
			*ret = banks[i].bank;
			*at = colon + 1;
			return true;
		}
	return !colon;
}

static bool
take_number(const char **at, uint32_t *mask)
{
	const char *p = *at;
	unsigned n = 0;
	int digits;

	for (digits = 0; *p >= '0' && *p <= '9' && digits < 3; p++, digits++)
		n = n * 10 + (unsigned)(*p - '0');
	if (digits == 0 || (digits > 1 && **at == '0') || n >= PCRS ||
	    *mask & UINT32_C(1) << n)
		return false;
	*mask |= UINT32_C(1) << n;
	*at = p;
	return true;
}

bool
pcrs_parse(const char *text, struct pcrs *ret)
{
	*ret = (struct pcrs){.bank = TPM2_ALG_SHA256};
	if (strcmp(text, "none") == 0)
		return true;
	if (!take_bank(&text, &ret->bank) || !take_number(&text, &ret->mask))
		return false;
	while (*text == '+' || *text == ',') {
		text++;
		if (!take_number(&text, &ret->mask))
			return false;
	}
	return *text == '\0';
}

static const char *
bank_name(TPMI_ALG_HASH bank)
{
	size_t i;

	for (i = 0; i < BANKS; i++)
		if (banks[i].bank == bank)
			return banks[i].name;
	return "?";
}

void
pcrs_print(const struct pcrs *p, char text[PCRS_TEXT_MAX])
{
	size_t len;
	unsigned i;

	if (!p->mask) {
		snprintf(text, PCRS_TEXT_MAX, "none");
		return;
	}
	len = (size_t)snprintf(text, PCRS_TEXT_MAX, "%s", bank_name(p->bank));
	for (i = 0; i < PCRS; i++)
		if (p->mask & UINT32_C(1) << i) {
			snprintf(text + len, PCRS_TEXT_MAX - len, "%c%u",
			    strchr(text, ':') ? '+' : ':', i);
			len += strlen(text + len);
		}
}

size_t
pcrs_size(const struct pcrs *p)
{
	size_t i;

	for (i = 0; i < BANKS; i++)
		if (banks[i].bank == p->bank)
			return banks[i].size;
	return 0;
}

unsigned
pcrs_count(const struct pcrs *p)
{
	unsigned i, n = 0;

	for (i = 0; i < PCRS; i++)
		n += p->mask >> i & 1;
	return n;
}

void
pcrs_select(const struct pcrs *p, TPML_PCR_SELECTION *ret)
{
	*ret = (TPML_PCR_SELECTION){.count = 1};
	ret->pcrSelections[0] = (TPMS_PCR_SELECTION){.hash = p->bank,
	    .sizeofSelect = 3,
	    .pcrSelect = {
		p->mask & 0xff, p->mask >> 8 & 0xff, p->mask >> 16 & 0xff}};
}

void
pcrs_name(uint32_t mask, char *text, size_t size)
{
	size_t len = 0;
	unsigned i;

	text[0] = '\0';
	for (i = 0; i < PCRS && len < size; i++) {
		if (!(mask >> i & 1))
			continue;
		snprintf(text + len, size - len, "%sPCR %u%s%s%s",
		    len ? ", " : "", i, meanings[i] ? " (" : "",
		    meanings[i] ? meanings[i] : "", meanings[i] ? ")" : "");
		len += strlen(text + len);
	}
}
