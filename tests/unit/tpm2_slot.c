/* SPDX-License-Identifier: BSD-2-Clause */
/* What a header has of a sealed key: only what we would write is taken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "key/tpm2/slot.h"
#include "unit.h"

#define TEXT_MAX 4097

TestSuite(tpm2_slot, .fini = unit_cleanup);

static char text[SLOT_TEXTS][TEXT_MAX];
static const char *texts[SLOT_TEXTS];

/* As the TPM would have made it. */
static void
make(struct tpm2_slot *s, const char *pcrs, bool pin)
{
	TPMT_PUBLIC *is = &s->public.publicArea;

	memset(s, 0, sizeof(*s));
	cr_assert(pcrs_parse(pcrs, &s->pcrs));
	s->pin = pin;
	slot_template(s, is);
	is->authPolicy.size = s->pcrs.mask ? 32 : 0;
	is->unique.keyedHash.size = 32;
	randombytes_buf(is->unique.keyedHash.buffer, 32);
	s->private.size = 158;
	randombytes_buf(s->private.buffer, 158);
	s->primary.size = 34;
	memcpy(s->primary.name, "\0\013", 2);
	s->values_len = pcrs_count(&s->pcrs) * pcrs_size(&s->pcrs);
	randombytes_buf(s->values, s->values_len);
}

static void
print(const struct tpm2_slot *s)
{
	int i;

	for (i = 0; i < SLOT_TEXTS; i++) {
		cr_assert(
		    slot_print(s, (enum slot_text)i, text[i], sizeof(text[i])));
		texts[i] = text[i];
	}
}

static void
comes_back(const char *pcrs, bool pin)
{
	struct tpm2_slot s, got;
	const char *wrong;

	make(&s, pcrs, pin);
	print(&s);
	if (!s.pcrs.mask)
		texts[SLOT_VALUES] = NULL;
	wrong = slot_read(&got, texts);
	cr_assert_null(wrong, "%s: %s", pcrs, wrong);
	cr_assert_eq(got.pcrs.mask, s.pcrs.mask);
	cr_assert_eq(got.pcrs.bank, s.pcrs.bank);
	cr_assert_eq(got.pin, pin);
	cr_assert_eq(got.values_len, s.values_len);
	cr_assert_arr_eq(got.values, s.values, s.values_len);
	cr_assert_eq(got.private.size, 158);
	cr_assert_arr_eq(got.private.buffer, s.private.buffer, 158);
	cr_assert_eq(got.public.publicArea.objectAttributes,
	    s.public.publicArea.objectAttributes);
}

Test(tpm2_slot, what_is_written_is_read)
{
	static const char *const lists[] = {"none", "sha256:7", "sha384:0,23",
	    ("sha512:0+1+2+3+4+5+6+7+8+9+10+11+12+13+14+15+16+17+18+19+20+21"
	     "+22+23")};
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		comes_back(lists[i], false);
		comes_back(lists[i], true);
	}
}

Test(tpm2_slot, only_a_pin_is_guessed)
{
	TPMT_PUBLIC with, without;
	struct tpm2_slot s;

	make(&s, "none", true);
	slot_template(&s, &with);
	make(&s, "none", false);
	slot_template(&s, &without);
	cr_assert(!(with.objectAttributes & TPMA_OBJECT_NODA));
	cr_assert(without.objectAttributes & TPMA_OBJECT_NODA);
}

static bool
refused(void)
{
	struct tpm2_slot got;

	return slot_read(&got, texts) != NULL;
}

Test(tpm2_slot, what_is_missing_or_foreign_is_refused)
{
	static const char *const foreign[] = {"", "x", "-1", "sha1:7", "=",
	    "AAAA", "AAAAAAAA", "////", "YES", "none ", "sha256:24",
	    "sha256:7+7", "sha256:", "%s%s%n", "../../etc/passwd"};
	struct tpm2_slot s;
	char long_text[5000];
	size_t k;
	int i;

	make(&s, "sha256:7", true);
	memset(long_text, 'A', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	for (i = 0; i < SLOT_TEXTS; i++) {
		print(&s);
		texts[i] = NULL;
		cr_assert(refused(), "without %s", slot_names[i]);
		texts[i] = long_text;
		cr_assert(refused(), "%s too long", slot_names[i]);
		for (k = 0; k < sizeof(foreign) / sizeof(foreign[0]); k++) {
			texts[i] = foreign[k];
			cr_assert(
			    refused(), "%s=%s", slot_names[i], foreign[k]);
		}
	}
}

/* No part may say another thing than the sealed key itself. */
Test(tpm2_slot, parts_that_do_not_agree_are_refused)
{
	struct tpm2_slot s;

	make(&s, "sha256:7", true);
	print(&s);
	texts[SLOT_PIN] = "no";
	cr_assert(refused());
	print(&s);
	texts[SLOT_PCRS] = "none";
	texts[SLOT_VALUES] = "";
	cr_assert(refused());
	print(&s);
	texts[SLOT_PCRS] = "sha256:7+8";
	cr_assert(refused());
	make(&s, "none", false);
	print(&s);
	texts[SLOT_PIN] = "yes";
	cr_assert(refused());
	make(&s, "none", false);
	s.public.publicArea.objectAttributes |=
	    TPMA_OBJECT_ENCRYPTEDDUPLICATION;
	print(&s);
	cr_assert(refused());
}

/* A bit turned anywhere, and every shorter text: no crash, whatever comes. */
Test(tpm2_slot, damage_is_survived)
{
	struct tpm2_slot s, got;
	size_t at;
	int i;

	make(&s, "sha256:0+7", true);
	for (i = 0; i < SLOT_TEXTS; i++)
		for (print(&s), at = 0; text[i][at]; at++) {
			char was = text[i][at];

			text[i][at] = (char)(was ^ (1 << at % 7));
			slot_read(&got, texts);
			text[i][at] = '\0';
			cr_assert(refused(), "%s cut", slot_names[i]);
			text[i][at] = was;
		}
	cr_assert(!refused());
}

Test(tpm2_slot, pcrs_as_text)
{
	static const struct {
		const char *text, *printed;
	} good[] = {
	    {"7", "sha256:7"},
	    {"sha256:11,7", "sha256:7+11"},
	    {"sha512:0+23", "sha512:0+23"},
	    {"none", "none"},
	};
	static const char *const bad[] = {"", "sha1:7", "sha256",
	    "sha256:", "24", "7+", "7,,8", "07", "7+7", " 7", "7 ", "-1",
	    "999999999999", "sha256:sha256:7"};
	char printed[PCRS_TEXT_MAX], names[200];
	struct pcrs p;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_assert(pcrs_parse(good[i].text, &p), "%s", good[i].text);
		pcrs_print(&p, printed);
		cr_assert_str_eq(printed, good[i].printed);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(!pcrs_parse(bad[i], &p), "%s", bad[i]);
	pcrs_name(1u << 7 | 1u << 16, names, sizeof(names));
	cr_assert_str_eq(names, "PCR 7 (Secure Boot), PCR 16");
	pcrs_name(0xffffff, names, 20);
	cr_assert_lt(strlen(names), 20);
}
