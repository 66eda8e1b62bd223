/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a cached token costs a program that uses the library.
 *
 *     in_process STORE NAME
 *
 * Prints nanoseconds for each call, the median of many batches.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <tokenward/tokenward.h>

#define BATCHES 101
#define CALLS 2000

static long long
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return x < y ? -1 : x > y;
}

static void
get(struct tokenward *tw, const char *name)
{
	struct tokenward_token *token;

	if (tokenward_get_token(tw, name, NULL, &token))
		errx(1, "%s", tokenward_error(tw));
	tokenward_token_free(token);
}

int
main(int argc, char **argv)
{
	struct tokenward_open_params params = {.size = sizeof(params)};
	long long batch[BATCHES], start;
	struct tokenward *tw;

	if (argc != 3)
		errx(2, "usage: in_process STORE NAME");
	params.store = argv[1];
	if (tokenward_open(&params, &tw))
		errx(1, "%s", tokenward_error(tw));
	get(tw, argv[2]);
	for (int i = 0; i < BATCHES; i++) {
		start = clock_ns();
		for (int k = 0; k < CALLS; k++)
			get(tw, argv[2]);
		batch[i] = (clock_ns() - start) / CALLS;
	}
	qsort(batch, BATCHES, sizeof(*batch), compare);
	printf("%lld\n", batch[BATCHES / 2]);
	tokenward_close(tw);
	return 0;
}
