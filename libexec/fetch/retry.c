/* SPDX-License-Identifier: BSD-2-Clause */
/* Few tries, spread out, within the deadline. */
#include "retry.h"

#define LEAST_MS 200
#define MOST_MS 2000
#define WORTH_MS 250 /* less than this is no time for another try */

int64_t
retry_wait(unsigned done, unsigned most, int64_t left_ms, uint32_t random)
{
	int64_t bound = LEAST_MS, wait;
	unsigned i;

	if (done >= most)
		return -1;
	for (i = 0; i < done && bound < MOST_MS; i++)
		bound *= 2;
	if (bound > MOST_MS)
		bound = MOST_MS;
	wait = LEAST_MS + random % (uint32_t)(bound - LEAST_MS + 1);
	return wait + WORTH_MS > left_ms ? -1 : wait;
}
