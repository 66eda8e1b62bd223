/* SPDX-License-Identifier: BSD-2-Clause */
/* Which patterns of provider files are compiled at all. */
#include <stdio.h>
#include <string.h>
#include "provider/pattern.h"
#include "unit.h"

static const char *const good[] = {"^[a-z]+$", "^a$", "^(a|b|cd)*$",
    "^([a-z]+)?$", "^[]a]{1,64}$", "^[^]a][[:alpha:]][[.-.]]$",
    "^https?://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]+)?$",
    "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "^[a*]{3}[(+]*\\($",
    "^(((((((a)))))))$"};

Test(pattern, what_hosts_and_ids_need_is_allowed)
{
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_assert_null(pattern_fault(good[i]), "%s: %s", good[i],
		    pattern_fault(good[i]));
}

static const struct {
	const char *pattern, *words;
} bad[] = {{"^(a+)+$", "repeats"}, {"^(a*)*$", "repeats"},
    {"^((a{2}))b{2}(c|(d+)){2}$", "repeats"}, {"^(a{2,})*$", "repeats"},
    {"^a**$", "repeats"}, {"^a{2}{3}$", "repeats"}, {"^a?+$", "repeats"},
    {"^(a)\\1$", "back"}, {"^a{65}$", "above 64"}, {"^a{1,65}$", "above 64"},
    {"^a{99999999999999999999}$", "above 64"}, {"^a{2$", "bound"},
    {"^a{x}$", "bound"}, {"^[a$", "does not end"}, {"^[[:a]$", "not end"},
    {"^a\\", "ends with"}, {"^a)$", "not opened"},
    {"^(abcdefghijklmnopqrstuvwxyz){64}$", "too large"},
    {"^((((((((((a))))))))))$", "deep"}};

Test(pattern, what_is_expensive_is_not)
{
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *fault = pattern_fault(bad[i].pattern);

		cr_assert(fault && strstr(fault, bad[i].words), "%s: %s",
		    bad[i].pattern, fault ? fault : "allowed");
	}
}

Test(pattern, nor_what_is_long)
{
	char text[300];

	memset(text, 'a', sizeof(text));
	text[257] = '\0';
	cr_assert(strstr(pattern_fault(text), "256"));
	text[256] = '\0';
	cr_assert_null(pattern_fault(text));
}
