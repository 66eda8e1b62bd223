/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads, as a plain program: the thread sanitizer does not work together
 * with Criterion.  One handle shared by all, handles of their own, the arena,
 * and everything else that an application may call at the same time.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/secret.h"
#include "world.h"

#define THREADS 8
#define ROUNDS 200

static atomic_int failures;
static struct tokenward *shared;

static void
expect(bool ok, const char *what)
{
	if (ok)
		return;
	atomic_fetch_add(&failures, 1);
	fprintf(stderr, "threads: %s\n", what);
}

static bool
got_token(struct tokenward *tw, unsigned flags)
{
	struct tokenward_token_params p = {.size = sizeof(p), .flags = flags};
	struct tokenward_token *t = NULL;
	bool ok = tokenward_get_token(tw, "n", &p, &t) == TOKENWARD_OK &&
		  strncmp(tokenward_token_value(t), "token-", 6) == 0;

	tokenward_token_free(t);
	return ok;
}

static void *
use_shared(void *data)
{
	int i;

	(void)data;
	for (i = 0; i < ROUNDS * 5; i++)
		expect(got_token(shared, 0), "a shared handle");
	return NULL;
}

static int
count_one(void *data, const struct tokenward_credential *c)
{
	(void)c;
	++*(int *)data;
	return 0;
}

/* One of everything, on the same handle. */
static void
use_all_of_it(int turn)
{
	struct tokenward_credential *c;
	int n = 0;

	if (turn % 4 == 0)
		expect(
		    tokenward_reject_token(shared, "n", "not cached", 10) == 0,
		    "reject");
	else if (turn % 4 == 1)
		expect(tokenward_list_credentials(
			   shared, NULL, count_one, &n) == 0 &&
			   n == 1,
		    "list");
	else if (turn % 4 == 2) {
		expect(tokenward_get_credential(shared, "n", &c) == 0, "show");
		tokenward_credential_free(c);
	} else
		expect(tokenward_get_credential(shared, "m", &c) ==
			   TOKENWARD_NOT_FOUND,
		    "no such name");
	expect(tokenward_now(shared) > 0 && tokenward_fields()->name != NULL,
	    "what needs no lock");
}

static void *
use_everything(void *data)
{
	int i, first = (int)(intptr_t)data;

	for (i = 0; i < ROUNDS / 4; i++)
		use_all_of_it(first + i);
	return NULL;
}

static void *
use_own(void *data)
{
	int i;

	(void)data;
	for (i = 0; i < ROUNDS / 20; i++) {
		struct tokenward *tw = world_open(0);

		expect(got_token(tw, 0), "a handle of its own");
		tokenward_close(tw);
	}
	return NULL;
}

static void *
use_arena(void *data)
{
	unsigned seed = (unsigned)(uintptr_t)data;
	unsigned char *p[16] = {0};
	size_t len[16], k;
	int i;

	for (i = 0; i < ROUNDS * 20; i++) {
		k = (size_t)rand_r(&seed) % 16;
		if (i % 100 == 0) {
			secret_locked();
			secret_in_use();
		}
		if (p[k]) {
			expect(p[k][0] == k + 1 && p[k][len[k] - 1] == k + 1,
			    "somebody else's secret");
			secret_free(p[k]);
			p[k] = NULL;
			continue;
		}
		len[k] = 1 + (size_t)rand_r(&seed) % 3000;
		p[k] = secret_alloc(len[k]);
		memset(p[k], (int)k + 1, len[k]);
	}
	for (k = 0; k < 16; k++)
		secret_free(p[k]);
	return NULL;
}

static void
run(void *(*work)(void *))
{
	pthread_t threads[THREADS];
	intptr_t i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i) != 0)
			abort();
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/*
 * By another process: starting a helper confuses the thread sanitizer, whose
 * records lie in memory that is shared with the helper until its exec.
 */
static void
fetch_first(void)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0)
		_exit(world_get(world_open(0), "n", 0));
	expect(waitpid(pid, &status, 0) == pid && status == 0, "fetching");
}

int
main(void)
{
	struct tokenward *tw;

	world_make();
	tw = world_open(0);
	world_add(tw, "n", "s");
	tokenward_close(tw);
	world_script("life=6000");
	fetch_first();
	shared = world_open(0);
	run(use_shared);
	expect(world_requests() == 1, "one request for all threads");
	run(use_everything);
	run(use_own);
	expect(world_requests() == 1, "one request for all handles");
	tokenward_close(shared);
	run(use_arena);
	expect(secret_in_use() == 0, "no secret is left");
	world_end();
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
