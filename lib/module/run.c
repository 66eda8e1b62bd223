/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A module under way.  It may be a stranger's program: whatever it does, the
 * call ends by its deadline, and what it said counts only when it is the one
 * answer to the one request.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "fetch/helper.h"
#include "module/host.h"

#define MODULE_FILES 64
#define MODULE_DATA (UINT64_C(256) << 20)

/* The address sanitizer's own memory is larger than any limit. */
#ifdef __SANITIZE_ADDRESS__
#define HAS_SHADOW_MEMORY
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SHADOW_MEMORY
#endif
#endif

static const struct helper_limits limits = {
#ifdef HAS_SHADOW_MEMORY
    .data = UINT64_MAX,
#else
    .data = MODULE_DATA,
#endif
    .files = MODULE_FILES,
};

struct module {
	const struct stack_line *line;
	struct module_info info;
	const struct tokenward_module *built_in; /* NULL: a program */
	void *self;
	bool started;
	struct helper helper;
	int64_t id;      /* of the next request */
	bool misbehaved; /* and was ended for it */
};

int
module_blame(const struct stack_line *line, struct error *err)
{
	cleanup_buf struct buf where = BUF_INIT;

	stack_where(&where, line);
	if (!line->module)
		return error_prefix(err,
		    "the %s line%s: ", stack_kind_names[line->kind],
		    buf_str(&where));
	return error_prefix(err,
	    "the %s module %s%s: ", module_kind_names[line->kind], line->module,
	    buf_str(&where));
}

/* ---- misbehaviour ------------------------------------------------------ */

/* Ends the program and says what it did. */
static int __attribute__((format(printf, 5, 6))) misbehave(struct module *m,
    int code, bool gently, struct error *err, const char *fmt, ...)
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
static int
receive(struct module *m, size_t max, struct buf *frame, int64_t deadline_ms,
    struct error *err)
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
	if (got == 0)
		return misbehave(m, TOKENWARD_UNAVAILABLE, true, err,
		    "it ended without an answer");
	if (clock_boot_ms() >= deadline_ms)
		return misbehave(m, TOKENWARD_UNAVAILABLE, false, err,
		    "it was stopped: no answer within the time it had");
	return misbehave(m, TOKENWARD_UNAVAILABLE, false, err,
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
	return misbehave(m, TOKENWARD_UNAVAILABLE, false, err,
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

static enum tokenward_module_result
conclude(struct module *m, int result, const char *said, struct error *err)
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

static enum tokenward_module_result
blame(struct module *m, struct error *err)
{
	module_blame(m->line, err);
	return TOKENWARD_MODULE_FAILED;
}

static enum tokenward_module_result
read_answer(struct module *m, const struct buf *frame, struct buf *reply,
    struct error *err)
{
	struct answer a = {.result = -1};
	enum tokenward_module_result r;

	if (take_answer(m, frame, &a, reply) && !reply->failed) {
		r = check_silent(m, err)
			? blame(m, err)
			: conclude(m, a.result, buf_str(&a.said), err);
	} else {
		misbehave(m, TOKENWARD_UNAVAILABLE, false, err,
		    "it was stopped: its answer is not one to what it was "
		    "asked");
		r = blame(m, err);
	}
	buf_free(&a.said);
	if (!message_may_have_fields((int)r))
		buf_clear(reply);
	m->id++;
	return r;
}

static void
put_request(struct module *m, struct buf *out, const char *operation,
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
static enum tokenward_module_result
exchange(struct module *m, const char *operation, const struct buf *request,
    struct buf *reply, int64_t deadline_ms, struct error *err)
{
	cleanup_buf struct buf out = BUF_SECRET_INIT;
	cleanup_buf struct buf in = BUF_SECRET_INIT;

	put_request(m, &out, operation, request, deadline_ms);
	if (out.failed) {
		error_memory(err);
		return blame(m, err);
	}
	if (check_silent(m, err) != TOKENWARD_OK)
		return blame(m, err);
	frame_send(m->helper.fd, &out, deadline_ms, err);
	if (receive(m, FRAME_MAX, &in, deadline_ms, err) != TOKENWARD_OK)
		return blame(m, err);
	error_clear(err); /* of sending */
	return read_answer(m, &in, reply, err);
}

/* ---- built in ---------------------------------------------------------- */

static enum tokenward_module_result
call_function(struct module *m, tokenward_operation op,
    const struct buf *request, int64_t deadline_ms, struct buf *reply,
    struct error *err)
{
	cleanup_message struct tokenward_message in = MESSAGE_INIT;
	cleanup_message struct tokenward_message out = MESSAGE_INIT;
	cleanup_buf struct buf list = BUF_SECRET_INIT;
	int r = TOKENWARD_MODULE_NONE;

	put_request(m, &list, "", request, deadline_ms);
	if (list.failed || !message_read(&in, list.data, list.len, NULL)) {
		error_memory(err);
		return blame(m, err);
	}
	if (op)
		r = op(m->self, &in, &out);
	if (out.list.failed)
		r = TOKENWARD_MODULE_FAILED;
	if (message_may_have_fields(r))
		buf_put(reply, out.list.data, out.list.len);
	return conclude(m, r, out.said, err);
}

static int
start_function(struct module *m, const struct buf *options, struct error *err)
{
	cleanup_message struct tokenward_message in = MESSAGE_INIT;
	cleanup_message struct tokenward_message out = MESSAGE_INIT;
	int r = TOKENWARD_MODULE_OK;

	if (!message_read(&in, options->data, options->len, OPTION_PREFIX)) {
		error_memory(err);
		return module_blame(m->line, err);
	}
	if (m->built_in->start)
		r = m->built_in->start(&m->self, &in, &out);
	return conclude(m, r, out.said, err) ? err->code : TOKENWARD_OK;
}

/* ---- starting ---------------------------------------------------------- */

static int
check_hello(struct module *m, struct error *err)
{
	if (m->info.kind != m->line->kind)
		return error_set(err, TOKENWARD_CONFIG,
		    "it says it is a module of kind %s",
		    module_kind_names[m->info.kind]);
	if (strcmp(m->info.name, m->line->module) != 0)
		return error_set(err, TOKENWARD_CONFIG,
		    "it says its name is %s", m->info.name);
	return TOKENWARD_OK;
}

static int
hear_hello(struct module *m, int64_t deadline_ms, struct error *err)
{
	cleanup_buf struct buf hello = BUF_INIT;
	int r = receive(m, HELLO_MAX, &hello, deadline_ms, err);

	if (r != TOKENWARD_OK)
		return r;
	error_clear(err);
	r = module_info_decode(&hello, &m->info, err);
	return r ? r : check_hello(m, err);
}

static int
start_program(
    struct module *m, const char *dir, int64_t deadline_ms, struct error *err)
{
	int r = helper_start_limited(dir, m->line->module,
	    module_kind_names[m->line->kind], &limits, &m->helper, err);

	return r ? r : hear_hello(m, deadline_ms, err);
}

static int
meet(struct module *m, const char *dir, int64_t deadline_ms, struct error *err)
{
	const struct stack_line *line = m->line;

	error_clear(err);
	if (line->fault)
		return error_set(err, TOKENWARD_CONFIG, "%s", line->fault);
	if (!line->module || !module_is_name(line->module))
		return error_set(
		    err, TOKENWARD_CONFIG, "this is no name for a module");
	m->built_in = module_built_in(line->kind, line->module);
	return m->built_in ? module_info_of(m->built_in, &m->info, err)
			   : start_program(m, dir, deadline_ms, err);
}

static bool
put_environment(const struct module_info *info, struct buf *out)
{
	cleanup_buf struct buf text = BUF_INIT;
	const char *value;
	size_t i;

	for (i = 0; i < info->environment.n; i++) {
		value = secure_getenv(info->environment.v[i]);
		if (!value)
			continue;
		buf_clear(&text);
		buf_printf(&text, "%s=%s", info->environment.v[i], value);
		frame_put(out, FIELD_ENVIRONMENT, text.data, text.len);
	}
	return !text.failed && !out->failed;
}

static bool
put_options(const struct strmap *options, struct buf *out)
{
	char key[sizeof(OPTION_PREFIX) + 32];
	size_t i;

	for (i = 0; i < options->n; i++) {
		snprintf(
		    key, sizeof(key), OPTION_PREFIX "%s", options->v[i].key);
		frame_put_str(out, key, options->v[i].value);
	}
	return !out->failed;
}

static int
begin_work(struct module *m, const struct strmap *options, int64_t deadline_ms,
    struct error *err)
{
	cleanup_buf struct buf request = BUF_SECRET_INIT;
	cleanup_buf struct buf reply = BUF_INIT;

	if (!put_options(options, &request) ||
	    !put_environment(&m->info, &request)) {
		error_memory(err);
		return module_blame(m->line, err);
	}
	if (m->built_in)
		return start_function(m, &request, err);
	return exchange(m, OPERATION_START, &request, &reply, deadline_ms,
		   err) == TOKENWARD_MODULE_OK
		   ? TOKENWARD_OK
		   : err->code;
}

static int
start(struct module *m, const char *dir, int64_t deadline_ms, struct error *err)
{
	struct strmap options = {0};
	int r = meet(m, dir, deadline_ms, err);

	if (r != TOKENWARD_OK)
		return module_blame(m->line, err);
	r = module_options(&m->info, m->line, &options, err);
	if (r == TOKENWARD_OK)
		r = begin_work(m, &options, deadline_ms, err);
	m->started = r == TOKENWARD_OK;
	strmap_free(&options);
	return r;
}

static struct module *
module_new(const struct stack_line *line)
{
	struct module *m = calloc(1, sizeof(*m));

	if (m) {
		m->line = line;
		m->helper = (struct helper)HELPER_INIT;
	}
	return m;
}

int
module_start(const char *dir, const struct stack_line *line,
    int64_t deadline_ms, struct module **ret, struct error *err)
{
	struct module *m = module_new(line);
	int r, state;

	*ret = NULL;
	if (!m)
		return error_memory(err);
	/* A thread cancelled in the middle would leave the process behind. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	r = start(m, dir, deadline_ms, err);
	if (r != TOKENWARD_OK)
		module_end(take_ptr(m));
	pthread_setcancelstate(state, NULL);
	*ret = m;
	return r;
}

int
module_ask_info(const char *dir, const struct stack_line *line,
    int64_t deadline_ms, struct module_info *ret, struct error *err)
{
	struct module *m = module_new(line);
	int r, state;

	*ret = (struct module_info){0};
	if (!m)
		return error_memory(err);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	r = meet(m, dir, deadline_ms, err);
	if (r == TOKENWARD_OK) {
		*ret = m->info;
		m->info = (struct module_info){0};
	} else {
		module_blame(line, err);
	}
	module_end(m);
	pthread_setcancelstate(state, NULL);
	return r;
}

const struct module_info *
module_info(const struct module *m)
{
	return &m->info;
}

enum tokenward_module_result
module_call(struct module *m, const char *operation, const struct buf *request,
    struct buf *reply, int64_t deadline_ms, struct error *err)
{
	enum tokenward_module_result r;
	int state;

	buf_clear(reply);
	error_clear(err);
	if (m->misbehaved) {
		error_set(err, TOKENWARD_UNAVAILABLE,
		    "it was ended because it misbehaved");
		return blame(m, err);
	}
	if (m->built_in)
		return call_function(m,
		    message_operation(
			m->built_in, operation, strlen(operation)),
		    request, deadline_ms, reply, err);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	r = exchange(m, operation, request, reply, deadline_ms, err);
	pthread_setcancelstate(state, NULL);
	return r;
}

void
module_end(struct module *m)
{
	int state;

	if (!m)
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	if (m->built_in && m->started && m->built_in->stop)
		m->built_in->stop(m->self);
	helper_end(&m->helper, m->started && !m->misbehaved, NULL);
	pthread_setcancelstate(state, NULL);
	module_info_free(&m->info);
	free(m);
}
