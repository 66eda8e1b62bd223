/* SPDX-License-Identifier: BSD-2-Clause */
/* One event to every line that wants it. */
#include <string.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/frame.h"
#include "notify/notify.h"

struct raise {
	const struct notify *notify;
	unsigned left; /* lines that want it */
	const char *event;
	struct buf request;
	struct error *err; /* of the first required line that failed */
};

static bool
matches(const char *pattern, size_t len, const char *event)
{
	if (len > 0 && pattern[len - 1] == '*')
		return strncmp(pattern, event, len - 1) == 0;
	return strlen(event) == len && memcmp(pattern, event, len) == 0;
}

bool
notify_wants(const struct stack_line *line, const char *event)
{
	const char *list = strmap_get(&line->options, "events");
	size_t len;

	if (!list)
		return true;
	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (matches(list, len, event))
			return true;
	}
	return false;
}

/* A line that hangs takes its share, not that of the next. */
static int64_t
share(struct raise *r)
{
	int64_t now = clock_boot_ms(), time = r->notify->deadline_ms - now;

	return now + (r->left > 1 ? time / r->left-- : time);
}

static enum tokenward_module_result
send_event(struct raise *r, const struct stack_line *line, struct error *err)
{
	cleanup_buf struct buf reply = BUF_INIT;
	enum tokenward_module_result result;
	int64_t deadline_ms = share(r);
	struct module *m;

	if (module_start(r->notify->module_dir, line, deadline_ms, &m, err) !=
	    TOKENWARD_OK)
		return TOKENWARD_MODULE_FAILED;
	result = module_call(m, "send", &r->request, &reply, deadline_ms, err);
	module_end(m);
	return result;
}

static enum tokenward_module_result
run_line(void *data, const struct stack_line *line)
{
	struct raise *r = data;
	enum tokenward_module_result result;
	struct error err = {0};

	if (!notify_wants(line, r->event))
		return TOKENWARD_MODULE_NONE;
	result = send_event(r, line, &err);
	if (line->control == CONTROL_REQUIRED &&
	    result != TOKENWARD_MODULE_NONE && err.code && !r->err->code)
		*r->err = err;
	return result;
}

/* Lines that must fail: they are not run. */
int
notify_check(const struct stack *s, struct error *err)
{
	const struct stack_line *line = NULL;
	cleanup_buf struct buf where = BUF_INIT;

	while ((line = stack_next(s, MODULE_NOTIFY, line)))
		if (line->fault) {
			stack_where(&where, line);
			return error_set(err, TOKENWARD_CONFIG,
			    "a notify line%s cannot be read: %s",
			    buf_str(&where), line->fault);
		}
	return TOKENWARD_OK;
}

static unsigned
count(struct raise *r)
{
	const struct stack_line *line = NULL;

	while ((line = stack_next(r->notify->stack, MODULE_NOTIFY, line)))
		r->left += !line->fault && notify_wants(line, r->event);
	return r->left;
}

int
notify_raise(const struct notify *n, const char *event,
    const struct strmap *fields, int64_t when, struct error *err)
{
	struct raise r = {
	    .notify = n, .event = event, .request = BUF_INIT, .err = err};
	char key[65];
	size_t i;

	error_clear(err);
	frame_put_str(&r.request, "event", event);
	frame_put_num(&r.request, "time-of-event", when);
	for (i = 0; i < fields->n; i++) {
		snprintf(key, sizeof(key), "field.%s", fields->v[i].key);
		frame_put_str(&r.request, key, fields->v[i].value);
	}
	if (r.request.failed)
		error_memory(err);
	else if (count(&r))
		stack_walk(n->stack, MODULE_NOTIFY, run_line, &r, NULL);
	buf_free(&r.request);
	return err->code ? err->code : notify_check(n->stack, err);
}
