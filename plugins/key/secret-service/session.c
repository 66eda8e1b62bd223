/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session with the Secret Service, by which secrets are encrypted on the
 * bus.  libsecret does it; with whom, and how, is checked here.
 */
#include "secrets.h"

#define ENCRYPTED "dh-ietf1024-sha256-aes128-cbc-pkcs7"

/* libsecret goes after the name: its session may be with somebody else. */
static gboolean
is_owners(const struct secrets *s)
{
	g_autofree char *owner =
	    g_dbus_proxy_get_name_owner(G_DBUS_PROXY(s->session));

	return g_strcmp0(owner, s->owner) == 0;
}

static int
check_session(struct secrets *s)
{
	const char *how = secret_service_get_session_algorithms(s->session);
	gboolean same = is_owners(s);

	if (same && how && g_str_equal(how, ENCRYPTED) &&
	    secret_service_get_session_dbus_path(s->session))
		return TOKENWARD_MODULE_OK;
	g_clear_object(&s->session);
	if (!same)
		return secrets_say(s, TOKENWARD_MODULE_AWAY,
		    "%s ended while it was asked (OpenSession), and another "
		    "is in its place: try again",
		    s->who);
	return secrets_say(s, TOKENWARD_MODULE_FAILED,
	    "%s does not encrypt what goes over the bus (" ENCRYPTED
	    "): use one that does",
	    s->who);
}

static int
open_session(struct secrets *s)
{
	struct wait *w = wait_new();
	g_autoptr(GAsyncResult) result = NULL;
	g_autoptr(GError) error = NULL;

	secret_service_open(SECRET_TYPE_SERVICE, s->owner,
	    SECRET_SERVICE_OPEN_SESSION, wait_cancel(w), wait_done, w);
	result = wait_end(w, s->deadline);
	s->session = result ? secret_service_open_finish(result, &error) : NULL;
	return s->session ? check_session(s)
			  : secrets_fail(s, "OpenSession", error);
}

int
secrets_session(struct secrets *s)
{
	return s->session ? TOKENWARD_MODULE_OK : open_session(s);
}
