/* SPDX-License-Identifier: BSD-2-Clause */
/* base/near: the fewest edits. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/near.h"

Test(near, counts_edits)
{
	cr_expect(near_distance("token", "token") == 0);
	cr_expect(near_distance("tokn", "token") == 1);
	cr_expect(near_distance("tokne", "token") == 1);
	cr_expect(near_distance("", "abc") == 3);
	cr_expect(near_distance("kitten", "sitting") == 3);
}

Test(near, two_letters_that_changed_places_are_one_edit)
{
	cr_expect(near_distance("ab", "ba") == 1);
	cr_expect(near_distance("abcd", "abdc") == 1);
	cr_expect(near_distance("abcd", "bacd") == 1);
	cr_expect(near_distance("abc", "cab") == 2);
	cr_expect(near_distance("ab", "bca") == 3);
	cr_expect(near_distance("abc", "") == 3);
	cr_expect(near_distance("", "") == 0);
}

Test(near, what_is_longer_than_64_letters_is_far)
{
	char long_word[66];

	memset(long_word, 'x', sizeof(long_word));
	long_word[64] = '\0';
	cr_expect(near_distance(long_word, long_word) == 0);
	cr_expect(near_distance(long_word, "x") == 63);
	long_word[64] = 'x';
	long_word[65] = '\0';
	cr_expect(near_distance(long_word, long_word) == 64);
	cr_expect(near_distance("x", long_word) == 64);
}

Test(near, a_third_may_be_wrong_and_never_all)
{
	static const struct {
		const char *word, *candidate;
		bool near;
	} rows[] = {{"a", "b", true}, {"ab", "ac", true}, {"ab", "cd", false},
	    {"abc", "axy", true}, {"abc", "xyz", false}, {"ab", "abcd", false},
	    {"abcdef", "abcxyz", true}, {"abcdef", "abwxyz", false}};
	struct near n;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		near_begin(&n, rows[i].word);
		near_try(&n, rows[i].candidate);
		cr_expect_eq(n.best != NULL, rows[i].near, "%s", rows[i].word);
	}
}

Test(near, the_first_of_the_nearest_is_kept)
{
	struct near n;

	near_begin(&n, "token");
	near_try(&n, "taken");
	near_try(&n, "tokens");
	near_try(&n, "toks");
	cr_expect_str_eq(n.best, "taken");
	near_try(&n, "token");
	cr_expect_str_eq(n.best, "token");
}

Test(near, finds_the_nearest_and_nothing_far)
{
	struct near n;

	near_begin(&n, "cliqify");
	near_try(&n, "tiki");
	near_try(&n, "cliquify");
	cr_expect_str_eq(n.best, "cliquify");
	near_begin(&n, "zzz");
	near_try(&n, "tiki");
	cr_expect_null(n.best);
}
