/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records in a store module.  It is started when it is first needed in a
 * call and ends with the call.  What it says is as foreign as what a file
 * holds: one record of a limited size, keys of the right shape.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "store/outside.h"

#define START_MS 5000
#define OPERATION_MS 10000
#define VERSION_MAX 4096u
#define RECORD_MAX (FRAME_MAX - 16384u) /* it stands in a frame */

/* ---- starting ---------------------------------------------------------- */

/* The header's options stand; the stack's line has the rest. */
static bool
take_options(
    struct outside *o, const struct where *w, const struct stack_line *line)
{
	size_t i;
	bool good = strmap_copy(&o->line.options, &w->options);

	for (i = 0; good && line && i < line->options.n; i++)
		if (strcmp(line->options.v[i].key, "readonly") != 0 &&
		    !strmap_get(&o->line.options, line->options.v[i].key))
			good = strmap_set(&o->line.options,
			    line->options.v[i].key, line->options.v[i].value);
	return good;
}

static int
make_line(struct outside *o, const struct records *r, struct error *err)
{
	const struct key_context *ctx = r->s->modules;
	const struct stack_line *line;

	if (!ctx || !ctx->modules || !ctx->stack)
		return error_set(err, TOKENWARD_CONFIG,
		    "the records of the store %s lie in the store module %s, "
		    "which is not at hand here",
		    r->s->files.path, r->where->module);
	if (records_line(r, &line, err) != TOKENWARD_OK)
		return err->code;
	o->line = (struct stack_line){.kind = MODULE_STORE,
	    .control = CONTROL_REQUIRED,
	    .module = strdup(r->where->module),
	    .file = line && line->file ? strdup(line->file) : NULL,
	    .line = line ? line->line : 0};
	return o->line.module && take_options(o, r->where, line)
		   ? TOKENWARD_OK
		   : error_memory(err);
}

static void
rest(struct records *r)
{
	struct outside *o = r->outside;

	if (!o)
		return;
	module_end(o->module);
	stack_line_free(&o->line);
	buf_free(&o->version);
	free(o);
	r->outside = NULL;
}

/* What did not start is not tried again in the same call. */
static int
need_module(struct records *r, struct error *err)
{
	struct outside *o = r->outside;

	if (o && !o->module)
		*err = o->failed;
	if (o)
		return o->module ? TOKENWARD_OK : err->code;
	o = r->outside = calloc(1, sizeof(*o));
	if (!o)
		return error_memory(err);
	if (make_line(o, r, err) == TOKENWARD_OK &&
	    module_start(r->s->modules->modules, &o->line,
		store_until(r->s, START_MS), &o->module, err) == TOKENWARD_OK)
		return TOKENWARD_OK;
	o->failed = *err;
	return err->code;
}

/* ---- one operation ----------------------------------------------------- */

void
outside_request(const struct records *r, const char *key, struct buf *ret)
{
	cleanup_buf struct buf id = BUF_INIT;

	hex_put(&id, r->s->header.store_id, STORE_ID_LEN);
	frame_put_str(ret, "store", buf_str(&id));
	frame_put_str(ret, "path", r->s->files.path);
	if (r->s->modules && r->s->modules->system)
		frame_put_str(ret, "system", "1");
	if (key)
		frame_put_str(ret, "key", key);
	ret->failed |= id.failed;
}

static int
call(struct records *r, const char *operation, const struct buf *request,
    struct buf *reply, enum tokenward_module_result *ret, struct error *err)
{
	*ret = TOKENWARD_MODULE_FAILED;
	if (request->failed)
		return error_memory(err);
	if (need_module(r, err) != TOKENWARD_OK)
		return err->code;
	*ret = module_call(r->outside->module, operation, request, reply,
	    store_until(r->s, OPERATION_MS), err);
	return *ret == TOKENWARD_MODULE_OK ? TOKENWARD_OK : err->code;
}

int
outside_blame(const struct records *r, struct error *err, const char *fmt, ...)
{
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return error_set(err, TOKENWARD_FAILED, "the store module %s %s",
	    r->where->module, what);
}

int
outside_must(struct records *r, const char *operation,
    const struct buf *request, struct buf *reply, struct error *err)
{
	enum tokenward_module_result got;
	int code = call(r, operation, request, reply, &got, err);

	return code != TOKENWARD_OK && got == TOKENWARD_MODULE_NONE
		   ? outside_blame(
			 r, err, "does not know how to \"%s\"", operation)
		   : code;
}

/* ---- records ----------------------------------------------------------- */

/* What is put next over this record is put over what was seen of it. */
static int
remember(struct records *r, const char *key, const struct buf *reply,
    bool there, struct error *err)
{
	struct outside *o = r->outside;
	struct frame_field f = {0};

	o->has_version =
	    there ? frame_find(reply->data, reply->len, "version", &f) : true;
	if (f.len > VERSION_MAX || (f.len && memchr(f.value, 0, f.len)))
		return outside_blame(
		    r, err, "answered with no version of a record");
	snprintf(o->seen, sizeof(o->seen), "%s", key);
	buf_set(&o->version, f.value, f.len);
	return o->version.failed ? error_memory(err) : TOKENWARD_OK;
}

static int
get(struct records *r, const char *key, struct buf *out, struct error *err)
{
	cleanup_buf struct buf request = BUF_INIT;
	cleanup_buf struct buf reply = BUF_SECRET_INIT;
	enum tokenward_module_result got;
	struct frame_field f;

	outside_request(r, key, &request);
	if (call(r, "get", &request, &reply, &got, err) != TOKENWARD_OK &&
	    got != TOKENWARD_MODULE_NONE)
		return err->code;
	if (remember(r, key, &reply, got == TOKENWARD_MODULE_OK, err) !=
	    TOKENWARD_OK)
		return err->code;
	if (got == TOKENWARD_MODULE_NONE)
		return TOKENWARD_NOT_FOUND;
	if (!frame_find(reply.data, reply.len, "record", &f))
		return outside_blame(r, err, "answered without a record");
	if (f.len > SEAL_MAX)
		return error_set(err, TOKENWARD_DAMAGED, "it is too large");
	buf_put(out, f.value, f.len);
	return out->failed ? error_memory(err) : TOKENWARD_OK;
}

static int
put(struct records *r, const char *key, const struct buf *b, bool durable,
    struct error *err)
{
	cleanup_buf struct buf request = BUF_INIT, reply = BUF_INIT;
	struct outside *o;

	(void)durable; /* a module's records always are */
	if (b->len > RECORD_MAX)
		return outside_blame(
		    r, err, "cannot take a record of %zu bytes", b->len);
	if (need_module(r, err) != TOKENWARD_OK ||
	    records_check_writable(r, err) != TOKENWARD_OK)
		return err->code;
	o = r->outside;
	outside_request(r, key, &request);
	frame_put(&request, "record", b->data, b->len);
	if (o->has_version && strcmp(o->seen, key) == 0)
		frame_put_str(&request, "version", buf_str(&o->version));
	o->has_version = false;
	return outside_must(r, "put", &request, &reply, err);
}

static int
drop(struct records *r, const char *key, struct error *err)
{
	cleanup_buf struct buf request = BUF_INIT, reply = BUF_INIT;

	if (need_module(r, err) != TOKENWARD_OK ||
	    records_check_writable(r, err) != TOKENWARD_OK)
		return err->code;
	r->outside->has_version = false;
	outside_request(r, key, &request);
	return outside_must(r, "remove", &request, &reply, err);
}

/* A module that gives a record has it for good. */
static int
settle(struct records *r, enum record_kind kind, struct error *err)
{
	(void)r;
	(void)kind;
	(void)err;
	return TOKENWARD_OK;
}

const struct records_ops records_module = {
    get, get, put, drop, outside_each, settle, NULL, rest};
