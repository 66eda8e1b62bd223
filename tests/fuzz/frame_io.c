/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames from a socket, as whoever is at its other end sends them: all that
 * comes out are whole lists, in their order, within the limit.
 */
#include <sys/socket.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/frame.h"
#include "fuzz.h"

#define MAX 4096

/* The next frame as the bytes have it: 1, 0 or -1 as frame_recv(). */
static int
expected(struct input *in, const uint8_t **ret, size_t *ret_len)
{
	size_t n;
	const uint8_t *head = input_bytes(in, 4, &n);

	if (n == 0)
		return 0;
	if (n < 4 || get_u32(head) > MAX)
		return -1;
	*ret = input_bytes(in, get_u32(head), ret_len);
	return *ret_len == get_u32(head) && frame_valid(*ret, *ret_len) ? 1
									: -1;
}

static int
receive(int fd, struct input in)
{
	int64_t deadline = clock_boot_ms() + 5000;
	int got, want;

	do {
		cleanup_buf struct buf b = BUF_SECRET_INIT;
		struct error err = {0};
		const uint8_t *list = NULL;
		size_t len = 0;

		want = expected(&in, &list, &len);
		faults_on();
		got = frame_recv(fd, MAX, &b, deadline, &err);
		faults_off();
		if (got < 0)
			fuzz_error(&err, err.code);
		if (faults_hit())
			return err.code;
		REQUIRE(got == want);
		REQUIRE(b.len == (got == 1 ? len : 0));
		REQUIRE(b.len == 0 || memcmp(b.data, list, len) == 0);
	} while (got == 1);
	return TOKENWARD_OK;
}

static int
once(struct input in)
{
	int fd[2], r;

	if (in.left > 65536)
		return TOKENWARD_OK;
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
	REQUIRE(send(fd[1], in.at, in.left, 0) == (ssize_t)in.left);
	close(fd[1]);
	r = receive(fd[0], in);
	close(fd[0]);
	return r;
}

FUZZ(frame_io)
{
	return fuzz_run(once, data, len);
}
