/* SPDX-License-Identifier: BSD-2-Clause */
/* One plan to the fetch helper, one reply back. */
#include <string.h>
#include <sys/socket.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/frame.h"
#include "fetch/fetch.h"

#define GRACE_MS 500 /* beyond the helper's own deadline */
#define REPLY_MAX (1u << 20)
#define STACK_USED 16384 /* in making the plan */

static int
failed(struct helper *h, struct error *err, const char *what)
{
	cleanup_buf struct buf how = BUF_INIT;

	helper_end(h, true, &how);
	return error_set(err, TOKENWARD_UNAVAILABLE,
	    "the fetch helper %s%s%s; if this stays so, \"tokenward doctor\" "
	    "has more",
	    what, how.len ? ": " : "", buf_str(&how));
}

static int
too_late(struct helper *h, const struct plan *p, struct error *err)
{
	helper_end(h, false, NULL);
	return error_set(err, TOKENWARD_UNAVAILABLE,
	    "the fetch helper was stopped: no answer within %lld s",
	    (long long)(p->timeout_ms + 999) / 1000);
}

/*
 * A helper that cannot fence itself answers without having read: what it
 * says matters more than that the plan could not be sent.
 */
static int
talk(struct helper *h, const struct plan *p, const struct buf *frame,
    struct reply *ret, struct error *err)
{
	int64_t deadline = clock_boot_ms() + p->timeout_ms + GRACE_MS;
	cleanup_buf struct buf answer = BUF_SECRET_INIT;
	int there, got = 0;

	/* Of a plan that does not get there in whole it hears the end. */
	if (frame_send(h->fd, frame, deadline, err) != 0)
		shutdown(h->fd, SHUT_WR);
	/* It may take long; registers with pieces of secrets were saved. */
	sodium_stackzero(STACK_USED);
	there = helper_wait(h, deadline);
	if (there > 0)
		got = frame_recv(h->fd, REPLY_MAX, &answer, deadline, err);
	if (got == 1) {
		shutdown(h->fd, SHUT_WR);
		return reply_decode(answer.data, answer.len, ret, err);
	}
	if (clock_boot_ms() >= deadline)
		return too_late(h, p, err);
	if (got == 0)
		return failed(h, err, "ended without an answer");
	return failed(h, err, "gave no proper answer");
}

void
fetch_end(struct fetch *f)
{
	if (f->helper.pid > 0)
		helper_end(&f->helper, true, NULL);
}

int
fetch_run(struct fetch *f, const char *libexec_dir, const struct plan *p,
    struct reply *ret, struct error *err)
{
	cleanup_buf struct buf frame = BUF_SECRET_INIT;
	int r = plan_encode(p, &frame, err);

	fetch_end(f); /* of the plan before */
	if (r == 0)
		r = helper_start(libexec_dir, "fetch", &f->helper, err);
	return r ? r : talk(&f->helper, p, &frame, ret, err);
}

int
fetch_probe(const char *libexec_dir, bool *ret_landlock, struct error *err)
{
	char method[] = FETCH_PROBE, nowhere[] = "-";
	struct plan p = PLAN_INIT;
	cleanup_fetch struct fetch f = FETCH_INIT;
	cleanup_reply struct reply reply = REPLY_INIT;
	int r;

	p.method = method;
	p.url = p.origin = nowhere;
	p.timeout_ms = 5000;
	p.tries = 1;
	r = fetch_run(&f, libexec_dir, &p, &reply, err);
	if (r)
		return r;
	if (!reply.stage || strcmp(reply.stage, FETCH_PROBE) != 0)
		return error_set(err, TOKENWARD_UNAVAILABLE,
		    "the fetch helper cannot work here: %s",
		    reply.error_message ? reply.error_message : "no reason");
	*ret_landlock = reply.landlock;
	return TOKENWARD_OK;
}
