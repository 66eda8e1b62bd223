/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions to a human, on /dev/tty without echo, or by a program.  Whatever happens, the
 * terminal is as it was before anybody else sees it: a signal ends the read,
 * the terminal is put right, and then the signal does what it does.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"
#include "cli.h"

#define PROMPT_MAX 512
#define TERMINAL_LINE_MAX 4095 /* the kernel drops the rest of a line */
#define TRIES 3

static const int signals[] = {
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU};
#define SIGNALS_N (sizeof signals / sizeof signals[0])

static volatile sig_atomic_t caught;

static void
on_signal(int s)
{
	caught = s;
}

struct guard {
	struct sigaction old[SIGNALS_N];
	sigset_t mask;
};

static void
guard_on(struct guard *g)
{
	struct sigaction act = {.sa_handler = on_signal};
	sigset_t all;

	caught = 0;
	sigemptyset(&all);
	for (size_t i = 0; i < SIGNALS_N; i++) {
		sigaction(signals[i], NULL, &g->old[i]);
		if (g->old[i].sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &act, NULL);
		if (signals[i] != SIGTTOU && signals[i] != SIGTTIN)
			sigaddset(&all, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &all, &g->mask);
}

static void
guard_off(const struct guard *g)
{
	for (size_t i = 0; i < SIGNALS_N; i++)
		sigaction(signals[i], &g->old[i], NULL);
	sigprocmask(SIG_SETMASK, &g->mask, NULL);
}

/* The rest of a line that is too long must not become the next answer. */
static long
too_long(int fd)
{
	tcflush(fd, TCIFLUSH);
	say("the answer is too long for a terminal; give it by file");
	return -1;
}

static long
read_line(int fd, const struct guard *g, char *answer, size_t cap)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	long n;

	if (ppoll(&p, 1, NULL, &g->mask) < 0)
		return -1;
	n = read(fd, answer, cap);
	if (n <= 0)
		return -1;
	if (answer[n - 1] == '\n')
		n--;
	else if ((size_t)n == cap)
		n = too_long(fd);
	return n >= TERMINAL_LINE_MAX - 1 ? too_long(fd) : n;
}

/* One try; -1 with caught set when a signal came between. */
static long
ask_quietly(
    int fd, const struct guard *g, const char *prompt, char *answer, size_t cap)
{
	struct termios old, quiet;
	long n;

	if (tcgetattr(fd, &old) != 0)
		return -1;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	quiet.c_lflag |= ICANON | ISIG;
	if (tcsetattr(fd, TCSAFLUSH, &quiet) != 0)
		return -1;
	write_all(fd, prompt, strlen(prompt));
	n = read_line(fd, g, answer, cap);
	write_all(fd, "\n", 1);
	while (tcsetattr(fd, TCSAFLUSH, &old) != 0 && errno == EINTR && !caught)
		;
	return n;
}

static long
ask_terminal(const char *prompt, char *answer, size_t cap)
{
	cleanup_close int fd = -1;
	struct guard g;
	long n;

	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return pinentry_possible() ? pinentry_ask(prompt, answer, cap)
					   : -1;
	for (;;) {
		guard_on(&g);
		n = ask_quietly(fd, &g, prompt, answer, cap);
		guard_off(&g);
		if (n >= 0 || !caught)
			return n;
		wipe(answer, cap);
		raise(caught); /* ends or stops us; then we ask again */
	}
}

/* So that it is not called a lack of somebody to ask. */
static long
no_memory(void)
{
	errno = ENOMEM;
	return -1;
}

static long
ask_once(const char *prompt, char *answer, size_t cap)
{
	cleanup_buf struct buf b = BUF_INIT;

	str_clean(&b, prompt, strlen(prompt), PROMPT_MAX);
	if (b.failed)
		return no_memory();
	if (cli.askpass)
		return askpass_ask(buf_str(&b), answer, cap);
	if (cli.pinentry)
		return pinentry_ask(buf_str(&b), answer, cap);
	return ask_terminal(buf_str(&b), answer, cap);
}

static long
ask_twice(const char *prompt, char *answer, size_t cap)
{
	char *again = secret_alloc(cap);
	long n = -1, m;

	if (!again)
		return no_memory();
	for (int i = 0; i < TRIES; i++) {
		n = ask_once(prompt, answer, cap);
		if (n < 0)
			break;
		m = ask_once("The same again: ", again, cap);
		if (m == n && memcmp(answer, again, (size_t)n) == 0)
			break;
		wipe(answer, cap);
		n = -1;
		if (m < 0)
			break;
		say("the two answers differ");
	}
	secret_free(again);
	return n;
}

long
ask_openly(const char *prompt, char *answer, size_t cap)
{
	cleanup_buf struct buf b = BUF_INIT;
	cleanup_close int fd = -1;
	ssize_t n;

	if (cli.no_input)
		return -1;
	if (cli.askpass)
		return ask_once(prompt, answer, cap);
	str_clean(&b, prompt, strlen(prompt), PROMPT_MAX);
	if (b.failed)
		return no_memory();
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -1;
	write_all(fd, b.data, b.len);
	do
		n = read(fd, answer, cap);
	while (n < 0 && errno == EINTR);
	return n > 0 && answer[n - 1] == '\n' ? n - 1 : n > 0 ? n : -1;
}

bool
ask_possible(void)
{
	cleanup_close int fd = -1;

	if (cli.no_input || cli.askpass || cli.pinentry)
		return !cli.no_input;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	return fd >= 0 || pinentry_possible();
}

long
ask(void *data, const struct tokenward_question *question, char *answer,
    size_t cap)
{
	(void)data;
	if (cli.no_input)
		return -1;
	return question->confirm ? ask_twice(question->prompt, answer, cap)
				 : ask_once(question->prompt, answer, cap);
}
