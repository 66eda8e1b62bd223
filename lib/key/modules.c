/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key methods that are built in, as modules: the same contract as for a
 * program, so the same tests.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "key/methods.h"
#include "module/built_in.h"
#include "module/message.h"

#define ABI .size = sizeof(struct tokenward_module), .abi = TOKENWARD_MODULE_ABI
#define PARAM_PREFIX "param."

struct work {
	const struct key_method *method;
	const struct tokenward_message *request;
	struct tokenward_message *reply;
	bool asked;
	struct key_context ctx;
	struct key_slot slot;
	struct buf code; /* secret: what is to be shown */
};

/* The answer, if there is one; else the question goes into the reply. */
static long
ask(void *data, const struct tokenward_question *question, char *answer,
    size_t cap)
{
	struct work *w = data;
	size_t len = 0;
	const void *given = tokenward_message_get(w->request, "answer", &len);

	if (given && len <= cap) {
		memcpy(answer, given, len);
		return (long)len;
	}
	w->asked = !given;
	if (given)
		return -1;
	tokenward_message_put_text(w->reply, "prompt", question->prompt);
	tokenward_message_put_number(
	    w->reply, "confirm", question->confirm != 0);
	return -1;
}

static bool
read_params(struct work *w)
{
	char key[65];
	const void *value;
	size_t len, at = 0;

	while (tokenward_message_next(w->request, &at, key, &value, &len))
		if (strncmp(key, PARAM_PREFIX, strlen(PARAM_PREFIX)) == 0 &&
		    (strlen(value) != len ||
			!strmap_set(&w->slot.params, key + strlen(PARAM_PREFIX),
			    value)))
			return false;
	return true;
}

static bool
begin(struct work *w)
{
	size_t len;
	const void *salt = tokenward_message_get(w->request, "salt", &len);

	w->slot.kind = strdup(w->method->name);
	w->slot.id = (uint32_t)tokenward_message_number(w->request, "slot", 0);
	if (!salt || len != SLOT_SALT_LEN || !w->slot.kind)
		return false;
	memcpy(w->slot.salt, salt, len);
	w->ctx = (struct key_context){.ask = ask,
	    .ask_data = w,
	    .code = &w->code,
	    .store_path = tokenward_message_text(w->request, "path"),
	    .system = tokenward_message_number(w->request, "system", 0) == 1};
	return read_params(w);
}

static enum tokenward_module_result
result_of(const struct work *w, int code)
{
	static const enum tokenward_module_result results[] = {
	    [TOKENWARD_OK] = TOKENWARD_MODULE_OK,
	    [TOKENWARD_LOCKED] = TOKENWARD_MODULE_DENIED,
	    [TOKENWARD_DAMAGED] = TOKENWARD_MODULE_BROKEN,
	    [TOKENWARD_RESULT_MAX] = TOKENWARD_MODULE_FAILED,
	};

	if (w->asked)
		return TOKENWARD_MODULE_ASK;
	if (code == TOKENWARD_OK)
		return TOKENWARD_MODULE_OK;
	return results[code] ? results[code] : TOKENWARD_MODULE_FAILED;
}

/* A slot of another salt than was given: the host must keep that one. */
static void
put_slot(struct work *w)
{
	char key[65];
	size_t i;

	for (i = 0; i < w->slot.params.n; i++) {
		snprintf(key, sizeof(key), PARAM_PREFIX "%s",
		    w->slot.params.v[i].key);
		tokenward_message_put_text(
		    w->reply, key, w->slot.params.v[i].value);
	}
	tokenward_message_put(w->reply, "salt", w->slot.salt, SLOT_SALT_LEN);
	if (w->code.len)
		tokenward_message_put(
		    w->reply, "note", w->code.data, w->code.len);
}

static int
work(struct work *w, bool enroll, unsigned char *kek)
{
	struct error err = {0};
	enum tokenward_module_result r;
	const char *arg = tokenward_message_text(w->request, "arg");
	int code =
	    enroll ? w->method->enroll(
			 w->method, &w->ctx, arg, &w->slot, kek, &err)
		   : w->method->open(w->method, &w->ctx, &w->slot, kek, &err);

	r = result_of(w, code);
	if (r != TOKENWARD_MODULE_OK) {
		tokenward_message_say(w->reply, "%s", err.text);
		return r;
	}
	tokenward_message_put(w->reply, "kek", kek, KEY_LEN);
	if (enroll)
		put_slot(w);
	return r;
}

static int
run(const struct key_method *method, bool enroll,
    const struct tokenward_message *request, struct tokenward_message *reply)
{
	struct work w = {.method = method,
	    .request = request,
	    .reply = reply,
	    .code = BUF_SECRET_INIT};
	unsigned char *kek = secret_alloc(KEY_LEN);
	int r = TOKENWARD_MODULE_FAILED;

	if (kek && begin(&w))
		r = work(&w, enroll, kek);
	secret_free(kek);
	slot_free(&w.slot);
	buf_free(&w.code);
	return r;
}

static int
keyfile_enroll(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	(void)self;
	return run(&keyfile_method, true, request, reply);
}

/* A disk that is not there now is not a wrong key. */
static bool
is_absent(const char *path)
{
	return path && access(path, F_OK) < 0 &&
	       (errno == ENOENT || errno == ENOTDIR);
}

static int
keyfile_open(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	int r = run(&keyfile_method, false, request, reply);

	(void)self;
	if (r == TOKENWARD_MODULE_DENIED &&
	    is_absent(tokenward_message_text(request, PARAM_PREFIX "path")))
		r = TOKENWARD_MODULE_AWAY;
	return r;
}

static int
passphrase_enroll(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	(void)self;
	return run(&passphrase_method, true, request, reply);
}

static int
passphrase_open(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	(void)self;
	return run(&passphrase_method, false, request, reply);
}

static int
recovery_enroll(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	(void)self;
	return run(&recovery_method, true, request, reply);
}

static int
recovery_open(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	(void)self;
	return run(&recovery_method, false, request, reply);
}

const struct tokenward_module keyfile_module = {
    ABI,
    .kind = "key",
    .name = "keyfile",
    .version = TOKENWARD_VERSION_STRING,
    .summary = "a file of random bytes",
    .key = {.enroll = keyfile_enroll, .open = keyfile_open},
};

const struct tokenward_module passphrase_module = {
    ABI,
    .kind = "key",
    .name = "passphrase",
    .version = TOKENWARD_VERSION_STRING,
    .summary = "a passphrase that a human types",
    .capabilities = "asks",
    .key = {.enroll = passphrase_enroll, .open = passphrase_open},
};

const struct tokenward_module recovery_module = {
    ABI,
    .kind = "key",
    .name = "recovery",
    .version = TOKENWARD_VERSION_STRING,
    .summary = "a code on paper that a human types",
    .capabilities = "asks",
    .key = {.enroll = recovery_enroll, .open = recovery_open},
};

/*
 * No way to a wrapping key but a place where the kernel keeps the master key
 * for a while: unlock.c itself looks there.
 */
static const struct tokenward_option cache_options[] = {
    {.name = "timeout",
	.type = TOKENWARD_OPTION_DURATION,
	.fallback = "8h",
	.help = "how long a key that a human gave is kept"},
    {NULL},
};

const struct tokenward_module keyring_cache_module = {
    ABI,
    .kind = "key",
    .name = "keyring-cache",
    .version = TOKENWARD_VERSION_STRING,
    .summary = "the key that the kernel keeps for a while",
    .capabilities = "cache",
    .options = cache_options,
};
