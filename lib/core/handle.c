/* SPDX-License-Identifier: BSD-2-Clause */
/* The handle: opened, asked for its error, closed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/events.h"
#include "key/key.h"

#define DEFAULT_TIMEOUT 30
#define LONGEST_TIMEOUT 86400

void
call_goes_on(struct tokenward *tw)
{
	tw->deadline_ms = clock_boot_ms() + tw->timeout_ms;
}

void
use_store(struct tokenward *tw)
{
	store_use_deadline(tw->store, &tw->deadline_ms);
	store_use_modules(tw->store, &tw->keys);
}

void
call_begin(struct tokenward *tw)
{
	pthread_mutex_lock(&tw->mutex);
	/* Cancelled, a thread would leave the lock and a helper behind. */
	if (tw->depth++ == 0)
		pthread_setcancelstate(
		    PTHREAD_CANCEL_DISABLE, &tw->cancel_state);
	error_clear(&tw->err);
	call_goes_on(tw);
	if (tw->store)
		use_store(tw);
}

/* The time at a prompt does not count. */
static long
ask(void *data, const struct tokenward_question *question, char *answer,
    size_t cap)
{
	struct tokenward *tw = data;
	int64_t begun = clock_boot_ms();
	long n = tw->ask(tw->ask_data, question, answer, cap);

	tw->deadline_ms += clock_boot_ms() - begun;
	return n;
}

static int64_t
timeout_of(const struct tokenward_open_params *p)
{
	if (p->timeout <= 0)
		return DEFAULT_TIMEOUT * INT64_C(1000);
	return (p->timeout < LONGEST_TIMEOUT ? p->timeout : LONGEST_TIMEOUT) *
	       INT64_C(1000);
}

/*
 * Registers that held a piece of a secret are saved on the stack whenever
 * the C library looks up a function of its own.
 */
#define STACK_USED 16384

int
call_end(struct tokenward *tw, int result)
{
	int cancel_state = tw->cancel_state;
	bool outermost = --tw->depth == 0;

	if (result == TOKENWARD_OK)
		error_clear(&tw->err);
	if (tw->opened)
		sodium_stackzero(STACK_USED);
	tw->opened = false;
	if (tw->store)
		store_rest(tw->store);
	pthread_mutex_unlock(&tw->mutex);
	if (outermost)
		pthread_setcancelstate(cancel_state, NULL);
	return result;
}

int
null_argument(struct tokenward *tw)
{
	if (!tw)
		return TOKENWARD_USAGE;
	call_begin(tw);
	return call_end(
	    tw, error_set(&tw->err, TOKENWARD_USAGE,
		    "the program left out (NULL) what this call must be given, "
		    "see tokenward(3)"));
}

int
why_broken(struct tokenward *tw)
{
	tw->err = tw->unopened;
	return tw->err.code;
}

static bool
say_system_store_exists(const struct tokenward *tw)
{
	return !(tw->flags & TOKENWARD_OPEN_SYSTEM) && !tw->explicit_path &&
	       store_exists(SYSTEM_STORE);
}

static int
open_store(struct tokenward *tw)
{
	int r = store_open(tw->path, &tw->store, &tw->unopened);

	if (r == TOKENWARD_CONFIG && !store_exists(tw->path) &&
	    say_system_store_exists(tw))
		error_set(&tw->unopened, r,
		    "there is no store of your own at %s, but the system "
		    "has one: use it with --system, or make your own with "
		    "\"tokenward init\"",
		    tw->path);
	if (r != TOKENWARD_OK && (tw->flags & TOKENWARD_OPEN_NEW) &&
	    !tw->unopened.no_memory && !store_exists(tw->path))
		return TOKENWARD_OK;
	if (r != TOKENWARD_OK)
		tw->err = tw->unopened;
	return r;
}

static int
strict_check(struct tokenward *tw)
{
	bool locked;

	if (!(tw->flags & TOKENWARD_OPEN_STRICT))
		return TOKENWARD_OK;
	if (!secret_locked(&locked))
		return error_memory(&tw->err);
	if (locked)
		return TOKENWARD_OK;
	return error_set(&tw->err, TOKENWARD_NOT_ALLOWED,
	    "memory for secrets cannot be locked against swap here, and "
	    "--strict refuses that: raise RLIMIT_MEMLOCK (ulimit -l)");
}

static int
stack_for_keys(void *data, const struct stack **ret, struct error *err)
{
	return handle_stack(data, ret, err);
}

static int
take_params(struct tokenward *tw, const struct tokenward_open_params *p)
{
	tw->flags = p->flags;
	tw->timeout_ms = timeout_of(p);
	tw->ask = p->ask;
	tw->ask_data = p->ask_data;
	tw->clock_offset = p->clock_offset;
	tw->warn = p->warn;
	tw->warn_data = p->warn_data;
	tw->show = p->show;
	tw->show_data = p->show_data;
	tw->explicit_path = p->store != NULL;
	tw->path = p->store ? strdup(p->store)
			    : default_store_path(p->flags, &tw->err);
	if (!tw->path)
		return tw->err.code ? tw->err.code : error_memory(&tw->err);
	tw->libexec = strdup(p->libexec_dir ? p->libexec_dir : LIBEXECDIR);
	if (!tw->libexec ||
	    asprintf(&tw->module_dir, "%s/modules", tw->libexec) < 0 ||
	    (p->stack_file && !(tw->stack_file = strdup(p->stack_file))) ||
	    !default_provider_dirs(tw, p->provider_dir))
		return error_memory(&tw->err);
	tw->keys = (struct key_context){.ask = p->ask ? ask : NULL,
	    .ask_data = tw,
	    .deadline_ms = &tw->deadline_ms,
	    .store_path = tw->path,
	    .modules = tw->module_dir,
	    .stack = stack_for_keys,
	    .stack_data = tw,
	    .system = p->flags & TOKENWARD_OPEN_SYSTEM};
	return TOKENWARD_OK;
}

static int
prepare(struct tokenward *tw, const struct tokenward_open_params *p)
{
	int r;

	if (sodium_init() < 0)
		return error_set(
		    &tw->err, TOKENWARD_FAILED, "libsodium did not start");
	tw->jitter = randombytes_uniform(1000);
	r = take_params(tw, p);
	return r ? r : strict_check(tw);
}

/* A callback may use the handle that it was called for. */
static void
make_mutex(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
}

int
tokenward_open(
    const struct tokenward_open_params *params, struct tokenward **ret)
{
	struct tokenward_open_params p = {.size = sizeof(p)};
	struct tokenward *tw;
	int r;

	if (!ret)
		return TOKENWARD_USAGE;
	tw = calloc(1, sizeof(*tw));
	*ret = tw;
	if (!tw)
		return TOKENWARD_FAILED;
	make_mutex(&tw->mutex);
	tw->memo.token = (struct token){.value = BUF_SECRET_INIT};
	if (params)
		memcpy(&p, params,
		    params->size < sizeof(p) ? params->size : sizeof(p));
	r = prepare(tw, &p);
	if (r == TOKENWARD_OK)
		return open_store(tw);
	tw->unopened = tw->err;
	tw->broken = true;
	return r;
}

static void
memo_free(struct memo *m)
{
	free(m->name);
	free(m->shape);
	token_free(&m->token);
	tokenward_token_free(m->object);
}

void
tokenward_close(struct tokenward *tw)
{
	if (!tw)
		return;
	memo_free(&tw->memo);
	tokenward_token_free(tw->given);
	store_close(tw->store);
	strlist_free(&tw->provider_dirs);
	stack_free(&tw->stack);
	free(tw->stack_file);
	free(tw->module_dir);
	free(tw->libexec);
	free(tw->path);
	pthread_mutex_destroy(&tw->mutex);
	free(tw);
}

const char *
tokenward_error(const struct tokenward *tw)
{
	return tw ? tw->err.text : "out of memory";
}

int64_t
tokenward_retry_at(const struct tokenward *tw)
{
	return tw && tw->err.retry_at ? tw->err.retry_at
				      : TOKENWARD_TIME_UNKNOWN;
}

const char *
tokenward_store_path(const struct tokenward *tw)
{
	return tw && tw->path ? tw->path : "";
}

int64_t
tokenward_now(const struct tokenward *tw)
{
	struct now now;

	clock_now(tw ? tw->clock_offset : 0, &now);
	return now.wall_ms / 1000;
}

void
handle_now(const struct tokenward *tw, struct now *ret)
{
	clock_now(tw->clock_offset, ret);
}

void
handle_warn(struct tokenward *tw, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!tw->warn)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tw->warn(tw->warn_data, text);
}

int
need_name(const char *name, struct error *err)
{
	struct buf shown = BUF_INIT;

	if (name && str_is_name(name))
		return TOKENWARD_OK;
	str_clean(&shown, name ? name : "", name ? strlen(name) : 0, 160);
	error_set(err, TOKENWARD_USAGE,
	    "\"%s\" is no name for a credential: use letters, digits and "
	    "._+@-, a letter or digit first, at most 128",
	    buf_str(&shown));
	buf_free(&shown);
	return err->code;
}
