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

/* ---- one of everything, on the same handle ----------------------------- */

static bool
rejects(void)
{
	return tokenward_reject_token(shared, "n", "not cached", 10) == 0;
}

static bool
lists(void)
{
	int n = 0;

	return tokenward_list_credentials(shared, NULL, count_one, &n) == 0 &&
	       n == 2;
}

static bool
shows(void)
{
	struct tokenward_credential *c = NULL;
	bool ok = tokenward_get_credential(shared, "n", &c) == 0;

	tokenward_credential_free(c);
	return ok;
}

static bool
finds_none(void)
{
	struct tokenward_credential *c = NULL;

	return tokenward_get_credential(shared, "m", &c) == TOKENWARD_NOT_FOUND;
}

static bool
edits(void)
{
	struct tokenward_credential *c =
	    world_bag(shared, NULL, "note", "edited", NULL);
	enum tokenward_change change;
	bool ok =
	    tokenward_edit_credential(shared, "changed", c, 0, &change) == 0;

	tokenward_credential_free(c);
	return ok;
}

/* Each time another secret; no helper is started. */
static bool
rotates(void)
{
	static atomic_int turn;
	struct tokenward_credential *c;
	char secret[32];
	bool ok;

	snprintf(secret, sizeof(secret), "s-%d", atomic_fetch_add(&turn, 1));
	c = world_bag(shared, secret, NULL);
	ok = tokenward_rotate_credential(
		 shared, "changed", c, TOKENWARD_ROTATE_NO_TRY) == 0;
	tokenward_credential_free(c);
	return ok;
}

static int
count_applied(void *data, const struct tokenward_applied *applied)
{
	*(int *)data += applied->result == 0;
	return 0;
}

static bool
applies(void)
{
	static const char line[] = "{\"name\": \"changed\", "
				   "\"note\": \"applied\"}\n";
	int n = 0, ends[2];
	bool ok;

	if (pipe(ends) != 0)
		return false;
	ok = write(ends[1], line, strlen(line)) == (ssize_t)strlen(line);
	close(ends[1]);
	ok &= tokenward_apply(shared, ends[0], 0, count_applied, &n) == 0;
	close(ends[0]);
	return ok && n == 1;
}

static bool
locks(void)
{
	char *text = NULL;
	bool ok = tokenward_lock(shared, &text) == 0;

	tokenward_text_free(text);
	return ok;
}

static bool
rekeys(void)
{
	char *text = NULL;
	bool ok = tokenward_rekey(shared, 0, &text) == 0;

	tokenward_text_free(text);
	return ok;
}

static bool
gets(void)
{
	return got_token(shared, 0);
}

static const struct {
	const char *what;
	bool (*act)(void);
} acts[] = {{"reject", rejects}, {"list", lists}, {"show", shows},
    {"no such name", finds_none}, {"edit", edits}, {"rotate", rotates},
    {"apply", applies}, {"lock", locks}, {"rekey", rekeys}, {"get", gets}};

static void
use_all_of_it(size_t turn)
{
	size_t i = turn % (sizeof(acts) / sizeof(acts[0]));

	expect(acts[i].act(), acts[i].what);
	expect(tokenward_now(shared) > 0 && tokenward_fields()->name != NULL,
	    "what needs no lock");
}

static void *
use_everything(void *data)
{
	size_t i, first = (size_t)(intptr_t)data;

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
	bool locked;
	int i;

	for (i = 0; i < ROUNDS * 20; i++) {
		k = (size_t)rand_r(&seed) % 16;
		if (i % 100 == 0) {
			secret_locked(&locked);
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
	world_add(tw, "changed", "s");
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
