/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fetch-points DIR FIRST STEP: a plan's frame list on standard input, carried
 * out again and again in this one process by a helper DIR/fetch whose
 * allocations fail (failing.h): first none; then FIRST, FIRST + STEP, ... up
 * to as many as there were, that one alone and it and all later ones.
 *
 * A frame for each exchange on standard output: at, after, failed, seen, ms;
 * result and either reply or said; signal and frame where the helper fell
 * over; left: what this process has more than before.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/secret.h"
#include "failing.h"
#include "fetch/fetch.h"

#define ROOM (512 * 1024)

/* What a process may gather without noticing. */
struct held {
	size_t files, secrets, memory;
	bool children;
};

static size_t
open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void
look(struct held *ret)
{
	siginfo_t info;

	ret->memory = mallinfo2().uordblks;
	ret->secrets = secret_in_use();
	ret->children =
	    waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ||
	    errno != ECHILD;
	ret->files = open_files();
}

static struct failing_orders *
orders_open(const char *dir)
{
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_close int fd = -1;
	void *p;

	buf_printf(&path, "%s/fetch.fail", dir);
	fd = open(buf_str(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(struct failing_orders)) < 0)
		return NULL;
	p = mmap(NULL, sizeof(struct failing_orders), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

static void
put_orders(const struct failing_orders *o, struct buf *out)
{
	cleanup_buf struct buf text = BUF_INIT;
	uint64_t i;

	frame_put_num(out, "at", (int64_t)o->at);
	frame_put_num(out, "after", (int64_t)o->and_after);
	frame_put_num(out, "failed", (int64_t)o->failed);
	frame_put_num(out, "seen", (int64_t)o->seen);
	frame_put_num(out, "signal", (int64_t)o->signal);
	for (i = 0; i < o->frames; i++) {
		const struct failing_frame *f = &o->frame[i];

		buf_clear(&text);
		buf_printf(&text, "%s %#llx %s", f->object,
		    (unsigned long long)f->offset, f->symbol);
		frame_put_str(out, "frame", buf_str(&text));
	}
}

static void
put_left(const struct held *before, struct buf *out)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct held now;

	look(&now);
	if (now.files != before->files)
		buf_printf(
		    &text, "%zd files ", (ssize_t)(now.files - before->files));
	if (now.secrets != before->secrets)
		buf_printf(&text, "%zd bytes of secrets ",
		    (ssize_t)(now.secrets - before->secrets));
	if (now.memory != before->memory)
		buf_printf(&text, "%zd bytes ",
		    (ssize_t)(now.memory - before->memory));
	if (now.children)
		buf_put_str(&text, "a child");
	frame_put_str(out, "left", buf_str(&text));
}

/* The result, and the reply or a sentence. */
static void
exchange(const char *dir, const struct plan *plan, struct buf *out)
{
	cleanup_reply struct reply reply = REPLY_INIT;
	cleanup_fetch struct fetch f = FETCH_INIT;
	cleanup_buf struct buf frame = BUF_SECRET_INIT;
	struct error err = {0};
	int64_t began = clock_boot_ms();
	int r = fetch_run(&f, dir, plan, &reply, &err);

	frame_put_num(out, "ms", clock_boot_ms() - began);
	r = r ? r : reply_encode(&reply, &frame, &err);
	frame_put_num(out, "result", r);
	if (r)
		frame_put_str(out, "said", err.text);
	else
		frame_put(out, "reply", frame.data, frame.len);
}

static int
send_out(const struct buf *out)
{
	cleanup_buf struct buf head = BUF_INIT;

	buf_put_u32(&head, (uint32_t)out->len);
	return out->failed || write_all(1, head.data, head.len) ||
	       write_all(1, out->data, out->len);
}

static int
point(const char *dir, const struct plan *plan, uint64_t at, bool after,
    struct failing_orders *orders)
{
	cleanup_buf struct buf out = BUF_INIT;
	struct held before;

	buf_room(&out, ROOM); /* it grows no more */
	look(&before);
	*orders = (struct failing_orders){.at = at, .and_after = after};
	exchange(dir, plan, &out);
	put_left(&before, &out);
	put_orders(orders, &out);
	return send_out(&out);
}

static int
points(const char *dir, const struct plan *plan, uint64_t first, uint64_t step)
{
	struct failing_orders *orders = orders_open(dir);
	uint64_t at, most;
	int r;

	if (!orders)
		return 1;
	look(&(struct held){0}); /* what is made once is made */
	r = point(dir, plan, 0, false, orders);
	most = orders->seen;
	for (at = first; r == 0 && at <= most; at += step) {
		r = point(dir, plan, at, false, orders);
		r = r ? r : point(dir, plan, at, true, orders);
	}
	return r;
}

int
main(int argc, char **argv)
{
	cleanup_buf struct buf in = BUF_SECRET_INIT;
	cleanup_plan struct plan plan = PLAN_INIT;
	struct error err = {0};

	if (argc != 4 || file_read_fd(0, 4 << 20, &in) ||
	    plan_decode(in.data, in.len, &plan, &err)) {
		fprintf(stderr, "fetch-points: no plan: %s\n", err.text);
		return 2;
	}
	return points(argv[1], &plan, strtoull(argv[2], NULL, 10),
	    strtoull(argv[3], NULL, 10));
}
