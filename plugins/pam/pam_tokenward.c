/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The phases of PAM.  The first keeps the passphrase that another module
 * asked for; a session opens the user's store with it; the last session to
 * end locks it; a new password becomes the store's passphrase, if the old
 * one was.
 *
 * No login depends on it: authentication and a change of password are none
 * of its business (PAM_IGNORE, so that no line of /etc/pam.d, however it is
 * written, lets anybody in on our word), a session always succeeds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <security/pam_ext.h>
#include <security/pam_modutil.h>
#include "pam.h"

#define EXPORTED __attribute__((visibility("default")))
#define SESSION "tokenward_session"

struct phase {
	pam_handle_t *pamh;
	struct options o;
	int64_t deadline_ms;
	const char *user;
	const struct passwd *who;
};

static bool
begin(struct phase *p, pam_handle_t *pamh, int argc, const char **argv)
{
	const void *user = NULL;

	*p = (struct phase){.pamh = pamh};
	options_read(pamh, argc, argv, &p->o);
	p->deadline_ms = clock_ms() + p->o.timeout * 1000;
	if (pam_get_item(pamh, PAM_USER, &user) != PAM_SUCCESS || !user)
		return false;
	p->user = user;
	p->who = pam_modutil_getpwnam(pamh, user);
	return p->who != NULL;
}

static const char *
text_item(pam_handle_t *pamh, int item)
{
	const void *text = NULL;

	return pam_get_item(pamh, item, &text) == PAM_SUCCESS ? text : NULL;
}

/* ---- what is logged ---------------------------------------------------- */

/* The helper's status is an enum tokenward_result. */
static const char *const outcomes[] = {
    [0] = "done",
    [1] = "it failed",
    [2] = "the helper was started in a wrong way",
    [3] = "no key slot of the store is for a passphrase",
    [4] = "the store has another passphrase",
    [8] = "the store is in use by another process",
    [9] = "the store is damaged",
    [10] = "there is no store, or the stack does not allow it",
    [11] = "owner or mode of the store is not as it must be",
    [12] = "another process changed it meanwhile",
};
#define OUTCOMES ((int)(sizeof(outcomes) / sizeof(outcomes[0])))

static void
log_outcome(const struct phase *p, const char *mode, int status)
{
	const char *text =
	    status >= 0 && status < OUTCOMES ? outcomes[status] : NULL;

	if (status == CHILD_NO_START)
		pam_syslog(p->pamh, LOG_ERR,
		    "%s for %s: the helper in %s is not started: %m", mode,
		    p->user, p->o.libexec);
	else if (status == CHILD_TIMEOUT)
		pam_syslog(p->pamh, LOG_NOTICE,
		    "%s for %s: not done within %d s, given up", mode, p->user,
		    p->o.timeout);
	else if (p->o.debug)
		pam_syslog(p->pamh, LOG_DEBUG, "%s for %s: %s", mode, p->user,
		    text ? text : "the helper ended without saying how");
}

static int
run_helper(
    const struct phase *p, const char *mode, const char *a, const char *b)
{
	struct child c = {.who = p->who,
	    .mode = mode,
	    .words = {a, b},
	    .deadline_ms = p->deadline_ms,
	    .o = &p->o};
	int status = child_run(&c);

	log_outcome(p, mode, status);
	return status;
}

static void
log_uncounted(const struct phase *p)
{
	pam_syslog(p->pamh, LOG_NOTICE,
	    "the sessions of %s cannot be counted in %s: %m; nothing is "
	    "opened or locked",
	    p->user, p->o.run);
}

/* ---- a session begins -------------------------------------------------- */

static void
forget_number(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	free(data);
}

static void
keep_number(pam_handle_t *pamh, uint64_t id)
{
	uint64_t *kept = malloc(sizeof(*kept));

	if (!kept)
		return;
	*kept = id;
	if (pam_set_data(pamh, SESSION, kept, forget_number) != PAM_SUCCESS)
		free(kept);
}

/*
 * Counted before the store is opened: who is killed in between leaves a
 * session that is found dead, and a store that the next one locks.
 */
static bool
count(struct phase *p, struct sessions *s, bool will_open)
{
	uint64_t id;

	if (!sessions_add(s, &id))
		return false;
	s->f.opened |= will_open;
	if (!sessions_write(s))
		return false;
	keep_number(p->pamh, id);
	return true;
}

static void
open_store(struct phase *p, struct sessions *s)
{
	const char *passphrase = stash_get(p->pamh, p->user);
	uint32_t before = s->f.opened;
	int status;

	if (!count(p, s, passphrase != NULL)) {
		log_uncounted(p);
		return;
	}
	if (!passphrase)
		return;
	status = run_helper(p, "open", passphrase, NULL);
	if ((status > 0 || status == CHILD_NO_START) && !before) {
		s->f.opened = 0;
		sessions_write(s);
	}
}

EXPORTED int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct sessions s = SESSIONS_INIT;
	struct phase p;

	(void)flags;
	if (begin(&p, pamh, argc, argv)) {
		if (sessions_open(p.o.run, p.who->pw_uid, p.deadline_ms, &s))
			open_store(&p, &s);
		else
			log_uncounted(&p);
		sessions_close(&s);
	}
	stash_drop(pamh);
	return PAM_SUCCESS;
}

/* ---- a session ends ---------------------------------------------------- */

static uint64_t
kept_number(pam_handle_t *pamh)
{
	const void *data = NULL;

	if (pam_get_data(pamh, SESSION, &data) != PAM_SUCCESS || !data)
		return 0;
	return *(const uint64_t *)data;
}

static void
lock_store(struct phase *p, struct sessions *s)
{
	bool last;

	sessions_remove(s, kept_number(p->pamh));
	last = s->f.n == 0 && s->f.opened;
	if (last)
		s->f.opened = 0;
	sessions_write(s);
	if (last && !p->o.keep)
		run_helper(p, "lock", NULL, NULL);
}

EXPORTED int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct sessions s = SESSIONS_INIT;
	struct phase p;

	(void)flags;
	if (begin(&p, pamh, argc, argv)) {
		if (sessions_open(p.o.run, p.who->pw_uid, p.deadline_ms, &s))
			lock_store(&p, &s);
		else
			log_uncounted(&p);
		sessions_close(&s);
	}
	pam_set_data(pamh, SESSION, NULL, NULL);
	return PAM_SUCCESS;
}

/* ---- passwords --------------------------------------------------------- */

EXPORTED int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	(void)argc;
	(void)argv;
	stash_put(
	    pamh, text_item(pamh, PAM_USER), text_item(pamh, PAM_AUTHTOK));
	return PAM_IGNORE;
}

EXPORTED int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

EXPORTED int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}

/* A login with a password that has expired opens with the new one. */
static void
change(struct phase *p, const char *old, const char *new)
{
	bool stashed = stash_get(p->pamh, p->user) != NULL;

	if (strcmp(old, new) == 0)
		return;
	run_helper(p, "change", old, new);
	if (stashed)
		stash_put(p->pamh, p->user, new);
}

EXPORTED int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const char *old, *new;
	struct phase p;

	if (!(flags & PAM_UPDATE_AUTHTOK) || !begin(&p, pamh, argc, argv))
		return PAM_IGNORE;
	old = text_item(pamh, PAM_OLDAUTHTOK);
	new = text_item(pamh, PAM_AUTHTOK);
	if (old && *old && new &&*new)
		change(&p, old, new);
	return PAM_IGNORE;
}
