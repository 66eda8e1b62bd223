/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connection, and who the Secret Service is: one process of this user,
 * found once and called by its unique name.  If another takes its place in
 * the middle, the call fails and is not sent to the stranger.
 */
#include <stdarg.h>
#include <unistd.h>
#include "secrets.h"

#define SERVICE "org.freedesktop.secrets"
#define DRIVER "org.freedesktop.DBus"
#define ERROR DRIVER ".Error."

/* ---- sentences --------------------------------------------------------- */

int
secrets_say(struct secrets *s, int result, const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	if (s->quiet)
		return result;
	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	tokenward_message_say(s->reply, "%s", text);
	return result;
}

static const char *
who(const struct secrets *s)
{
	return s->who ? s->who : "the session bus";
}

static int
say_late(struct secrets *s, const char *method)
{
	return secrets_say(s, TOKENWARD_MODULE_AWAY,
	    "%s does not answer (%s): it hangs, or waits for somebody at the "
	    "screen; if it does so for long, end it and log in again",
	    who(s), method);
}

/* What others answer in place of a result. */
static const struct {
	const char *name;
	int result;
	const char *sentence; /* of whom, asked for what */
} errors[] = {
    {SECRETS_INTERFACE "Error.IsLocked", TOKENWARD_MODULE_ASK,
	"%s says that what it was asked for (%s) is locked; unlock the "
	"keyring by logging in on the desktop"},
    {SECRETS_INTERFACE "Error.NoSuchObject", TOKENWARD_MODULE_NONE,
	"%s has no longer what it was asked for (%s)"},
    {ERROR "AccessDenied", TOKENWARD_MODULE_DENIED,
	"%s does not allow what it was asked for (%s)"},
    {ERROR "NoReply", TOKENWARD_MODULE_AWAY,
	"%s ended while it was asked (%s); if it is back, try again"},
    {ERROR "ServiceUnknown", TOKENWARD_MODULE_AWAY,
	"%s ended while it was asked (%s); if it is back, try again"},
    {ERROR "NameHasNoOwner", TOKENWARD_MODULE_AWAY,
	"%s ended while it was asked (%s); if it is back, try again"},
};

static int
fail_remote(struct secrets *s, const char *method, const char *name,
    const GError *error)
{
	guint i;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	for (i = 0; i < G_N_ELEMENTS(errors); i++)
		if (g_str_equal(name, errors[i].name))
			return secrets_say(s, errors[i].result,
			    errors[i].sentence, who(s), method);
#pragma GCC diagnostic pop
	return secrets_say(s, TOKENWARD_MODULE_FAILED, "%s failed (%s): %.200s",
	    who(s), method, error->message);
}

int
secrets_fail(struct secrets *s, const char *method, const GError *error)
{
	g_autofree char *remote =
	    error ? g_dbus_error_get_remote_error(error) : NULL;

	if (remote)
		return fail_remote(s, method, remote, error);
	if (!error ||
	    g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
	    g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
		return say_late(s, method);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CLOSED))
		return secrets_say(s, TOKENWARD_MODULE_AWAY,
		    "the session bus ended while %s was asked (%s)", who(s),
		    method);
	return secrets_say(s, TOKENWARD_MODULE_FAILED,
	    "%s did not keep to the protocol (%s): %.200s", who(s), method,
	    error->message);
}

/* ---- a call ------------------------------------------------------------ */

static GVariant *
call(struct secrets *s, const char *name, const char *path,
    const char *interface, const char *method, GVariant *args,
    const char *reply_type, GError **ret_error)
{
	struct wait *w = wait_new();
	g_autoptr(GAsyncResult) result = NULL;

	g_dbus_connection_call(s->bus, name, path, interface, method, args,
	    G_VARIANT_TYPE(reply_type), G_DBUS_CALL_FLAGS_NO_AUTO_START,
	    G_MAXINT, wait_cancel(w), wait_done, w);
	result = wait_end(w, s->deadline);
	return result ? g_dbus_connection_call_finish(s->bus, result, ret_error)
		      : NULL;
}

int
secrets_call(struct secrets *s, const char *path, const char *interface,
    const char *method, GVariant *args, const char *reply_type, GVariant **ret)
{
	g_autoptr(GError) error = NULL;
	GVariant *reply = call(
	    s, s->owner, path, interface, method, args, reply_type, &error);

	if (!reply)
		return secrets_fail(s, method, error);
	if (ret)
		*ret = reply;
	else
		g_variant_unref(reply);
	return TOKENWARD_MODULE_OK;
}

int
secrets_property(struct secrets *s, const char *path, const char *interface,
    const char *name, const char *type, GVariant **ret)
{
	g_autoptr(GVariant) reply = NULL, value = NULL;
	int r = secrets_call(s, path, DRIVER ".Properties", "Get",
	    g_variant_new("(ss)", interface, name), "(v)", &reply);

	if (r != TOKENWARD_MODULE_OK)
		return r;
	g_variant_get(reply, "(v)", &value);
	if (!g_variant_is_of_type(value, G_VARIANT_TYPE(type)))
		return secrets_say(s, TOKENWARD_MODULE_FAILED,
		    "%s did not keep to the protocol: its property %s has the "
		    "type %.20s, not %s",
		    who(s), name, g_variant_get_type_string(value), type);
	*ret = g_steal_pointer(&value);
	return TOKENWARD_MODULE_OK;
}

static GVariant *
call_driver(struct secrets *s, const char *method, GVariant *args,
    const char *reply_type, GError **ret_error)
{
	return call(s, DRIVER, "/org/freedesktop/DBus", DRIVER, method, args,
	    reply_type, ret_error);
}

/* ---- the bus ----------------------------------------------------------- */

static int
connect_to(struct secrets *s, const char *address)
{
	struct wait *w = wait_new();
	g_autoptr(GAsyncResult) result = NULL;
	g_autoptr(GError) error = NULL;

	/* Of libsecret, too. */
	g_setenv("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
	g_bus_get(G_BUS_TYPE_SESSION, wait_cancel(w), wait_done, w);
	result = wait_end(w, s->deadline);
	s->bus = result ? g_bus_get_finish(result, &error) : NULL;
	if (s->bus) {
		g_dbus_connection_set_exit_on_close(s->bus, FALSE);
		return TOKENWARD_MODULE_OK;
	}
	if (!result || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return say_late(s, "connect");
	return secrets_say(s, TOKENWARD_MODULE_AWAY,
	    "the session bus %.150s cannot be used: %.200s; the address is "
	    "perhaps of a login that ended",
	    address, error->message);
}

/* ---- the service ------------------------------------------------------- */

static int
nobody(struct secrets *s, const GError *error)
{
	if (!error || !g_dbus_error_is_remote_error(error))
		return secrets_fail(s, "StartServiceByName", error);
	if (g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN))
		return secrets_say(s, TOKENWARD_MODULE_AWAY,
		    "there is no Secret Service on the session bus: start "
		    "gnome-keyring, KWallet or KeePassXC (with its Secret "
		    "Service switched on)");
	return secrets_say(s, TOKENWARD_MODULE_AWAY,
	    "there is no Secret Service on the session bus, and none could "
	    "be started: %.200s",
	    error->message);
}

static GVariant *
get_owner(struct secrets *s, GError **ret_error)
{
	return call_driver(
	    s, "GetNameOwner", g_variant_new("(s)", SERVICE), "(s)", ret_error);
}

/* Desktops start their keyring when it is first wanted. */
static GVariant *
start_service(struct secrets *s, GError **ret_error)
{
	g_autoptr(GVariant) started = call_driver(s, "StartServiceByName",
	    g_variant_new("(su)", SERVICE, 0), "(u)", ret_error);

	return started ? get_owner(s, ret_error) : NULL;
}

static int
find_owner(struct secrets *s)
{
	g_autoptr(GError) absent = NULL, error = NULL;
	g_autoptr(GVariant) reply = get_owner(s, &absent);

	if (!reply && absent && g_dbus_error_is_remote_error(absent))
		reply = start_service(s, &error);
	else if (!reply)
		return secrets_fail(s, "GetNameOwner", absent);
	if (!reply)
		return nobody(s, error);
	g_variant_get(reply, "(s)", &s->owner);
	if (g_dbus_is_unique_name(s->owner))
		return TOKENWARD_MODULE_OK;
	return secrets_say(s, TOKENWARD_MODULE_FAILED,
	    "the session bus did not keep to the protocol: %.50s is nobody's "
	    "name",
	    s->owner);
}

/* A key is given to, and taken from, this user's keyring only. */
static int
check_owner(struct secrets *s)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = call_driver(s, "GetConnectionCredentials",
	    g_variant_new("(s)", s->owner), "(a{sv})", &error);
	g_autoptr(GVariant) all = NULL;
	guint32 uid, pid = 0;

	if (!reply)
		return secrets_fail(s, "GetConnectionCredentials", error);
	g_variant_get(reply, "(@a{sv})", &all);
	if (!g_variant_lookup(all, "UnixUserID", "u", &uid) || uid != geteuid())
		return secrets_say(s, TOKENWARD_MODULE_DENIED,
		    "the Secret Service of this session bus belongs to "
		    "another user: use the bus of a login of your own");
	g_variant_lookup(all, "ProcessID", "u", &pid);
	s->who = g_strdup_printf("the Secret Service (process %u)", pid);
	return TOKENWARD_MODULE_OK;
}

int
secrets_open(struct secrets *s, struct tokenward_message *reply,
    gint64 machine_ms, gint64 human_ms)
{
	g_autofree char *address = NULL;
	int r;

	*s = (struct secrets){.reply = reply,
	    .deadline = g_get_monotonic_time() + machine_ms * 1000,
	    .headless = human_ms > 0 && !secrets_has_display()};
	/* Over the network nobody sees what this machine's screen shows. */
	if (!s->headless)
		s->answer_within = human_ms * 1000;
	/* Neither plug-ins of GLib nor another way than the bus. */
	g_setenv("GIO_MODULE_DIR", "/nonexistent", TRUE);
	g_setenv("GIO_USE_VFS", "local", TRUE);
	r = secrets_address(reply, &address);
	if (r == TOKENWARD_MODULE_OK)
		r = connect_to(s, address);
	if (r == TOKENWARD_MODULE_OK)
		r = find_owner(s);
	return r ? r : check_owner(s);
}

void
secrets_close(struct secrets *s)
{
	g_clear_object(&s->session);
	g_clear_object(&s->bus);
	g_clear_pointer(&s->owner, g_free);
	g_clear_pointer(&s->who, g_free);
}
