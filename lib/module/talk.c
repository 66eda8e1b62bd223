/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request, one reply.  What a program said counts only when it is the one
 * answer to the one request; whatever else it does ends it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "module/run.h"

/* ---- misbehaviour ------------------------------------------------------ */

/* Ends the program and says what it did. */
int
module_misbehave(struct module *m, int code, bool gently, struct error *err,
    const char *fmt, ...)
{
	cleanup_buf struct buf how = BUF_INIT;
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	helper_end(&m->helper, gently, &how);
	m->misbehaved = true;
	error_set(err, code, "%s%s%s", what, gently && how.len ? ": " : "",
	    gently ? buf_str(&how) : "");
	return err->code;
}

/* 1 a frame; else misbehaved, with err. */
int
module_receive(struct module *m, size_t max, struct buf *frame,
    int64_t deadline_ms, struct error *err)
{
	int got = helper_wait(&m->helper, deadline_ms);

	if (got > 0)
		got = frame_recv(m->helper.fd, max, frame, deadline_ms, err);
	else if (got < 0)
		got = 0;
	else
		got = -1;
	if (got == 1)
		return TOKENWARD_OK;
	if (got < 0 && err->no_memory) {
		module_misbehave(
		    m, TOKENWARD_FAILED, false, err, "it was stopped");
		return error_memory(err);
	}
	if (got == 0)
		return module_misbehave(m, TOKENWARD_UNAVAILABLE, true, err,
		    "it ended without an answer");
	if (clock_boot_ms() >= deadline_ms)
		return module_misbehave(m, TOKENWARD_UNAVAILABLE, false, err,
		    "it was stopped: no answer within the time it had");
	return module_misbehave(m, TOKENWARD_UNAVAILABLE, false, err,
	    "it was stopped: what it sent is no frame, or too large");
}

/* Nothing may lie there when nothing was asked. */
static bool
said_more(const struct module *m)
{
	unsigned char byte;

	return recv(m->helper.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static int
check_silent(struct module *m, struct error *err)
{
	if (!said_more(m))
		return TOKENWARD_OK;
	return module_misbehave(m, TOKENWARD_UNAVAILABLE, false, err,
	    "it was stopped: it answered more than it was asked");
}

/* ---- one request, one reply -------------------------------------------- */

struct answer {
	int64_t id;
	int result; /* -1: none */
	unsigned ids, results;
	struct buf said;
};

static int
result_of(const struct frame_field *f)
{
	int i;

	for (i = 0; i < TOKENWARD_MODULE_RESULT_MAX; i++)
		if (strlen(module_result_names[i]) == f->len &&
		    memcmp(module_result_names[i], f->value, f->len) == 0)
			return i;
	return -1;
}

static void
take_field(const struct frame_field *f, struct answer *a, struct buf *reply)
{
	cleanup_free char *key = NULL;

	if (frame_key_is(f, FIELD_ID)) {
		a->ids += frame_num(f, &a->id) ? 1 : 2;
	} else if (frame_key_is(f, FIELD_RESULT)) {
		a->result = result_of(f);
		a->results++;
	} else if (frame_key_is(f, FIELD_MESSAGE)) {
		buf_clear(&a->said);
		str_clean(&a->said, (const char *)f->value, f->len, SAID_MAX);
	} else {
		key = strndup(f->key, f->key_len);
		if (key)
			frame_put(reply, key, f->value, f->len);
		else
			reply->failed = true;
	}
}

static bool
take_answer(const struct module *m, const struct buf *frame, struct answer *a,
    struct buf *reply)
{
	struct frame_reader r;
	struct frame_field f;

	frame_open(&r, frame->data, frame->len);
	while (frame_next(&r, &f) == 1)
		take_field(&f, a, reply);
	return a->ids == 1 && a->results == 1 && a->result >= 0 &&
	       a->id == m->id;
}

static const char *const meanings[TOKENWARD_MODULE_RESULT_MAX] = {
    [TOKENWARD_MODULE_OK] = "",
    [TOKENWARD_MODULE_NONE] = "it has nothing for this",
    [TOKENWARD_MODULE_ASK] = "it needs an answer from a human",
    [TOKENWARD_MODULE_AWAY] = "what it needs is not here now",
    [TOKENWARD_MODULE_DENIED] = "access was denied",
    [TOKENWARD_MODULE_CONFLICT] = "somebody else changed it in the meantime",
    [TOKENWARD_MODULE_BROKEN] = "what it has stored is damaged",
    [TOKENWARD_MODULE_FAILED] = "it failed, and said no more",
};

enum tokenward_module_result
module_conclude(
    struct module *m, int result, const char *said, struct error *err)
{
	if (result < 0 || result >= TOKENWARD_MODULE_RESULT_MAX)
		result = TOKENWARD_MODULE_FAILED;
	if (result != TOKENWARD_MODULE_OK) {
		error_set(err,
		    module_result_code((enum tokenward_module_result)result),
		    "%s", *said ? said : meanings[result]);
		module_blame(m->line, err);
	}
	return (enum tokenward_module_result)result;
}

enum tokenward_module_result
module_failed(struct module *m, struct error *err)
{
	module_blame(m->line, err);
	return TOKENWARD_MODULE_FAILED;
}

static enum tokenward_module_result
read_answer(struct module *m, const struct buf *frame, struct buf *reply,
    struct error *err)
{
	struct answer a = {.result = -1};
	bool good = take_answer(m, frame, &a, reply);
	enum tokenward_module_result r;

	if (reply->failed || a.said.failed) {
		error_memory(err);
		r = module_failed(m, err);
	} else if (good) {
		r = check_silent(m, err)
			? module_failed(m, err)
			: module_conclude(m, a.result, buf_str(&a.said), err);
		m->refused = !m->misbehaved && r != TOKENWARD_MODULE_OK;
	} else {
		module_misbehave(m, TOKENWARD_UNAVAILABLE, false, err,
		    "it was stopped: its answer is not one to what it was "
		    "asked");
		r = module_failed(m, err);
	}
	buf_free(&a.said);
	if (!message_may_have_fields((int)r))
		buf_clear(reply);
	m->id++;
	return r;
}

void
module_put_request(struct module *m, struct buf *out, const char *operation,
    const struct buf *request, int64_t deadline_ms)
{
	frame_put_num(out, FIELD_ID, m->id);
	frame_put_str(out, FIELD_OPERATION, operation);
	frame_put_num(out, FIELD_TIME, deadline_ms - clock_boot_ms());
	if (request)
		buf_put(out, request->data, request->len);
	out->failed |= request && request->failed;
}

/* A module that ended already may have said why. */
enum tokenward_module_result
module_exchange(struct module *m, const char *operation,
    const struct buf *request, struct buf *reply, int64_t deadline_ms,
    struct error *err)
{
	cleanup_buf struct buf out = BUF_SECRET_INIT;
	cleanup_buf struct buf in = BUF_SECRET_INIT;

	module_put_request(m, &out, operation, request, deadline_ms);
	if (out.failed) {
		error_memory(err);
		return module_failed(m, err);
	}
	if (check_silent(m, err) != TOKENWARD_OK)
		return module_failed(m, err);
	frame_send(m->helper.fd, &out, deadline_ms, err);
	if (module_receive(m, FRAME_MAX, &in, deadline_ms, err) != TOKENWARD_OK)
		return module_failed(m, err);
	error_clear(err); /* of sending */
	return read_answer(m, &in, reply, err);
}
