/* SPDX-License-Identifier: BSD-2-Clause */
/* All credentials, by name. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include "base/secret.h"
#include "core/core.h"
#include "unit.h"
#include "world.h"

static struct tokenward *tw;
static char seen[1000];

static void
start(void)
{
	world_make();
	tw = world_open(0);
}

static void
stop(void)
{
	tokenward_close(tw);
	cr_assert_eq(secret_in_use(), 0);
	world_end();
}

TestSuite(list, .init = start, .fini = stop, .timeout = 30);

static int
note_name(void *data, const struct tokenward_credential *c)
{
	size_t n = strlen(seen);

	snprintf(seen + n, sizeof(seen) - n, "%s ",
	    tokenward_credential_get(c, "name", 0));
	return data && strcmp(data, tokenward_credential_get(c, "name", 0)) == 0
		   ? 42
		   : 0;
}

static int
list(const char *const *globs, const char *stop_at)
{
	seen[0] = '\0';
	return tokenward_list_credentials(
	    tw, globs, note_name, (void *)stop_at);
}

Test(list, is_sorted_and_chosen_by_globs)
{
	static const char *const names[] = {"b", "a.x", "B", "a.y", "c9"};
	static const struct {
		const char *globs[3];
		const char *names;
	} rows[] = {
	    {{NULL}, "B a.x a.y b c9 "},
	    {{"*", NULL}, "B a.x a.y b c9 "},
	    {{"a.*", NULL}, "a.x a.y "},
	    {{"b", NULL}, "b "},
	    {{"b", "a.?", NULL}, "a.x a.y b "},
	    {{"[a-c]9", NULL}, "c9 "},
	    {{"nothing", NULL}, ""},
	    {{"", NULL}, ""},
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		world_add(tw, names[i], "s");
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_ok(list(rows[i].globs, NULL), tw->err);
		cr_assert_str_eq(seen, rows[i].names);
	}
	assert_ok(list(NULL, NULL), tw->err);
	cr_assert_str_eq(seen, "B a.x a.y b c9 ");
}

Test(list, of_nothing_is_empty)
{
	assert_ok(list(NULL, NULL), tw->err);
	cr_assert_str_eq(seen, "");
}

Test(list, ends_when_the_callback_says_so)
{
	world_add(tw, "a", "s");
	world_add(tw, "b", "s");
	world_add(tw, "c", "s");
	cr_assert_eq(list(NULL, "b"), 42);
	cr_assert_str_eq(seen, "a b ");
}

Test(list, a_damaged_one_hides_no_other)
{
	char path[600] = "";
	struct dirent *e;
	DIR *d;

	world_add(tw, "a", "s");
	d = opendir(world_path("store/credentials"));
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			snprintf(path, sizeof(path), "store/credentials/%s",
			    e->d_name);
	closedir(d);
	world_add(tw, "b", "s");
	world_add(tw, "c", "s");
	unit_write(world_path(path), "rubbish", 7);
	assert_fails(
	    list(NULL, NULL), tw->err, TOKENWARD_DAMAGED, "not all of");
	cr_assert_str_eq(seen, "b c ");
	cr_assert(strstr(world_warnings(), "damaged") != NULL);
}

Test(list, a_provider_file_that_is_gone_hides_nothing)
{
	world_add(tw, "a", "s");
	cr_assert_eq(remove(world_path("providers/loop.json")), 0);
	assert_ok(list(NULL, NULL), tw->err);
	cr_assert_str_eq(seen, "a ");
	cr_assert_str_eq(world_field(tw, "a", "provider"), "loop");
}
