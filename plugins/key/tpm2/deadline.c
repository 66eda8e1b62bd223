/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The libraries wait for a TPM without end, and so may the kernel: they do
 * it in a thread, which is left behind when it is late.
 */
#include <pthread.h>
#include <time.h>
#include "deadline.h"

struct work {
	void (*fn)(void *);
	void *data;
};

static void *
start(void *arg)
{
	const struct work *w = arg;

	w->fn(w->data);
	return NULL;
}

static struct timespec
after(int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

bool
deadline_run(void (*fn)(void *), void *data, int64_t ms)
{
	static struct work w; /* outlives us, as the thread may */
	struct timespec end = after(ms);
	pthread_t thread;

	w = (struct work){fn, data};
	if (pthread_create(&thread, NULL, start, &w) != 0)
		return false;
	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &end) == 0;
}
