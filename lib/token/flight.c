/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One requester per credential, all processes.  The lock is the kernel's and
 * dies with its holder.  Waiters poll, because byte ranges have no timed
 * wait, and adopt the outcome of the flight they waited for.  A holder that
 * is stopped, not dead, keeps its lock: past its own deadline and a second,
 * or where it never said its deadline some seconds after they came, the
 * waiters compete for one second lane; the late holder will find that
 * somebody else settled it.
 */
#include <sodium.h>
#include "base/clock.h"
#include "token/token.h"

#define LATE_MS 1000
#define UNMARKED_MS 5000 /* from taking the lock to saying for how long */

static int64_t
pause_ms(unsigned round)
{
	return 5 + randombytes_uniform(round < 8 ? 6 + 5 * round : 46);
}

struct waiter {
	struct flight_mark mark; /* as it was read last */
	struct stat seen;        /* the record it was read from */
	int64_t came_ms;         /* since when the lock was found taken */
	int64_t polled_ms;
};

/*
 * A mark that was old when we came may be of somebody who died: the holder
 * now may have no mark yet, and is given its second as well.  One that never
 * makes a mark was stopped before it could.  Who was stopped itself knows
 * nothing of the holder there is now, and waits anew.
 */
static bool
is_late(struct waiter *w)
{
	int64_t now = clock_boot_ms(), due = w->mark.deadline_ms;

	if (now > w->polled_ms + UNMARKED_MS)
		w->came_ms = now;
	w->polled_ms = now;
	if (due < w->came_ms)
		due = w->came_ms;
	if (w->mark.deadline_ms == 0)
		due += UNMARKED_MS;
	return now > due + LATE_MS;
}

static bool
changed(struct store *s, const char *name, struct stat *seen)
{
	struct stat st = {0};

	if (!store_has_stamps(s))
		return true;
	store_stamp(s, RECORD_TOKENS, name, &st);
	if (st.st_ino == seen->st_ino && st.st_size == seen->st_size &&
	    st.st_ctim.tv_sec == seen->st_ctim.tv_sec &&
	    st.st_ctim.tv_nsec == seen->st_ctim.tv_nsec)
		return false;
	*seen = st;
	return true;
}

/*
 * One turn, with *ret_settled whether the record has settled it.  The second
 * lane is for when the first is taken and late, and the mark may have changed
 * since it was read: who has the lane looks again.
 */
static int
try_to_enter(struct store *s, const char *name, struct waiter *w,
    flight_look_fn look, void *data, bool *ret_settled, int *ret_lock,
    struct error *err)
{
	int r = store_lock(s, LOCK_FLIGHT, name, 0, ret_lock, err);
	bool late = r == TOKENWARD_UNAVAILABLE && is_late(w);

	*ret_settled = false;
	if (late)
		r = store_lock(s, LOCK_LANE, name, 0, ret_lock, err);
	if (r != TOKENWARD_UNAVAILABLE && !late)
		return r;
	*ret_settled = changed(s, name, &w->seen) && look(data, &w->mark);
	if (r != TOKENWARD_OK || (!*ret_settled && is_late(w)))
		return r;
	store_unlock_range(ret_lock);
	return TOKENWARD_UNAVAILABLE;
}

/* tests/model has this protocol as a machine and walks through its states. */
enum flight
flight_enter(struct store *s, const char *name, int64_t deadline_ms,
    flight_look_fn look, void *data, int *ret_lock, struct error *err)
{
	struct waiter w = {0};
	unsigned round = 0;
	bool settled;
	int r;

	for (;;) {
		r = try_to_enter(
		    s, name, &w, look, data, &settled, ret_lock, err);
		if (r == TOKENWARD_OK)
			return FLIGHT_MINE;
		if (r != TOKENWARD_UNAVAILABLE)
			return FLIGHT_FORBIDDEN;
		if (settled)
			return FLIGHT_SETTLED;
		if (clock_boot_ms() >= deadline_ms)
			return FLIGHT_BUSY;
		clock_sleep_ms(pause_ms(round++));
	}
}
