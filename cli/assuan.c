/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pinentry program is as foreign as any other: its lines have a length and
 * a number, and what is no line of the protocol ends the talk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "assuan.h"
#include "base/secret.h"

#define LINE_LONGEST 1024u /* the protocol's limit is 1000 */
#define LINES_MAX 300u
#define CODE_CANCELLED 99 /* of libgpg-error, in the lower half */
#define CODE_TIMEOUT 62

const char *const assuan_meanings[ASSUAN_RESULT_MAX] = {
    [ASSUAN_ANSWERED] = "it answered",
    [ASSUAN_CANCELLED] = "it was cancelled",
    [ASSUAN_NOBODY] = "nobody answered in time",
    [ASSUAN_REFUSED] = "it cannot ask here",
    [ASSUAN_ENDED] = "it ended without an answer",
    [ASSUAN_LATE] = "it was stopped: no answer within the time it had",
    [ASSUAN_TOO_LONG] = "the answer is too long",
    [ASSUAN_NONSENSE] = "it was stopped: it does not speak as a pinentry does",
    [ASSUAN_MEMORY] = "out of memory",
};

struct talk {
	const struct assuan_io *io;
	char *bytes; /* secret, LINE_LONGEST + 1 */
	size_t have;
	size_t used; /* of the line that was given out */
	unsigned lines;
	char *answer;
	size_t cap, len;
};

/* ---- lines that come --------------------------------------------------- */

static void
drop_line(struct talk *t)
{
	memmove(t->bytes, t->bytes + t->used, t->have - t->used);
	t->have -= t->used;
	t->used = 0;
}

static enum assuan_result
read_more(struct talk *t, bool human)
{
	long n;

	if (t->have >= LINE_LONGEST)
		return ASSUAN_NONSENSE;
	n = t->io->read(
	    t->io->data, human, t->bytes + t->have, LINE_LONGEST - t->have);
	if (n <= 0)
		return n < 0 ? ASSUAN_LATE : ASSUAN_ENDED;
	t->have += (size_t)n;
	return ASSUAN_ANSWERED;
}

/* Ends with a NUL, and has none; good until the next one. */
static enum assuan_result
next_line(struct talk *t, bool human, const char **ret)
{
	enum assuan_result r;
	size_t len;
	char *end;

	drop_line(t);
	while (!(end = memchr(t->bytes, '\n', t->have))) {
		r = read_more(t, human);
		if (r != ASSUAN_ANSWERED)
			return r;
	}
	len = (size_t)(end - t->bytes);
	t->used = len + 1;
	if (++t->lines > LINES_MAX || memchr(t->bytes, '\0', len))
		return ASSUAN_NONSENSE;
	if (len > 0 && end[-1] == '\r')
		end--;
	*end = '\0';
	*ret = t->bytes;
	return ASSUAN_ANSWERED;
}

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at =
	    c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Puts a piece of the answer to what is there. */
static enum assuan_result
take_data(struct talk *t, const char *s)
{
	char c;

	for (; *s; s++) {
		c = *s;
		if (c == '%') {
			if (hex(s[1]) < 0 || hex(s[2]) < 0)
				return ASSUAN_NONSENSE;
			c = (char)(hex(s[1]) << 4 | hex(s[2]));
			s += 2;
		}
		if (!c)
			return ASSUAN_NONSENSE;
		if (t->len == t->cap)
			return ASSUAN_TOO_LONG;
		t->answer[t->len++] = c;
	}
	return ASSUAN_ANSWERED;
}

static enum assuan_result
meaning_of(const char *code)
{
	char *end;
	unsigned long v = strtoul(code, &end, 10);

	if (*code < '0' || *code > '9' || (*end && *end != ' '))
		return ASSUAN_NONSENSE;
	if ((v & 0xffff) == CODE_CANCELLED)
		return ASSUAN_CANCELLED;
	return (v & 0xffff) == CODE_TIMEOUT ? ASSUAN_NOBODY : ASSUAN_REFUSED;
}

static bool
is_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncmp(line, word, len) == 0 &&
	       (line[len] == '\0' || line[len] == ' ');
}

/* Up to the line that ends an answer; ANSWERED is OK. */
static enum assuan_result
hear(struct talk *t, bool human)
{
	enum assuan_result r;
	const char *line;

	for (;;) {
		r = next_line(t, human, &line);
		if (r != ASSUAN_ANSWERED || is_word(line, "OK"))
			return r;
		if (is_word(line, "ERR"))
			return line[3] ? meaning_of(line + 4) : ASSUAN_NONSENSE;
		if (human && strncmp(line, "D ", 2) == 0)
			r = take_data(t, line + 2);
		else if (!is_word(line, "S") && line[0] != '#')
			r = ASSUAN_NONSENSE;
		if (r != ASSUAN_ANSWERED)
			return r;
	}
}

/* ---- lines that go ----------------------------------------------------- */

static bool
say_line(const struct talk *t, const char *word, const char *text)
{
	char line[LINE_LONGEST];
	size_t n = (size_t)snprintf(line, 64, "%s", word);

	if (text && line[n - 1] != '=')
		line[n++] = ' ';
	for (; text && *text && n < 990; text++)
		if ((unsigned char)*text < 0x20 || *text == '%')
			n += (size_t)snprintf(line + n, 4, "%%%02X", *text);
		else
			line[n++] = *text;
	line[n++] = '\n';
	return t->io->write(t->io->data, line, n);
}

/* What was said before it was asked is no answer. */
static enum assuan_result
command(struct talk *t, const char *word, const char *text, bool human)
{
	if (t->have > t->used)
		return ASSUAN_NONSENSE;
	return say_line(t, word, text) ? hear(t, human) : ASSUAN_ENDED;
}

/* One that an old pinentry may not know. */
static enum assuan_result
suggest(struct talk *t, const char *word, const char *text)
{
	enum assuan_result r = command(t, word, text, false);

	return r == ASSUAN_REFUSED ? ASSUAN_ANSWERED : r;
}

static enum assuan_result
prepare(struct talk *t, const struct assuan_question *q)
{
	char seconds[16];
	const struct {
		const char *word, *text;
	} commands[] = {
	    {"OPTION ttyname=", q->terminal},
	    {"OPTION ttytype=", q->terminal ? q->terminal_type : NULL},
	    {"SETTIMEOUT", seconds},
	    {"SETTITLE", "tokenward"},
	    {"SETDESC", q->text},
	    {"SETPROMPT", "Answer:"},
	};
	enum assuan_result r = hear(t, false); /* its greeting */
	size_t i;

	snprintf(seconds, sizeof(seconds), "%d", q->seconds);
	for (i = 0;
	     r == ASSUAN_ANSWERED && i < sizeof(commands) / sizeof(commands[0]);
	     i++)
		if (commands[i].text)
			r = suggest(t, commands[i].word, commands[i].text);
	return r;
}

enum assuan_result
assuan_ask(const struct assuan_io *io, const struct assuan_question *q,
    char *answer, size_t cap, size_t *ret_len)
{
	struct talk t = {.io = io,
	    .bytes = secret_alloc(LINE_LONGEST + 1),
	    .answer = answer,
	    .cap = cap};
	enum assuan_result r = t.bytes ? prepare(&t, q) : ASSUAN_MEMORY;

	if (r == ASSUAN_ANSWERED)
		r = command(&t, "GETPIN", NULL, true);
	if (r == ASSUAN_ANSWERED && t.len == 0)
		r = ASSUAN_CANCELLED; /* somebody pressed return */
	if (r == ASSUAN_ANSWERED)
		say_line(&t, "BYE", NULL);
	else
		wipe(answer, cap);
	secret_free(t.bytes);
	*ret_len = r == ASSUAN_ANSWERED ? t.len : 0;
	return r;
}
