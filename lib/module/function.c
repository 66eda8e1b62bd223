/* SPDX-License-Identifier: BSD-2-Clause */
/* Modules that are built in: their operations are functions. */
#include "base/cleanup.h"
#include "module/run.h"

enum tokenward_module_result
module_call_function(struct module *m, tokenward_operation op,
    const struct buf *request, int64_t deadline_ms, struct buf *reply,
    struct error *err)
{
	cleanup_message struct tokenward_message in = MESSAGE_INIT;
	cleanup_message struct tokenward_message out = MESSAGE_INIT;
	cleanup_buf struct buf list = BUF_SECRET_INIT;
	int r = TOKENWARD_MODULE_NONE;

	module_put_request(m, &list, "", request, deadline_ms);
	if (list.failed || !message_read(&in, list.data, list.len, NULL)) {
		error_memory(err);
		return module_failed(m, err);
	}
	if (op)
		r = op(m->self, &in, &out);
	if (out.list.failed)
		r = TOKENWARD_MODULE_FAILED;
	if (message_may_have_fields(r))
		buf_put(reply, out.list.data, out.list.len);
	return module_conclude(m, r, out.said, err);
}

int
module_start_function(
    struct module *m, const struct buf *options, struct error *err)
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
	return module_conclude(m, r, out.said, err) ? err->code : TOKENWARD_OK;
}
