/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What curl says in its first run passes through here, because an answer
 * that will be asked for again must not be seen.  The status is known from
 * the headers, which curl writes before the body.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "cli.h"

#define HELD_MAX (1u << 20)
#define AT_ONCE 65536

/* A proxy's answer to CONNECT is a success of its own, of no concern. */
static void
end_line(struct relay *r)
{
	int status;

	r->line[r->line_len] = '\0';
	r->line_len = 0;
	if (!str_prefix(r->line, "HTTP/"))
		return;
	status = atoi(r->line + strcspn(r->line, " "));
	if (r->status >= 200 && r->status < 300)
		r->other_good = true;
	r->status = strstr(r->line, "onnection") ? 0 : status;
}

static void
take_headers(struct relay *r, const char *p, size_t len)
{
	for (; len > 0; p++, len--)
		if (*p == '\n')
			end_line(r);
		else if (r->line_len < sizeof r->line - 1)
			r->line[r->line_len++] = *p;
}

static void
close_channel(int *fd)
{
	close(*fd);
	*fd = -1;
}

static void
read_headers(struct relay *r)
{
	char b[4096];
	ssize_t n = read(r->headers, b, sizeof b);

	if (n > 0)
		take_headers(r, b, (size_t)n);
	else if (n == 0 || errno != EINTR)
		close_channel(&r->headers);
}

static int
write_out(struct channel *c, const void *p, size_t len)
{
	int e = write_all(c->to, p, len);

	if (e == 0 || c->to != STDOUT_FILENO || cli.error.code)
		return e;
	errno = e;
	error_errno(
	    &cli.error, TOKENWARD_FAILED, "cannot write to standard output");
	return e;
}

static int
release(struct channel *c)
{
	int e = c->held.len ? write_out(c, c->held.data, c->held.len) : 0;

	buf_clear(&c->held);
	return e;
}

int
relay_release(struct relay *r)
{
	release(&r->err);
	release(&r->out);
	return cli.error.code;
}

static int
pass(struct relay *r, struct channel *c, const char *p, size_t len)
{
	if (r->status == 401 && !r->too_much) {
		buf_put(&c->held, p, len);
		r->too_much = c->held.failed || c->held.len > HELD_MAX;
		return r->too_much ? release(c) : 0;
	}
	return release(c) ? -1 : write_out(c, p, len);
}

/* A reader that went away is told to curl by a closed pipe. */
static void
read_channel(struct relay *r, struct channel *c, char *b)
{
	ssize_t n = read(c->from, b, AT_ONCE);

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0 || pass(r, c, b, (size_t)n) != 0)
		close_channel(&c->from);
}

/* Headers first: they decide what happens to the rest. */
static bool
drain_headers(struct relay *r)
{
	struct pollfd p = {.fd = r->headers, .events = POLLIN};

	if (r->headers < 0 || poll(&p, 1, 0) <= 0 || !(p.revents))
		return false;
	read_headers(r);
	return true;
}

int
relay_run(struct relay *r)
{
	char *b = malloc(AT_ONCE);

	if (!b)
		return error_memory(&cli.error);
	while (r->out.from >= 0 || r->err.from >= 0 || r->headers >= 0) {
		struct pollfd p[] = {{r->headers, POLLIN, 0},
		    {r->out.from, POLLIN, 0}, {r->err.from, POLLIN, 0}};

		if (poll(p, 3, -1) < 0)
			continue;
		while (drain_headers(r))
			;
		if (p[1].revents)
			read_channel(r, &r->out, b);
		if (p[2].revents)
			read_channel(r, &r->err, b);
	}
	free(b);
	return TOKENWARD_OK;
}

void
relay_free(struct relay *r)
{
	int *fds[] = {&r->headers, &r->out.from, &r->err.from};

	for (size_t i = 0; i < 3; i++)
		if (*fds[i] >= 0)
			close_channel(fds[i]);
	buf_free(&r->out.held);
	buf_free(&r->err.held);
}
