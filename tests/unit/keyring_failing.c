/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's cache before a kernel of the test's own: one key, which every
 * call may refuse to make, to read or to keep.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/keyctl.h>
#include "key/key.h"
#include "store/header.h"
#include "unit.h"

#define SERIAL 77
#define ADD_KEY (-1)
#define NOTHING (-2)

static const unsigned char store_id[STORE_ID_LEN] = {0x01, 0xab};
static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";

static struct {
	bool on;
	char name[100];
	unsigned char payload[64];
	size_t len;
	long perm, timeout;
	bool in_thread, in_user, invalid;
	int refused;    /* an operation */
	long user_ring; /* what its number is */
	uid_t uids[3];  /* real, effective, saved */
	bool uids_unknown;
} kernel;

static void
begin(void)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.user_ring = 5;
	kernel.refused = NOTHING;
	kernel.on = true;
}

static void
end(void)
{
	kernel.on = false;
}

TestSuite(keyring_failing, .init = begin, .fini = end);

/* ---- the kernel -------------------------------------------------------- */

static long
refuse(int error)
{
	errno = error;
	return -1;
}

static long
add_key(const long *a)
{
	if (kernel.refused == ADD_KEY)
		return refuse(EDQUOT);
	cr_assert_str_eq((const char *)a[0], "user");
	snprintf(kernel.name, sizeof(kernel.name), "%s", (const char *)a[1]);
	kernel.len = (size_t)a[3];
	memcpy(kernel.payload, (const void *)a[2], kernel.len);
	cr_assert_eq(
	    (int)a[4], KEY_SPEC_THREAD_KEYRING, "where nobody finds it");
	kernel.in_thread = true;
	kernel.perm = kernel.timeout = 0;
	return SERIAL;
}

static long
search(const long *a)
{
	cr_assert_eq(a[0], KEY_SPEC_USER_KEYRING);
	return kernel.in_user && !kernel.invalid &&
		       strcmp(kernel.name, (const char *)a[2]) == 0
		   ? SERIAL
		   : refuse(ENOKEY);
}

static long
read_key(const long *a)
{
	size_t room = (size_t)a[2];

	memcpy((void *)a[1], kernel.payload,
	    kernel.len < room ? kernel.len : room);
	return (long)kernel.len;
}

/* Not before it is private and has its end. */
static long
link_key(const long *a)
{
	cr_assert_eq(a[1], KEY_SPEC_USER_KEYRING);
	cr_assert(kernel.perm != 0 && kernel.timeout != 0);
	kernel.in_user = true;
	return 0;
}

static long
unlink_key(const long *a)
{
	if (a[1] == KEY_SPEC_THREAD_KEYRING)
		kernel.in_thread = false;
	else
		kernel.in_user = false;
	return 0;
}

static long
keyctl(int op, const long *a)
{
	if (kernel.refused == op)
		return refuse(EACCES);
	if (op != KEYCTL_SEARCH && op != KEYCTL_GET_KEYRING_ID)
		cr_assert_eq(a[0], SERIAL);
	switch (op) {
	case KEYCTL_GET_KEYRING_ID:
		return kernel.user_ring;
	case KEYCTL_SEARCH:
		return search(a);
	case KEYCTL_READ:
		return read_key(a);
	case KEYCTL_SETPERM:
		kernel.perm = a[1];
		return 0;
	case KEYCTL_SET_TIMEOUT:
		kernel.timeout = a[1];
		return 0;
	case KEYCTL_LINK:
		return link_key(a);
	case KEYCTL_UNLINK:
		return unlink_key(a);
	case KEYCTL_INVALIDATE:
		kernel.invalid = true;
		return 0;
	default:
		return refuse(ENOSYS);
	}
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
/* A helper's last call goes through here as well, and does not come back to
   clear the guards of this frame, on a stack that the next one may get. */
__attribute__((no_sanitize_address)) long
__wrap_syscall(long number, ...)
{
	long a[6];
	va_list ap;
	int i;

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (kernel.on && number == SYS_add_key)
		return add_key(a);
	if (kernel.on && number == SYS_keyctl)
		return keyctl((int)a[0], a + 1);
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int __real_getresuid(uid_t *r, uid_t *e, uid_t *s);
int __wrap_getresuid(uid_t *r, uid_t *e, uid_t *s);
int
__wrap_getresuid(uid_t *r, uid_t *e, uid_t *s)
{
	if (!kernel.on)
		return __real_getresuid(r, e, s);
	*r = kernel.uids[0];
	*e = kernel.uids[1];
	*s = kernel.uids[2];
	return kernel.uids_unknown ? -1 : 0;
}

/* ---- what is kept ------------------------------------------------------ */

static bool
served(int64_t epoch)
{
	unsigned char got[KEY_LEN] = {0};

	return keyring_get(store_id, epoch, got) &&
	       memcmp(got, master, KEY_LEN) == 0;
}

Test(keyring_failing, a_key_is_private_and_has_an_end_before_it_is_found)
{
	cr_assert(keyring_usable());
	cr_assert_not(served(1));
	cr_assert(keyring_put(store_id, 1, master, 60));
	cr_assert_str_eq(
	    kernel.name, "tokenward:01ab0000000000000000000000000000");
	cr_assert_eq(kernel.perm, 0x003f0000);
	cr_assert_eq(kernel.timeout, 60);
	cr_assert_eq(kernel.len, KEY_LEN);
	cr_assert(kernel.in_user && !kernel.in_thread);
	cr_assert(served(1));
	cr_assert_not(served(2));
	cr_assert_not(keyring_forget(store_id, 2));
	cr_assert(keyring_forget(store_id, 1));
	cr_assert(kernel.invalid);
	cr_assert_not(served(1));
}

Test(keyring_failing, each_master_key_has_a_name_of_its_own)
{
	cr_assert(keyring_put(store_id, 2, master, 60));
	cr_assert_str_eq(
	    kernel.name, "tokenward:01ab0000000000000000000000000000:2");
	cr_assert(served(2));
	cr_assert_not(served(1));
	cr_assert(keyring_put(store_id, UINT32_MAX, master, 60));
	cr_assert_str_eq(kernel.name,
	    "tokenward:01ab0000000000000000000000000000:4294967295");
	cr_assert(served(UINT32_MAX));
}

Test(keyring_failing, what_is_not_made_whole_is_not_kept)
{
	static const int operations[] = {
	    ADD_KEY, KEYCTL_SETPERM, KEYCTL_SET_TIMEOUT, KEYCTL_LINK};
	size_t i;

	for (i = 0; i < 4; i++) {
		begin();
		kernel.refused = operations[i];
		cr_assert_not(keyring_put(store_id, 1, master, 60));
		cr_assert_not(kernel.in_user);
		cr_assert_not(kernel.in_thread, "nor left where it was made");
		cr_assert_not(served(1));
	}
}

Test(keyring_failing, what_cannot_be_read_is_no_key)
{
	size_t len;

	cr_assert(keyring_put(store_id, 1, master, 60));
	kernel.refused = KEYCTL_READ;
	cr_assert_not(served(1));
	kernel.refused = KEYCTL_SEARCH;
	cr_assert_not(served(1));
	cr_assert_not(keyring_forget(store_id, 1));
	kernel.refused = NOTHING;
	for (len = KEY_LEN - 1; len <= KEY_LEN + 1; len++) {
		kernel.len = len;
		cr_assert_eq(served(1), len == KEY_LEN);
	}
}

Test(keyring_failing, what_may_not_be_ended_is_let_go)
{
	cr_assert(keyring_put(store_id, 1, master, 60));
	kernel.refused = KEYCTL_INVALIDATE;
	cr_assert(keyring_forget(store_id, 1));
	cr_assert_not(kernel.in_user);
	cr_assert_not(keyring_forget(store_id, 1));
}

static const struct {
	int64_t seconds;
	bool kept;
} times[] = {{-1, false}, {0, false}, {1, true}, {INT32_MAX, true},
    {(int64_t)INT32_MAX + 1, false}, {INT64_MAX, false}};

Test(keyring_failing, a_time_that_the_kernel_cannot_count_keeps_nothing)
{
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		begin();
		cr_assert_eq(keyring_put(store_id, 1, master, times[i].seconds),
		    times[i].kept);
		cr_assert_eq(kernel.in_user, times[i].kept);
		cr_assert_eq(
		    kernel.timeout, times[i].kept ? times[i].seconds : 0);
	}
}

/* ---- for whom ---------------------------------------------------------- */

static const struct {
	uid_t real, effective;
	bool fits;
} users[] = {
    {0, 0, true},
    {1000, 1000, true},
    {0, 1000, false},
    {1000, 0, false},
    {61183, 61183, true},
    {61184, 61184, false}, /* a service's, for as long as it runs */
    {65519, 65519, false},
    {65520, 65520, true},
};

Test(keyring_failing, only_one_user_at_a_time_and_none_that_comes_again)
{
	size_t i;

	for (i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		begin();
		cr_assert(keyring_put(store_id, 1, master, 60));
		kernel.uids[0] = users[i].real;
		kernel.uids[1] = users[i].effective;
		cr_assert_eq(keyring_usable(), users[i].fits, "%zu", i);
		cr_assert_eq(served(1), users[i].fits);
		cr_assert_eq(
		    keyring_put(store_id, 1, master, 60), users[i].fits);
		cr_assert_eq(keyring_forget(store_id, 1), users[i].fits);
	}
	begin();
	kernel.uids_unknown = true;
	cr_assert_not(keyring_usable());
	cr_assert_not(keyring_put(store_id, 1, master, 60));
}

Test(keyring_failing, without_a_keyring_of_the_user_it_is_of_no_use)
{
	kernel.user_ring = 0;
	cr_assert_not(keyring_usable());
	kernel.user_ring = 1;
	cr_assert(keyring_usable());
	kernel.refused = KEYCTL_GET_KEYRING_ID;
	cr_assert_not(keyring_usable());
}
