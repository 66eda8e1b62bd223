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

/*
 * A mark that was old when we came may be of somebody who died: the holder
 * now may have no mark yet, and is given its second as well.  One that never
 * makes a mark was stopped before it could.
 */
static bool
is_late(const struct flight_mark *m, int64_t came_ms)
{
	int64_t due = m->deadline_ms > came_ms ? m->deadline_ms : came_ms;

	if (m->deadline_ms == 0)
		due += UNMARKED_MS;
	return clock_boot_ms() > due + LATE_MS;
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

enum flight
flight_enter(struct store *s, const char *name, int64_t deadline_ms,
    flight_look_fn look, void *data, int *ret_lock, struct error *err)
{
	int64_t came_ms = clock_boot_ms();
	struct flight_mark mark = {0};
	struct stat seen = {0};
	unsigned round = 0;
	int r;

	for (;;) {
		r = store_lock(s,
		    is_late(&mark, came_ms) ? LOCK_LANE : LOCK_FLIGHT, name, 0,
		    ret_lock, err);
		if (r == TOKENWARD_OK)
			return FLIGHT_MINE;
		if (r != TOKENWARD_UNAVAILABLE)
			return FLIGHT_FORBIDDEN;
		if (changed(s, name, &seen) && look(data, &mark))
			return FLIGHT_SETTLED;
		if (clock_boot_ms() >= deadline_ms)
			return FLIGHT_BUSY;
		clock_sleep_ms(pause_ms(round++));
	}
}
