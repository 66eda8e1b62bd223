/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tokenward curl: calls an API.  The token reaches curl as a configuration
 * on a pipe, never as an argument.  After a 401 the token is rejected and
 * the call made once more with another one, unless the request cannot be
 * repeated: a body from a pipe is gone, and of several transfers one that
 * succeeded must not happen twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "cli.h"

struct run {                 /* one run of curl */
	struct relay *relay; /* NULL: curl has our own output */
	int config[2], headers[2], out[2], err[2];
	char config_path[32], headers_path[32];
	int raw; /* as waitpid() has it */
};

static volatile sig_atomic_t child_pid;
static const int guarded[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
#define GUARDED (sizeof guarded / sizeof guarded[0])
static struct sigaction unguarded[GUARDED];

static void
forward(int s)
{
	int e = errno;

	kill(child_pid, s);
	errno = e;
}

/* The terminal tells curl by itself; the others are passed on. */
static void
guard_signals(int pid)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction pass = {.sa_handler = forward, .sa_flags = SA_RESTART};

	child_pid = pid;
	for (size_t i = 0; i < GUARDED; i++)
		sigaction(guarded[i],
		    guarded[i] == SIGINT || guarded[i] == SIGQUIT ? &ignore
								  : &pass,
		    &unguarded[i]);
}

/* Without curl they are ours again: another token may take its time. */
static void
unguard_signals(void)
{
	for (size_t i = 0; i < GUARDED; i++)
		sigaction(guarded[i], &unguarded[i], NULL);
}

static bool
open_pipes(struct run *run)
{
	int *pipes[] = {run->config, run->headers, run->out, run->err};
	size_t n = run->relay ? 4 : 1;

	for (size_t i = 0; i < 4; i++)
		pipes[i][0] = pipes[i][1] = -1;
	for (size_t i = 0; i < n; i++)
		if (pipe2(pipes[i], O_CLOEXEC) != 0)
			return false;
	snprintf(run->config_path, sizeof run->config_path, "/dev/fd/%d",
	    run->config[0]);
	snprintf(run->headers_path, sizeof run->headers_path, "/dev/fd/%d",
	    run->headers[1]);
	return true;
}

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
close_pipes(struct run *run)
{
	int *pipes[] = {run->config, run->headers, run->out, run->err};

	for (size_t i = 0; i < 4; i++) {
		close_one(&pipes[i][0]);
		close_one(&pipes[i][1]);
	}
}

/* -q counts only as curl's first argument. */
static char **
build_arguments(struct run *run)
{
	size_t n = 0, k = 0;
	char **rest = cli.rest, **argv;

	while (rest[n])
		n++;
	argv = calloc(n + 8, sizeof *argv);
	if (!argv)
		return NULL;
	argv[k++] = (char *)"curl";
	if (*rest && (str_equal(*rest, "-q") || str_equal(*rest, "--disable")))
		argv[k++] = *rest++;
	argv[k++] = (char *)"--config";
	argv[k++] = run->config_path;
	if (run->relay) {
		argv[k++] = (char *)"--dump-header";
		argv[k++] = run->headers_path;
		if (isatty(STDOUT_FILENO))
			argv[k++] = (char *)"--no-progress-meter";
	}
	while (*rest)
		argv[k++] = *rest++;
	return argv;
}

static int
start(struct run *run)
{
	cleanup_free char **argv = build_arguments(run);
	int keep[] = {run->config[0], run->headers[1], -1};
	struct child c = {.argv = argv,
	    .search = true,
	    .in = -1,
	    .out = run->out[1],
	    .err = run->err[1],
	    .keep = keep};

	return argv ? child_start(&c) : -1;
}

static void
hand_over(struct run *run)
{
	close_one(&run->config[0]);
	close_one(&run->headers[1]);
	close_one(&run->out[1]);
	close_one(&run->err[1]);
	if (!run->relay)
		return;
	run->relay->headers = take_fd(run->headers[0]);
	run->relay->out.from = take_fd(run->out[0]);
	run->relay->err.from = take_fd(run->err[0]);
}

static int
run_curl(struct run *run, const struct tokenward_token *token)
{
	cleanup_buf struct buf config = BUF_SECRET_INIT;
	int pid = -1, r = TOKENWARD_OK;

	token_put_curl(&config, token);
	if (config.failed)
		return error_memory(&cli.error);
	if (open_pipes(run))
		pid = start(run);
	if (pid < 0 && errno == ENOMEM) {
		close_pipes(run);
		return error_memory(&cli.error);
	}
	if (pid < 0) {
		cli.status = errno == ENOENT ? 127 : 126;
		error_errno(
		    &cli.error, TOKENWARD_FAILED, "curl: cannot run curl");
		close_pipes(run);
		return TOKENWARD_FAILED;
	}
	guard_signals(pid);
	hand_over(run);
	write_all(run->config[1], config.data, config.len);
	close_one(&run->config[1]);
	if (run->relay)
		r = relay_run(run->relay);
	child_wait(pid, &run->raw);
	unguard_signals();
	close_pipes(run);
	return r;
}

/* Any argument that may let curl read standard input. */
static bool
reads_stdin(void)
{
	for (char **a = cli.rest; *a; a++) {
		size_t len = strlen(*a);

		if (str_equal(*a, ".") || (len > 0 && (*a)[len - 1] == '-') ||
		    strstr(*a, "@-") || strstr(*a, "<-"))
			return true;
	}
	return false;
}

/* A file can be read again from where it stood, a pipe cannot. */
static bool
can_repeat(const struct relay *relay, off_t stdin_at)
{
	if (relay->status != 401 || relay->other_good || relay->too_much)
		return false;
	if (!reads_stdin())
		return true;
	if (stdin_at >= 0 && lseek(STDIN_FILENO, stdin_at, SEEK_SET) >= 0)
		return true;
	say("%s: the API answered 401; the request's body came from standard "
	    "input and cannot be sent again",
	    cli.name);
	return false;
}

/* curl's end is ours, by a signal too. */
static int
end_as(int raw)
{
	if (WIFEXITED(raw))
		return WEXITSTATUS(raw);
	signal(WTERMSIG(raw), SIG_DFL);
	tokenward_close(cli.tw);
	cli.tw = NULL;
	raise(WTERMSIG(raw));
	return 128 + WTERMSIG(raw);
}

static int
no_other_token(struct relay *relay)
{
	error_prefix(
	    &cli.error, "the API answered 401 and there is no other token: ");
	relay_release(relay);
	return cli.error.code;
}

static int
run_again(struct relay *relay, const struct tokenward_token *refused)
{
	struct run run = {.relay = NULL};
	struct tokenward_token *token;
	int r;

	if (library_result(tokenward_reject(cli.tw, cli.name, refused)) ||
	    token_get(cli.name, 0, &token))
		return no_other_token(relay);
	if (cli.verbose)
		say("%s: the API answered 401; once more with another token",
		    cli.name);
	r = run_curl(&run, token);
	tokenward_token_free(token);
	return r ? r : end_as(run.raw);
}

static int
call(const struct tokenward_token *token)
{
	struct relay relay = {.headers = -1,
	    .out = {.from = -1, .to = STDOUT_FILENO},
	    .err = {.from = -1, .to = STDERR_FILENO}};
	struct run run = {.relay = &relay};
	off_t stdin_at = lseek(STDIN_FILENO, 0, SEEK_CUR);
	int r = run_curl(&run, token);

	if (r == TOKENWARD_OK && cli.error.code == 0) {
		if (WIFEXITED(run.raw) && can_repeat(&relay, stdin_at))
			r = run_again(&relay, token);
		else
			r = relay_release(&relay) ? cli.error.code
						  : end_as(run.raw);
	}
	relay_free(&relay);
	return r;
}

int
cmd_curl(void)
{
	struct tokenward_token *token;
	int r;

	if (!cli.has_rest || !cli.rest[0])
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "curl: what is to be called? tokenward curl NAME -- URL");
	r = token_get(cli.name, 0, &token);
	if (r)
		return r;
	r = call(token);
	tokenward_token_free(token);
	return r;
}
