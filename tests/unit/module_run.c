/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running modules from a program with habits of its own.  What strangers'
 * programs may do wrong is in tests/modules/hostile-test.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/frame.h"
#include "base/secret.h"
#include "module/module.h"
#include "unit.h"

/* The test program runs in the build tree. */
#define DIRECTORY "tests/modules"

static char debug[] = "debug", keyfile[] = "keyfile", file[] = "/f";

static struct stack_line
line_of(char *name, const char *key, const char *value)
{
	struct stack_line line = {
	    .kind = MODULE_KEY, .module = name, .file = file, .line = 9};

	if (key)
		cr_assert(strmap_set(&line.options, key, value));
	return line;
}

static struct module *
start(const struct stack_line *line)
{
	struct error err = {0};
	struct module *m;

	assert_ok(
	    module_start(DIRECTORY, line, clock_boot_ms() + 5000, &m, &err),
	    err);
	return m;
}

static enum tokenward_module_result
call(struct module *m, const char *operation, struct buf *reply,
    struct error *err)
{
	cleanup_buf struct buf request = BUF_INIT;

	frame_put_str(&request, "store", "0123");
	frame_put_str(&request, "salt", "0123456789abcdef");
	frame_put_str(&request, "slot", "1");
	frame_put_str(&request, "param.arg", "");
	return module_call(
	    m, operation, &request, reply, clock_boot_ms() + 5000, err);
}

static unsigned
descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void
open_once(void)
{
	cleanup_buf struct buf reply = BUF_SECRET_INIT;
	struct stack_line line = line_of(debug, NULL, NULL);
	struct module *m = start(&line);
	struct frame_field f;
	struct error err = {0};

	cr_assert_eq(
	    call(m, "open", &reply, &err), TOKENWARD_MODULE_OK, "%s", err.text);
	cr_assert(frame_find(reply.data, reply.len, "kek", &f));
	cr_assert_eq(f.len, 32);
	cr_assert_not(frame_find(reply.data, reply.len, "id", &f));
	cr_assert_not(frame_find(reply.data, reply.len, "result", &f));
	module_end(m);
}

Test(module_run, an_operation)
{
	open_once();
}

Test(module_run, results_and_sentences)
{
	static const int codes[] = {0, TOKENWARD_NOT_FOUND, TOKENWARD_LOCKED,
	    TOKENWARD_UNAVAILABLE, TOKENWARD_LOCKED, TOKENWARD_EXISTS,
	    TOKENWARD_DAMAGED, TOKENWARD_FAILED};
	int i;

	for (i = 1; i < TOKENWARD_MODULE_RESULT_MAX; i++) {
		cleanup_buf struct buf reply = BUF_INIT;
		struct stack_line line =
		    line_of(debug, "result", module_result_names[i]);
		struct error err = {0};
		struct module *m = start(&line);

		cr_assert_eq((int)call(m, "open", &reply, &err), i);
		cr_assert_eq(err.code, codes[i]);
		cr_assert_eq(
		    strncmp(err.text, "the key module debug (/f:9): ", 29), 0,
		    "%s", err.text);
		cr_assert_gt(strlen(err.text), 35);
		cr_assert_eq(reply.len, 0);
		module_end(m);
		strmap_free(&line.options);
	}
}

Test(module_run, a_module_that_refuses_to_start)
{
	struct stack_line line = line_of(debug, "start", "away");
	struct error err = {0};
	struct module *m = (struct module *)1;

	assert_fails(
	    module_start(DIRECTORY, &line, clock_boot_ms() + 5000, &m, &err),
	    err, TOKENWARD_UNAVAILABLE, "(/f:9): what it needs is not here");
	cr_assert_eq(m, NULL);
	strmap_free(&line.options);
}

Test(module_run, a_deadline_that_is_over)
{
	struct stack_line line = line_of(debug, NULL, NULL);
	struct error err = {0};
	struct module *m;

	assert_fails(
	    module_start(DIRECTORY, &line, clock_boot_ms() - 1, &m, &err), err,
	    TOKENWARD_UNAVAILABLE, "no answer within the time");
}

Test(module_run, a_late_module_is_ended_and_stays_so)
{
	cleanup_buf struct buf reply = BUF_INIT;
	struct stack_line line = line_of(debug, "wait", "60000");
	struct module *m = start(&line);
	struct error err = {0};
	int64_t before = clock_boot_ms();

	cr_assert_eq(
	    module_call(m, "open", NULL, &reply, clock_boot_ms() + 100, &err),
	    TOKENWARD_MODULE_FAILED);
	cr_assert_eq(err.code, TOKENWARD_UNAVAILABLE);
	cr_assert_eq(call(m, "open", &reply, &err), TOKENWARD_MODULE_FAILED);
	cr_assert(strstr(err.text, "ended because"), "%s", err.text);
	module_end(m);
	cr_assert_lt(clock_boot_ms() - before, 5000);
	strmap_free(&line.options);
}

Test(module_run, in_a_host_with_habits_of_its_own)
{
	sigset_t all;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	close(0);
	open_once();
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_assert_eq(errno, ECHILD);
}

Test(module_run, nothing_is_left)
{
	unsigned before = descriptors(), i;
	size_t secrets = secret_in_use();

	for (i = 0; i < 5; i++)
		open_once();
	cr_assert_eq(descriptors(), before);
	cr_assert_eq(secret_in_use(), secrets);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
}

static void *
thread(void *unused)
{
	int i;

	(void)unused;
	for (i = 0; i < 10; i++)
		open_once();
	return NULL;
}

Test(module_run, from_several_threads)
{
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, thread, NULL);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* ---- asking ------------------------------------------------------------ */

static int asked;

static long
answer(void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	asked++;
	cr_assert_str_eq(q->prompt, "Say friend: ");
	cr_assert_geq(cap, 1024);
	if (!data)
		return -1;
	memcpy(to, "friend", 6);
	return 6;
}

static enum tokenward_module_result
ask_as(const char *result, tokenward_ask_fn fn, void *data, struct error *err)
{
	cleanup_buf struct buf request = BUF_INIT, reply = BUF_SECRET_INIT;
	struct stack_line line = line_of(debug, "ask", "yes");
	enum tokenward_module_result r;
	struct module *m;

	strmap_set(&line.options, "result", result);
	m = start(&line);

	frame_put_str(&request, "store", "0123");
	frame_put_str(&request, "salt", "0123456789abcdef");
	frame_put_str(&request, "param.arg", "");
	r = module_call_asking(
	    m, "open", &request, &reply, 5000, NULL, fn, data, err);
	module_end(m);
	strmap_free(&line.options);
	return r;
}

static enum tokenward_module_result
ask(tokenward_ask_fn fn, void *data, struct error *err)
{
	return ask_as("ok", fn, data, err);
}

Test(module_run, a_human_answers)
{
	struct error err = {0};
	int somebody;

	cr_assert_eq(
	    ask(answer, &somebody, &err), TOKENWARD_MODULE_OK, "%s", err.text);
	cr_assert_eq(asked, 1);
}

Test(module_run, nobody_answers)
{
	struct error err = {0};

	cr_assert_eq(ask(answer, NULL, &err), TOKENWARD_MODULE_ASK);
	cr_assert_eq(asked, 1);
	cr_assert_eq(err.code, TOKENWARD_LOCKED);
	cr_assert_eq(ask(NULL, NULL, &err), TOKENWARD_MODULE_ASK);
	cr_assert_eq(asked, 1);
}

Test(module_run, whoever_is_never_satisfied_asks_three_times)
{
	struct error err = {0};
	int somebody;

	cr_assert_eq(
	    ask_as("ask", answer, &somebody, &err), TOKENWARD_MODULE_ASK);
	cr_assert_eq(asked, 3);
	cr_assert_eq(err.code, TOKENWARD_LOCKED);
}

/* ---- built in ---------------------------------------------------------- */

Test(module_run, what_is_built_in_is_no_process)
{
	cleanup_buf struct buf reply = BUF_SECRET_INIT;
	struct stack_line line = line_of(keyfile, NULL, NULL);
	struct error err = {0};
	struct module *m;

	assert_ok(module_start("/nowhere", &line, 0, &m, &err), err);
	cr_assert(module_info(m)->built_in);
	cr_assert_eq(call(m, "nothing", &reply, &err), TOKENWARD_MODULE_NONE);
	cr_assert_eq(call(m, "open", &reply, &err), TOKENWARD_MODULE_BROKEN);
	cr_assert(strstr(err.text, "the key module keyfile (/f:9): key slot 1"),
	    "%s", err.text);
	module_end(m);
}

Test(module_run, a_line_that_must_fail_starts_nothing)
{
	struct stack_line line = line_of(keyfile, NULL, NULL);
	struct module *m;
	struct error err = {0};

	line.fault = debug;
	assert_fails(module_start("/nowhere", &line, 0, &m, &err), err,
	    TOKENWARD_CONFIG, "the key module keyfile (/f:9): debug");
	line.module = NULL;
	assert_fails(module_start("/nowhere", &line, 0, &m, &err), err,
	    TOKENWARD_CONFIG, "the unlock line (/f:9): debug");
}

Test(module_run, names_in_a_directory)
{
	struct strlist names = {0};
	struct error err = {0};

	unit_write(unit_path("b-module"), "", 0);
	unit_write(unit_path("a-module"), "", 0);
	unit_write(unit_path("keyfile"), "", 0);
	unit_write(unit_path("README"), "", 0);
	unit_write(unit_path(".hidden"), "", 0);
	assert_ok(module_names(unit_dir(), &names, &err), err);
	cr_assert_str_eq(names.v[names.n - 2], "a-module");
	cr_assert_str_eq(names.v[names.n - 1], "b-module");
	cr_assert(strlist_has(&names, "syslog"));
	cr_assert_not(strlist_has(&names, "README"));
	strlist_free(&names);
	assert_ok(module_names("/nowhere", &names, &err), err);
	strlist_free(&names);
	cr_assert_neq(module_names("/dev/null", &names, &err), TOKENWARD_OK);
}
