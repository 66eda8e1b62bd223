/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes that are the same in every run. */
#include <sodium.h>
#include "dice.h"

static uint64_t dice;

static uint32_t
dice_u32(void)
{
	dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(dice >> 32);
}

static void
dice_buf(void *const to, const size_t len)
{
	unsigned char *p = to;

	for (size_t i = 0; i < len; i++)
		p[i] = (unsigned char)dice_u32();
}

static const char *
dice_name(void)
{
	return "dice";
}

static struct randombytes_implementation implementation = {
    .implementation_name = dice_name, .random = dice_u32, .buf = dice_buf};

void
dice_use(void)
{
	randombytes_set_implementation(&implementation);
}

void
dice_begin(uint64_t seed)
{
	dice = seed;
}
