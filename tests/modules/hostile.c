/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A module that misbehaves as its name says: the program is copied to
 * NAME-hello, NAME-start or NAME-open, and does NAME at that point.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/frame.h"

static const char *me;

struct hello {
	int abi;
	const char *kind, *name, *variable;
};

static struct hello
honest(void)
{
	return (struct hello){.abi = 1, .kind = "key", .name = me};
}

static void
send_frame(const struct buf *b)
{
	struct error err;

	frame_send(0, b, clock_boot_ms() + 60000, &err);
}

static void
put_hello(struct buf *b, const struct hello *h)
{
	frame_put_num(b, "abi", h->abi);
	frame_put_str(b, "kind", h->kind);
	frame_put_str(b, "name", h->name);
	frame_put_str(b, "version", "1");
	frame_put_str(b, "summary", "hostile");
	if (h->variable)
		frame_put_str(b, "environment", h->variable);
}

static void
say_hello(struct hello h)
{
	cleanup_buf struct buf b = BUF_INIT;

	put_hello(&b, &h);
	send_frame(&b);
}

/* Waits for a request; its id. */
static int64_t
hear(void)
{
	cleanup_buf struct buf b = BUF_INIT;
	struct frame_field f;
	struct error err;
	int64_t id = -1;

	if (frame_recv(0, FRAME_MAX, &b, clock_boot_ms() + 600000, &err) == 1 &&
	    frame_find(b.data, b.len, "id", &f))
		frame_num(&f, &id);
	if (id < 0)
		exit(0);
	return id;
}

static void
put_answer(struct buf *b, int64_t id, const char *result)
{
	static const unsigned char kek[32] = "a key that must not be taken...";

	frame_put_num(b, "id", id);
	frame_put_str(b, "result", result);
	frame_put(b, "kek", kek, sizeof(kek));
}

static void
answer(int64_t id, const char *result)
{
	cleanup_buf struct buf b = BUF_INIT;

	put_answer(&b, id, result);
	send_frame(&b);
}

/* ---- what it does ------------------------------------------------------ */

static void
hang(int64_t id)
{
	(void)id;
	signal(SIGTERM, SIG_IGN);
	for (;;)
		pause();
}

static void
spin(int64_t id)
{
	(void)id;
	for (;;)
		;
}

static void
crash(int64_t id)
{
	(void)id;
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

static void
leave(int64_t id)
{
	(void)id;
	exit(3);
}

static void
close_it(int64_t id)
{
	close(0);
	hang(id);
}

static void
send_raw(const void *data, size_t len)
{
	if (send(0, data, len, MSG_NOSIGNAL) < 0)
		exit(0);
}

static void
flood(int64_t id)
{
	static char piece[65536];

	(void)id;
	memset(piece, 1, sizeof(piece));
	for (;;)
		send_raw(piece, sizeof(piece));
}

/* Good frames without end. */
static void
flood_answers(int64_t id)
{
	for (;;)
		answer(id, "ok");
}

static void
huge(int64_t id)
{
	send_raw("\xff\xff\xff\xff", 4);
	flood(id);
}

static void
garbage(int64_t id)
{
	send_raw("\0\0\0\4zzzz", 8);
	hang(id);
}

static void
cut(int64_t id)
{
	(void)id;
	send_raw("\0\0\1\0abc", 7);
	exit(0);
}

static void
empty(int64_t id)
{
	send_raw("\0\0\0\0", 4);
	hang(id);
}

static void
slow(int64_t id)
{
	(void)id;
	send_raw("\0\0\1\0", 4);
	for (;;) {
		send_raw("\1", 1);
		usleep(50000);
	}
}

/* Both in one piece, so that the second is there when the first is read. */
static void
twice(int64_t id)
{
	cleanup_buf struct buf b = BUF_INIT, list = BUF_INIT;

	put_answer(&list, id, "ok");
	buf_put_u32(&b, (uint32_t)list.len);
	buf_put(&b, list.data, list.len);
	buf_put_u32(&b, (uint32_t)list.len);
	buf_put(&b, list.data, list.len);
	send_raw(b.data, b.len);
	hang(id);
}

/* The second comes when the host is content already. */
static void
twice_late(int64_t id)
{
	answer(id, "ok");
	usleep(50000);
	answer(id, "ok");
	answer(hear(), "ok");
	hang(id);
}

static void
foreign(int64_t id)
{
	answer(id + 1, "ok");
	hang(id);
}

static void
stale(int64_t id)
{
	answer(id - 1, "ok");
	hang(id);
}

static void
two_ids(int64_t id)
{
	cleanup_buf struct buf b = BUF_INIT;

	frame_put_num(&b, "id", id + 1);
	put_answer(&b, id, "ok");
	send_frame(&b);
	hang(id);
}

static void
two_results(int64_t id)
{
	cleanup_buf struct buf b = BUF_INIT;

	frame_put_str(&b, "result", "denied");
	put_answer(&b, id, "ok");
	send_frame(&b);
	hang(id);
}

static void
no_result(int64_t id)
{
	cleanup_buf struct buf b = BUF_INIT;

	frame_put_num(&b, "id", id);
	send_frame(&b);
	hang(id);
}

static void
odd_result(int64_t id)
{
	answer(id, "great");
	hang(id);
}

/* The child holds the socket, too. */
static void
grandchild(int64_t id)
{
	if (fork() == 0)
		hang(id);
	exit(0);
}

static void
grandchildren(int64_t id)
{
	int i;

	for (i = 0; i < 20; i++)
		if (fork() == 0)
			hang(id);
	answer(id, "ok");
	hang(id);
}

static void
memory(int64_t id)
{
	size_t size = 64u << 20, all = 0;
	char *p;

	(void)id;
	while ((p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED) {
		memset(p, 1, size);
		all += size;
		if (all > (size_t)1 << 30)
			hang(id); /* nobody holds it */
	}
	exit(9);
}

static void
wrong_kind(int64_t id)
{
	struct hello h = honest();

	h.kind = "store";
	say_hello(h);
	hang(id);
}

static void
wrong_name(int64_t id)
{
	struct hello h = honest();

	h.name = "another";
	say_hello(h);
	hang(id);
}

static void
wrong_abi(int64_t id)
{
	struct hello h = honest();

	h.abi = 2;
	say_hello(h);
	hang(id);
}

static void
wants_preload(int64_t id)
{
	struct hello h = honest();

	h.variable = "LD_PRELOAD";
	say_hello(h);
	hang(id);
}

static void
two_hellos(int64_t id)
{
	cleanup_buf struct buf b = BUF_INIT, list = BUF_INIT;
	struct hello h = honest();
	int i;

	put_hello(&list, &h);
	for (i = 0; i < 2; i++) {
		buf_put_u32(&b, (uint32_t)list.len);
		buf_put(&b, list.data, list.len);
	}
	send_raw(b.data, b.len);
	hang(id);
}

static const struct {
	const char *name;
	void (*act)(int64_t id);
} acts[] = {
    {"hang", hang},
    {"spin", spin},
    {"crash", crash},
    {"leave", leave},
    {"close", close_it},
    {"flood", flood},
    {"flood-answers", flood_answers},
    {"huge", huge},
    {"garbage", garbage},
    {"cut", cut},
    {"empty", empty},
    {"slow", slow},
    {"twice", twice},
    {"twice-late", twice_late},
    {"foreign", foreign},
    {"stale", stale},
    {"two-ids", two_ids},
    {"two-results", two_results},
    {"no-result", no_result},
    {"odd-result", odd_result},
    {"grandchild", grandchild},
    {"grandchildren", grandchildren},
    {"memory", memory},
    {"wrong-kind", wrong_kind},
    {"wrong-name", wrong_name},
    {"wrong-abi", wrong_abi},
    {"wants-preload", wants_preload},
    {"two-hellos", two_hellos},
};

static void
act(const char *name, size_t len, int64_t id)
{
	size_t i;

	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strlen(acts[i].name) == len &&
		    memcmp(acts[i].name, name, len) == 0)
			acts[i].act(id);
}

int
main(int argc, char **argv)
{
	const char *when = argc > 0 ? strrchr(argv[0], '-') : NULL;
	size_t len;

	if (!when)
		return 64;
	me = argv[0];
	len = (size_t)(when - me);
	if (strcmp(when, "-hello") == 0)
		act(me, len, 0);
	say_hello(honest());
	if (strcmp(when, "-start") == 0)
		act(me, len, hear());
	answer(hear(), "ok");
	for (;;)
		act(me, len, hear());
}
