/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program must give and did not is told, and ends no process. */
#include <string.h>
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
	world_end();
}

TestSuite(arguments, .init = start, .fini = stop, .timeout = 30);

#define USAGE(call)                                         \
	do {                                                \
		cr_assert_eq(call, TOKENWARD_USAGE, #call); \
	} while (0)

/* With each handle: none, and a good one whose sentence tells. */
static void
each_call(struct tokenward *h)
{
	USAGE(tokenward_get_token(h, "n", NULL, NULL));
	USAGE(tokenward_reject_token(h, "n", NULL, 3));
	USAGE(tokenward_reject(h, "n", NULL));
	USAGE(tokenward_credential_set(h, NULL, "note", "x"));
	USAGE(tokenward_credential_set(h, bag, NULL, "x"));
	USAGE(tokenward_credential_set_secret(h, NULL, NULL, "x", 1, 0));
	USAGE(tokenward_credential_set_secret(h, bag, NULL, NULL, 1, 0));
	USAGE(tokenward_add_credential(h, "n", NULL, 0, NULL));
	USAGE(tokenward_edit_credential(h, "n", NULL, 0, NULL));
	USAGE(tokenward_rotate_credential(h, "n", NULL, 0));
	USAGE(tokenward_rename_credential(h, NULL, NULL));
	USAGE(tokenward_remove_credential(h, NULL));
	USAGE(tokenward_get_credential(h, "n", NULL));
	USAGE(tokenward_list_credentials(h, NULL, NULL, NULL));
	USAGE(tokenward_try_credential(h, "n", NULL));
	USAGE(tokenward_init_store(h, NULL, 0, NULL, NULL));
	USAGE(tokenward_init_store_from(h, NULL, 0, NULL, NULL, NULL));
	USAGE(tokenward_export(h, NULL, NULL, NULL, NULL));
	USAGE(tokenward_import(h, NULL));
	USAGE(tokenward_lock(h, NULL));
	USAGE(tokenward_verify_store(h, NULL, NULL, NULL));
	USAGE(tokenward_upgrade_store(h, NULL, NULL));
	USAGE(tokenward_migrate_store(h, NULL, NULL, NULL));
	USAGE(tokenward_destroy_store(h, 0, NULL));
	USAGE(tokenward_own_key_files(h, NULL));
	USAGE(tokenward_list_keys(h, NULL, NULL));
	USAGE(tokenward_add_key(h, NULL, NULL, NULL));
	USAGE(tokenward_remove_key(h, 1, NULL));
	USAGE(tokenward_test_key(h, 1, NULL));
	USAGE(tokenward_rekey(h, 0, NULL));
	USAGE(tokenward_list_providers(h, NULL, NULL));
	USAGE(tokenward_read_provider(h, NULL, NULL, NULL));
	USAGE(tokenward_check_provider(h, NULL));
	USAGE(tokenward_list_modules(h, NULL, NULL));
	USAGE(tokenward_check_stacks(h, NULL, NULL));
	USAGE(tokenward_doctor(h, NULL, 0, NULL, NULL));
}

Test(arguments, without_a_handle)
{
	each_call(NULL);
	USAGE(tokenward_open(NULL, NULL));
	USAGE(tokenward_credential_new(NULL));
	USAGE(tokenward_unlock(NULL, 0));
	USAGE(tokenward_adopt(NULL, NULL, NULL, NULL));
	USAGE(tokenward_apply(NULL, 0, 0, NULL, NULL));
	tokenward_close(NULL);
	cr_assert(strlen(tokenward_error(NULL)) > 0);
	cr_assert_eq(tokenward_retry_at(NULL), TOKENWARD_TIME_UNKNOWN);
	cr_assert_str_eq(tokenward_store_path(NULL), "");
	cr_assert_gt(tokenward_now(NULL), 0);
}

Test(arguments, without_the_rest)
{
	each_call(tw);
	USAGE(tokenward_lock(tw, NULL));
	cr_assert(strstr(tokenward_error(tw), "NULL"), "%s", tw->err.text);
	cr_assert_eq(tokenward_get_credential(tw, NULL, &bag), TOKENWARD_USAGE);
	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
}

Test(arguments, objects_that_are_none)
{
	tokenward_token_free(NULL);
	tokenward_credential_free(NULL);
	tokenward_text_free(NULL);
	cr_assert_null(tokenward_token_value(NULL));
	cr_assert_null(tokenward_token_type(NULL));
	cr_assert_null(tokenward_token_scope(NULL));
	cr_assert_null(tokenward_token_header_name(NULL));
	cr_assert_null(tokenward_token_header_value(NULL));
	cr_assert_null(tokenward_token_query_name(NULL));
	cr_assert_null(tokenward_token_extra_header(NULL, 0));
	cr_assert_null(tokenward_token_warning(NULL));
	cr_assert_eq(tokenward_token_is_cached(NULL), 0);
	cr_assert_eq(tokenward_token_expires_at(NULL), TOKENWARD_TIME_UNKNOWN);
	cr_assert_null(tokenward_credential_get(NULL, "note", 0));
	cr_assert_null(tokenward_credential_get(bag, NULL, 0));
	cr_assert_eq(tokenward_credential_number(NULL, "x", 7), 7);
	cr_assert_eq(tokenward_grade_credential(NULL, 1, 1, NULL), 3);
}
