/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What pam_tokenward.so starts as the user who logs in:
 *
 *     pam-helper open|change|lock SECONDS [STORE]
 *
 * The passphrase is on standard input, each with a NUL after it: one to
 * open with, the old and the new one to change.  STORE is a path in the home
 * directory or an absolute one.  It asks nothing, says nothing, starts
 * nothing; the exit status is an enum tokenward_result.
 */
#include <errno.h>
#include <linux/keyctl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/login.h"

#define WORDS_MAX 4096
#define LIMIT_SECONDS 60
#define NO_PROGRAMS "/nonexistent" /* no module is started */

struct words {
	struct buf v[2];
	size_t n;
};

static int
run_open(struct tokenward *tw, const struct words *w)
{
	return login_open(tw, &w->v[0]);
}

static int
run_change(struct tokenward *tw, const struct words *w)
{
	return login_change(tw, &w->v[0], &w->v[1]);
}

static int
run_lock(struct tokenward *tw, const struct words *w)
{
	(void)w;
	return login_lock(tw);
}

static const struct {
	const char *name;
	size_t words;
	int (*run)(struct tokenward *tw, const struct words *w);
} modes[] = {
    {"open", 1, run_open}, {"change", 2, run_change}, {"lock", 0, run_lock}};
#define MODES (sizeof(modes) / sizeof(modes[0]))

/*
 * Nobody of this uid looks into it, nothing is started from it, and the
 * keyrings of the login process, which may be root's, are out of reach.
 */
static bool
shut_in(void)
{
	struct rlimit none = {0, 0};

	return !getauxval(AT_SECURE) && prctl(PR_SET_DUMPABLE, 0) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       setrlimit(RLIMIT_CORE, &none) == 0 &&
	       (geteuid() == 0 || setrlimit(RLIMIT_NPROC, &none) == 0) &&
	       (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 ||
		   errno == ENOSYS || errno == EPERM || errno == EDQUOT);
}

/* ---- the words --------------------------------------------------------- */

static bool
read_all(struct buf *all)
{
	unsigned char *room = buf_room(all, WORDS_MAX);
	ssize_t n;

	while (room && all->len < WORDS_MAX) {
		n = read(STDIN_FILENO, room + all->len, WORDS_MAX - all->len);
		if (n == 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		all->len += n > 0 ? (size_t)n : 0;
	}
	return false;
}

/* Each is not empty and has a NUL after it. */
static bool
read_words(struct words *w)
{
	cleanup_buf struct buf all = BUF_SECRET_INIT;
	size_t at = 0, len;

	if (!read_all(&all))
		return false;
	for (w->n = 0; at < all.len && w->n < 2; w->n++) {
		len = strnlen((char *)all.data + at, all.len - at);
		if (len == 0 || at + len == all.len)
			return false;
		buf_put(&w->v[w->n], all.data + at, len);
		at += len + 1;
	}
	return at == all.len && !w->v[0].failed && !w->v[1].failed;
}

/* ---- the store --------------------------------------------------------- */

static char *
store_path_of(const char *given)
{
	const struct passwd *pw;
	char *path = NULL;

	if (given[0] == '/')
		return strdup(given);
	pw = getpwuid(getuid());
	if (!pw || pw->pw_dir[0] != '/' ||
	    asprintf(&path, "%s/%s", pw->pw_dir, given) < 0)
		return NULL;
	return path;
}

static int
run(size_t mode, long seconds, const char *given)
{
	struct words w = {.v = {BUF_SECRET_INIT, BUF_SECRET_INIT}};
	cleanup_free char *store = given ? store_path_of(given) : NULL;
	struct tokenward_open_params p = {.size = sizeof(p),
	    .store = store,
	    .timeout = seconds,
	    .libexec_dir = NO_PROGRAMS};
	struct tokenward *tw = NULL;
	int r = TOKENWARD_USAGE;

	if (read_words(&w) && w.n == modes[mode].words && (store || !given)) {
		r = tokenward_open(&p, &tw);
		if (r == TOKENWARD_OK)
			r = modes[mode].run(tw, &w);
		tokenward_close(tw);
	}
	buf_free(&w.v[0]);
	buf_free(&w.v[1]);
	return r;
}

int
main(int argc, char **argv)
{
	long seconds = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	size_t i;

	if (argc < 3 || argc > 4 || seconds < 1 || seconds > LIMIT_SECONDS ||
	    !shut_in())
		return TOKENWARD_USAGE;
	alarm((unsigned)seconds);
	for (i = 0; i < MODES; i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return run(i, seconds, argc > 3 ? argv[3] : NULL);
	return TOKENWARD_USAGE;
}
