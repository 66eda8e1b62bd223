/* SPDX-License-Identifier: BSD-2-Clause */
/* A module begins: its hello is heard, its options and variables are given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "module/run.h"

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
	int r = module_receive(m, HELLO_MAX, &hello, deadline_ms, err);

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

int
module_meet(
    struct module *m, const char *dir, int64_t deadline_ms, struct error *err)
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
		return module_start_function(m, &request, err);
	return module_exchange(m, OPERATION_START, &request, &reply,
		   deadline_ms, err) == TOKENWARD_MODULE_OK
		   ? TOKENWARD_OK
		   : err->code;
}

int
module_begin(
    struct module *m, const char *dir, int64_t deadline_ms, struct error *err)
{
	struct strmap options = {0};
	int r = module_meet(m, dir, deadline_ms, err);

	if (r != TOKENWARD_OK)
		return module_blame(m->line, err);
	r = module_options(&m->info, m->line, &options, err);
	if (r == TOKENWARD_OK)
		r = begin_work(m, &options, deadline_ms, err);
	m->started = r == TOKENWARD_OK;
	strmap_free(&options);
	return r;
}
