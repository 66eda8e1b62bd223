/* SPDX-License-Identifier: BSD-2-Clause */
/* Standard error: what people read.  Each line is one write. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/json_write.h"
#include "cli.h"

#define SENTENCE_MAX 1024

static bool
colours(void)
{
	const char *term;

	if (!isatty(STDERR_FILENO) || secure_getenv("NO_COLOR"))
		return false;
	term = secure_getenv("TERM");
	return term && strcmp(term, "dumb") != 0;
}

/* Without memory for the line there is one that needs none. */
static void
put_bytes(const struct buf *b, const char *instead)
{
	if (b->failed)
		write_all(STDERR_FILENO, instead, strlen(instead));
	else
		write_all(STDERR_FILENO, b->data, b->len);
}

/* What is coloured is our name, or the word that stands behind it. */
static void
put_line(const char *colour, const char *word, const char *sentence)
{
	cleanup_buf struct buf b = BUF_INIT;
	const char *on = colour && colours() ? colour : "";
	const char *off = *on ? "\033[0m" : "";

	buf_put_str(&b, *word ? "tokenward: " : "");
	buf_put_str(&b, on);
	buf_put_str(&b, *word ? word : "tokenward:");
	buf_put_str(&b, off);
	buf_put_str(&b, " ");
	str_clean(&b, sentence, strlen(sentence), SENTENCE_MAX);
	buf_put_str(&b, "\n");
	put_bytes(&b, "tokenward: out of memory\n");
}

void
say(const char *fmt, ...)
{
	char sentence[SENTENCE_MAX];
	va_list ap;

	if (cli.quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(sentence, sizeof sentence, fmt, ap);
	va_end(ap);
	put_line(NULL, "", sentence);
}

void
say_text(const char *text)
{
	char line[SENTENCE_MAX];

	while (*text) {
		size_t len = strcspn(text, "\n");

		snprintf(line, sizeof line, "%.*s", (int)len, text);
		if (!cli.quiet)
			put_line(NULL, "", line);
		text += len + (text[len] == '\n');
	}
}

void
say_failure(const char *sentence)
{
	put_line("\033[31m", "", sentence);
}

/* Cron must not mail every minute: some commands warn only if looked at. */
void
say_warning(const char *sentence)
{
	bool shy = cli.command && cli.command->flags & CRON_QUIET;

	if (cli.verbose || (!cli.quiet && (!shy || isatty(STDERR_FILENO))))
		put_line("\033[33m", "warning:", sentence);
}

void
message_warn(void *data, const char *sentence)
{
	(void)data;
	say_warning(sentence);
}

int
library_result(int r)
{
	const char *sentence;
	int64_t retry_at;

	if (r == TOKENWARD_OK || cli.error.code)
		return r;
	if (!cli.tw)
		return error_memory(&cli.error);
	sentence = tokenward_error(cli.tw);
	retry_at = tokenward_retry_at(cli.tw);
	error_set(&cli.error, r, "%s",
	    *sentence ? sentence : tokenward_result_name(r));
	if (retry_at != TOKENWARD_TIME_UNKNOWN)
		cli.error.retry_at = retry_at;
	return r;
}

static void
failure_json(int status)
{
	cleanup_buf struct buf b = BUF_INIT, when = BUF_INIT;

	if (cli.error.retry_at > 0)
		time_put(&when, cli.error.retry_at);
	json_open(&b, NULL, '{');
	json_put_str(&b, "error", tokenward_result_name(cli.error.code));
	json_put_num(&b, "exit", status);
	json_put_str(&b, "name", cli.name);
	json_put_str(&b, "retry_at", when.len ? buf_str(&when) : NULL);
	json_put_str(&b, "message", cli.error.text);
	json_close(&b, '}');
	buf_put_str(&b, "\n");
	put_bytes(&b, "{\"error\":\"failed\",\"exit\":1,\"name\":null,"
		      "\"retry_at\":null,\"message\":\"out of memory\"}\n");
}

void
message_failure(int status)
{
	if (cli.json)
		failure_json(status);
	else
		put_line("\033[31m", "", cli.error.text);
}

const char *
clean(const char *s)
{
	static struct buf kept[3];
	static unsigned turn;
	struct buf *b = &kept[turn++ % 3];

	buf_clear(b);
	str_clean(b, s, strlen(s), 256);
	cli.out.failed |= b->failed; /* if it was for that: no half answer */
	return b->failed ? "?" : buf_str(b);
}
