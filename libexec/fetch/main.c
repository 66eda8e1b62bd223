/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fetch: the only program here that talks to the network.  Standard input is
 * a socket: one plan comes in, one reply goes out, and that is all.
 *
 *   1. put up the fence        sandbox.h
 *   2. wiped memory, libcurl   memory.h
 *   3. receive the plan        fetch/fetch.h
 *   4. carry it out            work.h
 *   5. send the reply; the exit status says nothing
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/frame.h"
#include "failure.h"
#include "fetch/fetch.h"
#include "http.h"
#include "lack.h"
#include "memory.h"
#include "sandbox.h"
#include "work.h"

#define PLAN_MS 10000 /* a parent sends at once or is in trouble */
#define REPLY_MS 2000
#define ALARM_MS 400 /* after the deadline; the parent waits for 500 */

/* Whatever gets stuck, this ends it, even when the parent is stopped. */
static void
set_alarm(int64_t timeout_ms)
{
	int64_t ms = timeout_ms + ALARM_MS;
	struct itimerval t = {
	    .it_value = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000}};

	setitimer(ITIMER_REAL, &t, NULL);
}

static int
receive(struct plan *p, struct error *err)
{
	cleanup_buf struct buf frame = BUF_SECRET_INIT;
	int got = frame_recv(
	    HTTP_PARENT, FRAME_MAX, &frame, clock_boot_ms() + PLAN_MS, err);

	if (got == 0)
		return error_set(err, TOKENWARD_FAILED, "no plan came");
	return got < 0 ? err->code : plan_decode(frame.data, frame.len, p, err);
}

static bool
is_speechless(const struct reply *r)
{
	return r->outcome != OUTCOME_OK && !(r->stage && r->error_message) &&
	       lack_noted();
}

/* What the parent would refuse is replaced by saying so.  Fails without
   memory. */
static int
encode(struct reply *r, struct buf *frame, struct error *err)
{
	cleanup_reply struct reply back = REPLY_INIT;
	bool landlock = r->landlock;
	int status = r->status;

	if (reply_encode(r, frame, err) == 0 &&
	    reply_decode(frame->data, frame->len, &back, err) == 0)
		return TOKENWARD_OK;
	buf_clear(frame);
	if (err->code == TOKENWARD_FAILED) /* memory */
		return err->code;
	reply_free(r);
	r->landlock = landlock;
	r->status = status;
	failure_set(r, OUTCOME_TEMPORARY, "answer",
	    "it holds what cannot be passed on: %s", err->text);
	return reply_encode(r, frame, err);
}

static void
send_frame(const struct buf *frame)
{
	struct error err;

	frame_send(HTTP_PARENT, frame, clock_boot_ms() + REPLY_MS, &err);
}

/* That memory lacks, said without asking for any. */
static void
send_lack(bool landlock)
{
	static unsigned char room[512];
	static char stage[] = LACK_STAGE, words[] = LACK_WORDS;
	struct buf frame = {.data = room, .cap = sizeof(room)};
	struct reply r = REPLY_INIT;
	struct error err;

	r.outcome = OUTCOME_TEMPORARY;
	r.stage = stage;
	r.error_message = words;
	r.landlock = landlock;
	if (reply_encode(&r, &frame, &err) == 0)
		send_frame(&frame);
}

static void
send_reply(struct reply *r)
{
	cleanup_buf struct buf frame = BUF_SECRET_INIT;
	struct error err;

	if (encode(r, &frame, &err) || is_speechless(r))
		send_lack(r->landlock);
	else
		send_frame(&frame);
}

static int
serve(struct reply *r, struct error *err)
{
	cleanup_plan struct plan p = PLAN_INIT;
	int e = sandbox_enter(&r->landlock, err);

	e = e ? e : memory_setup(err);
	e = e ? e : receive(&p, err);
	if (e)
		return e;
	set_alarm(p.timeout_ms);
	if (strcmp(p.method, FETCH_PROBE) == 0)
		failure_set(r, OUTCOME_TEMPORARY, FETCH_PROBE, "fenced");
	else if (p.need_landlock && !r->landlock)
		failure_set(r, OUTCOME_TEMPORARY, FETCH_NO_LANDLOCK,
		    "this kernel has no Landlock");
	else
		work(&p, clock_boot_ms() + p.timeout_ms, r);
	return TOKENWARD_OK;
}

int
main(void)
{
	cleanup_reply struct reply r = REPLY_INIT;
	struct error err = {0};

	errno = 0;
	if (serve(&r, &err)) {
		if (errno == ENOMEM || lack_noted())
			failure_lack(&r);
		else
			failure_set(
			    &r, OUTCOME_TEMPORARY, "fence", "%s", err.text);
	}
	send_reply(&r);
	reply_free(&r);
	_exit(0);
}
