/* SPDX-License-Identifier: BSD-2-Clause */
/* Failures: a code and a sentence that always ends where it should. */
#include <errno.h>
#include <string.h>
#include "unit.h"

Test(error, setting_one_gives_its_code_back)
{
	struct error err;

	err.retry_at = 7;
	cr_assert_eq(error_set(&err, TOKENWARD_CONFIG, "%s: %d", "a", 1),
	    TOKENWARD_CONFIG);
	cr_assert_eq(err.code, TOKENWARD_CONFIG);
	cr_assert_eq(err.retry_at, 0);
	cr_assert_str_eq(err.text, "a: 1");
	error_clear(&err);
	cr_assert_eq(err.code, TOKENWARD_OK);
	cr_assert_str_eq(err.text, "");
	cr_assert_eq(error_memory(&err), TOKENWARD_FAILED);
}

Test(error, errno_ends_the_sentence)
{
	struct error err;

	errno = ENOSPC;
	cr_assert_eq(error_errno(&err, TOKENWARD_FAILED, "writing %s", "f"),
	    TOKENWARD_FAILED);
	cr_assert_str_eq(err.text, "writing f: No space left on device");
	errno = 123456;
	error_errno(&err, TOKENWARD_FAILED, "x");
	cr_assert_str_eq(err.text, "x: unknown error");
}

Test(error, words_can_be_put_before_it)
{
	struct error err;

	error_set(&err, TOKENWARD_USAGE, "no such thing");
	cr_assert_eq(error_prefix(&err, "line %d: ", 3), TOKENWARD_USAGE);
	cr_assert_str_eq(err.text, "line 3: no such thing");
}

Test(error, a_long_sentence_is_cut_with_dots)
{
	char text[3000];
	struct error err;
	size_t n;

	for (n = sizeof(err.text) - 3; n < sizeof(err.text) + 3; n++) {
		memset(text, 'x', n);
		text[n] = '\0';
		error_set(&err, TOKENWARD_FAILED, "%s", text);
		cr_assert_eq(strlen(err.text),
		    n < sizeof(err.text) ? n : sizeof(err.text) - 1);
		cr_assert_eq(
		    strcmp(err.text + strlen(err.text) - 3, "...") == 0,
		    n >= sizeof(err.text), "%zu", n);
		errno = EIO;
		error_errno(&err, TOKENWARD_FAILED, "%s", text);
		cr_assert_str_eq(err.text + sizeof(err.text) - 4, "...");
		error_prefix(&err, "%s", text);
		cr_assert_str_eq(err.text + sizeof(err.text) - 4, "...");
	}
}

Test(error, permissions_have_a_code_of_their_own)
{
	static const struct {
		int e, code;
	} rows[] = {
	    {EACCES, TOKENWARD_NOT_ALLOWED},
	    {EPERM, TOKENWARD_NOT_ALLOWED},
	    {EROFS, TOKENWARD_NOT_ALLOWED},
	    {ENOSPC, TOKENWARD_FAILED},
	    {EIO, TOKENWARD_FAILED},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_assert_eq(error_code_of_errno(rows[i].e), rows[i].code);
}
