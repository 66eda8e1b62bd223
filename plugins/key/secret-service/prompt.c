/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions that the keyring itself asks a human, at the screen.  Only when
 * somebody is there who waits for it, and only for so long.
 */
#include "secrets.h"

#define PROMPT SECRETS_INTERFACE "Prompt"
#define DISMISS_MS 300

struct question {
	gboolean over;
	gboolean answered, dismissed;
	GVariant *result;
};

static void
completed(GDBusConnection *bus, const char *sender, const char *path,
    const char *interface, const char *signal, GVariant *given, gpointer data)
{
	struct question *q = data;

	(void)bus, (void)sender, (void)path, (void)interface, (void)signal;
	if (q->over)
		return;
	q->over = TRUE;
	if (!g_variant_is_of_type(given, G_VARIANT_TYPE("(bv)")))
		return;
	q->answered = TRUE;
	g_variant_get(given, "(bv)", &q->dismissed, &q->result);
}

/* The keyring went away with its question. */
static void
owner_changed(GDBusConnection *bus, const char *sender, const char *path,
    const char *interface, const char *signal, GVariant *given, gpointer data)
{
	(void)bus, (void)sender, (void)path, (void)interface, (void)signal;
	(void)given;
	((struct question *)data)->over = TRUE;
}

gboolean
secrets_has_display(void)
{
	const char *x = g_getenv("DISPLAY"),
		   *wayland = g_getenv("WAYLAND_DISPLAY");

	return (x && *x) || (wayland && *wayland);
}

int
secrets_locked(struct secrets *s, const char *subject)
{
	if (s->headless)
		return secrets_say(s, TOKENWARD_MODULE_ASK,
		    "%s is locked, and there is no display here where the "
		    "keyring could ask for its password: unlock it where "
		    "there is one, or with \"gnome-keyring-daemon --replace "
		    "--unlock\"",
		    subject);
	return secrets_say(s, TOKENWARD_MODULE_ASK,
	    "%s is locked: unlock it by logging in on the desktop, or by %s "
	    "there",
	    subject,
	    s->asks ? "\"tokenward unlock\""
		    : "its own program (Passwords and Keys)");
}

static int
conclude(
    struct secrets *s, struct question *q, const char *subject, GVariant **ret)
{
	if (!q->over)
		return secrets_say(s, TOKENWARD_MODULE_ASK,
		    "nobody answered the keyring's question for %s in %d s",
		    subject, (int)(s->answer_within / G_USEC_PER_SEC));
	if (!q->answered)
		return secrets_say(s, TOKENWARD_MODULE_AWAY,
		    "%s ended, or broke the protocol, while it asked for %s",
		    s->who, subject);
	if (q->dismissed)
		return secrets_say(s, TOKENWARD_MODULE_DENIED,
		    "the keyring's question for %s was dismissed", subject);
	*ret = g_steal_pointer(&q->result);
	return TOKENWARD_MODULE_OK;
}

/* Nobody waits for it any longer.  It is waited for a little: what somebody
   says who leaves at once may not be passed on. */
static void
dismiss(struct secrets *s, const char *prompt)
{
	GVariant *answer = g_dbus_connection_call_sync(s->bus, s->owner, prompt,
	    PROMPT, "Dismiss", NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
	    DISMISS_MS, NULL, NULL);

	g_clear_pointer(&answer, g_variant_unref);
}

static int
ask(struct secrets *s, const char *prompt, const char *subject, GVariant **ret)
{
	struct question q = {.over = FALSE};
	guint done = g_dbus_connection_signal_subscribe(s->bus, s->owner,
	    PROMPT, "Completed", prompt, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
	    completed, &q, NULL);
	guint gone = g_dbus_connection_signal_subscribe(s->bus,
	    "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
	    NULL, s->owner, G_DBUS_SIGNAL_FLAGS_NONE, owner_changed, &q, NULL);
	gint64 began = g_get_monotonic_time();
	int r = secrets_call(
	    s, prompt, PROMPT, "Prompt", g_variant_new("(s)", ""), "()", NULL);

	if (r == TOKENWARD_MODULE_OK) {
		wait_flag(&q.over, began + s->answer_within);
		s->deadline += g_get_monotonic_time() - began;
		r = conclude(s, &q, subject, ret);
	}
	g_dbus_connection_signal_unsubscribe(s->bus, done);
	g_dbus_connection_signal_unsubscribe(s->bus, gone);
	g_clear_pointer(&q.result, g_variant_unref);
	if (!q.over)
		dismiss(s, prompt);
	return r;
}

int
secrets_prompt(
    struct secrets *s, const char *prompt, const char *subject, GVariant **ret)
{
	*ret = NULL;
	if (g_str_equal(prompt, "/"))
		return TOKENWARD_MODULE_OK;
	if (s->answer_within)
		return ask(s, prompt, subject, ret);
	dismiss(s, prompt);
	return secrets_locked(s, subject);
}
