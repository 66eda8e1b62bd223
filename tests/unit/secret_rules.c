/* SPDX-License-Identifier: BSD-2-Clause */
/* What a secret may be. */
#include <stdlib.h>
#include <string.h>
#include "base/secret.h"
#include "core/core.h"
#include "unit.h"
#include "world.h"

static struct tokenward *tw;
static struct tokenward_credential *bag;

static void
start(void)
{
	world_make();
	tw = world_open(0);
	cr_assert_eq(tokenward_credential_new(&bag), 0);
}

static void
stop(void)
{
	tokenward_credential_free(bag);
	tokenward_close(tw);
	cr_assert_eq(secret_in_use(), 0);
	world_end();
}

TestSuite(secret_rules, .init = start, .fini = stop, .timeout = 30);

static int
set(const void *data, size_t len, int verbatim)
{
	return tokenward_credential_set_secret(
	    tw, bag, NULL, data, len, verbatim);
}

Test(secret_rules, what_copying_spoils_is_refused)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *words; /* NULL: taken */
	} rows[] = {
	    {"", 0, "empty"},
	    {"a", 1, NULL},
	    {"~!@#$%^&*()_+{}|:\"<>?`-=[]\\;',./", 32, NULL},
	    {"in the middle", 13, NULL},
	    {"\xc3\xa4\xe2\x82\xac", 5, NULL},
	    {"a\0b", 3, "NUL"},
	    {"\0", 1, "NUL"},
	    {"a\n", 2, "second line"},
	    {"a\nb", 3, "second line"},
	    {"a\r", 2, "control"},
	    {"\x1b[A", 3, "control"},
	    {"a\x7f", 2, "control"},
	    {"\x01", 1, "control"},
	    {"a\tb", 3, "control"},
	    {" a", 2, "blank"},
	    {"a ", 2, "blank"},
	    {" ", 1, "blank"},
	    {"\xef\xbb\xbf"
	     "a",
		4, "byte order mark"},
	    {"\xff\xfe"
	     "a\0",
		4, "UTF-16"},
	    {"\xfe\xff\0a", 4, "UTF-16"},
	    {"a\0b\0", 4, "UTF-16"},
	    {"\xff", 1, "UTF-8"},
	    {"\xc0\xaf", 2, "UTF-8"},
	    {"a\xc3", 2, "UTF-8"},
	};
	size_t i;
	int r;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		r = set(rows[i].bytes, rows[i].len, 0);
		cr_assert_eq(r, rows[i].words ? TOKENWARD_USAGE : TOKENWARD_OK,
		    "row %zu: %s", i, tokenward_error(tw));
		if (rows[i].words)
			cr_assert(strstr(tokenward_error(tw), rows[i].words),
			    "row %zu: %s", i, tokenward_error(tw));
	}
}

Test(secret_rules, verbatim_permits_blanks_at_the_ends_and_no_more)
{
	static const char *const still[] = {"a\n", "\x1b", "\xff", ""};
	size_t i;

	assert_ok(set(" a ", 3, 1), tw->err);
	cr_assert_str_eq(
	    buf_str(version_secret(&bag->given, "client_secret")), " a ");
	for (i = 0; i < sizeof(still) / sizeof(*still); i++)
		cr_assert_eq(
		    set(still[i], strlen(still[i]), 1), TOKENWARD_USAGE);
}

Test(secret_rules, sixty_four_kibibytes_are_the_most)
{
	char *big = malloc(65537);

	memset(big, 'x', 65537);
	assert_ok(set(big, 65536, 0), tw->err);
	assert_fails(set(big, 65537, 0), tw->err, TOKENWARD_USAGE, "64 KiB");
	free(big);
}

Test(secret_rules, no_message_holds_the_secret)
{
	static const char canary[] = "canary-7f3a9\n";

	cr_assert_eq(set(canary, strlen(canary), 0), TOKENWARD_USAGE);
	cr_assert(strstr(tokenward_error(tw), "canary") == NULL);
}

Test(secret_rules, a_refused_one_leaves_the_given_one)
{
	assert_ok(set("good", 4, 0), tw->err);
	cr_assert_eq(set("bad\n", 4, 0), TOKENWARD_USAGE);
	cr_assert_str_eq(
	    buf_str(version_secret(&bag->given, "client_secret")), "good");
	assert_ok(
	    tokenward_credential_set_secret(tw, bag, "api_key", "k", 1, 0),
	    tw->err);
	cr_assert_eq(bag->given.secrets_n, 2);
}
