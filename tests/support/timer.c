/* SPDX-License-Identifier: BSD-2-Clause */
/* Delays that hold up one connection and not the others. */
#include <limits.h>

#include "tokend.h"

static struct timer *first;

void
timer_start(struct timer *t, long long ms, void (*fire)(void *), void *arg)
{
	struct timer **at = &first;

	timer_stop(t);
	t->due = mono_ms() + ms;
	t->fire = fire;
	t->arg = arg;
	while (*at != NULL && (*at)->due <= t->due)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
	t->armed = true;
}

void
timer_stop(struct timer *t)
{
	if (!t->armed)
		return;
	for (struct timer **at = &first; *at != NULL; at = &(*at)->next) {
		if (*at == t) {
			*at = t->next;
			break;
		}
	}
	t->armed = false;
}

static void
run_until(long long at)
{
	while (first != NULL && first->due <= at) {
		struct timer *t = first;

		first = t->next;
		t->armed = false;
		t->fire(t->arg);
	}
}

void
timer_run(void)
{
	run_until(mono_ms());
}

void
timer_flush(void)
{
	run_until(LLONG_MAX);
}

long long
timer_next(void)
{
	long long left;

	if (first == NULL)
		return -1;
	left = first->due - mono_ms();
	return left > 0 ? left : 0;
}
