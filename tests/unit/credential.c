/* SPDX-License-Identifier: BSD-2-Clause */
/* A credential in memory: its secret versions, its end. */
#include <stdlib.h>
#include <string.h>
#include <tokenward/types.h>
#include "base/secret.h"
#include "record/record.h"
#include "unit.h"

Test(credential, every_one_has_an_id_of_its_own)
{
	struct credential *a = credential_new(), *b = credential_new();

	cr_assert(memcmp(a->id, b->id, CREDENTIAL_ID_LEN) != 0);
	credential_free(a);
	credential_free(b);
	credential_free(NULL);
}

Test(credential, a_version_number_is_never_used_twice)
{
	struct credential *c = credential_new();
	int64_t number, last = 0;
	size_t i;

	for (i = 0; i < 50; i++) {
		number = credential_add_version(c)->number;
		cr_assert(number > last);
		last = number;
		if (i % 3)
			credential_drop_version(
			    c, &c->versions[c->versions_n - 1]);
		if (c->versions_n == RECORD_VERSIONS_MAX)
			credential_drop_version(c, &c->versions[0]);
	}
	credential_free(c);
}

Test(credential, a_new_version_knows_no_dates)
{
	struct credential *c = credential_new();
	struct secret_version *v = credential_add_version(c);

	cr_assert_eq(v->number, 1);
	cr_assert_eq(v->issued_at, TOKENWARD_TIME_UNKNOWN);
	cr_assert_eq(v->expires_at, TOKENWARD_TIME_UNKNOWN);
	cr_assert_eq(v->basis, BASIS_NONE);
	credential_free(c);
}

Test(credential, sixteen_versions_are_the_most)
{
	struct credential *c = credential_new();
	unsigned i;

	for (i = 0; i < RECORD_VERSIONS_MAX; i++)
		cr_assert(credential_add_version(c) != NULL);
	cr_assert(credential_add_version(c) == NULL);
	credential_drop_version(c, &c->versions[3]);
	cr_assert(credential_add_version(c) != NULL);
	credential_free(c);
}

Test(credential, dropping_a_version_keeps_the_others)
{
	struct credential *c = credential_new();
	struct secret_version *v;
	int i;

	for (i = 0; i < VERSION_STATE_MAX; i++) {
		v = credential_add_version(c);
		v->state = (enum version_state)i;
		cr_assert(version_set_secret(v, "client_secret", "abc", 3));
	}
	cr_assert(credential_version(c, VERSION_CURRENT)->number == 2);
	credential_drop_version(c, credential_version(c, VERSION_CURRENT));
	cr_assert(credential_version(c, VERSION_CURRENT) == NULL);
	cr_assert(credential_version(c, VERSION_STAGED)->number == 1);
	cr_assert(credential_version(c, VERSION_PREVIOUS)->number == 3);
	cr_assert_eq(version_secret(credential_version(c, VERSION_PREVIOUS),
			 "client_secret")
			 ->len,
	    3);
	credential_free(c);
	cr_assert_eq(secret_in_use(), 0);
}

Test(credential, secrets_are_named_and_lie_in_the_arena)
{
	struct credential *c = credential_new();
	struct secret_version *v = credential_add_version(c);

	cr_assert(version_secret(v, "client_secret") == NULL);
	cr_assert(version_set_secret(v, "client_secret", "one", 3));
	cr_assert(version_set_secret(v, "api_key", "key", 3));
	cr_assert(version_set_secret(v, "client_secret", "two!", 4));
	cr_assert_eq(v->secrets_n, 2);
	cr_assert_str_eq(buf_str(version_secret(v, "client_secret")), "two!");
	cr_assert_str_eq(buf_str(version_secret(v, "api_key")), "key");
	cr_assert(version_secret(v, "client_secret")->secret);
	cr_assert(secret_in_use() > 0);
	credential_free(c);
	cr_assert_eq(secret_in_use(), 0);
}
