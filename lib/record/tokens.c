/* SPDX-License-Identifier: BSD-2-Clause */
/* The tokens record in memory: tokens by shape, gates by kind and shape. */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/hash.h"
#include "record/record.h"

void
token_free(struct token *t)
{
	free(t->shape);
	buf_free(&t->value);
	buf_free(&t->refresh);
	free(t->type);
	free(t->scope);
	free(t->use_in);
	free(t->use_name);
	free(t->use_format);
	strmap_free(&t->keep);
	strmap_free(&t->use_headers);
	*t = (struct token){
	    .value = BUF_SECRET_INIT, .refresh = BUF_SECRET_INIT};
}

static void
gate_free(struct gate *g)
{
	free(g->key);
	free(g->reason);
	*g = (struct gate){0};
}

void
tokens_free(struct tokens *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		token_free(&t->v[i]);
	for (i = 0; i < t->gates_n; i++)
		gate_free(&t->gates[i]);
	free(t->v);
	free(t->gates);
	*t = (struct tokens){0};
}

struct token *
tokens_find(const struct tokens *t, const char *shape)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (str_equal(t->v[i].shape, shape))
			return &t->v[i];
	return NULL;
}

static struct token *
oldest(const struct tokens *t)
{
	struct token *found = &t->v[0];
	size_t i;

	for (i = 1; i < t->n; i++)
		if (t->v[i].asked.wall_ms < found->asked.wall_ms)
			found = &t->v[i];
	return found;
}

static struct token *
append_token(struct tokens *t)
{
	struct token *v = reallocarray(t->v, t->n + 1, sizeof(*v));

	if (!v)
		return NULL;
	t->v = v;
	v += t->n++;
	*v = (struct token){
	    .value = BUF_SECRET_INIT, .refresh = BUF_SECRET_INIT};
	return v;
}

struct token *
tokens_put(struct tokens *t, const char *shape)
{
	struct token *v = tokens_find(t, shape);

	if (!v && t->n >= RECORD_TOKENS_MAX)
		v = oldest(t);
	if (v)
		token_free(v);
	else
		v = append_token(t);
	if (v)
		v->shape = strdup(shape);
	return v && v->shape ? v : NULL;
}

struct gate *
tokens_gate(const struct tokens *t, enum gate_kind kind, const char *key)
{
	size_t i;

	for (i = 0; i < t->gates_n; i++)
		if (t->gates[i].kind == kind && str_equal(t->gates[i].key, key))
			return &t->gates[i];
	return NULL;
}

/* A shape's gate is over in a minute: 16 are plenty, its first goes. */
#define GATES_MAX 16u

static struct gate *
least_missed(const struct tokens *t)
{
	size_t i;

	for (i = 0; i < t->gates_n; i++)
		if (t->gates[i].kind == GATE_REQUEST)
			return &t->gates[i];
	return &t->gates[0];
}

struct gate *
tokens_set_gate(struct tokens *t, enum gate_kind kind, const char *key)
{
	struct gate *g = tokens_gate(t, kind, key);

	if (g)
		return g;
	if (t->gates_n >= GATES_MAX) {
		g = least_missed(t);
		gate_free(g);
	} else {
		g = reallocarray(t->gates, t->gates_n + 1, sizeof(*g));
		if (!g)
			return NULL;
		t->gates = g;
		g += t->gates_n++;
		*g = (struct gate){0};
	}
	g->kind = kind;
	g->key = key ? strdup(key) : NULL;
	return !key || g->key ? g : NULL;
}

void
tokens_drop_gates(struct tokens *t, enum gate_kind kind)
{
	size_t i, kept = 0;

	for (i = 0; i < t->gates_n; i++)
		if (kind == GATE_NONE || t->gates[i].kind == kind)
			gate_free(&t->gates[i]);
		else
			t->gates[kept++] = t->gates[i];
	t->gates_n = kept;
}

static bool
is_default(const struct shape *shape)
{
	return !shape->scope && !shape->audience &&
	       (!shape->resources || shape->resources->n == 0);
}

char *
shape_key(const struct shape *shape)
{
	crypto_generichash_state h;
	unsigned char hash[16];
	struct buf out = BUF_INIT;
	size_t i;

	if (is_default(shape))
		return strdup("");
	crypto_generichash_init(&h, NULL, 0, sizeof(hash));
	hash_text(&h, shape->scope);
	hash_text(&h, shape->audience);
	for (i = 0; shape->resources && i < shape->resources->n; i++)
		hash_text(&h, shape->resources->v[i]);
	crypto_generichash_final(&h, hash, sizeof(hash));
	hex_put(&out, hash, sizeof(hash));
	if (out.failed)
		buf_free(&out);
	return (char *)out.data;
}
