/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Patterns of provider files: what is allowed is compiled and run, on what
 * would make it work hard, within the time that a run of the fuzzer has.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "fuzz.h"
#include "provider/pattern.h"

static void
run_it(const regex_t *re, const char *pattern)
{
	char value[1025];
	size_t i, n = strlen(pattern);
	regmatch_t m;

	for (i = 0; i < sizeof(value) - 1; i++)
		value[i] = n ? pattern[i % n] : 'a';
	value[i] = '\0';
	regexec(re, value, 1, &m, 0);
	memset(value, 'a', sizeof(value) - 1);
	regexec(re, value, 1, &m, 0);
}

static int
once(struct input in)
{
	cleanup_free char *pattern = input_text(&in);
	const char *fault = pattern_fault(pattern);
	regex_t re;

	if (fault) {
		REQUIRE(*fault);
		return 1;
	}
	REQUIRE(strlen(pattern) <= 256);
	if (regcomp(&re, pattern, REG_EXTENDED) != 0)
		return 2;
	run_it(&re, pattern);
	regfree(&re);
	return 0;
}

FUZZ(pattern)
{
	return fuzz_run(once, data, len);
}
