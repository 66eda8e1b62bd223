/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plain text of a tokens record, and the rules over what stands in it:
 * whatever the numbers, they are judged without overflow.
 */
#include "base/cleanup.h"
#include "fuzz.h"
#include "token/token.h"

static void
encode(const struct tokens *t, struct buf *out)
{
	struct error err;

	REQUIRE(tokens_encode(t, out, &err) == TOKENWARD_OK);
}

static void
check_codec(const struct tokens *t)
{
	cleanup_buf struct buf one = BUF_SECRET_INIT, two = BUF_SECRET_INIT;
	cleanup_tokens struct tokens back = {0};
	struct error err;

	encode(t, &one);
	REQUIRE(tokens_decode(one.data, one.len, &back, &err) == 0);
	REQUIRE(back.n == t->n && back.gates_n == t->gates_n);
	encode(&back, &two);
	REQUIRE(buf_equal(&one, &two));
}

static void
check_token(const struct token *t, const struct now *now, int64_t min_valid)
{
	enum freshness f = token_freshness(t, now, min_valid, 500);
	int64_t left = token_left(t, now);

	REQUIRE(left >= 0);
	REQUIRE((left == 0) == (f == TOKEN_DEAD));
	REQUIRE(!t->rejected || f == TOKEN_DEAD);
	token_is_short(t, min_valid);
	token_expires_at(t);
}

static void
check_gates(struct tokens *t, const struct now *now)
{
	struct reply reply = REPLY_INIT;
	struct gate *g;

	for (size_t i = 0; i < t->gates_n; i++) {
		gate_until(&t->gates[i]);
		gate_is_closed(&t->gates[i], now);
	}
	gate_find_closed(t, "", "binding", now);
	for (int o = 0; o < OUTCOME_MAX; o++) {
		reply.outcome = (enum outcome)o;
		g = gate_record(t, &reply, "", "binding", now, 999);
		REQUIRE((o == OUTCOME_OK) == (g == NULL));
		REQUIRE(!g || gate_is_closed(g, now));
	}
	gate_clear(t, "");
}

static int
once(struct input in)
{
	cleanup_tokens struct tokens t = {0};
	struct now now = {.wall_ms = (int64_t)input_u64(&in) >> 16};
	struct error err = {0};
	int64_t min_valid;
	int r;

	now.boot_ms = (int64_t)(input_u64(&in) >> 16);
	min_valid = (int64_t)(input_u64(&in) >> 1);
	memset(now.boot_id, 1, sizeof(now.boot_id));
	faults_on();
	r = tokens_decode(in.at, in.left, &t, &err);
	faults_off();
	if (r) {
		fuzz_error(&err, r);
		REQUIRE(t.n == 0 && !t.v && !t.gates);
		return r;
	}
	check_codec(&t);
	for (size_t i = 0; i < t.n; i++)
		check_token(&t.v[i], &now, min_valid);
	check_gates(&t, &now);
	return r;
}

FUZZ(tokens)
{
	return fuzz_run(once, data, len);
}
