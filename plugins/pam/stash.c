/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The passphrase between the phase that asks for it and the one that opens:
 * a page of its own, locked, left out of core dumps, wiped when the handle
 * ends or it has been used.
 */
#include <string.h>
#include <sys/mman.h>
#include "pam.h"

#define STASH "tokenward_passphrase"
#define USER_MAX 256

struct stash {
	char user[USER_MAX + 1];
	char passphrase[PASSPHRASE_MAX + 1];
};

static void
cleanup(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	if (!data)
		return;
	explicit_bzero(data, sizeof(struct stash));
	munmap(data, sizeof(struct stash));
}

static struct stash *
new_stash(void)
{
	void *p = mmap(NULL, sizeof(struct stash), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	mlock(p, sizeof(struct stash));
	madvise(p, sizeof(struct stash), MADV_DONTDUMP);
	return p;
}

void
stash_drop(pam_handle_t *pamh)
{
	pam_set_data(pamh, STASH, NULL, NULL);
}

void
stash_put(pam_handle_t *pamh, const char *user, const char *passphrase)
{
	struct stash *s;

	stash_drop(pamh);
	if (!user || !passphrase || !*passphrase || strlen(user) > USER_MAX ||
	    strlen(passphrase) > PASSPHRASE_MAX)
		return;
	s = new_stash();
	if (!s)
		return;
	strcpy(s->user, user);
	strcpy(s->passphrase, passphrase);
	if (pam_set_data(pamh, STASH, s, cleanup) != PAM_SUCCESS)
		cleanup(pamh, s, 0);
}

const char *
stash_get(pam_handle_t *pamh, const char *user)
{
	const void *data = NULL;
	const struct stash *s;

	if (pam_get_data(pamh, STASH, &data) != PAM_SUCCESS || !data)
		return NULL;
	s = data;
	return user && strcmp(s->user, user) == 0 ? s->passphrase : NULL;
}
