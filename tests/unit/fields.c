/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of a credential's plain fields. */
#include <string.h>
#include "base/frame.h"
#include "record/record.h"
#include "unit.h"

static bool
differ(const char *a, const char *b)
{
	return !a || !b || strcmp(a, b) != 0;
}

Test(fields, no_two_rows_share_name_option_or_member)
{
	const struct field *f = credential_fields;
	size_t i, k;

	for (i = 0; i < credential_fields_n; i++)
		for (k = 0; k < i; k++) {
			cr_assert(
			    differ(f[i].name, f[k].name), "%s", f[i].name);
			cr_assert(
			    differ(f[i].option, f[k].option), "%s", f[i].name);
			cr_assert_neq(
			    f[i].offset, f[k].offset, "%s", f[i].name);
		}
}

/* A record has these keys besides. */
Test(fields, names_can_be_keys_of_a_record)
{
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < credential_fields_n; i++) {
		frame_put_str(&b, credential_fields[i].name, "x");
		cr_assert(differ(credential_fields[i].name, "version"));
		cr_assert(differ(credential_fields[i].name, "id"));
	}
	cr_assert(!b.failed);
	buf_free(&b);
}

Test(fields, whatever_can_be_set_is_explained)
{
	const struct field *f;
	size_t i;

	for (i = 0; i < credential_fields_n; i++) {
		f = &credential_fields[i];
		cr_assert_eq(f->option != NULL, f->help != NULL, "%s", f->name);
		cr_assert_eq(f->option && f->kind != FIELD_FLAG,
		    f->argument != NULL, "%s", f->name);
	}
}

Test(fields, name_and_origins_cannot_be_set)
{
	static const char *const sealed[] = {
	    "name", "origins", "next_number", "created_at", "changed_at"};
	size_t i, k;

	for (i = 0; i < credential_fields_n; i++)
		for (k = 0; k < sizeof(sealed) / sizeof(*sealed); k++)
			if (strcmp(credential_fields[i].name, sealed[k]) == 0)
				cr_assert(credential_fields[i].option == NULL);
}
