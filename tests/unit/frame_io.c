/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames over a socket: whole, in time, or a failure that says why. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/frame.h"
#include "failing.h"
#include "unit.h"

static int pair[2];

static void
open_pair(void)
{
	cr_assert_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
}

static void
close_pair(void)
{
	close(pair[0]);
	close(pair[1]);
}

TestSuite(frame_io, .init = open_pair, .fini = close_pair, .timeout = 20);

static int64_t
in_ms(int64_t ms)
{
	return clock_boot_ms() + ms;
}

static void
write_raw(const void *p, size_t len)
{
	cr_assert_eq(write_all(pair[0], p, len), 0);
}

Test(frame_io, a_frame_arrives_as_it_was_sent)
{
	struct buf list = BUF_SECRET_INIT, got = BUF_SECRET_INIT;
	struct error err;

	frame_put_str(&list, "key", "value");
	assert_ok(frame_send(pair[0], &list, in_ms(1000), &err), err);
	assert_ok(frame_send(pair[0], &list, in_ms(1000), &err), err);
	cr_assert_eq(
	    frame_recv(pair[1], FRAME_MAX, &got, in_ms(1000), &err), 1);
	cr_assert(buf_equal(&list, &got));
	cr_assert_eq(
	    frame_recv(pair[1], FRAME_MAX, &got, in_ms(1000), &err), 1);
	cr_assert_eq(got.len, 2 * list.len, "appended");
	buf_free(&list);
	buf_free(&got);
}

Test(frame_io, an_empty_list_is_a_frame)
{
	struct buf list = BUF_INIT, got = BUF_INIT;
	struct error err;

	assert_ok(frame_send(pair[0], &list, in_ms(1000), &err), err);
	cr_assert_eq(frame_recv(pair[1], 10, &got, in_ms(1000), &err), 1);
	cr_assert_eq(got.len, 0);
	buf_free(&got);
}

Test(frame_io, the_end_before_the_first_byte_is_no_failure)
{
	struct buf got = BUF_INIT;
	struct error err;

	shutdown(pair[0], SHUT_WR);
	cr_assert_eq(frame_recv(pair[1], 10, &got, in_ms(1000), &err), 0);
	buf_free(&got);
}

Test(frame_io, what_is_cut_off_too_large_or_malformed_is_refused)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *words;
	} rows[] = {
	    {"\0", 1, "cut off"},
	    {"\0\0\0", 3, "cut off"},
	    {"\0\0\0\7", 4, "cut off"},
	    {"\0\0\0\7\1k\0\0\0\1", 10, "cut off"},
	    {"\0\0\0\13", 4, "too large"},
	    {"\xff\xff\xff\xff", 4, "too large"},
	    {"\0\0\0\7\1K\0\0\0\1v", 11, "malformed"},
	    {"\0\0\0\7\1k\0\0\0\2v", 11, "malformed"},
	};
	struct buf got = BUF_INIT;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		close_pair();
		open_pair();
		write_raw(rows[i].bytes, rows[i].len);
		shutdown(pair[0], SHUT_WR);
		cr_assert_eq(
		    frame_recv(pair[1], 10, &got, in_ms(1000), &err), -1);
		cr_assert_eq(err.code, TOKENWARD_UNAVAILABLE);
		cr_assert(strstr(err.text, rows[i].words), "row %zu: %s", i,
		    err.text);
		cr_assert_eq(got.len, 0);
	}
	buf_free(&got);
}

Test(frame_io, silence_ends_at_the_deadline)
{
	struct buf got = BUF_INIT;
	struct error err;
	int64_t start = clock_boot_ms();

	write_raw("\0\0", 2);
	cr_assert_eq(frame_recv(pair[1], 10, &got, in_ms(100), &err), -1);
	cr_assert(strstr(err.text, "deadline") != NULL, "%s", err.text);
	cr_assert(clock_boot_ms() - start >= 99);
	cr_assert(clock_boot_ms() - start < 2000);
	buf_free(&got);
}

Test(frame_io, a_peer_that_does_not_read_is_left_at_the_deadline)
{
	static const unsigned char zeros[3 << 20];
	struct buf list = BUF_INIT;
	struct error err;
	int64_t start = clock_boot_ms();

	frame_put(&list, "k", zeros, sizeof(zeros));
	assert_fails(frame_send(pair[0], &list, in_ms(100), &err), err,
	    TOKENWARD_UNAVAILABLE, "deadline");
	cr_assert(clock_boot_ms() - start < 2000);
	buf_free(&list);
}

Test(frame_io, a_peer_that_is_gone_raises_no_signal)
{
	struct buf list = BUF_INIT;
	struct error err;

	signal(SIGPIPE, SIG_DFL);
	frame_put_str(&list, "k", "v");
	close(pair[1]);
	pair[1] = -1;
	assert_fails(frame_send(pair[0], &list, in_ms(1000), &err), err,
	    TOKENWARD_UNAVAILABLE, "sending");
	buf_free(&list);
}

Test(frame_io, a_list_that_failed_or_is_too_large_is_not_sent)
{
	static const unsigned char zeros[FRAME_MAX];
	struct buf list = BUF_INIT;
	struct error err;

	list.failed = true;
	assert_fails(frame_send(pair[0], &list, in_ms(1000), &err), err,
	    TOKENWARD_FAILED, "memory");
	list.failed = false;
	buf_put(&list, zeros, sizeof(zeros));
	buf_put_byte(&list, 0);
	assert_fails(frame_send(pair[0], &list, in_ms(1000), &err), err,
	    TOKENWARD_FAILED, "too large");
	shutdown(pair[0], SHUT_WR);
	cr_assert_eq(read(pair[1], &err, 1), 0, "nothing was sent");
	buf_free(&list);
}

/* One frame there and back while that call fails once. */
static int
trip(const char *call, unsigned nth, int error, struct error *err)
{
	struct buf list = BUF_INIT, got = BUF_INIT;
	int r, n;

	frame_put_str(&list, "key", "value");
	failing_begin(call, nth, error);
	r = frame_send(pair[0], &list, in_ms(2000), err);
	n = r ? -1 : frame_recv(pair[1], 100, &got, in_ms(2000), err);
	cr_assert(failing_end(), "%s %u", call, nth);
	cr_assert_eq(n, r ? -1 : (n < 0 ? -1 : 1));
	cr_assert(n < 0 || buf_equal(&list, &got));
	cr_assert(n > 0 || got.len == 0);
	buf_free(&list);
	buf_free(&got);
	return n;
}

Test(frame_io, what_is_interrupted_or_would_block_is_done_again)
{
	struct error err;

	cr_assert_eq(trip("send", 1, EINTR, &err), 1);
	cr_assert_eq(trip("send", 2, EINTR, &err), 1);
	cr_assert_eq(trip("send", 1, EAGAIN, &err), 1);
	cr_assert_eq(trip("recv", 1, EINTR, &err), 1);
	cr_assert_eq(trip("recv", 2, EINTR, &err), 1);
	cr_assert_eq(trip("recv", 2, EAGAIN, &err), 1);
}

Test(frame_io, what_fails_says_why)
{
	struct error err;

	cr_assert_eq(trip("send", 1, EIO, &err), -1);
	cr_assert_eq(err.code, TOKENWARD_UNAVAILABLE);
	cr_assert_str_eq(err.text, "sending a frame: Input/output error");
	cr_assert_eq(trip("recv", 1, EIO, &err), -1);
	cr_assert_eq(err.code, TOKENWARD_UNAVAILABLE);
	cr_assert_str_eq(err.text, "receiving a frame: Input/output error");
}

/* Nothing is there to be received yet, so that it has to wait. */
static int
wait_while(int error, struct error *err)
{
	struct buf got = BUF_INIT;
	int n;

	failing_begin("poll", 1, error);
	n = frame_recv(pair[1], 100, &got, in_ms(300), err);
	cr_assert(failing_end());
	buf_free(&got);
	return n;
}

Test(frame_io, waiting_that_is_interrupted_goes_on_and_that_fails_does_not)
{
	int64_t begun = clock_boot_ms();
	struct error err;

	cr_assert_eq(wait_while(EIO, &err), -1);
	cr_assert(strstr(err.text, "Input/output error"));
	cr_assert(clock_boot_ms() - begun < 250);
	begun = clock_boot_ms();
	cr_assert_eq(wait_while(EINTR, &err), -1);
	cr_assert(strstr(err.text, "no answer within the deadline"));
	cr_assert(clock_boot_ms() - begun >= 299);
}

Test(frame_io, a_frame_that_there_is_no_memory_for_is_not_malformed)
{
	struct buf list = BUF_INIT, got = BUF_INIT;
	struct error err;

	frame_put_str(&list, "key", "value");
	assert_ok(frame_send(pair[0], &list, in_ms(1000), &err), err);
	failing_begin("memory", 1, ENOMEM);
	cr_assert_eq(frame_recv(pair[1], 100, &got, in_ms(1000), &err), -1);
	cr_assert(failing_end());
	cr_assert_eq(err.code, TOKENWARD_FAILED);
	cr_assert(strstr(err.text, "memory"));
	buf_free(&list);
	buf_free(&got);
}

Test(frame_io, the_limit_is_the_lists_length)
{
	struct buf list = BUF_INIT, got = BUF_INIT;
	struct error err;

	frame_put(&list, "k", "0123", 4);
	cr_assert_eq(list.len, 10);
	assert_ok(frame_send(pair[0], &list, in_ms(1000), &err), err);
	cr_assert_eq(frame_recv(pair[1], 10, &got, in_ms(1000), &err), 1);
	assert_ok(frame_send(pair[0], &list, in_ms(1000), &err), err);
	cr_assert_eq(frame_recv(pair[1], 9, &got, in_ms(1000), &err), -1);
	buf_free(&list);
	buf_free(&got);
}

static void *
send_slowly(void *data)
{
	const struct buf *raw = data;
	size_t i;

	for (i = 0; i < raw->len; i++) {
		if (write(pair[0], raw->data + i, 1) != 1)
			break;
		clock_sleep_ms(1);
	}
	return NULL;
}

Test(frame_io, byte_by_byte_is_as_good_as_at_once)
{
	struct buf list = BUF_INIT, raw = BUF_INIT, got = BUF_INIT;
	struct error err;
	pthread_t thread;

	frame_put_str(&list, "key", "a value of some length");
	buf_put_u32(&raw, (uint32_t)list.len);
	buf_put(&raw, list.data, list.len);
	cr_assert_eq(pthread_create(&thread, NULL, send_slowly, &raw), 0);
	cr_assert_eq(frame_recv(pair[1], 100, &got, in_ms(5000), &err), 1, "%s",
	    err.text);
	cr_assert(buf_equal(&list, &got));
	pthread_join(thread, NULL);
	buf_free(&list);
	buf_free(&raw);
	buf_free(&got);
}
