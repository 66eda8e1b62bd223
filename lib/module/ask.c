/* SPDX-License-Identifier: BSD-2-Clause */
/* A module asks, the host's human answers. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "module/host.h"

#define ANSWER_MAX 1024
#define PROMPT_MAX 256
#define QUESTIONS_MAX 3 /* a wrong PIN is asked for again */

static int
ask(const struct buf *reply, tokenward_ask_fn fn, void *data, struct buf *more)
{
	cleanup_buf struct buf prompt = BUF_INIT, answer = BUF_SECRET_INIT;
	struct tokenward_question q = {0};
	struct frame_field f;
	unsigned char *room = buf_room(&answer, ANSWER_MAX);
	long n;

	q.confirm = frame_find(reply->data, reply->len, "confirm", &f) &&
		    f.len == 1 && f.value[0] == '1';
	if (!room || !frame_find(reply->data, reply->len, "prompt", &f))
		return -1;
	str_clean(&prompt, (const char *)f.value, f.len, PROMPT_MAX);
	q.prompt = buf_str(&prompt);
	n = fn(data, &q, (char *)room, ANSWER_MAX);
	if (n < 0 || n > ANSWER_MAX)
		return -1;
	frame_put(more, "answer", room, (size_t)n);
	answer.len = (size_t)n; /* to be wiped */
	return more->failed ? -1 : 0;
}

static int64_t
until(int64_t timeout_ms, const int64_t *deadline_ms)
{
	int64_t end = clock_boot_ms() + timeout_ms;

	return deadline_ms && *deadline_ms < end ? *deadline_ms : end;
}

/* With one answer; false: nobody gave one. */
static bool
ask_once(const struct buf *request, const struct buf *reply,
    tokenward_ask_fn fn, void *data, struct buf *more)
{
	if (request)
		buf_put(more, request->data, request->len);
	return ask(reply, fn, data, more) == 0;
}

enum tokenward_module_result
module_call_asking(struct module *m, const char *operation,
    const struct buf *request, struct buf *reply, int64_t timeout_ms,
    const int64_t *deadline_ms, tokenward_ask_fn fn, void *data,
    struct error *err)
{
	enum tokenward_module_result r = module_call(
	    m, operation, request, reply, until(timeout_ms, deadline_ms), err);
	int i;

	for (i = 0; r == TOKENWARD_MODULE_ASK && fn && i < QUESTIONS_MAX; i++) {
		cleanup_buf struct buf more = BUF_SECRET_INIT;

		if (!ask_once(request, reply, fn, data, &more))
			break;
		r = module_call(m, operation, &more, reply,
		    until(timeout_ms, deadline_ms), err);
	}
	return r;
}
