/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pam_tokenward.so: what its files share.  It is loaded into sshd, login and
 * sudo, so it links with libpam alone and touches no file of the user; a
 * helper that runs as the user does that.
 *
 *   pam_tokenward.c  the phases         options.c   words of its line
 *   stash.c          the passphrase between two phases
 *   child.c          the helper, as the user, within a deadline
 *   sessions.c       how many sessions each user has
 */
#ifndef PAM_PAM_H
#define PAM_PAM_H

#include <pwd.h>
#include <security/pam_modules.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- options.c --------------------------------------------------------- */

struct options {
	bool debug;
	bool keep;           /* the last session leaves the store open */
	int timeout;         /* seconds for each phase */
	const char *store;   /* NULL: the user's default one */
	const char *libexec; /* for tests: where the helper is */
	const char *run;     /* for tests: where sessions are counted */
};
/* What cannot be read is logged and left out. */
void options_read(
    pam_handle_t *pamh, int argc, const char **argv, struct options *ret);
/* CLOCK_BOOTTIME in milliseconds. */
int64_t clock_ms(void);

/* ---- stash.c ----------------------------------------------------------- */

/* More than libpam takes from anybody, and what one pipe holds at once. */
#define PASSPHRASE_MAX 1024

/* Replaces what was there; passphrase NULL, or too long: nothing is kept. */
void stash_put(pam_handle_t *pamh, const char *user, const char *passphrase);
/*
 * The passphrase, if this user typed it: sudo asks for one and opens a
 * session of another.  NULL: there is none.
 */
const char *stash_get(pam_handle_t *pamh, const char *user);
void stash_drop(pam_handle_t *pamh);

/* ---- child.c ----------------------------------------------------------- */

#define CHILD_UNKNOWN (-1)  /* it ended, somebody else knows how */
#define CHILD_TIMEOUT (-2)  /* it was killed at the deadline */
#define CHILD_NO_START (-3) /* see errno */

struct child {
	const struct passwd *who;
	const char *mode;        /* "open", "change", "lock" */
	const char *words[2];    /* for its standard input; NULL: none */
	int64_t deadline_ms;     /* CLOCK_BOOTTIME */
	const struct options *o; /* libexec, store */
};
/* The exit status of the helper, or one of the above. */
int child_run(const struct child *c);

/* ---- sessions.c -------------------------------------------------------- */

#define SESSIONS_MAX 160

struct session {
	uint64_t id;
	int64_t pid;
	uint64_t started; /* the process, in ticks since boot */
};

/* The file, in one piece. */
struct session_file {
	char magic[8];
	char boot_id[40];
	uint32_t opened; /* by us, so the last one locks */
	uint32_t n;
	struct session v[SESSIONS_MAX];
};

/* The sessions of one user, while they are locked. */
struct sessions {
	int fd;
	struct session_file f; /* those of processes that still run */
};
#define SESSIONS_INIT    \
	{                \
		.fd = -1 \
	}
/* False with errno: they cannot be counted, or not before the deadline. */
bool sessions_open(
    const char *run, uid_t uid, int64_t deadline_ms, struct sessions *ret);
/* One for this process; false with errno. */
bool sessions_add(struct sessions *s, uint64_t *ret_id);
/* By its number; 0: that of this process. */
void sessions_remove(struct sessions *s, uint64_t id);
bool sessions_write(struct sessions *s);
void sessions_close(struct sessions *s);

#endif
