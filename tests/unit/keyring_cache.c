/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's cache: who is served and who is not.  Every test uses a store
 * number of its own and forgets it; the keyring is shared with the machine.
 */
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/keyctl.h>
#include <sodium.h>
#include "key/key.h"
#include "store/header.h"
#include "unit.h"

static unsigned char store_id[STORE_ID_LEN];
static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";

static void
setup(void)
{
	randombytes_buf(store_id, sizeof(store_id));
	if (!keyring_usable())
		cr_skip("no kernel keyring here");
}

static void
teardown(void)
{
	keyring_forget(store_id, 1);
}

TestSuite(keyring_cache, .init = setup, .fini = teardown);

static bool
served(void)
{
	unsigned char got[KEY_LEN] = {0};

	return keyring_get(store_id, 1, got) &&
	       memcmp(got, master, KEY_LEN) == 0;
}

/* What a child that did something first gets. */
static bool
served_after(void (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		act();
		_exit(served() ? 0 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status) == 0;
}

static void
new_session(void)
{
	(void)setsid();
}

static void
private_keyring(void)
{
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0);
}

static void
other_uid(void)
{
	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
	    setresuid(65534, 65534, 65534))
		_exit(9);
}

static void
other_effective_uid(void)
{
	if (setresuid(0, 65534, 65534))
		_exit(9);
}

static void
recycled_uid(void)
{
	if (setresuid(61184, 61184, 61184))
		_exit(9);
	_exit(keyring_usable() ? 0 : 1);
}

Test(keyring_cache, put_get_forget)
{
	cr_assert_not(served());
	cr_assert_not(keyring_forget(store_id, 1));
	cr_assert(keyring_put(store_id, 1, master, 60));
	cr_assert(served());
	cr_assert(keyring_put(store_id, 1, master, 60), "again");
	cr_assert(served());
	cr_assert(keyring_forget(store_id, 1));
	cr_assert_not(served());
	cr_assert_not(keyring_forget(store_id, 1));
}

Test(keyring_cache, put_replaces)
{
	unsigned char other[KEY_LEN] = {1}, got[KEY_LEN];

	cr_assert(keyring_put(store_id, 1, other, 60));
	cr_assert(keyring_put(store_id, 1, master, 60));
	cr_assert(keyring_get(store_id, 1, got));
	cr_assert_eq(memcmp(got, master, KEY_LEN), 0);
}

Test(keyring_cache, ends_when_its_time_is_over)
{
	cr_assert(keyring_put(store_id, 1, master, 1));
	cr_assert(served());
	usleep(2100000);
	cr_assert_not(served());
	cr_assert(keyring_put(store_id, 1, master, 60), "and can be kept anew");
	cr_assert(served());
}

Test(keyring_cache, odd_times_keep_nothing)
{
	cr_assert_not(keyring_put(store_id, 1, master, 0));
	cr_assert_not(keyring_put(store_id, 1, master, -1));
	cr_assert_not(keyring_put(store_id, 1, master, INT64_MAX));
	cr_assert_not(served());
}

Test(keyring_cache, served_in_other_sessions)
{
	cr_assert(keyring_put(store_id, 1, master, 60));
	cr_assert(served_after(new_session));
	cr_assert(served_after(private_keyring));
}

static void
put_from_private(void)
{
	private_keyring();
	_exit(keyring_put(store_id, 1, master, 60) ? 0 : 1);
}

static void
forget_from_private(void)
{
	private_keyring();
	_exit(keyring_forget(store_id, 1) ? 0 : 1);
}

Test(keyring_cache, kept_and_forgotten_from_a_private_session)
{
	cr_assert(served_after(put_from_private));
	cr_assert(served(), "a dead session keyring does not take it along");
	cr_assert(served_after(forget_from_private));
	cr_assert_not(served());
}

Test(keyring_cache, refused_to_another_uid)
{
	if (geteuid() != 0)
		cr_skip("needs root");
	cr_assert(keyring_put(store_id, 1, master, 60));
	cr_assert_not(served_after(other_uid));
	cr_assert_not(served_after(other_effective_uid));
	cr_assert(served());
}

Test(keyring_cache, not_for_recycled_uids)
{
	if (geteuid() != 0)
		cr_skip("needs root");
	cr_assert_not(served_after(recycled_uid));
}

static void
put_something(size_t len)
{
	unsigned char bytes[64] = {0};
	char name[64] = "tokenward:";
	size_t i;

	for (i = 0; i < STORE_ID_LEN; i++)
		snprintf(name + 10 + 2 * i, 3, "%02x", store_id[i]);
	cr_assert(syscall(SYS_add_key, "user", name, bytes, len,
		      KEY_SPEC_USER_KEYRING) > 0);
}

/* Another program of this uid put it there. */
Test(keyring_cache, a_payload_of_another_length_is_no_key)
{
	size_t len;

	for (len = 31; len <= 33; len += 2) {
		put_something(len);
		cr_assert_not(served());
	}
}

/* From a session that does not possess it. */
Test(keyring_cache, one_with_another_permission_is_forgotten_too)
{
	put_something(KEY_LEN);
	cr_assert(served_after(forget_from_private));
	cr_assert_not(keyring_forget(store_id, 1));
}

Test(keyring_cache, links_nothing_into_the_callers_keyrings)
{
	static const long rings[] = {KEY_SPEC_THREAD_KEYRING,
	    KEY_SPEC_PROCESS_KEYRING, KEY_SPEC_SESSION_KEYRING};
	unsigned char before[3][256], after[256];
	long n[3], m;
	int i;

	private_keyring();
	for (i = 0; i < 3; i++)
		n[i] = syscall(SYS_keyctl, KEYCTL_READ, rings[i], before[i],
		    sizeof(before[i]), 0);
	cr_assert(keyring_put(store_id, 1, master, 60));
	for (i = 0; i < 3; i++) {
		m = syscall(
		    SYS_keyctl, KEYCTL_READ, rings[i], after, sizeof(after), 0);
		cr_assert(m == n[i] || (n[i] < 0 && m == 0), "%d", i);
		cr_assert(m <= 0 || memcmp(after, before[i], (size_t)m) == 0);
	}
}
