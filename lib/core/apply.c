/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many credentials from lines of JSON: each line is applied or refused by
 * itself, in order, so that saying the same again finishes what was cut
 * short and changes nothing else.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "core/apply.h"

#define CHUNK 16384u

/* ---- lines of a descriptor --------------------------------------------- */

struct lines {
	int fd;
	bool end;        /* of the file */
	struct buf held; /* secret */
	size_t at;       /* what was given out */
	unsigned number;
};

struct span {
	const char *text;
	size_t len;
	bool too_long; /* its text is left out */
};

static int
more(struct lines *l, struct error *err)
{
	size_t left = l->held.len - l->at;
	unsigned char *room;
	ssize_t n;

	if (l->at) {
		memmove(l->held.data, l->held.data + l->at, left);
		l->held.len = left;
		l->at = 0;
	}
	room = buf_room(&l->held, CHUNK);
	if (!room)
		return error_memory(err);
	do
		n = read(l->fd, room, CHUNK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(
		    err, error_code_of_errno(errno), "cannot read the lines");
	l->held.len += (size_t)n;
	l->end = n == 0;
	return TOKENWARD_OK;
}

static const char *
newline(const struct lines *l)
{
	return l->held.len == l->at
		   ? NULL
		   : memchr(l->held.data + l->at, '\n', l->held.len - l->at);
}

/* *ret_any false: there are no more. */
static int
next_line(struct lines *l, struct span *ret, bool *ret_any, struct error *err)
{
	const char *nl;

	*ret = (struct span){0};
	while (!(nl = newline(l)) && !l->end) {
		if (l->held.len - l->at > APPLY_LINE_MAX) {
			ret->too_long = true;
			l->at = l->held.len;
		}
		if (more(l, err) != TOKENWARD_OK)
			return err->code;
	}
	ret->text = (const char *)l->held.data + l->at;
	ret->len = nl ? (size_t)(nl - ret->text) : l->held.len - l->at;
	ret->too_long |= ret->len > APPLY_LINE_MAX;
	l->at += ret->len + (nl != NULL);
	l->number++;
	*ret_any = nl || ret->len || ret->too_long;
	return TOKENWARD_OK;
}

static bool
is_blank(const struct span *s)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		if (!strchr(" \t\r", s->text[i]) || !s->text[i])
			return false;
	return !s->too_long;
}

/* ---- applying ---------------------------------------------------------- */

struct apply {
	struct tokenward *tw;
	struct lines lines;
	unsigned flags;
	tokenward_applied_fn each;
	void *data;
	void *seen; /* tree of struct seen */
	unsigned done, failed;
	struct error worst; /* the first of its rank */
};

struct seen {
	char *name;
	unsigned line;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct seen *)a)->name, ((const struct seen *)b)->name);
}

static void
free_seen(void *node)
{
	struct seen *s = node;

	free(s->name);
	free(s);
}

/* Two lines of one name would change it to and fro each time. */
static int
check_once(struct apply *a, const char *name, struct error *err)
{
	struct seen *s = calloc(1, sizeof(*s)), **there;

	if (!s || !(s->name = strdup(name))) {
		free(s);
		return error_memory(err);
	}
	s->line = a->lines.number;
	there = tsearch(s, &a->seen, by_name);
	if (there && *there == s)
		return TOKENWARD_OK;
	free_seen(s);
	return there ? error_set(err, TOKENWARD_USAGE,
			   "the name stands on line %u already", (*there)->line)
		     : error_memory(err);
}

static int
apply_one(struct apply *a, const struct span *s, struct apply_line *line,
    enum tokenward_change *ret, struct error *err)
{
	unsigned flags =
	    TOKENWARD_ADD_UPDATE |
	    (a->flags & TOKENWARD_APPLY_DRY_RUN ? TOKENWARD_ADD_DRY_RUN : 0);
	int r;

	if (s->too_long)
		return error_set(err, TOKENWARD_USAGE,
		    "it is longer than %u bytes", APPLY_LINE_MAX);
	r = apply_line_read(a->tw, s->text, s->len, line, err);
	if (r == TOKENWARD_OK)
		r = check_once(a, line->name, err);
	return r ? r
		 : credential_add(a->tw, line->name, line->c, flags, ret, err);
}

/* A fault of a line counts less than one of the store. */
static bool
is_worse(int code, int than)
{
	static const unsigned char rank[TOKENWARD_RESULT_MAX] = {
	    [TOKENWARD_OK] = 0,
	    [TOKENWARD_USAGE] = 1,
	    [TOKENWARD_NOT_FOUND] = 1,
	    [TOKENWARD_CONFIG] = 1,
	    [TOKENWARD_EXISTS] = 1,
	    [TOKENWARD_REFUSED] = 1,
	    [TOKENWARD_EXPIRED] = 1,
	    [TOKENWARD_COOLDOWN] = 1,
	    [TOKENWARD_UNAVAILABLE] = 2,
	    [TOKENWARD_NOT_ALLOWED] = 2,
	    [TOKENWARD_LOCKED] = 2,
	    [TOKENWARD_DAMAGED] = 2,
	    [TOKENWARD_FAILED] = 2,
	};

	return rank[code] > rank[than];
}

/* The line's number and name go in front, if they are not there already. */
static void
tell_failure(struct apply *a, const char *name, struct error *err)
{
	size_t len = name ? strlen(name) : 0;
	bool named = name && strncmp(err->text, name, len) == 0 &&
		     (err->text[len] == ':' || err->text[len] == ' ');

	error_prefix(err, "line %u: %s%s", a->lines.number,
	    name && !named ? name : "", name && !named ? ": " : "");
	a->failed++;
	if (is_worse(err->code, a->worst.code))
		a->worst = *err;
}

static int
apply_span(struct apply *a, const struct span *s)
{
	struct tokenward_applied told = {.size = sizeof(told)};
	struct apply_line line = {0};
	struct error err = {0};
	int r;

	call_goes_on(a->tw);
	a->done++;
	told.line = a->lines.number;
	told.result = apply_one(a, s, &line, &told.change, &err);
	told.name = line.name;
	if (told.result != TOKENWARD_OK) {
		tell_failure(a, line.name, &err);
		told.error = err.text;
	}
	r = a->each ? a->each(a->data, &told) : 0;
	apply_line_free(&line);
	return r;
}

static int
apply_lines(struct apply *a, struct error *err)
{
	struct span s;
	bool any = true;
	int r = need_change(a->tw, err);

	while (r == TOKENWARD_OK) {
		r = next_line(&a->lines, &s, &any, err);
		if (r != TOKENWARD_OK || !any)
			break;
		if (!is_blank(&s))
			r = apply_span(a, &s);
	}
	if (r != TOKENWARD_OK || !a->failed)
		return r;
	*err = a->worst;
	return error_prefix(err, "%u of %u line%s %s not applied; ", a->failed,
	    a->done, a->done == 1 ? "" : "s", a->failed == 1 ? "was" : "were");
}

int
tokenward_apply(struct tokenward *tw, int fd, unsigned flags,
    tokenward_applied_fn each, void *data)
{
	struct apply a = {.tw = tw,
	    .lines = {.fd = fd, .held = BUF_SECRET_INIT},
	    .flags = flags,
	    .each = each,
	    .data = data};
	int r;

	if (!tw)
		return null_argument(tw);
	call_begin(tw);
	r = apply_lines(&a, &tw->err);
	tdestroy(a.seen, free_seen);
	buf_free(&a.lines.held);
	return call_end(tw, r);
}
