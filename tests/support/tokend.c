/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tokend: a token server on loopback that behaves as four vendors document
 * theirs, and as RFC 6749 says, for the tests and for the first run. How
 * tests look into it and change it is in control.c. Whom it knows stands in
 * a table at the end of each vendor's file and is printed by --help; none of
 * it is secret:
 *
 *   cliquify   cliquify-demo, cliquify-other
 *   myparcel   myparcel-demo, myparcel-other
 *   tiki       tiki-basic, tiki-post: the one method each may use
 *   netwrix    netwrix-demo, netwrix-next: secrets good for 72 hours
 *   generic    generic-demo, generic-basic, generic-post, generic-admin,
 *              "we:ird id+%" with the secret "p@ss w%rd:+~!/="
 *
 * The secret of each but the last is its id and "-secret".
 */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tokend.h"

struct options {
	const char *tls, *ready, *state;
	int port;
	long max_seconds;
	bool second, stay;
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},
    {"tls", required_argument, NULL, 't'},
    {"ready", required_argument, NULL, 'r'},
    {"state", required_argument, NULL, 's'},
    {"max-seconds", required_argument, NULL, 'm'},
    {"second-port", no_argument, NULL, '2'},
    {"stay", no_argument, NULL, 'y'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const char usage_text[] =
    "usage: tokend [--port N] [--tls DIR] [--ready FILE] [--state DIR]\n"
    "              [--second-port] [--max-seconds N] [--stay]\n"
    "\n"
    "A token server for tests, on 127.0.0.1 only.\n"
    "\n"
    "  --port N         listen there; 0, the default: any free port\n"
    "  --tls DIR        https with DIR/server.pem and DIR/server.key, made\n"
    "                   by mkpki DIR; the client's CA is DIR/ca.pem\n"
    "  --ready FILE     write {\"port\",\"pid\",\"base\"} there once "
    "listening\n"
    "  --state DIR      append every answered request to DIR/requests.jsonl\n"
    "                   and write DIR/count.json at the end\n"
    "  --second-port    also listen where nothing is answered, only noted\n"
    "  --max-seconds N  end after so long (600)\n"
    "  --stay           do not end when the parent does\n";

static void
help(void)
{
	fputs(usage_text, stdout);
	for (size_t i = 0; vendors[i] != NULL; i++) {
		const struct route *r = vendors[i]->routes;
		const struct builtin *c = vendors[i]->clients;

		printf("\n%s\n", vendors[i]->name);
		for (; r->path != NULL; r++)
			printf("  %-10s  %s\n", r->kind, r->path);
		for (; c->id != NULL; c++)
			printf("  client      \"%s\" \"%s\", %s, scopes: %s\n",
			    c->id, c->secret, c->method, c->scopes);
	}
	puts("\nControl, by GET: /_/count /_/log /_/clients /_/second "
	     "/_/clock\nBy POST of JSON: /_/reset /_/script /_/config "
	     "/_/clients /_/revoke /_/clock");
}

static int
number(const char *name, const char *s, long max, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(s, &end, 10);
	if (errno == 0 && *s != '\0' && *end == '\0' && *ret >= 0 &&
	    *ret <= max)
		return 0;
	fprintf(
	    stderr, "tokend: --%s: %s is no number up to %ld\n", name, s, max);
	return -1;
}

static int
read_options(int argc, char **argv, struct options *o)
{
	long n;
	int c;

	while ((c = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (c == 'h') {
			help();
			exit(0);
		} else if (c == 'p') {
			if (number("port", optarg, 65535, &n) != 0)
				return -1;
			o->port = (int)n;
		} else if (c == 'm') {
			if (number("max-seconds", optarg, 86400,
				&o->max_seconds) != 0)
				return -1;
		} else if (c == 't') {
			o->tls = optarg;
		} else if (c == 'r') {
			o->ready = optarg;
		} else if (c == 's') {
			o->state = optarg;
		} else if (c == '2') {
			o->second = true;
		} else if (c == 'y') {
			o->stay = true;
		} else {
			return -1;
		}
	}
	return optind == argc ? 0 : -1;
}

/* Whole or not at all: a reader must never see half a file. */
static int
write_file(const char *path, const char *line)
{
	char *part = text("%s.new", path);
	FILE *f = fopen(part, "we");
	int result = -1;

	if (f != NULL && fprintf(f, "%s\n", line) > 0 && fclose(f) == 0 &&
	    rename(part, path) == 0)
		result = 0;
	else
		fprintf(stderr, "tokend: %s: %m\n", part);
	free(part);
	return result;
}

static int
announce(const struct options *o)
{
	char *line = text("{\"port\":%d,\"pid\":%ld,\"base\":"
			  "\"%s://localhost:%d\",\"second\":%d}",
	    o->port, (long)getpid(), o->tls != NULL ? "https" : "http", o->port,
	    second_port());
	int result = 0;

	puts(line);
	fflush(stdout);
	if (o->ready != NULL)
		result = write_file(o->ready, line);
	free(line);
	return result;
}

static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* A descriptor that is readable when it is time to end. */
static int
watch_signals(bool stay)
{
	pid_t parent = getppid();
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (!stay) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			raise(SIGTERM);
	}
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int
sooner(long long a, long long b)
{
	long long least = a < 0 ? b : b < 0 || a < b ? a : b;

	return least > INT_MAX ? INT_MAX : (int)least;
}

static void
serve(int signals, long max_seconds)
{
	long long end = mono_ms() + max_seconds * 1000LL, left;
	struct pollfd fds[] = {
	    {.fd = signals, .events = POLLIN},
	    {.fd = http_poll_fd(), .events = POLLIN},
	    {.fd = second_poll_fd(), .events = POLLIN},
	};

	while ((left = end - mono_ms()) > 0) {
		int wait = sooner(http_timeout(), timer_next());

		if (poll(fds, 3, sooner(wait, left)) < 0 && errno != EINTR)
			break;
		if (fds[0].revents != 0)
			break;
		if (fds[2].revents != 0)
			second_run();
		timer_run();
		http_run();
	}
}

static void
finish(const struct options *o, int signals)
{
	struct json_object *count = count_json();
	char *path;

	if (o->state != NULL && count != NULL) {
		path = text("%s/count.json", o->state);
		write_file(path, json_object_to_json_string(count));
		free(path);
	}
	json_object_put(count);
	http_stop();
	second_stop();
	script_reset();
	clients_free();
	tokens_free();
	settings_reset();
	count_free();
	log_close();
	close(signals);
}

int
main(int argc, char **argv)
{
	struct options o = {.max_seconds = 600};
	int listener, signals, result = 1;

	if (read_options(argc, argv, &o) != 0) {
		fputs(usage_text, stderr);
		return 2;
	}
	raise_limits();
	signals = watch_signals(o.stay);
	settings_reset();
	clients_reset();
	count_reset();
	log_open(o.state);
	listener = listen_loopback(&o.port);
	if (listener < 0 || (o.second && second_start() != 0))
		fprintf(stderr, "tokend: cannot listen: %m\n");
	else if (http_start(listener, o.tls) != 0)
		fputs("tokend: the server did not start\n", stderr);
	else if (announce(&o) == 0) {
		serve(signals, o.max_seconds);
		result = 0;
	}
	finish(&o, signals);
	return result;
}
