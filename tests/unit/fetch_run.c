/* SPDX-License-Identifier: BSD-2-Clause */
/* Running the helper from a process with habits of its own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "fetch/fetch.h"
#include "unit.h"

#ifndef FAKE_FETCH_DIR
#define FAKE_FETCH_DIR "tests/unit/fake"
#endif

static int64_t took_ms;

/* Asks the fake helper; the caller frees ret. */
static int
ask(const char *path, int64_t timeout_ms, struct reply *ret, struct error *err)
{
	cleanup_buf struct buf url = BUF_INIT;
	char method[] = "POST", origin[] = "https://x:443";
	struct plan p = PLAN_INIT;
	cleanup_fetch struct fetch f = FETCH_INIT;
	int64_t start = clock_boot_ms();
	int r;

	buf_printf(&url, "https://x/%s", path);
	p.method = method;
	p.url = (char *)url.data;
	p.origin = origin;
	p.timeout_ms = timeout_ms;
	p.tries = 1;
	*ret = (struct reply)REPLY_INIT;
	r = fetch_run(&f, FAKE_FETCH_DIR, &p, ret, err);
	took_ms = clock_boot_ms() - start;
	return r;
}

static void
expect_failure(const char *path, int64_t timeout_ms, const char *words)
{
	struct reply r;
	struct error err = {0};

	assert_fails(
	    ask(path, timeout_ms, &r, &err), err, TOKENWARD_UNAVAILABLE, words);
	cr_assert_eq(r.token.len, 0);
	reply_free(&r);
}

static void
expect_report(void)
{
	struct reply r;
	struct error err = {0};

	assert_ok(ask("report", 5000, &r, &err), err);
	cr_assert_str_eq(r.error_message,
	    "env empty, group own, signals 0, cwd /, descriptors 0 1 2");
	reply_free(&r);
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

Test(fetch_run, the_helper_inherits_nothing)
{
	sigset_t all;

	setenv("SSLKEYLOGFILE", "/tmp/x", 1);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGRTMIN, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	cr_assert_geq(dup2(0, 17), 0);
	cr_assert_geq(dup2(0, 200), 0);
	expect_report();
}

Test(fetch_run, nothing_is_left_open)
{
	unsigned before = descriptors(), i;

	for (i = 0; i < 3; i++) {
		expect_report();
		expect_failure("crash", 5000, "");
		expect_failure("hang", 50, "");
	}
	cr_assert_eq(descriptors(), before);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_assert_eq(errno, ECHILD);
}

static volatile sig_atomic_t signals_seen;

static void
count(int signum)
{
	if (signum != SIGCHLD)
		signals_seen++;
}

Test(fetch_run, the_host_gets_no_signals_and_keeps_its_own)
{
	struct sigaction sa = {.sa_handler = count}, after;
	sigset_t before = {0}, now = {0};
	int i;

	for (i = 1; i < 32; i++)
		sigaction(i, &sa, NULL);
	sigprocmask(SIG_SETMASK, NULL, &before);
	expect_report();
	expect_failure("crash", 5000, "signal 6");
	expect_failure("hang", 50, "stopped");
	sigprocmask(SIG_SETMASK, NULL, &now);
	cr_assert_eq(memcmp(&before, &now, sizeof(now)), 0);
	cr_assert_eq(signals_seen, 0);
	sigaction(SIGPIPE, NULL, &after);
	cr_assert_eq(after.sa_handler, count);
}

Test(fetch_run, standard_descriptors_may_be_closed)
{
	int keep[] = {dup(0), dup(1), dup(2)};
	struct reply r;
	struct error err = {0};
	int result, i;

	for (i = 0; i < 3; i++)
		close(i);
	result = ask("report", 5000, &r, &err);
	for (i = 0; i < 3; i++)
		dup2(keep[i], i);
	cr_assert_eq(result, TOKENWARD_OK, "%s", err.text);
	cr_assert(strstr(r.error_message, "descriptors 0 1 2"));
	reply_free(&r);
}

Test(fetch_run, other_children_are_left_alone)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(7);
	expect_report();
	expect_failure("exit", 5000, "status 3");
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(WEXITSTATUS(status), 7);
}

static void *
ask_once(void *unused)
{
	expect_report();
	return unused;
}

Test(fetch_run, a_thread_with_a_small_stack)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	cr_assert_eq(pthread_attr_setstacksize(&attr, 65536), 0);
	cr_assert_eq(pthread_create(&thread, &attr, ask_once, NULL), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
}

static volatile int reaping = 1;

static void *
reap(void *unused)
{
	while (reaping)
		waitpid(-1, NULL, WNOHANG);
	return unused;
}

Test(fetch_run, a_host_that_reaps_everything)
{
	pthread_t thread;
	int i;

	pthread_create(&thread, NULL, reap, NULL);
	for (i = 0; i < 20; i++)
		expect_report();
	expect_failure("crash", 5000, "without an answer");
	expect_failure("hang", 50, "stopped");
	reaping = 0;
	pthread_join(thread, NULL);
}

Test(fetch_run, a_host_that_ignores_its_children)
{
	signal(SIGCHLD, SIG_IGN);
	expect_report();
	expect_failure("crash", 5000, "without an answer");
	expect_failure("hang", 50, "stopped");
}

static void *
ask_often(void *unused)
{
	int i;

	for (i = 0; i < 10; i++)
		expect_report();
	return unused;
}

Test(fetch_run, many_threads_at_once)
{
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, ask_often, NULL);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

Test(fetch_run, the_deadline_holds)
{
	expect_failure("hang", 300, "within 1 s");
	cr_assert(took_ms >= 300 && took_ms < 1300, "%d", (int)took_ms);
	expect_failure("slow", 300, "");
	cr_assert(took_ms < 1300, "%d", (int)took_ms);
}

Test(fetch_run, a_helper_that_dies_is_noticed_at_once)
{
	expect_failure("crash", 20000, "signal 6");
	expect_failure("exit", 20000, "status 3");
	expect_failure("none", 20000, "status 0");
	cr_assert(took_ms < 3000, "%d", (int)took_ms);
}

Test(fetch_run, an_answer_that_is_none_is_refused)
{
	expect_failure("garbage", 5000, "no proper answer");
	expect_failure("cut", 5000, "no proper answer");
	expect_failure("flood", 5000, "");
	expect_failure("huge", 5000, "no proper answer");
	expect_failure("empty", 5000, "missing");
	expect_failure("token-with-failure", 5000, "token with a failure");
	cr_assert(took_ms < 3000, "%d", (int)took_ms);
}

Test(fetch_run, the_first_answer_counts)
{
	struct reply r;
	struct error err = {0};

	assert_ok(ask("twice", 5000, &r, &err), err);
	cr_assert_str_eq(r.error_message, "first");
	reply_free(&r);
}

Test(fetch_run, a_child_of_the_helper_holds_nothing_up)
{
	expect_failure("child", 20000, "status 0");
	cr_assert(took_ms < 3000, "%d", (int)took_ms);
}

static void
copy_fake(const char *dir)
{
	cleanup_buf struct buf program = BUF_INIT;
	char path[1100];

	snprintf(path, sizeof(path), "%s/fetch", dir);
	unit_read(FAKE_FETCH_DIR "/fetch", &program);
	unit_write(path, program.data, program.len);
	cr_assert_eq(chmod(path, 0755), 0);
}

static int
probe(const char *dir, struct error *err)
{
	bool landlock;

	return fetch_probe(dir, &landlock, err);
}

Test(fetch_run, a_program_others_could_change_is_not_started)
{
	const char *dir = unit_path("libexec"),
		   *file = unit_path("libexec/fetch");
	struct error err = {0};

	cr_assert_eq(mkdir(dir, 0755), 0);
	assert_fails(probe(dir, &err), err, TOKENWARD_CONFIG, file);
	copy_fake(dir);
	cr_assert_eq(probe(dir, &err), TOKENWARD_UNAVAILABLE, "%s", err.text);
	cr_assert_eq(chmod(file, 0775), 0);
	assert_fails(probe(dir, &err), err, TOKENWARD_CONFIG, "chmod go-w");
	cr_assert_eq(chmod(file, 0757), 0);
	assert_fails(probe(dir, &err), err, TOKENWARD_CONFIG, "chmod go-w");
	cr_assert_eq(chmod(file, 0755), 0);
	cr_assert_eq(chmod(dir, 0777), 0);
	assert_fails(probe(dir, &err), err, TOKENWARD_CONFIG, dir);
	cr_assert_eq(chmod(dir, 0755), 0);
	cr_assert_eq(chmod(file, 0644), 0);
	assert_fails(probe(dir, &err), err, TOKENWARD_CONFIG, "Permission");
}

Test(fetch_run, only_a_plain_file_is_started)
{
	const char *dir = unit_path("libexec"),
		   *file = unit_path("libexec/fetch");
	struct error err = {0};

	cr_assert_eq(mkdir(dir, 0755), 0);
	cr_assert_eq(symlink("/bin/true", file), 0);
	assert_fails(probe(dir, &err), err, TOKENWARD_CONFIG, file);
	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(mkdir(file, 0755), 0);
	assert_fails(probe(dir, &err), err, TOKENWARD_CONFIG, file);
	cr_assert_eq(rmdir(file), 0);
	unit_write(file, "#!/bin/sh\n", 10);
	cr_assert_eq(chmod(file, 0755), 0);
	cr_assert_neq(probe(dir, &err), TOKENWARD_OK);
}
