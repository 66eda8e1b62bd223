/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>
#include "base/clock.h"
#include "fake_clock.h"

static int64_t fake_now;
static void (*told)(int64_t ms);

void
fake_clock(int64_t now_ms, void (*sleep)(int64_t ms))
{
	fake_now = now_ms;
	told = sleep;
}

static struct timespec *asked;

void
fake_nanosleep(struct timespec *to)
{
	asked = to;
}

int __real_nanosleep(const struct timespec *t, struct timespec *left);
int __wrap_nanosleep(const struct timespec *t, struct timespec *left);
int
__wrap_nanosleep(const struct timespec *t, struct timespec *left)
{
	if (!asked)
		return __real_nanosleep(t, left);
	*asked = *t;
	return 0;
}

int64_t __real_clock_boot_ms(void);
int64_t __wrap_clock_boot_ms(void);
int64_t
__wrap_clock_boot_ms(void)
{
	return fake_now ? fake_now : __real_clock_boot_ms();
}

void __real_clock_sleep_ms(int64_t ms);
void __wrap_clock_sleep_ms(int64_t ms);
void
__wrap_clock_sleep_ms(int64_t ms)
{
	if (!fake_now) {
		__real_clock_sleep_ms(ms);
		return;
	}
	if (ms > 0)
		fake_now += ms;
	if (told)
		told(ms);
}
