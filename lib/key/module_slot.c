/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots of modules that are programs.  What such a program says is as
 * foreign as what a file holds: 32 bytes of a key, short texts to keep, and
 * nothing else of it counts.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/frame.h"
#include "key/module_slot.h"
#include "module/module.h"
#include "store/header.h"

#define OPEN_MS 5000
#define ENROLL_MS 30000
#define DIALOG_MS 120000 /* somebody reads, and types a password */
#define PARAM_PREFIX "param."
#define PARAMS_MAX 16u
#define PARAM_NAME_MAX 32u
#define PARAM_VALUE_MAX 4096u
#define NOTE_MAX 1000u

/* ---- the line of the stack --------------------------------------------- */

int
key_stack_get(
    const struct key_context *ctx, struct key_stack *ret, struct error *err)
{
	static const struct stack_files none = {.store_owner = (uid_t)-1};

	*ret = (struct key_stack){.s = &ret->own};
	return ctx->stack ? ctx->stack(ctx->stack_data, &ret->s, err)
			  : stack_load(&none, &ret->own, err);
}

void
key_stack_free(struct key_stack *k)
{
	stack_free(&k->own);
}

const struct stack_line *
key_stack_line(const struct stack *s, const char *kind)
{
	const struct stack_line *line = NULL;

	while ((line = stack_next(s, MODULE_KEY, line)))
		if (!line->fault && strcmp(line->module, kind) == 0)
			return line;
	return NULL;
}

int
key_stack_check(const struct stack *s, struct error *err)
{
	const struct stack_line *line = NULL;

	while ((line = stack_next(s, MODULE_KEY, line)))
		if (line->fault)
			return stack_fault_said(line, err);
	return TOKENWARD_OK;
}

/* ---- what is sent ------------------------------------------------------ */

static bool
has_human(const struct key_context *ctx)
{
	return ctx->ask && ctx->dialogs;
}

static void
put_request(
    struct buf *b, const struct key_context *ctx, const struct key_slot *slot)
{
	cleanup_buf struct buf id = BUF_INIT;
	char key[64];
	size_t i;

	if (ctx->store_id)
		hex_put(&id, ctx->store_id, STORE_ID_LEN);
	frame_put_str(b, "store", buf_str(&id));
	frame_put_str(b, "path", ctx->store_path ? ctx->store_path : "");
	if (ctx->system)
		frame_put_str(b, "system", "1");
	frame_put_num(b, "slot", slot->id);
	frame_put(b, "salt", slot->salt, SLOT_SALT_LEN);
	for (i = 0; i < slot->params.n; i++) {
		snprintf(key, sizeof(key), PARAM_PREFIX "%.40s",
		    slot->params.v[i].key);
		frame_put_str(b, key, slot->params.v[i].value);
	}
	b->failed |= id.failed;
}

/* ---- what comes back --------------------------------------------------- */

static int
nonsense(const char *what, struct error *err)
{
	return error_set(err, TOKENWARD_FAILED, "it answered with %s", what);
}

static int
take_kek(const struct buf *reply, unsigned char *ret_kek, struct error *err)
{
	struct frame_field f;

	if (!frame_find(reply->data, reply->len, "kek", &f) || f.len != KEY_LEN)
		return nonsense("no key of 32 bytes", err);
	memcpy(ret_kek, f.value, KEY_LEN);
	if (sodium_is_zero(ret_kek, KEY_LEN))
		return nonsense("a key of zeros", err);
	return TOKENWARD_OK;
}

static bool
take_param(const struct frame_field *f, struct key_slot *slot)
{
	size_t skip = strlen(PARAM_PREFIX);
	cleanup_free char *name = strndup(f->key + skip, f->key_len - skip);
	cleanup_free char *value = frame_dup(f);

	return name && value && *name && strlen(name) <= PARAM_NAME_MAX &&
	       f->len <= PARAM_VALUE_MAX && slot->params.n < PARAMS_MAX &&
	       !strmap_get(&slot->params, name) &&
	       strmap_set(&slot->params, name, value);
}

static void
take_note(const struct frame_field *f, struct buf *note)
{
	if (!note)
		return;
	if (note->len)
		buf_put_byte(note, '\n');
	str_clean(note, (const char *)f->value, f->len, NOTE_MAX);
}

static int
take_params(const struct buf *reply, const struct key_context *ctx,
    struct key_slot *slot, struct error *err)
{
	struct frame_reader r;
	struct frame_field f;

	frame_open(&r, reply->data, reply->len);
	errno = 0;
	while (frame_next(&r, &f) == 1) {
		if (f.key_len > strlen(PARAM_PREFIX) &&
		    memcmp(f.key, PARAM_PREFIX, strlen(PARAM_PREFIX)) == 0 &&
		    !take_param(&f, slot))
			return errno == ENOMEM
				   ? error_memory(err)
				   : nonsense(
					 "parameters that cannot be kept", err);
		if (frame_key_is(&f, "note"))
			take_note(&f, ctx->note);
	}
	return TOKENWARD_OK;
}

/* ---- operations -------------------------------------------------------- */

struct operation {
	const char *name;
	int64_t ms;
	const char *arg;
	unsigned char *kek;    /* NULL: none is wanted */
	struct key_slot *made; /* NULL: there is one */
	bool slow;             /* set: the module says that it is */
	bool kept;             /* set: it may have kept something elsewhere */
};

static bool
asks_itself(const struct key_context *ctx, enum tokenward_module_result r,
    const struct buf *reply)
{
	struct frame_field f;

	return r == TOKENWARD_MODULE_ASK && has_human(ctx) &&
	       !frame_find(reply->data, reply->len, "prompt", &f);
}

/*
 * Who asks and gives no prompt has a dialog of its own, and may show it when
 * it is told so.  That time is a prompt's and does not count.
 */
static enum tokenward_module_result
call(const struct key_context *ctx, struct module *m,
    const struct operation *op, struct buf *request, struct buf *reply,
    struct error *err)
{
	enum tokenward_module_result r =
	    module_call_asking(m, op->name, request, reply, op->ms,
		ctx->deadline_ms, ctx->ask, ctx->ask_data, err);
	int64_t begun = clock_boot_ms();

	if (!asks_itself(ctx, r, reply))
		return r;
	frame_put_str(request, "human", "1");
	r = module_call(m, op->name, request, reply, begun + DIALOG_MS, err);
	if (ctx->deadline_ms)
		*ctx->deadline_ms += clock_boot_ms() - begun;
	return r;
}

static int
begin(const struct key_context *ctx, const struct stack_line *line,
    struct module **ret, struct error *err)
{
	int64_t now = clock_boot_ms(), end = now + OPEN_MS;

	if (ctx->deadline_ms && *ctx->deadline_ms < end)
		end = *ctx->deadline_ms;
	if (end <= now) {
		error_set(err, TOKENWARD_UNAVAILABLE,
		    "it was not asked: the time was up");
		return module_blame(line, err);
	}
	return module_start(ctx->modules, line, end, ret, err);
}

static int
take_reply(const struct key_context *ctx, const struct operation *op,
    const struct buf *reply, struct error *err)
{
	int r = TOKENWARD_OK;

	if (op->kek)
		r = take_kek(reply, op->kek, err);
	if (r == TOKENWARD_OK && op->made)
		r = take_params(reply, ctx, op->made, err);
	return r;
}

static int
run(const struct key_context *ctx, const struct stack_line *line,
    struct operation *op, const struct key_slot *slot, struct error *err)
{
	cleanup_buf struct buf request = BUF_INIT, reply = BUF_SECRET_INIT;
	struct module *m;
	int r;

	put_request(&request, ctx, slot);
	if (op->arg)
		frame_put_str(&request, "arg", op->arg);
	if (request.failed)
		return error_memory(err);
	r = begin(ctx, line, &m, err);
	if (r != TOKENWARD_OK)
		return r;
	op->slow = strlist_has(&module_info(m)->capabilities, "slow");
	if (call(ctx, m, op, &request, &reply, err) != TOKENWARD_MODULE_OK)
		r = err->code;
	else if (take_reply(ctx, op, &reply, err) != TOKENWARD_OK)
		r = module_blame(line, err);
	op->kept = !module_has_refused(m);
	module_end(m);
	return r;
}

/* Its own line of the stack has its options. */
static int
run_anywhere(const struct key_context *ctx, const struct stack_line *line,
    struct operation *op, const struct key_slot *slot, struct error *err)
{
	struct stack_line bare = {.kind = MODULE_KEY, .module = slot->kind};
	struct key_stack k;
	int r;

	if (!ctx->modules || !module_is_name(slot->kind))
		return error_set(err, TOKENWARD_CONFIG,
		    "there is no key module \"%s\" here", slot->kind);
	if (line)
		return run(ctx, line, op, slot, err);
	r = key_stack_get(ctx, &k, err);
	if (r != TOKENWARD_OK)
		return r;
	line = key_stack_line(k.s, slot->kind);
	if (!line)
		r = key_stack_check(k.s, err);
	if (r == TOKENWARD_OK)
		r = run(ctx, line ? line : &bare, op, slot, err);
	key_stack_free(&k);
	return r;
}

int
module_slot_open(const struct key_context *ctx, const struct stack_line *line,
    const struct key_slot *slot, unsigned char *ret_kek, bool *ret_slow,
    struct error *err)
{
	struct operation op = {.name = "open", .ms = OPEN_MS, .kek = ret_kek};
	int r = run_anywhere(ctx, line, &op, slot, err);

	if (ret_slow)
		*ret_slow = op.slow;
	return r;
}

int
module_slot_enroll(const struct key_context *ctx, const char *arg,
    struct key_slot *slot, unsigned char *ret_kek, struct error *err)
{
	struct operation op = {.name = "enroll",
	    .ms = ENROLL_MS,
	    .arg = arg,
	    .kek = ret_kek,
	    .made = slot};
	int r;

	if (sodium_is_zero(slot->salt, SLOT_SALT_LEN))
		randombytes_buf(slot->salt, SLOT_SALT_LEN);
	r = run_anywhere(ctx, NULL, &op, slot, err);
	if (r != TOKENWARD_OK && !op.kept)
		free(take_ptr(slot->kind));
	return r;
}

int
module_slot_forget(const struct key_context *ctx, const struct key_slot *slot,
    struct error *err)
{
	struct operation op = {.name = "forget", .ms = OPEN_MS};
	int r = run_anywhere(ctx, NULL, &op, slot, err);

	return r == TOKENWARD_NOT_FOUND ? TOKENWARD_OK : r;
}
