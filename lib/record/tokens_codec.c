/* SPDX-License-Identifier: BSD-2-Clause */
/* The tokens record as a list, by one table for each struct. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/frame.h"
#include "record/record.h"

enum kind {
	TEXT,   /* char *, left out when NULL */
	SECRET, /* struct buf */
	MAP,    /* struct strmap */
	NUMBER, /* int64_t */
	COUNT,  /* unsigned */
	WORD,   /* an enum, as its number */
	FLAG,   /* bool */
	MARK,   /* bool, left out when false */
	TIME,   /* struct now */
};

struct row {
	const char *key;
	enum kind kind;
	size_t offset;
};

#define TOKEN(member) offsetof(struct token, member)
static const struct row token_rows[] = {
    {"shape", TEXT, TOKEN(shape)},
    {"value", SECRET, TOKEN(value)},
    {"refresh", SECRET, TOKEN(refresh)},
    {"type", TEXT, TOKEN(type)},
    {"scope", TEXT, TOKEN(scope)},
    {"version", NUMBER, TOKEN(version)},
    {"asked", TIME, TOKEN(asked)},
    {"life", NUMBER, TOKEN(life)},
    {"assumed", FLAG, TOKEN(assumed)},
    {"rejected", FLAG, TOKEN(rejected)},
    {"successor", MARK, TOKEN(successor)},
    {"reissue", WORD, TOKEN(reissue)},
    {"renews_below", NUMBER, TOKEN(renews_below)},
    {"use_in", TEXT, TOKEN(use_in)},
    {"use_name", TEXT, TOKEN(use_name)},
    {"use_format", TEXT, TOKEN(use_format)},
    {"keep", MAP, TOKEN(keep)},
    {"use_headers", MAP, TOKEN(use_headers)},
    {0},
};

#define GATE(member) offsetof(struct gate, member)
static const struct row gate_rows[] = {
    {"kind", WORD, GATE(kind)},
    {"code", WORD, GATE(code)},
    {"key", TEXT, GATE(key)},
    {"since", TIME, GATE(since)},
    {"last", TIME, GATE(last)},
    {"wait", NUMBER, GATE(wait_ms)},
    {"failures", COUNT, GATE(failures)},
    {"reason", TEXT, GATE(reason)},
    {0},
};

#define RECORD(member) offsetof(struct tokens, member)
static const struct row record_rows[] = {
    {"flight_started", TIME, RECORD(flight.started)},
    {"flight_deadline", NUMBER, RECORD(flight.deadline_ms)},
    {"credential_generation", NUMBER, RECORD(credential_generation)},
    {"secret_ends_at", NUMBER, RECORD(secret_ends_at)},
    {"secret_warn_at", NUMBER, RECORD(secret_warn_at)},
    {"last_ok", TIME, RECORD(last_ok)},
    {"last_ok_version", NUMBER, RECORD(last_ok_version)},
    {0},
};

static void
put_time(struct buf *out, const char *key, const struct now *t)
{
	size_t mark = frame_begin(out, key);

	frame_put_num(out, "wall", t->wall_ms);
	frame_put_num(out, "boot", t->boot_ms);
	frame_put(out, "id", t->boot_id, BOOT_ID_LEN);
	frame_end(out, mark);
}

static void
put_row(struct buf *out, const struct row *row, const void *at)
{
	const struct buf *secret = at;
	char *const *text = at;

	if (row->kind == TEXT && *text)
		frame_put_str(out, row->key, *text);
	else if (row->kind == SECRET && secret->len)
		frame_put(out, row->key, secret->data, secret->len);
	else if (row->kind == MAP)
		frame_put_map(out, row->key, at);
	else if (row->kind == NUMBER)
		frame_put_num(out, row->key, *(const int64_t *)at);
	else if (row->kind == COUNT || row->kind == WORD)
		frame_put_num(out, row->key, *(const unsigned *)at);
	else if (row->kind == FLAG || (row->kind == MARK && *(const bool *)at))
		frame_put_num(out, row->key, *(const bool *)at);
	else if (row->kind == TIME)
		put_time(out, row->key, at);
}

static void
put_rows(struct buf *out, const struct row *rows, const void *object)
{
	for (; rows->key; rows++)
		put_row(out, rows, (const char *)object + rows->offset);
}

int
tokens_encode(const struct tokens *t, struct buf *out, struct error *err)
{
	size_t i, mark;

	put_rows(out, record_rows, t);
	for (i = 0; i < t->n; i++) {
		mark = frame_begin(out, "token");
		put_rows(out, token_rows, &t->v[i]);
		frame_end(out, mark);
	}
	for (i = 0; i < t->gates_n; i++) {
		mark = frame_begin(out, "gate");
		put_rows(out, gate_rows, &t->gates[i]);
		frame_end(out, mark);
	}
	return out->failed ? error_memory(err) : TOKENWARD_OK;
}

/* ---- reading ----------------------------------------------------------- */

/* Times and spans that can be added to one another without overflow. */
#define MOMENT_MAX (INT64_C(1) << 53)

static bool
is_moment(int64_t ms)
{
	return ms >= -MOMENT_MAX && ms <= MOMENT_MAX;
}

static bool
get_time(const struct frame_field *f, struct now *ret)
{
	struct frame_field part;

	if (!frame_valid(f->value, f->len) ||
	    !frame_find(f->value, f->len, "wall", &part) ||
	    !frame_num(&part, &ret->wall_ms) ||
	    !frame_find(f->value, f->len, "boot", &part) ||
	    !frame_num(&part, &ret->boot_ms) ||
	    !frame_find(f->value, f->len, "id", &part) ||
	    part.len != BOOT_ID_LEN || !is_moment(ret->wall_ms) ||
	    !is_moment(ret->boot_ms))
		return false;
	memcpy(ret->boot_id, part.value, BOOT_ID_LEN);
	return true;
}

static bool
get_small(const struct frame_field *f, int64_t max, int64_t *ret)
{
	return frame_num(f, ret) && *ret >= 0 && *ret <= max;
}

static bool
get_secret(const struct frame_field *f, struct buf *ret)
{
	buf_set(ret, f->value, f->len);
	return f->len <= RECORD_SECRET_MAX && !ret->failed;
}

static bool
is_bool(const struct row *row)
{
	return row->kind == FLAG || row->kind == MARK;
}

static bool
get_row(const struct frame_field *f, const struct row *row, void *at)
{
	int64_t v;

	if (row->kind == TEXT)
		return !*(char **)at && (*(char **)at = frame_dup(f));
	if (row->kind == SECRET)
		return get_secret(f, at);
	if (row->kind == MAP)
		return frame_get_pair(f, at);
	if (row->kind == NUMBER)
		return frame_num(f, at);
	if (row->kind == TIME)
		return get_time(f, at);
	if (!get_small(f, is_bool(row) ? 1 : 1000000, &v))
		return false;
	if (is_bool(row))
		*(bool *)at = v == 1;
	else
		*(unsigned *)at = (unsigned)v;
	return true;
}

static bool
get_by_rows(const struct frame_field *f, const struct row *rows, void *object)
{
	for (; rows->key; rows++)
		if (frame_key_is(f, rows->key))
			return get_row(f, rows, (char *)object + rows->offset);
	return false;
}

static bool
get_object(const struct frame_field *list, const struct row *rows, void *object)
{
	struct frame_reader r;
	struct frame_field f;
	int got;

	frame_open(&r, list->value, list->len);
	while ((got = frame_next(&r, &f)) == 1)
		if (!get_by_rows(&f, rows, object))
			return false;
	return got == 0;
}

static bool
get_token(const struct frame_field *f, struct tokens *t)
{
	struct token *v = t->n < RECORD_TOKENS_MAX ? tokens_put(t, "?") : NULL;

	if (!v)
		return false;
	free(v->shape);
	v->shape = NULL;
	if (!get_object(f, token_rows, v) || v->reissue >= REISSUE_MAX)
		return false;
	if (!v->shape)
		v->shape = strdup("");
	return v->shape && v->use_in && v->use_name && v->use_format;
}

static bool
get_gate(const struct frame_field *f, struct tokens *t)
{
	struct gate *g = tokens_set_gate(t, GATE_NONE, NULL);

	return g && get_object(f, gate_rows, g) && is_moment(g->wait_ms) &&
	       g->kind < GATE_MAX && g->kind != GATE_NONE &&
	       g->code < TOKENWARD_RESULT_MAX;
}

static bool
get_any(const struct frame_field *f, struct tokens *t)
{
	if (frame_key_is(f, "token"))
		return get_token(f, t);
	if (frame_key_is(f, "gate"))
		return get_gate(f, t);
	return get_by_rows(f, record_rows, t);
}

int
tokens_decode(
    const void *data, size_t len, struct tokens *ret, struct error *err)
{
	cleanup_tokens struct tokens t = {0};
	struct frame_reader r;
	struct frame_field f;
	int got;

	errno = 0;
	frame_open(&r, data, len);
	while ((got = frame_next(&r, &f)) == 1)
		if (!get_any(&f, &t))
			return error_read(err, TOKENWARD_DAMAGED,
			    "the tokens record does not make sense at "
			    "\"%.*s\"",
			    (int)f.key_len, f.key);
	if (got < 0)
		return error_set(err, TOKENWARD_DAMAGED,
		    "the tokens record does not make sense");
	*ret = t;
	t = (struct tokens){0};
	return TOKENWARD_OK;
}
