/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module's side: says what it is, is started, serves one request after
 * the other until the host closes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "module/message.h"
#include "module/module.h"

#define HOST 0         /* the socket */
#define SEND_MS 10000  /* a host that does not read is no host */
#define LATE_SECONDS 2 /* beyond what the host waits for */
#define LONGEST_MS 86400000
#define STACK_USED 131072 /* by a module and the libraries it calls */

struct served {
	const struct tokenward_module *module;
	void *self;
	bool started;
};

static bool
is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* No borrowed rights, no core, nobody of this uid who looks inside. */
static bool
is_safe(void)
{
	return !getauxval(AT_SECURE) && prctl(PR_SET_DUMPABLE, 0) == 0 &&
	       setrlimit(RLIMIT_CORE, &(struct rlimit){0}) == 0;
}

static int
by_hand(const struct tokenward_module *m)
{
	fprintf(stderr,
	    "%s %s: %s\nThis is a module of tokenward, which starts it: "
	    "tokenward-modules(7).\n",
	    m->name, m->version ? m->version : "",
	    m->summary ? m->summary : "");
	return 2;
}

static bool
send_list(const struct buf *list)
{
	struct error err;

	return frame_send(HOST, list, clock_boot_ms() + SEND_MS, &err) == 0;
}

static bool
say_hello(const struct tokenward_module *m)
{
	cleanup_buf struct buf hello = BUF_INIT;

	return hello_encode(m, &hello) && send_list(&hello);
}

static bool
set_variable(const struct frame_field *f)
{
	cleanup_free char *text = frame_dup(f);
	char *equals = text ? strchr(text, '=') : NULL;

	if (!equals)
		return false;
	*equals = '\0';
	return setenv(text, equals + 1, 1) == 0;
}

static bool
set_environment(const void *list, size_t len)
{
	struct frame_reader r;
	struct frame_field f;

	frame_open(&r, list, len);
	while (frame_next(&r, &f) == 1)
		if (frame_key_is(&f, FIELD_ENVIRONMENT) && !set_variable(&f))
			return false;
	return true;
}

static int
start(
    struct served *s, const struct buf *frame, struct tokenward_message *reply)
{
	cleanup_message struct tokenward_message options = MESSAGE_INIT;
	int r = TOKENWARD_MODULE_OK;

	if (!message_read(&options, frame->data, frame->len, OPTION_PREFIX) ||
	    !set_environment(frame->data, frame->len))
		return TOKENWARD_MODULE_FAILED;
	if (s->module->start)
		r = s->module->start(&s->self, &options, reply);
	s->started = r == TOKENWARD_MODULE_OK;
	return r;
}

/* A module that hangs when its host is killed ends by itself. */
static void
set_alarm(const struct buf *frame)
{
	struct frame_field f;
	int64_t ms;

	if (frame_find(frame->data, frame->len, FIELD_TIME, &f) &&
	    frame_num(&f, &ms) && ms > 0 && ms < LONGEST_MS)
		alarm((unsigned)(ms / 1000) + LATE_SECONDS);
}

static int
operate(struct served *s, const struct frame_field *name,
    const struct buf *frame, struct tokenward_message *reply)
{
	cleanup_message struct tokenward_message request = MESSAGE_INIT;
	tokenward_operation op;

	if (!message_read(&request, frame->data, frame->len, NULL))
		return TOKENWARD_MODULE_FAILED;
	op = message_operation(s->module, (const char *)name->value, name->len);
	return op ? op(s->self, &request, reply) : TOKENWARD_MODULE_NONE;
}

static bool
answer(
    const struct frame_field *id, int result, struct tokenward_message *reply)
{
	cleanup_buf struct buf out = BUF_SECRET_INIT;

	if (reply->list.failed || result < 0 ||
	    result >= TOKENWARD_MODULE_RESULT_MAX)
		result = TOKENWARD_MODULE_FAILED;
	if (!message_may_have_fields(result))
		buf_free(&reply->list);
	frame_put(&out, FIELD_ID, id->value, id->len);
	frame_put_str(&out, FIELD_RESULT, module_result_names[result]);
	if (reply->said[0])
		frame_put_str(&out, FIELD_MESSAGE, reply->said);
	buf_put(&out, reply->list.data, reply->list.len);
	return !out.failed && send_list(&out);
}

static int
act(struct served *s, const struct frame_field *name, const struct buf *frame,
    struct tokenward_message *reply)
{
	bool is_start = name->len == strlen(OPERATION_START) &&
			memcmp(name->value, OPERATION_START, name->len) == 0;

	if (is_start == s->started)
		return TOKENWARD_MODULE_FAILED;
	return is_start ? start(s, frame, reply)
			: operate(s, name, frame, reply);
}

static bool
serve(struct served *s, const struct buf *frame)
{
	cleanup_message struct tokenward_message reply = MESSAGE_INIT;
	struct frame_field id, name;
	int r;

	if (!frame_find(frame->data, frame->len, FIELD_ID, &id) ||
	    !frame_find(frame->data, frame->len, FIELD_OPERATION, &name))
		return false;
	set_alarm(frame);
	r = act(s, &name, frame, &reply);
	alarm(0);
	/* Where secrets lie in ordinary frames and saved registers. */
	sodium_stackzero(STACK_USED);
	return answer(&id, r, &reply);
}

static bool
serve_next(struct served *s, bool *ret_more)
{
	cleanup_buf struct buf frame = BUF_SECRET_INIT;
	struct error err;
	int got = frame_recv(HOST, FRAME_MAX, &frame, INT64_MAX, &err);

	*ret_more = got == 1;
	return got == 0 || (got == 1 && serve(s, &frame));
}

static int
serve_all(const struct tokenward_module *m)
{
	struct served s = {.module = m};
	bool more = true, good = true;

	while (more && good)
		good = serve_next(&s, &more);
	if (s.started && m->stop)
		m->stop(s.self);
	return good ? 0 : 1;
}

int
tokenward_modules_main(
    const struct tokenward_module *const *modules, int argc, char **argv)
{
	const struct tokenward_module *m = modules[0];

	for (; argc > 1 && *modules; modules++)
		if (strcmp((*modules)->kind, argv[1]) == 0) {
			m = *modules;
			break;
		}
	if (!is_socket(HOST))
		return by_hand(m);
	umask(077);
	return is_safe() && say_hello(m) ? serve_all(m) : 1;
}

int
tokenward_module_main(
    const struct tokenward_module *module, int argc, char **argv)
{
	const struct tokenward_module *all[] = {module, NULL};

	return tokenward_modules_main(all, argc, argv);
}
