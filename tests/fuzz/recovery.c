/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recovery codes as somebody types them.  What is read is a code: written
 * again it is read as the same, and with any one symbol changed it is none.
 */
#include "fuzz.h"
#include "key/recovery_code.h"

static void
check_changed(const unsigned char *symbols, unsigned at, unsigned by)
{
	unsigned char other[RECOVERY_SYMBOLS], back[RECOVERY_SYMBOLS];
	char text[RECOVERY_TEXT + 1];
	size_t where = 0;

	memcpy(other, symbols, sizeof(other));
	other[at % RECOVERY_SYMBOLS] ^= 1 + by % 31;
	recovery_write(other, text);
	REQUIRE(recovery_read(text, strlen(text), back, &where) ==
		RECOVERY_MISTYPED);
	REQUIRE(where <= RECOVERY_SYMBOLS / RECOVERY_GROUP);
}

static void
check_code(const unsigned char *symbols, unsigned at, unsigned by)
{
	unsigned char back[RECOVERY_SYMBOLS], checked[RECOVERY_SYMBOLS];
	char text[RECOVERY_TEXT + 1];
	size_t where;

	for (size_t i = 0; i < RECOVERY_SYMBOLS; i++)
		REQUIRE(symbols[i] < 32);
	recovery_write(symbols, text);
	REQUIRE(strlen(text) == RECOVERY_TEXT);
	REQUIRE(recovery_looks_like(text, strlen(text)));
	REQUIRE(recovery_read(text, strlen(text), back, &where) == RECOVERY_OK);
	REQUIRE(memcmp(back, symbols, sizeof(back)) == 0);
	memcpy(checked, symbols, sizeof(checked));
	recovery_check(checked);
	REQUIRE(memcmp(checked, symbols, sizeof(checked)) == 0);
	check_changed(symbols, at, by);
}

/* The symbols of the input with their checks are a code as well. */
static void
make_code(struct input in, unsigned at, unsigned by)
{
	unsigned char symbols[RECOVERY_SYMBOLS] = {0};

	for (size_t i = 0; i < RECOVERY_DATA; i++)
		symbols[i] = input_byte(&in) & 31;
	recovery_check(symbols);
	check_code(symbols, at, by);
}

static int
once(struct input in)
{
	unsigned at = input_byte(&in), by = input_byte(&in);
	unsigned char symbols[RECOVERY_SYMBOLS];
	const char *text = (const char *)in.at;
	size_t where = 0;
	enum recovery_fault fault =
	    recovery_read(text, in.left, symbols, &where);

	REQUIRE(fault <= RECOVERY_MISTYPED);
	if (fault == RECOVERY_OK)
		check_code(symbols, at, by);
	if (fault == RECOVERY_OK)
		REQUIRE(recovery_looks_like(text, in.left));
	make_code(in, at, by);
	return fault == RECOVERY_OK ? TOKENWARD_OK : TOKENWARD_USAGE;
}

FUZZ(recovery)
{
	return fuzz_run(once, data, len);
}
