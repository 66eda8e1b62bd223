/* SPDX-License-Identifier: BSD-2-Clause */
/* What failures forbid, and for how long. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <tokenward/types.h>
#include "token/token.h"
#include "failing.h"
#include "unit.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static struct now
at(int64_t ms)
{
	struct now t = {
	    .wall_ms = INT64_C(1700000000000) + ms, .boot_ms = 1000000 + ms};

	memset(t.boot_id, 7, BOOT_ID_LEN);
	return t;
}

static struct gate *
fail(struct tokens *t, enum outcome outcome, int64_t retry_after, int64_t ms)
{
	struct reply reply = REPLY_INIT;
	struct now now = at(ms);

	reply.outcome = outcome;
	reply.retry_after = retry_after;
	return gate_record(t, &reply, "shape", "binding", &now, 0);
}

static const struct gate *
closed(
    const struct tokens *t, const char *shape, const char *binding, int64_t ms)
{
	struct now now = at(ms);

	return gate_find_closed(t, shape, binding, &now);
}

Test(gate, every_outcome_has_a_kind_and_two_codes)
{
	static const struct {
		enum outcome outcome;
		enum gate_kind kind;
		int code, after_end;
	} rows[] = {
	    {OUTCOME_OK, GATE_NONE, 0, 0},
	    {OUTCOME_BAD_CREDENTIALS, GATE_REFUSED, 5, 6},
	    {OUTCOME_SECRET_EXPIRED, GATE_REFUSED, 6, 6},
	    {OUTCOME_BLOCKED, GATE_REFUSED, 5, 6},
	    {OUTCOME_BAD_REQUEST, GATE_REQUEST, 10, 10},
	    {OUTCOME_BAD_SCOPE, GATE_REQUEST, 10, 10},
	    {OUTCOME_RATE_LIMITED, GATE_RATE, 7, 7},
	    {OUTCOME_TEMPORARY, GATE_BACKOFF, 8, 8},
	    {OUTCOME_USE_NONCE, GATE_REQUEST, 10, 10},
	    {OUTCOME_UNTRUSTED, GATE_BACKOFF, 8, 8},
	};
	struct tokens t = {0};
	struct gate *g;
	size_t i;

	cr_assert_eq(sizeof(rows) / sizeof(*rows), OUTCOME_MAX);
	for (i = 0; i < OUTCOME_MAX; i++) {
		g = fail(&t, rows[i].outcome, -1, 0);
		cr_assert_eq(g ? g->kind : GATE_NONE, rows[i].kind);
		cr_assert_eq(
		    outcome_code(rows[i].outcome, false), rows[i].code);
		cr_assert_eq(
		    outcome_code(rows[i].outcome, true), rows[i].after_end);
	}
	tokens_free(&t);
}

Test(gate, retry_after_is_kept_to_a_second_and_an_hour)
{
	static const struct {
		int64_t said, wait;
	} rows[] = {{0, SECOND}, {1, SECOND}, {30, 30 * SECOND}, {3600, HOUR},
	    {3601, HOUR}, {86400, HOUR}, {INT64_MAX, HOUR}, {-1, MINUTE},
	    {-2, MINUTE}, {INT64_MIN, MINUTE}};
	struct tokens t = {0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert_eq(
		    fail(&t, OUTCOME_RATE_LIMITED, rows[i].said, 0)->wait_ms,
		    rows[i].wait, "%lld", (long long)rows[i].said);
		tokens_free(&t);
	}
}

Test(gate, a_rate_without_a_date_doubles_from_a_minute_to_an_hour)
{
	static const int64_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60};
	struct tokens t = {0};
	int64_t ms = 0;
	struct gate *g;
	size_t i;

	for (i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		g = fail(&t, OUTCOME_RATE_LIMITED, -1, ms);
		cr_assert_eq(g->wait_ms, waits[i] * MINUTE);
		ms += g->wait_ms;
	}
	cr_assert_eq(t.gates_n, 1);
	tokens_free(&t);
}

Test(gate, trouble_backs_off_from_a_second_to_five_minutes)
{
	static const int64_t waits[] = {
	    1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
	struct tokens t = {0};
	int64_t ms = 0;
	struct gate *g;
	size_t i;

	for (i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		g = fail(&t, OUTCOME_TEMPORARY, -1, ms);
		cr_assert_eq(g->wait_ms, waits[i] * SECOND, "%zu", i);
		ms += g->wait_ms;
	}
	tokens_free(&t);
}

Test(gate, jitter_adds_a_quarter_at_most)
{
	struct reply reply = REPLY_INIT;
	struct now now = at(0);
	struct tokens t;
	struct gate *g;
	unsigned j;

	reply.outcome = OUTCOME_TEMPORARY;
	for (j = 0; j < 2000; j += 13) {
		t = (struct tokens){0};
		g = tokens_set_gate(&t, GATE_BACKOFF, NULL);
		g->failures = 5;
		g->last = now;
		g = gate_record(&t, &reply, "", "", &now, j);
		cr_assert(g->wait_ms >= 32 * SECOND);
		cr_assert(g->wait_ms <= 40 * SECOND);
		tokens_free(&t);
	}
}

Test(gate, jitter_is_counted_in_thousandths_of_that_quarter)
{
	static const struct {
		unsigned failures, jitter;
		int64_t wait;
	} rows[] = {{1, 0, 1000}, {1, 4, 1001}, {1, 500, 1125}, {1, 999, 1249},
	    {1, 1000, 1000}, {1, 1999, 1249}, {20, 0, 300000}, {20, 1, 300075},
	    {20, 999, 374925}};
	struct tokens t = {0};
	struct reply reply = REPLY_INIT;
	struct now now = at(0);
	struct gate *g = NULL;
	unsigned i, n;

	reply.outcome = OUTCOME_TEMPORARY;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (n = 0; n < rows[i].failures; n++)
			g = gate_record(&t, &reply, "shape", "binding", &now,
			    rows[i].jitter);
		cr_assert_eq(g->wait_ms, rows[i].wait, "row %u: %lld", i,
		    (long long)g->wait_ms);
		tokens_free(&t);
	}
}

Test(gate, trouble_with_retry_after_waits_for_the_longer)
{
	struct tokens t = {0};

	cr_assert_eq(fail(&t, OUTCOME_TEMPORARY, 120, 0)->wait_ms, 2 * MINUTE);
	cr_assert_eq(fail(&t, OUTCOME_TEMPORARY, INT64_MAX, 1)->wait_ms, HOUR);
	cr_assert_eq(fail(&t, OUTCOME_TEMPORARY, 0, 2)->wait_ms, 4 * SECOND);
	cr_assert_eq(fail(&t, OUTCOME_TEMPORARY, 7, 3)->wait_ms, 8 * SECOND);
	cr_assert_eq(fail(&t, OUTCOME_TEMPORARY, 17, 4)->wait_ms, 17 * SECOND);
	tokens_free(&t);
}

Test(gate, a_bad_certificate_is_not_asked_again_for_a_minute)
{
	struct tokens t = {0};

	cr_assert_eq(fail(&t, OUTCOME_UNTRUSTED, -1, 0)->wait_ms, MINUTE);
	for (int i = 2; i <= 6; i++)
		cr_assert_eq(
		    fail(&t, OUTCOME_UNTRUSTED, -1, i)->wait_ms, MINUTE);
	cr_assert_eq(fail(&t, OUTCOME_UNTRUSTED, -1, 7)->wait_ms, 64 * SECOND);
	tokens_free(&t);
}

/* Whoever asks, at whatever moments: the first refusal and the probes. */
Test(gate, refused_credentials_are_asked_three_times_in_the_first_hour)
{
	static const enum outcome kinds[] = {
	    OUTCOME_BAD_CREDENTIALS, OUTCOME_SECRET_EXPIRED, OUTCOME_BLOCKED};
	struct tokens t = {0};
	int64_t ms, probes[8] = {0};
	size_t i, n;

	for (i = 0; i < 3; i++) {
		n = 0;
		for (ms = 0; ms < 20 * HOUR && n < 8; ms += SECOND)
			if (!closed(&t, "any", "binding", ms)) {
				fail(&t, kinds[i], -1, ms);
				probes[n++] = ms;
			}
		cr_assert_eq(probes[0], 0);
		cr_assert_eq(probes[1], 15 * MINUTE);
		cr_assert_eq(probes[2], HOUR);
		cr_assert_eq(probes[3], 7 * HOUR);
		cr_assert_eq(probes[4], 13 * HOUR);
		cr_assert_eq(probes[5], 19 * HOUR);
		cr_assert_eq(n, 6);
		tokens_free(&t);
	}
}

Test(gate, a_refusal_is_about_one_binding)
{
	struct tokens t = {0};

	fail(&t, OUTCOME_BAD_CREDENTIALS, -1, 0);
	cr_assert(closed(&t, "any", "binding", SECOND) != NULL);
	cr_assert(closed(&t, "other", "binding", SECOND) != NULL);
	cr_assert(closed(&t, "any", "new binding", SECOND) == NULL);
	cr_assert(closed(&t, "any", NULL, SECOND) != NULL);
	tokens_free(&t);
}

Test(gate, a_bad_request_is_about_one_shape_and_a_minute)
{
	static const enum outcome kinds[] = {
	    OUTCOME_BAD_REQUEST, OUTCOME_BAD_SCOPE, OUTCOME_USE_NONCE};
	struct tokens t = {0};
	size_t i;

	for (i = 0; i < 3; i++) {
		fail(&t, kinds[i], 3600, 0);
		cr_assert(closed(&t, "shape", "binding", 0) != NULL);
		cr_assert(closed(&t, "other", "binding", 0) == NULL);
		cr_assert(closed(&t, "", NULL, 0) == NULL);
		cr_assert(closed(&t, "shape", NULL, MINUTE - 1) != NULL);
		cr_assert(closed(&t, "shape", NULL, MINUTE) == NULL);
		tokens_free(&t);
	}
}

Test(gate, rate_and_trouble_stop_every_shape)
{
	static const enum outcome kinds[] = {
	    OUTCOME_RATE_LIMITED, OUTCOME_TEMPORARY};
	struct tokens t = {0};
	size_t i;

	for (i = 0; i < 2; i++) {
		fail(&t, kinds[i], -1, 0);
		cr_assert(closed(&t, "other", "other", 0) != NULL);
		tokens_free(&t);
	}
}

Test(gate, an_old_failure_does_not_count)
{
	struct tokens t = {0};
	struct gate *g;

	fail(&t, OUTCOME_TEMPORARY, -1, 0);
	g = fail(&t, OUTCOME_TEMPORARY, -1, 12 * HOUR);
	cr_assert_eq(g->failures, 2);
	g = fail(&t, OUTCOME_TEMPORARY, -1, 25 * HOUR);
	cr_assert_eq(g->failures, 1);
	cr_assert_eq(g->wait_ms, SECOND);
	cr_assert_eq(g->since.wall_ms, at(25 * HOUR).wall_ms);
	tokens_free(&t);
}

/* How long ago it was nobody knows. */
Test(gate, a_failure_of_the_future_does_not_count)
{
	struct tokens t = {0};
	struct reply reply = REPLY_INIT;
	struct now now = at(-1);

	fail(&t, OUTCOME_TEMPORARY, -1, 0);
	cr_assert_eq(fail(&t, OUTCOME_TEMPORARY, -1, 0)->failures, 2);
	memset(now.boot_id, 8, BOOT_ID_LEN);
	reply.outcome = OUTCOME_TEMPORARY;
	cr_assert_eq(gate_record(&t, &reply, "", "", &now, 0)->failures, 1);
	now.wall_ms++;
	cr_assert_eq(gate_record(&t, &reply, "", "", &now, 0)->failures, 2);
	tokens_free(&t);
}

Test(gate, without_memory_nothing_is_remembered)
{
	static const enum outcome kinds[] = {OUTCOME_TEMPORARY,
	    OUTCOME_BAD_CREDENTIALS, OUTCOME_BAD_SCOPE, OUTCOME_RATE_LIMITED};
	struct tokens t = {0};
	struct gate *g;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		bool failed = true;

		for (unsigned n = 1; failed; n++) {
			failing_begin("memory", n, ENOMEM);
			g = fail(&t, kinds[i], -1, 0);
			failed = failing_end();
			cr_assert_eq(g == NULL, failed);
			cr_assert_eq(
			    closed(&t, "shape", "binding", 0) == NULL, failed);
			tokens_free(&t);
		}
	}
}

Test(gate, says_when_it_opens)
{
	struct tokens t = {0};
	struct gate *g = fail(&t, OUTCOME_RATE_LIMITED, 30, 500);
	struct now now = at(500 + 30 * SECOND - 1);

	cr_assert_eq(gate_until(g), INT64_C(1700000031));
	cr_assert(gate_is_closed(g, &now));
	now = at(500 + 30 * SECOND);
	cr_assert(!gate_is_closed(g, &now));
	tokens_free(&t);
}

Test(gate, clocks_that_jump_do_not_close_it_for_ever)
{
	struct tokens t = {0};
	struct gate *g = fail(&t, OUTCOME_RATE_LIMITED, 3600, 0);
	struct now now = at(10 * SECOND);

	now.wall_ms -= 24 * HOUR; /* set back on the same boot */
	cr_assert(gate_is_closed(g, &now));
	now = at(2 * HOUR);
	now.wall_ms -= 24 * HOUR;
	cr_assert(!gate_is_closed(g, &now));
	memset(now.boot_id, 8, BOOT_ID_LEN); /* set back over a boot */
	cr_assert(!gate_is_closed(g, &now));
	tokens_free(&t);
}

Test(gate, what_a_success_has_opened_is_open_at_once)
{
	struct tokens t = {0};

	fail(&t, OUTCOME_BAD_SCOPE, -1, 0);
	fail(&t, OUTCOME_RATE_LIMITED, -1, 0);
	fail(&t, OUTCOME_TEMPORARY, -1, 0);
	cr_assert_not_null(closed(&t, "shape", "binding", 0));
	gate_clear(&t, "shape");
	cr_assert_null(closed(&t, "shape", "binding", 0));
	gate_clear(&t, "another");
	tokens_free(&t);
}

Test(gate, a_success_opens_what_it_had_to_do_with)
{
	struct tokens t = {0};

	fail(&t, OUTCOME_RATE_LIMITED, -1, 0);
	fail(&t, OUTCOME_TEMPORARY, -1, 0);
	fail(&t, OUTCOME_BAD_SCOPE, -1, 0);
	tokens_set_gate(&t, GATE_REQUEST, "other")->wait_ms = MINUTE;
	tokens_gate(&t, GATE_REQUEST, "other")->last = at(0);
	fail(&t, OUTCOME_BAD_CREDENTIALS, -1, 0);
	gate_clear(&t, "shape");
	cr_assert(closed(&t, "shape", "new", 1) == NULL);
	cr_assert(closed(&t, "other", "new", 1) != NULL, "another's fault");
	cr_assert(closed(&t, "shape", "binding", 1) != NULL,
	    "which secret was accepted is not known here");
	tokens_free(&t);
}

Test(gate, a_thousand_failures_are_still_counted_well)
{
	struct tokens t = {0};
	int i;

	for (i = 0; i < 2000; i++) {
		fail(&t, OUTCOME_TEMPORARY, -1, i);
		fail(&t, OUTCOME_BAD_CREDENTIALS, -1, i);
		fail(&t, OUTCOME_RATE_LIMITED, -1, i);
	}
	cr_assert_eq(t.gates_n, 3);
	cr_assert_eq(
	    tokens_gate(&t, GATE_BACKOFF, NULL)->wait_ms, 300 * SECOND);
	cr_assert_eq(
	    tokens_gate(&t, GATE_REFUSED, "binding")->wait_ms, 6 * HOUR);
	cr_assert_eq(tokens_gate(&t, GATE_RATE, NULL)->wait_ms, HOUR);
	tokens_free(&t);
}

/* It closed before we came, whatever the clock on the wall said then. */
Test(gate, an_old_gate_is_not_new_because_the_clock_was_set_back)
{
	struct tokens t = {0};
	struct now began = at(10 * SECOND), now = at(11 * SECOND);

	fail(&t, OUTCOME_TEMPORARY, -1, 0);
	cr_assert_null(gate_find_since(&t, "shape", NULL, &now, &began, false));
	began.wall_ms -= HOUR;
	now.wall_ms -= HOUR;
	cr_assert_null(gate_find_since(&t, "shape", NULL, &now, &began, false));
	cr_assert_null(gate_find_since(&t, "shape", NULL, &now, &began, true));
	began = at(-1);
	cr_assert_not_null(
	    gate_find_since(&t, "shape", NULL, &now, &began, true));
	tokens_free(&t);
}
