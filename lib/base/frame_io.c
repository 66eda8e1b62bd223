/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames over a socket, within a deadline. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "base/frame.h"

/* 1 ready, 0 out of time, -1 errno */
static int
wait_for(int fd, short events, int64_t deadline_ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t left;
	int got;

	for (;;) {
		left = deadline_ms - clock_boot_ms();
		if (left <= 0)
			return 0;
		got = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (got > 0)
			return 1;
		if (got < 0 && errno != EINTR)
			return -1;
	}
}

static bool
retry(int fd, short events, int64_t deadline_ms, int *got)
{
	if (errno == EINTR)
		return true;
	if (errno != EAGAIN)
		return false;
	*got = wait_for(fd, events, deadline_ms);
	return *got == 1;
}

static int
failed(struct error *err, int got, const char *what)
{
	if (got == 0)
		return error_set(err, TOKENWARD_UNAVAILABLE,
		    "%s: no answer within the deadline", what);
	return error_errno(err, TOKENWARD_UNAVAILABLE, "%s", what);
}

static int
send_bytes(int fd, const unsigned char *p, size_t len, int64_t deadline_ms,
    struct error *err)
{
	ssize_t n;
	int got = -1;

	while (len > 0) {
		n = send(fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && !retry(fd, POLLOUT, deadline_ms, &got))
			return failed(err, got, "sending a frame");
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return TOKENWARD_OK;
}

int
frame_send(
    int fd, const struct buf *list, int64_t deadline_ms, struct error *err)
{
	unsigned char head[4] = {(unsigned char)(list->len >> 24),
	    (unsigned char)(list->len >> 16), (unsigned char)(list->len >> 8),
	    (unsigned char)list->len};
	int r;

	if (list->failed)
		return error_memory(err);
	if (list->len > FRAME_MAX)
		return error_set(err, TOKENWARD_FAILED,
		    "a frame of %zu bytes is too large", list->len);
	r = send_bytes(fd, head, sizeof(head), deadline_ms, err);
	return r ? r : send_bytes(fd, list->data, list->len, deadline_ms, err);
}

/* Bytes read, fewer only at the end of file; -1 with err. */
static ssize_t
recv_bytes(int fd, unsigned char *p, size_t len, int64_t deadline_ms,
    struct error *err)
{
	size_t have = 0;
	ssize_t n;
	int got = -1;

	while (have < len) {
		n = recv(fd, p + have, len - have, MSG_DONTWAIT);
		if (n == 0)
			break;
		if (n < 0 && !retry(fd, POLLIN, deadline_ms, &got)) {
			failed(err, got, "receiving a frame");
			return -1;
		}
		if (n > 0)
			have += (size_t)n;
	}
	return (ssize_t)have;
}

static int
recv_failed(struct error *err, const char *what)
{
	error_set(err, TOKENWARD_UNAVAILABLE, "receiving a frame: %s", what);
	return -1;
}

int
frame_recv(
    int fd, size_t max, struct buf *b, int64_t deadline_ms, struct error *err)
{
	unsigned char head[4], *room;
	ssize_t n = recv_bytes(fd, head, sizeof(head), deadline_ms, err);
	size_t len;

	if (n <= 0)
		return (int)n;
	if (n < (ssize_t)sizeof(head))
		return recv_failed(err, "cut off");
	len = get_u32(head);
	if (len > max || len > FRAME_MAX)
		return recv_failed(err, "too large");
	room = buf_room(b, len);
	if (!room) {
		error_memory(err);
		return -1;
	}
	n = recv_bytes(fd, room, len, deadline_ms, err);
	if (n < 0)
		return -1;
	if ((size_t)n < len || !frame_valid(room, len))
		return recv_failed(err, "cut off or malformed");
	b->len += len;
	b->data[b->len] = 0;
	return 1;
}
