/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things are: the store, the provider files.  Nowhere is NULL, with
 * errno 0; ENOMEM: nobody knows.
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "core/core.h"

static char *
home_directory(void)
{
	const char *home = secure_getenv("HOME");
	char text[4096];
	struct passwd pw, *found = NULL;
	int e;

	if (home && home[0] == '/')
		return strdup(home);
	e = getpwuid_r(geteuid(), &pw, text, sizeof(text), &found);
	if (e == 0 && found && found->pw_dir && found->pw_dir[0] == '/')
		return strdup(found->pw_dir);
	errno = e == ENOMEM ? e : 0;
	return NULL;
}

/* $XDG_..., if absolute, else HOME/fallback; then "/tokenward" + tail. */
static char *
user_directory(const char *variable, const char *fallback, const char *tail)
{
	const char *base = secure_getenv(variable);
	cleanup_free char *home = NULL;
	char *path = NULL;

	errno = 0;
	if (base && base[0] == '/')
		return asprintf(&path, "%s/tokenward%s", base, tail) < 0 ? NULL
									 : path;
	home = home_directory();
	if (!home ||
	    asprintf(&path, "%s/%s/tokenward%s", home, fallback, tail) < 0)
		return NULL;
	return path;
}

char *
default_store_path(unsigned flags, struct error *err)
{
	const char *given = secure_getenv("TOKENWARD_STORE");
	char *path;

	if (flags & TOKENWARD_OPEN_SYSTEM)
		path = strdup(SYSTEM_STORE);
	else if (given && given[0])
		path = strdup(given);
	else
		path = user_directory("XDG_DATA_HOME", ".local/share", "");
	if (!path)
		error_read(err, TOKENWARD_CONFIG,
		    "there is no home directory to look for a store in: "
		    "name one with --store DIR, or use --system");
	return path;
}

bool
default_provider_dirs(struct tokenward *tw, const char *first)
{
	cleanup_free char *own =
	    user_directory("XDG_CONFIG_HOME", ".config", "/providers");

	if (!own && errno == ENOMEM)
		return false;
	if (first && !strlist_add(&tw->provider_dirs, first))
		return false;
	if (!(tw->flags & TOKENWARD_OPEN_SYSTEM) && own &&
	    getuid() == geteuid() && !strlist_add(&tw->provider_dirs, own))
		return false;
	return strlist_add(&tw->provider_dirs, SYSCONFDIR "/providers") &&
	       strlist_add(&tw->provider_dirs, PKGDATADIR "/providers");
}

bool
own_stack_file(const struct tokenward *tw, char **ret)
{
	*ret = NULL;
	if (tw->flags & TOKENWARD_OPEN_SYSTEM || getuid() != geteuid())
		return true;
	*ret = user_directory("XDG_CONFIG_HOME", ".config", "/stack.conf");
	return *ret || errno != ENOMEM;
}

const char *
command_name(const struct tokenward *tw)
{
	return tw->flags & TOKENWARD_OPEN_SYSTEM ? "tokenward --system"
						 : "tokenward";
}
