/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel keyring as a cache of the master key: one key of type "user"
 * per store in the user keyring, for its uid only.  Not for possessors: with
 * the kernel's default permissions a process that changed its uid would
 * still read the key.
 *
 * Filling an existing key takes its timeout away, so the key is made whole
 * (filled, permission, timeout) in this thread's own keyring, where nobody
 * else can find it, and only then linked into the user keyring; the link
 * replaces an older key of that name in one step.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/keyctl.h>
#include "base/secret.h"
#include "base/str.h"
#include "key/key.h"
#include "store/header.h"

#define TYPE "user"
#define USER_ONLY 0x003f0000UL
#define NAME_LEN (sizeof("tokenward:") + 2 * STORE_ID_LEN + 24)
/* systemd's DynamicUser: the next service may get the same uid. */
#define RECYCLED_FIRST 61184u
#define RECYCLED_LAST 65519u

static long
keyctl(
    int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return syscall(SYS_keyctl, op, a, b, c, d);
}

/* One name for each master key: a new one is kept beside the old one. */
static void
key_name(const unsigned char *store_id, int64_t epoch, char ret[NAME_LEN])
{
	size_t i;

	memcpy(ret, "tokenward:", sizeof("tokenward:"));
	for (i = 0; i < STORE_ID_LEN; i++)
		snprintf(
		    ret + strlen("tokenward:") + 2 * i, 3, "%02x", store_id[i]);
	if (epoch > 1)
		snprintf(ret + strlen(ret), 24, ":%lld", (long long)epoch);
}

/* The user keyring is the real uid's, the key's permission the effective's. */
static bool
uid_fits(void)
{
	uid_t r, e, s;

	return getresuid(&r, &e, &s) == 0 && r == e &&
	       (e < RECYCLED_FIRST || e > RECYCLED_LAST);
}

static long
find(const unsigned char *store_id, int64_t epoch)
{
	char name[NAME_LEN];

	if (!uid_fits())
		return -1;
	key_name(store_id, epoch, name);
	return keyctl(KEYCTL_SEARCH, (unsigned long)KEY_SPEC_USER_KEYRING,
	    (unsigned long)TYPE, (unsigned long)name, 0);
}

bool
keyring_get(
    const unsigned char *store_id, int64_t epoch, unsigned char *ret_master)
{
	long key = find(store_id, epoch);

	return key > 0 && keyctl(KEYCTL_READ, (unsigned long)key,
			      (unsigned long)ret_master, KEY_LEN, 0) == KEY_LEN;
}

/* Filled, permission, timeout, link: each must succeed. */
static bool
publish(long key, int64_t timeout)
{
	return keyctl(KEYCTL_SETPERM, (unsigned long)key, USER_ONLY, 0, 0) ==
		   0 &&
	       keyctl(KEYCTL_SET_TIMEOUT, (unsigned long)key,
		   (unsigned long)timeout, 0, 0) == 0 &&
	       keyctl(KEYCTL_LINK, (unsigned long)key,
		   (unsigned long)KEY_SPEC_USER_KEYRING, 0, 0) == 0;
}

bool
keyring_put(const unsigned char *store_id, int64_t epoch,
    const unsigned char *master, int64_t timeout)
{
	char name[NAME_LEN];
	long key;
	bool done;

	if (!uid_fits() || timeout <= 0 || timeout > INT32_MAX)
		return false;
	key_name(store_id, epoch, name);
	key = syscall(SYS_add_key, TYPE, name, master, (size_t)KEY_LEN,
	    KEY_SPEC_THREAD_KEYRING);
	if (key < 0)
		return false;
	done = publish(key, timeout);
	keyctl(KEYCTL_UNLINK, (unsigned long)key,
	    (unsigned long)KEY_SPEC_THREAD_KEYRING, 0, 0);
	return done;
}

bool
keyring_forget(const unsigned char *store_id, int64_t epoch)
{
	long key = find(store_id, epoch);

	if (key < 0)
		return false;
	/* One with another permission, not of our making, is let go at least. */
	if (keyctl(KEYCTL_INVALIDATE, (unsigned long)key, 0, 0, 0) < 0)
		keyctl(KEYCTL_UNLINK, (unsigned long)key,
		    (unsigned long)KEY_SPEC_USER_KEYRING, 0, 0);
	return true;
}

bool
keyring_usable(void)
{
	return uid_fits() &&
	       keyctl(KEYCTL_GET_KEYRING_ID,
		   (unsigned long)KEY_SPEC_USER_KEYRING, 1, 0, 0) > 0;
}
