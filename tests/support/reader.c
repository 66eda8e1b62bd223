/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends a body in the ways a script asks for: padded to a size, cut off
 * before its announced end, a byte at a time, without a length.
 */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "tokend.h"

struct reader {
	struct MHD_Connection *conn;
	struct bytes body;
	uint64_t size, stop; /* announced; sent before the line is cut */
	long long trickle_ms, next_ms;
	struct timer timer;
};

static void
resume(void *arg)
{
	struct reader *r = arg;

	MHD_resume_connection(r->conn);
}

/* True: it is too early for the next byte. */
static bool
waits(struct reader *r)
{
	long long left = r->next_ms - mono_ms();

	if (r->trickle_ms <= 0)
		return false;
	if (left > 0 && !http_stopping()) {
		MHD_suspend_connection(r->conn);
		timer_start(&r->timer, left, resume, r);
		return true;
	}
	r->next_ms = mono_ms() + r->trickle_ms;
	return false;
}

static ssize_t
more(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct reader *r = cls;
	uint64_t left = r->stop - pos;
	size_t n = max;

	if (http_stopping() || (left == 0 && r->stop < r->size))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (left == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (waits(r))
		return 0;
	if (n > left)
		n = (size_t)left;
	if (r->trickle_ms > 0)
		n = 1;
	memset(buf, ' ', n);
	if (pos < r->body.len) {
		size_t have = r->body.len - (size_t)pos;

		memcpy(buf, r->body.data + pos, have < n ? have : n);
	}
	return (ssize_t)n;
}

static void
done(void *cls)
{
	struct reader *r = cls;

	timer_stop(&r->timer);
	bytes_free(&r->body);
	free(r);
}

struct MHD_Response *
reader_response(struct request *req)
{
	struct answer *a = &req->answer;
	struct reader *r = xcalloc(1, sizeof(*r));
	struct MHD_Response *res;

	r->conn = req->conn;
	r->body = a->body;
	a->body = (struct bytes){0};
	r->size = r->body.len;
	if (a->pad_to >= 0 && (uint64_t)a->pad_to > r->size)
		r->size = (uint64_t)a->pad_to;
	r->stop = r->size;
	if (a->truncate >= 0 && (uint64_t)a->truncate < r->size)
		r->stop = (uint64_t)a->truncate;
	r->trickle_ms = a->trickle_ms;
	res = MHD_create_response_from_callback(
	    a->chunked ? MHD_SIZE_UNKNOWN : r->size, 16384, more, r, done);
	if (res == NULL)
		abort();
	return res;
}
