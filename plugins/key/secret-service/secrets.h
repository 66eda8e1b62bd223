/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Secret Service of the session bus, the OS keyring, with an end to
 * every wait.  What it says is as foreign as what a network says: types,
 * sizes and attributes are checked before anything is believed.
 *
 *   address.c  where the bus is; it is never started
 *   wait.c     an answer, or the end of the time
 *   bus.c      the connection, who the service is, one call
 *   session.c  how secrets are encrypted on it
 *   prompt.c   the keyring's own questions to a human
 *   items.c    collections and items
 *
 * Functions return an enum tokenward_module_result; what is not ok has its
 * sentence in s->reply.  libsecret moves the secrets themselves: they are
 * encrypted on the bus and lie in locked memory here.
 */
#ifndef SECRET_SERVICE_SECRETS_H
#define SECRET_SERVICE_SECRETS_H

#define SECRET_API_SUBJECT_TO_CHANGE
#include <libsecret/secret.h>
#include <tokenward/module.h>

#define SECRETS_ROOT "/org/freedesktop/secrets"
#define SECRETS_INTERFACE "org.freedesktop.Secret."

struct secrets {
	struct tokenward_message *reply;
	GDBusConnection *bus;
	char *owner;     /* the unique name: no other one is spoken to */
	char *who;       /* of it, for sentences */
	gint64 deadline; /* of what needs no human; g_get_monotonic_time() */
	gint64 end;      /* when nobody waits any longer; 0: not known */
	gint64 answer_within; /* microseconds a human has; 0: there is none */
	gboolean headless;    /* there is, but no screen for a question */
	gboolean asks;        /* "tokenward unlock" would ask one */
	gboolean quiet;       /* the sentence that there is stays */
	SecretService *session;
};

/* Times in milliseconds; human_ms 0: nobody is to be asked. */
int secrets_open(struct secrets *s, struct tokenward_message *reply,
    gint64 machine_ms, gint64 human_ms);
void secrets_close(struct secrets *s); /* also after a failed open */

/* Floating args are consumed.  reply_type as in "(ao)"; what else comes is a
   failure. */
int secrets_call(struct secrets *s, const char *path, const char *interface,
    const char *method, GVariant *args, const char *reply_type, GVariant **ret);
int secrets_property(struct secrets *s, const char *path, const char *interface,
    const char *name, const char *type, GVariant **ret);
/* A sentence: names who and what. */
int secrets_say(struct secrets *s, int result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ASK, and how it could be unlocked. */
int secrets_locked(struct secrets *s, const char *subject);
gboolean secrets_has_display(void);
/* Asks the human, if there is one; *ret is what came of it.  "/" is no
   question: ok at once, and *ret is NULL. */
int secrets_prompt(
    struct secrets *s, const char *prompt, const char *subject, GVariant **ret);

/* An alias ("default"), the last part of a path, or a label. */
int secrets_collection(struct secrets *s, const char *name, char **ret_path);
/* Unlocks it, by its human, unless it is. */
int secrets_unlock(struct secrets *s, const char *path);
/*
 * Items that have these attributes (a{ss}, not floating); the paths of at
 * most max of them, locked ones last, and *ret_locked where they begin.
 * NONE without a sentence: there is none.
 */
int secrets_find(struct secrets *s, GVariant *attributes, unsigned max,
    char ***ret_paths, unsigned *ret_locked);
/* Of an unlocked item with these attributes, at most max bytes. */
int secrets_read(struct secrets *s, const char *item, GVariant *attributes,
    size_t max, SecretValue **ret);
int secrets_create(struct secrets *s, const char *collection, const char *label,
    GVariant *attributes, SecretValue *value, gboolean replace,
    char **ret_path);
/* Only if it has these: broken.  Ok: it is not there, whoever removed it. */
int secrets_delete(struct secrets *s, const char *item, GVariant *attributes);

/* Only for the files above. */
int secrets_session(struct secrets *s); /* s->session is there, or made */
int secrets_address(struct tokenward_message *reply, char **ret);
struct wait *wait_new(void);
GCancellable *wait_cancel(const struct wait *w);
void wait_done(GObject *source, GAsyncResult *result, gpointer wait);
/* The result, or NULL when the time is over; ends the wait. */
GAsyncResult *wait_end(struct wait *w, gint64 deadline);
/* Whether *flag was set (by a signal) before the deadline. */
gboolean wait_flag(const gboolean *flag, gint64 deadline);
int secrets_fail(struct secrets *s, const char *method, const GError *error);

#endif
