/* SPDX-License-Identifier: BSD-2-Clause */
/* auth/ and grant/: every word of a provider file has its method or grant. */
#include <string.h>

#include "auth/auth.h"
#include "grant/grant.h"
#include "unit.h"

Test(auth, every_word_has_a_method_and_every_method_a_word)
{
	size_t words = 0, methods = 0;

	for (; provider_auth_words[words]; words++)
		cr_expect(auth_find(provider_auth_words[words]), "%s",
		    provider_auth_words[words]);
	while (auth_methods[methods])
		methods++;
	cr_expect(words == methods);
}

Test(auth, every_word_has_a_grant_and_every_grant_a_word)
{
	size_t words = 0, n = 0;

	for (; provider_grant_words[words]; words++)
		cr_expect(grant_find(provider_grant_words[words]), "%s",
		    provider_grant_words[words]);
	while (grants[n])
		n++;
	cr_expect(words == n);
	cr_expect_null(grant_find("password"));
}

Test(auth, aliases)
{
	struct buf b = BUF_INIT;

	cr_expect(auth_find("basic") == &auth_basic);
	cr_expect(auth_find("post") == &auth_post);
	cr_expect(auth_find("client_secret_post") == &auth_post);
	cr_expect_null(auth_find("Basic"));
	cr_expect_null(auth_find(""));
	cr_expect_null(auth_find(NULL));
	auth_names(&b);
	cr_expect_str_eq(buf_str(&b), "client_secret_basic (basic), "
				      "client_secret_post (post), none");
	buf_free(&b);
}

Test(auth, form_encoding_is_that_of_the_standard)
{
	static const struct {
		const char *raw, *encoded;
	} table[] = {
	    {" %&+\xc2\xa3\xe2\x82\xac", "+%25%26%2B%C2%A3%E2%82%AC"},
	    {"1PpG/Q 1", "1PpG%2FQ+1"},
	    {"AZaz09-._*", "AZaz09-._*"},
	    {"~!'()\x7f\x01", "%7E%21%27%28%29%7F%01"},
	    {"", ""},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct buf b = BUF_INIT;

		form_put(&b, table[i].raw, strlen(table[i].raw));
		cr_expect_str_eq(buf_str(&b), table[i].encoded);
		buf_free(&b);
	}
}

Test(auth, path_encoding_leaves_unreserved_characters_alone)
{
	struct buf b = BUF_INIT;

	path_put(&b, "a/b c~*?", 8);
	cr_expect_str_eq(buf_str(&b), "a%2Fb%20c~%2A%3F");
	buf_free(&b);
}
