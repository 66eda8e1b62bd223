/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the session bus is, if there is one.  GLib would start a bus of its
 * own for want of one, by a program that looks for an X server: that is
 * neither quick nor the user's keyring.
 */
#include <sys/stat.h>
#include "secrets.h"

#define CURE                                                                 \
	"; the keyring can be reached from a login that has a session bus, " \
	"for jobs and services add a key that needs none: \"tokenward key "  \
	"add keyfile\""

static gboolean
is_socket(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Secrets go through it: a socket of this machine, nothing else. */
static gboolean
is_local(const char *address)
{
	g_auto(GStrv) parts = g_strsplit(address, ";", -1);
	guint i;

	for (i = 0; parts[i]; i++)
		if (!g_str_has_prefix(parts[i], "unix:"))
			return FALSE;
	return i > 0;
}

static int
take_given(struct tokenward_message *reply, const char *address, char **ret)
{
	if (!is_local(address)) {
		tokenward_message_say(reply,
		    "DBUS_SESSION_BUS_ADDRESS (%.100s) is no socket of this "
		    "machine (unix:...), and no other bus is used or "
		    "started" CURE,
		    address);
		return TOKENWARD_MODULE_AWAY;
	}
	*ret = g_strdup(address);
	return TOKENWARD_MODULE_OK;
}

int
secrets_address(struct tokenward_message *reply, char **ret)
{
	const char *given = g_getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *dir = g_getenv("XDG_RUNTIME_DIR");
	g_autofree char *path = NULL, *escaped = NULL;

	if (given && *given)
		return take_given(reply, given, ret);
	if (dir && g_path_is_absolute(dir))
		path = g_build_filename(dir, "bus", NULL);
	if (!path || !is_socket(path)) {
		tokenward_message_say(reply,
		    "there is no session bus here (DBUS_SESSION_BUS_ADDRESS "
		    "is not set, and there is no socket \"bus\" in "
		    "XDG_RUNTIME_DIR)" CURE);
		return TOKENWARD_MODULE_AWAY;
	}
	escaped = g_dbus_address_escape_value(path);
	*ret = g_strconcat("unix:path=", escaped, NULL);
	return TOKENWARD_MODULE_OK;
}
