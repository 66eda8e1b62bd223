/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the store is looked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/core.h"
#include "unit.h"
#include "world.h"

static void
bare(void)
{
	unsetenv("TOKENWARD_STORE");
	unsetenv("XDG_DATA_HOME");
	unsetenv("XDG_CONFIG_HOME");
	setenv("HOME", "/home/a", 1);
}

TestSuite(location, .init = bare, .timeout = 30);

Test(location, the_first_of_these_that_is_said)
{
	static const struct {
		const char *store, *xdg, *home;
		unsigned flags;
		const char *path; /* NULL: the passwd entry's */
	} rows[] = {
	    {NULL, NULL, "/home/a", 0, "/home/a/.local/share/tokenward"},
	    {NULL, "/data", "/home/a", 0, "/data/tokenward"},
	    {"/store", "/data", "/home/a", 0, "/store"},
	    {"", "/data", "/home/a", 0, "/data/tokenward"},
	    {NULL, "relative", "/home/a", 0, "/home/a/.local/share/tokenward"},
	    {NULL, "", "/home/a", 0, "/home/a/.local/share/tokenward"},
	    {NULL, NULL, "relative", 0, NULL},
	    {NULL, NULL, "", 0, NULL},
	    {NULL, NULL, NULL, 0, NULL},
	    {"/store", "/data", "/home/a", TOKENWARD_OPEN_SYSTEM, SYSTEM_STORE},
	};
	struct error err;
	char *path;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bare();
		if (rows[i].store)
			setenv("TOKENWARD_STORE", rows[i].store, 1);
		if (rows[i].xdg)
			setenv("XDG_DATA_HOME", rows[i].xdg, 1);
		if (rows[i].home)
			setenv("HOME", rows[i].home, 1);
		else
			unsetenv("HOME");
		path = default_store_path(rows[i].flags, &err);
		if (rows[i].path)
			cr_assert_str_eq(path, rows[i].path, "row %zu", i);
		else if (path)
			cr_assert(path[0] == '/' &&
				  strstr(path, "/.local/share/tokenward"));
		free(path);
	}
}

Test(location, an_explicit_directory_wins)
{
	struct tokenward_open_params p = {.size = sizeof(p),
	    .store = "/explicit",
	    .flags = TOKENWARD_OPEN_NEW};
	struct tokenward *tw;

	setenv("TOKENWARD_STORE", "/other", 1);
	cr_assert_eq(tokenward_open(&p, &tw), TOKENWARD_OK);
	cr_assert_str_eq(tokenward_store_path(tw), "/explicit");
	tokenward_close(tw);
}

static void
dirs_of(unsigned flags, char *ret, size_t cap)
{
	struct tokenward_open_params p = {.size = sizeof(p),
	    .store = "/nowhere",
	    .provider_dir = "/first",
	    .flags = flags | TOKENWARD_OPEN_NEW};
	struct tokenward *tw;
	size_t i, n = 0;

	cr_assert_eq(tokenward_open(&p, &tw), TOKENWARD_OK);
	ret[0] = '\0';
	for (i = 0; i < tw->provider_dirs.n; i++)
		n += (size_t)snprintf(
		    ret + n, cap - n, "%s:", tw->provider_dirs.v[i]);
	tokenward_close(tw);
}

Test(location, provider_files_are_looked_for_in_this_order)
{
	char dirs[1000];

	dirs_of(0, dirs, sizeof(dirs));
	cr_assert_str_eq(dirs,
	    "/first:/home/a/.config/tokenward/providers:" SYSCONFDIR
	    "/providers:" PKGDATADIR "/providers:");
	setenv("XDG_CONFIG_HOME", "/conf", 1);
	dirs_of(0, dirs, sizeof(dirs));
	cr_assert(strstr(dirs, ":/conf/tokenward/providers:") != NULL);
	/* what a user wrote is nothing to the system's store */
	dirs_of(TOKENWARD_OPEN_SYSTEM, dirs, sizeof(dirs));
	cr_assert(strstr(dirs, "/conf") == NULL, "%s", dirs);
}

Test(location, no_variable_moves_the_helper)
{
	struct tokenward_open_params p = {.size = sizeof(p),
	    .store = "/nowhere",
	    .flags = TOKENWARD_OPEN_NEW};
	struct tokenward *tw;

	setenv("TOKENWARD_LIBEXEC", "/evil", 1);
	setenv("LIBEXECDIR", "/evil", 1);
	setenv("PATH", "/evil", 1);
	cr_assert_eq(tokenward_open(&p, &tw), TOKENWARD_OK);
	cr_assert_str_eq(tw->libexec, LIBEXECDIR);
	tokenward_close(tw);
}
