/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A key that a TPM has sealed, as a header has it.  The input is a line for
 * each of its parameters, in the order of enum slot_text; "-" is none.
 */
#include "base/cleanup.h"
#include "fuzz.h"
#include "plugins/key/tpm2/slot.h"

#define TEXT_MAX 4097

/* What was taken is what we would write, and means the same again. */
static void
check(const struct tpm2_slot *s)
{
	static char text[SLOT_TEXTS][TEXT_MAX];
	const char *texts[SLOT_TEXTS];
	struct tpm2_slot again;
	int i;

	for (i = 0; i < SLOT_TEXTS; i++) {
		REQUIRE(
		    slot_print(s, (enum slot_text)i, text[i], sizeof(text[i])));
		texts[i] = text[i];
	}
	REQUIRE(slot_read(&again, texts) == NULL);
	REQUIRE(again.pin == s->pin && again.pcrs.mask == s->pcrs.mask);
	REQUIRE(again.values_len == s->values_len);
	REQUIRE(again.private.size == s->private.size);
	REQUIRE(s->pcrs.mask < 1u << PCRS);
}

static int
once(struct input in)
{
	char *lines[SLOT_TEXTS];
	const char *texts[SLOT_TEXTS];
	struct tpm2_slot s;
	int i;

	for (i = 0; i < SLOT_TEXTS; i++) {
		lines[i] = input_line(&in);
		texts[i] =
		    lines[i] && strcmp(lines[i], "-") != 0 ? lines[i] : NULL;
	}
	if (slot_read(&s, texts) == NULL)
		check(&s);
	for (i = 0; i < SLOT_TEXTS; i++)
		free(lines[i]);
	return TOKENWARD_OK;
}

FUZZ(tpm2_slot)
{
	return fuzz_run(once, data, len);
}
