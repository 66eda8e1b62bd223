/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program on top of the library that goes one path through its interface:
 *
 *     api [--libexec-dir D] [--provider-dir D] [--stack-file F]
 *         [--timeout Ns] [--again] PATH [ARG]...
 *
 * It ends with the result of the path; the answer stands on standard output,
 * the sentence of a failure on standard error.  With --again memory may fail
 * it (memory.c): then the sentence says so, the failure is over, the same
 * handle goes the path again, and nothing is left when it is closed; BROKEN
 * and why if one of these is not true.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "api.h"
#include "memory.h"

#define BROKEN 70
#define DESCRIPTORS 256

/* Where the library is linked with all it has. */
size_t secret_in_use(void) __attribute__((weak));

static char said[65536];
static size_t said_len;
static char failure[1024];
static bool again;

void
answer(const char *fmt, ...)
{
	size_t room = sizeof(said) - said_len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(said + said_len, room, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < room)
		said_len += (size_t)n;
}

void
answer_failure(const char *sentence)
{
	snprintf(failure, sizeof(failure), "%s", sentence);
}

void
answer_text(char *text)
{
	answer("%s\n", text ? text : "-");
	tokenward_text_free(text);
}

/* Without a buffer of the C library's. */
static int
complain(const char *what, const char *why)
{
	char line[1200];
	int n = snprintf(line, sizeof(line), "api: %s: %s\n", what, why);

	if (n > 0 && write(2, line, strnlen(line, sizeof(line))) < 0)
		_exit(BROKEN);
	return BROKEN;
}

/* ---- the handle -------------------------------------------------------- */

static long
ask(void *data, const struct tokenward_question *question, char *at, size_t cap)
{
	static const char words[] = "open sesame, open";

	(void)data;
	(void)question;
	if (cap < sizeof(words))
		return -1;
	memcpy(at, words, sizeof(words) - 1);
	return sizeof(words) - 1;
}

static void
show(void *data, const char *code)
{
	*(bool *)data = *code;
}

static void
warn(void *data, const char *sentence)
{
	*(bool *)data = *sentence;
}

static bool shown, warned;
static struct tokenward_open_params params = {.size = sizeof(params),
    .flags = TOKENWARD_OPEN_NEW,
    .ask = ask,
    .show = show,
    .show_data = &shown,
    .warn = warn,
    .warn_data = &warned};

static char **
take_options(char **argv)
{
	for (; *argv && strncmp(*argv, "--", 2) == 0; argv++) {
		if (strcmp(*argv, "--again") == 0)
			again = true;
		else if (strcmp(*argv, "--libexec-dir") == 0)
			params.libexec_dir = *++argv;
		else if (strcmp(*argv, "--provider-dir") == 0)
			params.provider_dir = *++argv;
		else if (strcmp(*argv, "--stack-file") == 0)
			params.stack_file = *++argv;
		else if (strcmp(*argv, "--timeout") == 0)
			params.timeout = atoi(*++argv);
		else
			exit(complain(*argv, "no such option"));
	}
	return argv;
}

/* ---- a path ------------------------------------------------------------ */

static const struct path *
path_find(const char *name)
{
	const struct path *p = paths;

	while (p->name && strcmp(p->name, name ? name : "") != 0)
		p++;
	return p->name ? p : NULL;
}

/* What is there to be said of the lack of memory was said. */
static int
judge(const struct tokenward *tw, int r)
{
	const char *why = *failure ? failure : tokenward_error(tw);

	if (r != TOKENWARD_FAILED)
		return complain("another result", tokenward_result_name(r));
	if (!strstr(why, "out of memory") &&
	    !strstr(why, "Cannot allocate memory"))
		return complain("another sentence", why);
	return TOKENWARD_OK;
}

static int
go(struct tokenward **tw, const struct path *p, char **args)
{
	int r = *tw ? TOKENWARD_OK : tokenward_open(&params, tw);

	said_len = 0;
	if (r == TOKENWARD_OK)
		r = p->run(*tw, args);
	if (r != TOKENWARD_OK)
		complain(p->name, *failure ? failure : tokenward_error(*tw));
	return r;
}

/* One that could not even be opened cannot work; another one can. */
static int
go_again(struct tokenward **tw, const struct path *p, char **args, bool opened)
{
	int r;

	memory_enough();
	if (!opened) {
		tokenward_close(*tw);
		*tw = NULL;
	}
	r = go(tw, p, args);
	if (r == TOKENWARD_OK || r == p->again)
		return TOKENWARD_OK;
	return complain("the same handle", "it does not work again");
}

static int
descriptors(void)
{
	int fd, n = 0;

	for (fd = 0; fd < DESCRIPTORS; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int
nothing_left(int r, int before)
{
	if (secret_in_use && secret_in_use() > 0)
		return complain("when it was closed", "a secret is left");
	if (descriptors() != before)
		return complain("when it was closed", "a descriptor is left");
	return r;
}

int
main(int argc, char **argv)
{
	char **args = take_options(argv + (argc > 0));
	const struct path *p = path_find(*args);
	struct tokenward *tw = NULL;
	int r, before = descriptors();
	bool opened;

	if (!p)
		return complain(*args ? *args : "", "no such path");
	r = tokenward_open(&params, &tw);
	opened = r == TOKENWARD_OK;
	if (opened)
		r = go(&tw, p, args + 1);
	else
		complain("open", tokenward_error(tw));
	if (r != TOKENWARD_OK && again && memory_enough)
		r = judge(tw, r) ? BROKEN : go_again(&tw, p, args + 1, opened);
	tokenward_close(tw);
	r = nothing_left(r, before);
	if (r == TOKENWARD_OK && write(1, said, said_len) != (ssize_t)said_len)
		r = TOKENWARD_FAILED;
	_exit(r);
}
