/* SPDX-License-Identifier: BSD-2-Clause */
/* Failures: a code and a sentence that always ends where it should. */
#include <errno.h>
#include <string.h>
#include "unit.h"

Test(error, setting_one_gives_its_code_back)
{
	struct error err;

	memset(&err, 0x55, sizeof(err));
	cr_assert_eq(error_set(&err, TOKENWARD_CONFIG, "%s: %d", "a", 1),
	    TOKENWARD_CONFIG);
	cr_assert_eq(err.code, TOKENWARD_CONFIG);
	cr_assert_eq(err.retry_at, 0);
	cr_assert_str_eq(err.text, "a: 1");
	err.retry_at = 7;
	error_clear(&err);
	cr_assert_eq(err.retry_at, 0);
	cr_assert_eq(err.code, TOKENWARD_OK);
	cr_assert_str_eq(err.text, "");
	cr_assert_eq(error_memory(&err), TOKENWARD_FAILED);
}

Test(error, errno_ends_the_sentence)
{
	struct error err;

	errno = ENOSPC;
	err.retry_at = 7;
	cr_assert_eq(error_errno(&err, TOKENWARD_FAILED, "writing %s", "f"),
	    TOKENWARD_FAILED);
	cr_assert_str_eq(err.text, "writing f: No space left on device");
	cr_assert_eq(err.retry_at, 0);
	cr_assert_eq(err.code, TOKENWARD_FAILED);
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

/* Text, and then what is not its own. */
struct guarded {
	struct error err;
	char guard[2048];
};

Test(error, no_sentence_leaves_its_place)
{
	struct guarded g;
	char text[3000];
	size_t i;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	memset(g.guard, 0x55, sizeof(g.guard));
	for (i = 0; i < 3000; i += 7) {
		text[i] = '\0';
		errno = EIO;
		error_set(&g.err, TOKENWARD_FAILED, "%s", text);
		error_prefix(&g.err, "%s", text);
		error_prefix(&g.err, "%s: ", "before");
		error_errno(&g.err, TOKENWARD_FAILED, "%s", text);
		error_read(&g.err, TOKENWARD_FAILED, "%s", text);
		text[i] = 'x';
	}
	for (i = 0; i < sizeof(g.guard); i++)
		cr_assert_eq(g.guard[i], 0x55, "%zu", i);
}

Test(error, what_could_not_be_read_for_lack_of_memory_is_not_to_blame)
{
	struct error err;

	errno = ENOMEM;
	cr_assert_eq(error_read(&err, TOKENWARD_DAMAGED, "%s is bad", "x"),
	    TOKENWARD_FAILED);
	cr_assert_str_eq(err.text, "out of memory");
	errno = EINVAL;
	cr_assert_eq(error_read(&err, TOKENWARD_DAMAGED, "%s is bad", "x"),
	    TOKENWARD_DAMAGED);
	cr_assert_str_eq(err.text, "x is bad");
	cr_assert_eq(err.code, TOKENWARD_DAMAGED);
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
