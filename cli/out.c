/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Standard output carries the answer and nothing else.  A full disk or a
 * closed pipe is a failure: half an answer is never called success.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "base/file.h"
#include "base/json_write.h"
#include "cli.h"

#define OUT_ENOUGH 32768

static int
write_failed(int e)
{
	errno = e;
	return error_errno(
	    &cli.error, TOKENWARD_FAILED, "cannot write to standard output");
}

int
out_flush(void)
{
	int e;

	if (cli.out.failed) {
		buf_free(&cli.out);
		return error_memory(&cli.error);
	}
	if (cli.out.len == 0)
		return TOKENWARD_OK;
	e = write_all(STDOUT_FILENO, cli.out.data, cli.out.len);
	buf_clear(&cli.out);
	return e ? write_failed(e) : TOKENWARD_OK;
}

int
out_some(void)
{
	return cli.out.len < OUT_ENOUGH ? TOKENWARD_OK : out_flush();
}

int
out_line(const char *s)
{
	str_clean(&cli.out, s, strlen(s), 4096);
	buf_put_str(&cli.out, "\n");
	return out_some();
}

void
out_item(size_t *shown)
{
	buf_put_str(&cli.out, (*shown)++ > 0 ? ",\n " : "[");
}

void
out_items_end(size_t shown, int failure)
{
	if (shown > 0)
		buf_put_str(&cli.out, "]\n");
	else if (!failure)
		buf_put_str(&cli.out, "[]\n");
}

int
out_direct(struct iovec *iov, int n)
{
	int r = out_flush();

	while (r == TOKENWARD_OK && n > 0) {
		ssize_t done = writev(STDOUT_FILENO, iov, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return write_failed(errno);
		for (; n > 0 && (size_t)done >= iov->iov_len; iov++, n--)
			done -= (ssize_t)iov->iov_len;
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return r;
}

bool
out_is_terminal(void)
{
	static int known = -1;

	if (known < 0)
		known = isatty(STDOUT_FILENO);
	return known;
}

bool
out_colours(void)
{
	const char *term;

	if (!out_is_terminal() || secure_getenv("NO_COLOR"))
		return false;
	term = secure_getenv("TERM");
	return term && strcmp(term, "dumb") != 0;
}

const char *
colour_on(enum colour colour)
{
	static const char *const codes[] = {
	    "", "\033[1m", "\033[31m", "\033[32m", "\033[33m", "\033[2m"};

	return out_colours() ? codes[colour] : "";
}

const char *
colour_off(enum colour colour)
{
	return colour != COLOUR_NONE && out_colours() ? "\033[0m" : "";
}

enum colour
colour_of_grade(const char *grade)
{
	static const struct {
		const char *grade;
		enum colour colour;
	} table[] = {{"ok", COLOUR_GREEN}, {"strong", COLOUR_GREEN},
	    {"ready", COLOUR_GREEN}, {"cached", COLOUR_GREEN},
	    {"fair", COLOUR_YELLOW}, {"weak", COLOUR_YELLOW},
	    {"warning", COLOUR_YELLOW}, {"expiring", COLOUR_YELLOW},
	    {"unknown", COLOUR_YELLOW}, {"limited", COLOUR_YELLOW},
	    {"trouble", COLOUR_YELLOW}, {"bad", COLOUR_RED},
	    {"critical", COLOUR_RED}, {"expired", COLOUR_RED},
	    {"refused", COLOUR_RED}};

	for (size_t i = 0; grade && i < sizeof table / sizeof table[0]; i++)
		if (strcmp(table[i].grade, grade) == 0)
			return table[i].colour;
	return COLOUR_NONE;
}

int
out_change(const char *word)
{
	if (!cli.json)
		return out_line(word);
	json_open(&cli.out, NULL, '{');
	json_put_str(&cli.out, "name", cli.name);
	json_put_str(&cli.out, "result", word);
	json_close(&cli.out, '}');
	buf_put_str(&cli.out, "\n");
	return out_flush();
}
