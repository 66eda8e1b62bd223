/* SPDX-License-Identifier: BSD-2-Clause */
/* The tokens record in memory: tokens by shape, gates by kind and key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/secret.h"
#include "record/record.h"
#include "unit.h"

static struct token *
put_token(struct tokens *t, const char *shape, int64_t asked)
{
	struct token *v = tokens_put(t, shape);

	cr_assert(v != NULL);
	buf_put_str(&v->value, shape);
	v->asked.wall_ms = asked;
	return v;
}

Test(tokens, one_per_shape)
{
	struct tokens t = {0};

	put_token(&t, "", 1);
	put_token(&t, "a", 2);
	cr_assert_eq(t.n, 2);
	put_token(&t, "a", 3);
	cr_assert_eq(t.n, 2);
	cr_assert_eq(tokens_find(&t, "a")->asked.wall_ms, 3);
	cr_assert_str_eq(buf_str(&tokens_find(&t, "a")->value), "a");
	cr_assert(tokens_find(&t, "b") == NULL);
	tokens_free(&t);
	cr_assert_eq(t.n, 0);
	cr_assert_eq(secret_in_use(), 0);
}

Test(tokens, of_more_than_32_the_oldest_goes)
{
	struct tokens t = {0};
	char shape[16];
	int i;

	for (i = 0; i < 40; i++) {
		snprintf(shape, sizeof(shape), "%d", i);
		put_token(&t, shape, 1000 + (i * 7) % 32);
		cr_assert(t.n <= RECORD_TOKENS_MAX);
	}
	cr_assert_eq(t.n, 32);
	tokens_free(&t);
	for (i = 0; i < 32; i++) {
		snprintf(shape, sizeof(shape), "%d", i);
		put_token(&t, shape, i == 20 ? 5 : 1000 + i);
	}
	put_token(&t, "new", 2000);
	cr_assert(tokens_find(&t, "20") == NULL);
	cr_assert(tokens_find(&t, "0") != NULL);
	cr_assert(tokens_find(&t, "new") != NULL);
	tokens_free(&t);
	cr_assert_eq(secret_in_use(), 0);
}

Test(tokens, gates_are_told_apart_by_kind_and_key)
{
	struct tokens t = {0};
	struct gate *g = tokens_set_gate(&t, GATE_REQUEST, "a");

	g->failures = 1;
	tokens_set_gate(&t, GATE_REQUEST, "b");
	tokens_set_gate(&t, GATE_RATE, NULL);
	tokens_set_gate(&t, GATE_REFUSED, "a");
	cr_assert_eq(t.gates_n, 4);
	cr_assert_eq(tokens_set_gate(&t, GATE_REQUEST, "a")->failures, 1);
	cr_assert_eq(t.gates_n, 4);
	cr_assert(tokens_gate(&t, GATE_RATE, "a") == NULL);
	cr_assert(tokens_gate(&t, GATE_BACKOFF, NULL) == NULL);
	tokens_drop_gates(&t, GATE_REQUEST);
	cr_assert_eq(t.gates_n, 2);
	cr_assert(tokens_gate(&t, GATE_REFUSED, "a") != NULL);
	tokens_drop_gates(&t, GATE_NONE);
	cr_assert_eq(t.gates_n, 0);
	tokens_free(&t);
}

/* A lock-out must not be forgotten for sixteen misspelt scopes. */
Test(tokens, many_bad_requests_push_out_no_other_gate)
{
	struct tokens t = {0};
	char key[16];
	int i;

	tokens_set_gate(&t, GATE_REFUSED, "binding");
	tokens_set_gate(&t, GATE_RATE, NULL);
	for (i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "%d", i);
		cr_assert(tokens_set_gate(&t, GATE_REQUEST, key) != NULL);
	}
	cr_assert(t.gates_n <= 16);
	cr_assert(tokens_gate(&t, GATE_REFUSED, "binding") != NULL);
	cr_assert(tokens_gate(&t, GATE_RATE, NULL) != NULL);
	cr_assert(tokens_gate(&t, GATE_REQUEST, "99") != NULL);
	tokens_free(&t);
}

static char *
key_of(const char *scope, const char *audience, const char *r1, const char *r2)
{
	struct strlist resources = {0};
	struct shape shape = {scope, audience, &resources};
	char *key;

	if (r1)
		cr_assert(strlist_add(&resources, r1));
	if (r2)
		cr_assert(strlist_add(&resources, r2));
	key = shape_key(&shape);
	strlist_free(&resources);
	return key;
}

Test(tokens, a_request_without_wishes_has_the_empty_key)
{
	struct shape bare = {0};
	char *key = shape_key(&bare);

	cr_assert_str_eq(key, "");
	free(key);
	key = key_of(NULL, NULL, NULL, NULL);
	cr_assert_str_eq(key, "");
	free(key);
}

Test(tokens, different_wishes_have_different_keys)
{
	static const struct {
		const char *scope, *audience, *r1, *r2;
	} rows[] = {
	    {"", NULL, NULL, NULL},
	    {"a", NULL, NULL, NULL},
	    {"a b", NULL, NULL, NULL},
	    {"A", NULL, NULL, NULL},
	    {NULL, "a", NULL, NULL},
	    {"a", "b", NULL, NULL},
	    {"ab", "", NULL, NULL},
	    {"", "ab", NULL, NULL},
	    {NULL, NULL, "a", NULL},
	    {NULL, NULL, "a", "b"},
	    {NULL, NULL, "b", "a"},
	    {NULL, NULL, "ab", NULL},
	    {NULL, NULL, "a", ""},
	};
	enum { N = sizeof(rows) / sizeof(*rows) };
	char *keys[N], *again;
	size_t i, k;

	for (i = 0; i < N; i++) {
		keys[i] = key_of(
		    rows[i].scope, rows[i].audience, rows[i].r1, rows[i].r2);
		again = key_of(
		    rows[i].scope, rows[i].audience, rows[i].r1, rows[i].r2);
		cr_assert_str_eq(keys[i], again);
		cr_assert_eq(strlen(keys[i]), 32);
		for (k = 0; k < i; k++)
			cr_assert_str_neq(keys[i], keys[k], "%zu %zu", i, k);
		free(again);
	}
	for (i = 0; i < N; i++)
		free(keys[i]);
}

/* As tokenward-store-format(5) has it, on every machine. */
Test(tokens, the_key_of_a_shape_is_what_is_documented)
{
	char *resources[] = {(char *)"urn:a", (char *)"urn:b"};
	struct strlist list = {.v = resources, .n = 2};
	struct shape shape = {"read write", "https://api.example", &list};
	char *key = shape_key(&shape);

	cr_assert_str_eq(key, "5a069f93cfb409aeb3abb94767e50294");
	free(key);
}
