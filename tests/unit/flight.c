/* SPDX-License-Identifier: BSD-2-Clause */
/* One requester per credential, all processes. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "core/core.h"
#include "unit.h"
#include "world.h"

#define CROWD 20

static struct tokenward *tw;
static int ready[2] = {-1, -1}; /* a byte from each who is about to ask */

static void
start(void)
{
	world_make();
	tw = world_open(0);
	world_add(tw, "n", "s");
}

static void
stop(void)
{
	tokenward_close(tw);
	world_end();
}

TestSuite(flight, .init = start, .fini = stop, .timeout = 60);

/* A process that asks once and exits with the result; 99: another token. */
static pid_t
asker(unsigned flags, const char *value)
{
	struct tokenward *own;
	pid_t pid = fork();
	int r;

	if (pid != 0)
		return pid;
	own = world_open(0);
	if (ready[1] >= 0 && write(ready[1], "", 1) != 1)
		_exit(97);
	r = world_get(own, "n", flags);
	if (r == 0 && value && strcmp(world_token.value, value) != 0)
		r = 99;
	_exit(r);
}

static int
result_of(pid_t pid)
{
	int status = 0;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static void
crowd(unsigned flags, const char *value, int result)
{
	pid_t pids[CROWD];
	int i;

	for (i = 0; i < CROWD; i++)
		pids[i] = asker(flags, value);
	for (i = 0; i < CROWD; i++)
		cr_assert_eq(result_of(pids[i]), result);
}

Test(flight, a_crowd_on_a_cold_token_makes_one_request)
{
	world_script("delay=100 life=600");
	crowd(0, "token-1", TOKENWARD_OK);
	cr_assert_eq(world_requests(), 1);
}

Test(flight, a_crowd_adopts_a_bad_outcome_too)
{
	static const struct {
		const char *script;
		int result;
	} rows[] = {
	    {"delay=100 outcome=bad_credentials", TOKENWARD_REFUSED},
	    {"delay=100 outcome=rate_limited retry=60", TOKENWARD_COOLDOWN},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_ok(tokenward_remove_credential(tw, "n"), tw->err);
		world_add(tw, "n", "s");
		world_script(rows[i].script);
		crowd(0, NULL, rows[i].result);
		cr_assert_eq(world_requests(), i + 1);
	}
}

/* All began before the request was sent: one token is new for all of them. */
Test(flight, a_crowd_that_wants_a_new_one_shares_it)
{
	struct error err;
	pid_t pids[CROWD];
	int i, lock = -1;
	char byte;

	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(store_lock(tw->store, LOCK_FLIGHT, "n", 0, &lock, &err), err);
	cr_assert_eq(pipe(ready), 0);
	for (i = 0; i < CROWD; i++)
		pids[i] = asker(TOKENWARD_TOKEN_NEW, "token-2");
	for (i = 0; i < CROWD; i++)
		cr_assert_eq(read(ready[0], &byte, 1), 1);
	clock_sleep_ms(100);
	store_unlock_range(&lock);
	for (i = 0; i < CROWD; i++)
		cr_assert_eq(result_of(pids[i]), TOKENWARD_OK);
	cr_assert_eq(world_requests(), 2);
}

Test(flight, when_the_flyer_dies_one_other_asks)
{
	pid_t pid, pids[CROWD];
	int i;

	world_script("times=1 delay=20000\nlife=600");
	pid = asker(0, NULL);
	while (world_requests() == 0)
		clock_sleep_ms(5);
	for (i = 0; i < CROWD; i++)
		pids[i] = asker(0, "token-2");
	clock_sleep_ms(50);
	kill(pid, SIGKILL);
	cr_assert_eq(result_of(pid), 98);
	for (i = 0; i < CROWD; i++)
		cr_assert_eq(result_of(pids[i]), TOKENWARD_OK);
	cr_assert_eq(world_requests(), 2);
}

/* Only one renews ahead of time; the others do not even wait. */
Test(flight, nobody_waits_for_a_renewal_ahead_of_time)
{
	struct tokenward *later = world_open(400);
	struct error err;
	int lock = -1;
	int64_t begun;

	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(store_lock(tw->store, LOCK_FLIGHT, "n", 0, &lock, &err), err);
	begun = clock_boot_ms();
	assert_ok(world_get(later, "n", 0), later->err);
	cr_assert_str_eq(world_token.value, "token-1");
	cr_assert_str_eq(world_token.warning, "");
	cr_assert(clock_boot_ms() - begun < 2000);
	cr_assert_eq(world_requests(), 1);
	store_unlock_range(&lock);
	tokenward_close(later);
}

Test(flight, a_holder_that_does_not_finish_is_waited_for_in_vain)
{
	struct tokenward *late;
	struct error err;
	int lock = -1;
	int64_t begun = clock_boot_ms();

	assert_ok(store_lock(tw->store, LOCK_FLIGHT, "n", 0, &lock, &err), err);
	late = world_open(0);
	late->timeout_ms = 300;
	assert_fails(world_get(late, "n", 0), late->err, TOKENWARD_UNAVAILABLE,
	    "another process");
	cr_assert(clock_boot_ms() - begun < 300 + 1500);
	cr_assert_eq(world_requests(), 0);
	store_unlock_range(&lock);
	tokenward_close(late);
}

static int
mark(void *data, struct tokens *t, struct error *err)
{
	(void)err;
	t->flight.deadline_ms = *(int64_t *)data;
	return TOKENWARD_OK;
}

/* A stopped holder keeps its lock: past its deadline there is a lane. */
Test(flight, a_late_holder_is_overtaken_in_the_second_lane)
{
	int64_t deadline = clock_boot_ms() - 5000;
	struct error err;
	int lock = -1;

	assert_ok(store_lock(tw->store, LOCK_FLIGHT, "n", 0, &lock, &err), err);
	assert_ok(tokens_change(tw, "n", false, mark, &deadline, &err), err);
	world_script("delay=100 life=600");
	crowd(0, "token-1", TOKENWARD_OK);
	cr_assert_eq(world_requests(), 1);
	store_unlock_range(&lock);
}

/* Stopped before it could say how long it may take. */
Test(flight, a_holder_without_a_mark_is_overtaken_too)
{
	struct error err;
	int lock = -1;

	assert_ok(store_lock(tw->store, LOCK_FLIGHT, "n", 0, &lock, &err), err);
	world_script("delay=100 life=600");
	crowd(0, "token-1", TOKENWARD_OK);
	cr_assert_eq(world_requests(), 1);
	store_unlock_range(&lock);
}

/* It was left by a flyer that died long ago; who flies now is in time. */
Test(flight, an_old_mark_opens_no_second_lane)
{
	int64_t deadline = clock_boot_ms() - 5000;
	struct error err;
	int lock = -1;
	pid_t pid;

	assert_ok(tokens_change(tw, "n", false, mark, &deadline, &err), err);
	assert_ok(store_lock(tw->store, LOCK_FLIGHT, "n", 0, &lock, &err), err);
	world_script("life=600");
	pid = asker(0, "token-1");
	clock_sleep_ms(500);
	cr_assert_eq(world_requests(), 0);
	store_unlock_range(&lock);
	cr_assert_eq(result_of(pid), TOKENWARD_OK);
	cr_assert_eq(world_requests(), 1);
}

/* What it knew of the holder is old: it looks again before it asks. */
Test(flight, a_waiter_that_was_stopped_takes_no_second_lane)
{
	int64_t deadline = clock_boot_ms() - 5000;
	struct error err;
	int lock = -1;
	pid_t pid;

	assert_ok(tokens_change(tw, "n", false, mark, &deadline, &err), err);
	assert_ok(store_lock(tw->store, LOCK_FLIGHT, "n", 0, &lock, &err), err);
	world_script("life=600");
	pid = asker(0, "token-1");
	clock_sleep_ms(500);
	kill(pid, SIGSTOP);
	deadline = clock_boot_ms() + 60000;
	assert_ok(tokens_change(tw, "n", false, mark, &deadline, &err), err);
	clock_sleep_ms(1500);
	kill(pid, SIGCONT);
	clock_sleep_ms(500);
	cr_assert_eq(world_requests(), 0);
	store_unlock_range(&lock);
	cr_assert_eq(result_of(pid), TOKENWARD_OK);
	cr_assert_eq(world_requests(), 1);
}

/* By the time it looks, the gate is open again: the outcome is its own. */
Test(flight, a_slow_waiter_adopts_the_outcome_it_waited_for)
{
	pid_t first, second;

	world_script("times=1 delay=400 outcome=temporary\nlife=600");
	first = asker(0, NULL);
	while (world_requests() == 0)
		clock_sleep_ms(5);
	second = asker(0, NULL);
	clock_sleep_ms(200);
	kill(second, SIGSTOP);
	cr_assert_eq(result_of(first), TOKENWARD_UNAVAILABLE);
	clock_sleep_ms(1800);
	kill(second, SIGCONT);
	cr_assert_eq(result_of(second), TOKENWARD_UNAVAILABLE);
	cr_assert_eq(world_requests(), 1);
	assert_ok(world_get(tw, "n", 0), tw->err);
}

Test(flight, other_credentials_do_not_wait)
{
	struct error err;
	int lock = -1;

	world_add(tw, "m", "s");
	world_script("life=600");
	assert_ok(store_lock(tw->store, LOCK_FLIGHT, "n", 0, &lock, &err), err);
	assert_ok(world_get(tw, "m", 0), tw->err);
	store_unlock_range(&lock);
}

/* What it brings is for the credential as it was, and that is gone. */
Test(flight, a_token_for_a_credential_changed_meanwhile_is_not_kept)
{
	struct tokenward_credential *c;
	pid_t pid;

	world_script("times=1 delay=300 life=600\nlife=600");
	pid = asker(0, NULL);
	while (world_requests() == 0)
		clock_sleep_ms(5);
	c = world_bag(tw, NULL, "scope", "other", NULL);
	assert_ok(tokenward_edit_credential(tw, "n", c, 0, NULL), tw->err);
	tokenward_credential_free(c);
	result_of(pid);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	cr_assert(strstr(world_request(), "scope=other") != NULL);
}

/* Another credential by now, though its record is as young as the first. */
Test(flight, a_credential_made_anew_meanwhile_gets_no_token_of_the_old)
{
	pid_t pid;

	world_script("delay=300 life=600");
	pid = asker(0, NULL);
	while (world_requests() == 0)
		clock_sleep_ms(5);
	assert_ok(tokenward_remove_credential(tw, "n"), tw->err);
	world_add(tw, "n", "new");
	result_of(pid);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	cr_assert(strstr(world_request(), "client:new ") != NULL);
}

Test(flight, a_credential_removed_meanwhile_leaves_nothing)
{
	pid_t pid;

	world_script("delay=300 life=600");
	pid = asker(0, NULL);
	while (world_requests() == 0)
		clock_sleep_ms(5);
	assert_ok(tokenward_remove_credential(tw, "n"), tw->err);
	result_of(pid);
	world_add(tw, "n", "new");
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	cr_assert(strstr(world_request(), "client:new ") != NULL);
}
