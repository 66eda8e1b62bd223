/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A module under way.  It may be a stranger's program: whatever it does, the
 * call ends by its deadline, and what it said counts only when it is the one
 * answer to the one request.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "module/run.h"

int
module_blame(const struct stack_line *line, struct error *err)
{
	cleanup_buf struct buf where = BUF_INIT, name = BUF_INIT;

	stack_where(&where, line);
	if (!line->module)
		return error_prefix(err,
		    "the %s line%s: ", stack_kind_names[line->kind],
		    buf_str(&where));
	/* It may be none that a module can have. */
	str_clean(&name, line->module, strlen(line->module), 64);
	return error_prefix(err,
	    "the %s module %s%s: ", module_kind_names[line->kind],
	    buf_str(&name), buf_str(&where));
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
	r = module_begin(m, dir, deadline_ms, err);
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
	r = module_meet(m, dir, deadline_ms, err);
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

bool
module_has_refused(const struct module *m)
{
	return m->refused;
}

enum tokenward_module_result
module_call(struct module *m, const char *operation, const struct buf *request,
    struct buf *reply, int64_t deadline_ms, struct error *err)
{
	enum tokenward_module_result r;
	int state;

	m->refused = false;
	buf_clear(reply);
	error_clear(err);
	if (m->misbehaved) {
		error_set(err, TOKENWARD_UNAVAILABLE,
		    "it was ended because it misbehaved");
		return module_failed(m, err);
	}
	if (m->built_in)
		return module_call_function(m,
		    message_operation(
			m->built_in, operation, strlen(operation)),
		    request, deadline_ms, reply, err);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	r = module_exchange(m, operation, request, reply, deadline_ms, err);
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
