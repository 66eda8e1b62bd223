/* SPDX-License-Identifier: BSD-2-Clause */
/* The flight turn by turn, on a clock that moves when the waiter sleeps. */
#include <errno.h>
#include <string.h>
#include <sodium.h>
#include "base/clock.h"
#include "store/front.h"
#include "token/token.h"
#include "failing.h"
#include "fake_clock.h"
#include "unit.h"

#define START 1000000
#define LATE 1000
#define UNMARKED 5000

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static struct store *s;
static int holder = -1, lane = -1;
static struct error err;

static void
setup(void)
{
	struct header h = {.created_at = 1700000000};

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(
	    store_create(unit_path("s"), &h, master, NULL, &s, &err), err);
	assert_ok(store_unlock(s, master, true, &err), err);
	header_free(&h);
	assert_ok(store_lock(s, LOCK_FLIGHT, "a", 0, &holder, &err), err);
}

static void
teardown(void)
{
	fake_clock(0, NULL);
	store_unlock_range(&holder);
	store_unlock_range(&lane);
	store_close(s);
	unit_cleanup();
}

TestSuite(flight_turns, .init = setup, .fini = teardown);

/* ---- what the waiter sees ---------------------------------------------- */

static unsigned looks;
static int64_t mark_deadline;
static unsigned settled_at; /* the look that finds an outcome; 0: none */

static bool
look(void *data, struct flight_mark *mark)
{
	(void)data;
	mark->deadline_ms = mark_deadline;
	return ++looks == settled_at;
}

static uint64_t generation;

static void
write_tokens(void)
{
	struct buf plain = BUF_SECRET_INIT;

	buf_put_str(&plain, "somebody's token");
	assert_ok(store_write(
		      s, RECORD_TOKENS, "a", &plain, generation++, false, &err),
	    err);
	buf_free(&plain);
}

/* ---- pauses ------------------------------------------------------------ */

static int64_t pauses[10000];
static unsigned pauses_n;
static void (*at_pause)(void);

static void
note(int64_t ms)
{
	cr_assert(pauses_n < 10000);
	pauses[pauses_n++] = ms;
	if (at_pause)
		at_pause();
}

static enum flight
enter(int64_t for_ms, int *ret_lock)
{
	looks = pauses_n = 0;
	*ret_lock = -1;
	fake_clock(START, note);
	return flight_enter(s, "a", START + for_ms, look, NULL, ret_lock, &err);
}

static int64_t
now(void)
{
	return clock_boot_ms() - START;
}

Test(flight_turns, waiters_come_back_after_5_to_50_ms_and_not_together)
{
	int64_t least = 1000, most = 0;
	unsigned i, n[51] = {0};
	int lock;

	write_tokens();
	mark_deadline = START + 3600000;
	cr_assert_eq(enter(60000, &lock), FLIGHT_BUSY);
	cr_assert_eq(lock, -1);
	cr_assert(now() >= 60000 && now() < 60051);
	cr_assert(pauses[0] >= 5 && pauses[0] <= 10, "the first is short");
	cr_assert(pauses[3] >= 5 && pauses[3] <= 25);
	for (i = 0; i < pauses_n; i++) {
		cr_assert(pauses[i] >= 5 && pauses[i] <= 50);
		n[pauses[i]]++;
		if (i < 8)
			continue;
		least = pauses[i] < least ? pauses[i] : least;
		most = pauses[i] > most ? pauses[i] : most;
	}
	cr_assert_eq(least, 5);
	cr_assert_eq(most, 50);
	for (i = 5; i <= 50; i++)
		cr_assert(n[i] > 0 && n[i] < pauses_n / 5, "%u ms", i);
}

Test(flight_turns, time_that_is_up_is_no_time_to_wait)
{
	int lock;

	mark_deadline = START + 3600000;
	cr_assert_eq(enter(0, &lock), FLIGHT_BUSY);
	cr_assert_eq(pauses_n, 0);
	cr_assert_eq(enter(1, &lock), FLIGHT_BUSY);
	cr_assert_eq(pauses_n, 1);
}

/* ---- looks ------------------------------------------------------------- */

static void
change_now_and_then(void)
{
	if (pauses_n == 3 || pauses_n == 7)
		write_tokens();
}

Test(flight_turns, the_record_is_looked_at_when_it_has_changed)
{
	int lock;

	mark_deadline = START + 3600000;
	write_tokens();
	cr_assert_eq(enter(2000, &lock), FLIGHT_BUSY);
	cr_assert_eq(looks, 1);
	at_pause = change_now_and_then;
	cr_assert_eq(enter(2000, &lock), FLIGHT_BUSY);
	cr_assert_eq(looks, 3);
}

Test(flight_turns, a_record_that_is_not_there_need_not_be_looked_at)
{
	int lock;

	mark_deadline = START + 3600000;
	cr_assert_eq(enter(2000, &lock), FLIGHT_BUSY);
	cr_assert_eq(looks, 0);
	at_pause = change_now_and_then;
	settled_at = 2;
	cr_assert_eq(enter(2000, &lock), FLIGHT_SETTLED);
	cr_assert_eq(looks, 2);
	cr_assert_eq(pauses_n, 7, "at once");
	cr_assert_eq(lock, -1);
}

/* A place that cannot tell whether anything has changed. */
Test(flight_turns, a_record_without_a_stamp_is_looked_at_every_time)
{
	struct records_ops ops = *s->records.ops;
	int lock;

	ops.stamp = NULL;
	s->records.ops = &ops;
	mark_deadline = START + 3600000;
	cr_assert_eq(enter(500, &lock), FLIGHT_BUSY);
	cr_assert_eq(looks, pauses_n + 1);
	settled_at = 5;
	cr_assert_eq(enter(2000, &lock), FLIGHT_SETTLED);
	cr_assert_eq(pauses_n, 4);
	s->records.ops = &records_files;
}

static struct stat stamp;

static bool
give_stamp(struct records *r, const char *key, struct stat *ret)
{
	(void)r;
	(void)key;
	*ret = stamp;
	return true;
}

static void
touch(void)
{
	unsigned n = pauses_n;

	stamp.st_ino += n == 2;
	stamp.st_size += n == 4;
	stamp.st_ctim.tv_sec += n == 6;
	stamp.st_ctim.tv_nsec += n == 8;
	stamp.st_atim.tv_sec++;
	stamp.st_mode++;
}

Test(flight_turns, each_part_of_a_stamp_counts)
{
	struct records_ops ops = *s->records.ops;
	unsigned n;
	int lock;

	ops.stamp = give_stamp;
	s->records.ops = &ops;
	mark_deadline = START + 3600000;
	at_pause = touch;
	for (n = 1; n <= 4; n++) {
		settled_at = n;
		cr_assert_eq(enter(2000, &lock), FLIGHT_SETTLED);
		cr_assert_eq(pauses_n, 2 * n);
		stamp = (struct stat){0};
	}
	s->records.ops = &records_files;
}

/* ---- whose turn it is -------------------------------------------------- */

static void
land(void)
{
	if (pauses_n == 5)
		store_unlock_range(&holder);
}

Test(flight_turns, a_flight_that_is_free_is_entered)
{
	int lock;

	store_unlock_range(&holder);
	cr_assert_eq(enter(2000, &lock), FLIGHT_MINE);
	cr_assert(lock >= 0);
	cr_assert_eq(looks, 0);
	cr_assert_eq(pauses_n, 0);
	cr_assert_eq(store_lock(s, LOCK_FLIGHT, "a", 0, &holder, &err),
	    TOKENWARD_UNAVAILABLE);
	store_unlock_range(&lock);
	assert_ok(store_lock(s, LOCK_FLIGHT, "a", 0, &holder, &err), err);
	mark_deadline = START + 3600000;
	at_pause = land;
	cr_assert_eq(enter(2000, &lock), FLIGHT_MINE);
	cr_assert_eq(pauses_n, 5);
	store_unlock_range(&lock);
}

/* The second lane is taken then, and the first stays the holder's. */
static void
assert_lane_after(int64_t ms)
{
	int lock, first = -1;

	cr_assert_eq(enter(30000, &lock), FLIGHT_MINE);
	cr_assert(now() > ms && now() <= ms + 51, "%lld", (long long)now());
	cr_assert_eq(store_lock(s, LOCK_LANE, "a", 0, &lane, &err),
	    TOKENWARD_UNAVAILABLE);
	cr_assert_eq(store_lock(s, LOCK_FLIGHT, "a", 0, &first, &err),
	    TOKENWARD_UNAVAILABLE);
	store_unlock_range(&lock);
	assert_ok(store_lock(s, LOCK_LANE, "a", 0, &lane, &err), err);
	store_unlock_range(&lane);
}

Test(flight_turns, a_holder_is_late_a_second_after_its_deadline)
{
	write_tokens();
	mark_deadline = START + 3000;
	assert_lane_after(3000 + LATE);
	mark_deadline = START - 100; /* of somebody before, perhaps */
	assert_lane_after(LATE);
	mark_deadline = 0;
	assert_lane_after(UNMARKED + LATE);
}

Test(flight_turns, the_second_lane_is_one_persons)
{
	int lock;

	write_tokens();
	mark_deadline = START + 3000;
	assert_ok(store_lock(s, LOCK_LANE, "a", 0, &lane, &err), err);
	cr_assert_eq(enter(8000, &lock), FLIGHT_BUSY);
	cr_assert_eq(lock, -1);
	cr_assert(now() >= 8000);
}

static void
settle_in_the_lane(void)
{
	/* just before it would be late: the look in the lane finds it */
	if (now() > 3000 + LATE - 10 && generation == 1)
		write_tokens();
}

Test(flight_turns, who_has_the_lane_looks_again_and_gives_it_back)
{
	int lock;

	write_tokens();
	mark_deadline = START + 3000;
	at_pause = settle_in_the_lane;
	settled_at = 2;
	cr_assert_eq(enter(8000, &lock), FLIGHT_SETTLED);
	cr_assert_eq(lock, -1);
	assert_ok(store_lock(s, LOCK_LANE, "a", 0, &lane, &err), err);
}

static void
mark_anew(void)
{
	if (now() > 3000 + LATE - 10 && generation == 1) {
		write_tokens();
		mark_deadline = START + 6000;
	}
}

Test(flight_turns, a_new_mark_is_a_new_holders_time)
{
	write_tokens();
	mark_deadline = START + 3000;
	at_pause = mark_anew;
	assert_lane_after(6000 + LATE);
}

/* Stopped for an hour, it knows nothing of the holder there is now. */
static bool was_stopped;

static void
stop_once(void)
{
	if (!was_stopped && pauses_n == 3) {
		was_stopped = true;
		fake_clock(START + 100000, note);
	}
}

Test(flight_turns, who_was_stopped_waits_anew)
{
	int lock;

	write_tokens();
	mark_deadline = START + 3000;
	at_pause = stop_once;
	cr_assert_eq(enter(200000, &lock), FLIGHT_MINE);
	cr_assert(now() > 100000 + LATE && now() < 100000 + LATE + 60, "%lld",
	    (long long)now());
	store_unlock_range(&lock);
}

Test(flight_turns, without_locks_there_is_no_flight)
{
	int lock;

	failing_begin("fcntl", 1, EIO);
	cr_assert_eq(enter(2000, &lock), FLIGHT_FORBIDDEN);
	cr_assert(failing_end());
	cr_assert_eq(lock, -1);
	cr_assert(strstr(err.text, "gives no locks"));
	store_lock_keys(s);
	cr_assert_eq(enter(2000, &lock), FLIGHT_FORBIDDEN);
	cr_assert_eq(err.code, TOKENWARD_LOCKED);
}
