/* SPDX-License-Identifier: BSD-2-Clause */
/* The handle: opened, shared by threads, inherited by a child, closed. */
#include <linux/capability.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/secret.h"
#include "core/core.h"
#include "unit.h"
#include "world.h"

TestSuite(handle, .init = world_make, .fini = world_end, .timeout = 60);

Test(handle, a_failed_open_can_say_why_and_be_closed)
{
	struct tokenward_open_params p = {
	    .size = sizeof(p), .store = world_path("nothing")};
	struct tokenward *tw = NULL;

	cr_assert_eq(tokenward_open(&p, &tw), TOKENWARD_CONFIG);
	cr_assert(tw != NULL);
	cr_assert(tokenward_error(tw)[0]);
	cr_assert_eq(tokenward_retry_at(tw), TOKENWARD_TIME_UNKNOWN);
	tokenward_close(tw);
	tokenward_close(NULL);
	cr_assert(tokenward_error(NULL)[0]);
}

static void
ignore_finding(
    void *data, const char *grade, const char *what, const char *cure)
{
	(void)data;
	(void)grade;
	(void)what;
	(void)cure;
}

/* Not by root either. */
static void
forbid_locked_memory(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	struct rlimit nothing = {0, 0};
	bool locked = true;

	cr_assert_eq(setrlimit(RLIMIT_MEMLOCK, &nothing), 0);
	cr_assert_eq(syscall(SYS_capset, &head, none), 0);
	secret_free(secret_alloc(100000)); /* more than there is already */
	cr_assert(secret_locked(&locked));
	cr_assert_not(locked);
}

Test(handle, a_handle_that_did_not_open_refuses_every_call)
{
	struct tokenward_open_params p = {.size = sizeof(p),
	    .store = world_path("store"),
	    .flags = TOKENWARD_OPEN_STRICT | TOKENWARD_OPEN_NEW};
	struct tokenward_credential *c;
	struct tokenward_token *t;
	struct tokenward *tw;
	char *text;
	int created;

#ifdef __SANITIZE_ADDRESS__
	return; /* it makes mlock() do nothing, and succeed */
#endif
	forbid_locked_memory();
	cr_assert_eq(tokenward_open(&p, &tw), TOKENWARD_NOT_ALLOWED);
	cr_assert_eq(
	    tokenward_get_token(tw, "n", NULL, &t), TOKENWARD_NOT_ALLOWED);
	cr_assert(strstr(tokenward_error(tw), "--strict") != NULL);
	cr_assert_eq(
	    tokenward_get_credential(tw, "n", &c), TOKENWARD_NOT_ALLOWED);
	cr_assert_eq(
	    tokenward_reject_token(tw, "n", "t", 1), TOKENWARD_NOT_ALLOWED);
	cr_assert_eq(tokenward_init_store(tw, NULL, 0, &created, &text),
	    TOKENWARD_NOT_ALLOWED);
	cr_assert_eq(tokenward_unlock(tw, 0), TOKENWARD_NOT_ALLOWED);
	cr_assert_neq(tokenward_doctor(tw, NULL, TOKENWARD_DOCTOR_REPAIR,
			  ignore_finding, NULL),
	    TOKENWARD_OK);
	tokenward_close(tw);
}

Test(handle, success_leaves_no_sentence)
{
	struct tokenward *tw = world_open(0);

	cr_assert_eq(world_get(tw, "n", 0), TOKENWARD_NOT_FOUND);
	cr_assert(tokenward_error(tw)[0]);
	world_add(tw, "n", "s");
	cr_assert_str_eq(tokenward_error(tw), "");
	tokenward_close(tw);
}

Test(handle, results_have_stable_words)
{
	int r;

	for (r = 0; r < TOKENWARD_RESULT_MAX; r++)
		cr_assert(tokenward_result_name(r)[0]);
	cr_assert_str_eq(tokenward_result_name(0), "ok");
	cr_assert_str_eq(tokenward_result_name(-1), "unknown");
	cr_assert_str_eq(
	    tokenward_result_name(TOKENWARD_RESULT_MAX), "unknown");
}

Test(handle, an_older_callers_shorter_parameters_are_enough)
{
	struct tokenward_open_params p = {
	    .size = offsetof(struct tokenward_open_params, flags),
	    .store = world_path("store"),
	    .flags = ~0u,
	    .libexec_dir = (const char *)1};
	struct tokenward *tw;

	cr_assert_eq(
	    tokenward_open(&p, &tw), TOKENWARD_OK, "%s", tokenward_error(tw));
	cr_assert_str_eq(tokenward_store_path(tw), world_path("store"));
	tokenward_close(tw);
}

Test(handle, the_clock_can_be_moved)
{
	struct tokenward *a = world_open(0), *b = world_open(1000);

	cr_assert(tokenward_now(b) - tokenward_now(a) >= 999);
	cr_assert(tokenward_now(b) - tokenward_now(a) <= 1001);
	tokenward_close(a);
	tokenward_close(b);
}

Test(handle, a_closed_one_leaves_no_secret)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert(secret_in_use() > 0);
	tokenward_close(tw);
	cr_assert_eq(secret_in_use(), 0);
}

static int
ask_inside(void *data, const struct tokenward_credential *c)
{
	return world_get(data, tokenward_credential_get(c, "name", 0), 0);
}

Test(handle, a_callback_may_use_its_handle)
{
	struct tokenward *tw = world_open(0);

	world_add(tw, "a", "s");
	world_add(tw, "b", "s");
	world_script("life=600");
	assert_ok(
	    tokenward_list_credentials(tw, NULL, ask_inside, tw), tw->err);
	cr_assert_eq(world_requests(), 2);
	tokenward_close(tw);
}

Test(handle, the_thread_can_be_cancelled_as_before)
{
	struct tokenward *tw = world_open(0);
	int state;

	world_add(tw, "a", "s");
	world_script("life=600");
	assert_ok(
	    tokenward_list_credentials(tw, NULL, ask_inside, tw), tw->err);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	cr_assert_eq(state, PTHREAD_CANCEL_ENABLE);
	assert_ok(world_get(tw, "a", 0), tw->err);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	cr_assert_eq(state, PTHREAD_CANCEL_DISABLE);
	tokenward_close(tw);
}

/* ---- threads ----------------------------------------------------------- */

#define THREADS 8
#define CALLS 1000

static void *
ask_often(void *data)
{
	struct tokenward *tw = data;
	struct tokenward_token *t;
	intptr_t bad = 0;
	int i;

	for (i = 0; i < CALLS; i++) {
		if (tokenward_get_token(tw, "n", NULL, &t) != TOKENWARD_OK) {
			bad++;
			continue;
		}
		bad += strcmp(tokenward_token_value(t), "token-1") != 0;
		tokenward_token_free(t);
	}
	return (void *)bad;
}

Test(handle, eight_threads_share_one)
{
	struct tokenward *tw = world_open(0);
	pthread_t threads[THREADS];
	void *bad;
	int i;

	world_add(tw, "n", "s");
	world_script("life=6000 delay=50");
	for (i = 0; i < THREADS; i++)
		cr_assert_eq(
		    pthread_create(&threads[i], NULL, ask_often, tw), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &bad);
		cr_assert(bad == NULL);
	}
	cr_assert_eq(world_requests(), 1);
	tokenward_close(tw);
	cr_assert_eq(secret_in_use(), 0);
}

/* ---- fork -------------------------------------------------------------- */

static int
child_status(pid_t pid)
{
	int status = 0;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

Test(handle, a_child_may_close_what_it_inherited)
{
	struct tokenward *tw = world_open(0);
	struct tokenward_token *t;
	pid_t pid;

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(tokenward_get_token(tw, "n", NULL, &t), tw->err);
	pid = fork();
	if (pid == 0) {
		tokenward_token_free(t);
		tokenward_close(tw);
		_exit(0);
	}
	cr_assert_eq(child_status(pid), 0);
	cr_assert_str_eq(tokenward_token_value(t), "token-1");
	assert_ok(world_get(tw, "n", 0), tw->err);
	tokenward_token_free(t);
	tokenward_close(tw);
}

/* It must not, but an empty token for an answer would be worse. */
Test(handle, a_child_that_asks_its_parents_gets_no_empty_token)
{
	struct tokenward *tw = world_open(0);
	pid_t pid;

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	assert_ok(world_get(tw, "n", 0), tw->err);
	pid = fork();
	if (pid == 0)
		_exit(world_get(tw, "n", 0) == TOKENWARD_OK &&
		      strcmp(world_token.value, "token-1") != 0);
	cr_assert_eq(child_status(pid), 0);
	tokenward_close(tw);
}

Test(handle, a_child_opens_one_of_its_own)
{
	struct tokenward *tw = world_open(0);
	pid_t pid;

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(world_get(tw, "n", 0), tw->err);
	pid = fork();
	if (pid == 0) {
		struct tokenward *own = world_open(0);

		if (world_get(own, "n", 0) != TOKENWARD_OK ||
		    strcmp(world_token.value, "token-1") != 0)
			_exit(1);
		if (world_get(own, "n", TOKENWARD_TOKEN_NEW) != TOKENWARD_OK)
			_exit(2);
		tokenward_close(own);
		_exit(0);
	}
	cr_assert_eq(child_status(pid), 0);
	assert_ok(world_get(tw, "n", 0), tw->err);
	cr_assert_str_eq(world_token.value, "token-2");
	tokenward_close(tw);
}

/* It finds no plain text of the parent's there. */
Test(handle, a_child_finds_the_keys_and_tokens_gone)
{
	struct tokenward *tw = world_open(0);
	struct tokenward_token *t;
	pid_t pid;

	world_add(tw, "n", "s");
	world_script("life=600");
	assert_ok(tokenward_get_token(tw, "n", NULL, &t), tw->err);
	pid = fork();
	if (pid == 0)
		_exit(tokenward_token_value(t)[0] == '\0' ? 0 : 1);
	cr_assert_eq(child_status(pid), 0);
	tokenward_token_free(t);
	tokenward_close(tw);
}
