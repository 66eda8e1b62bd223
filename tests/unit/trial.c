/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/secret.h"
#include "failing.h"
#include "trial.h"
#include "unit.h"

static unsigned
open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Whether a call failed. */
static bool
once(const struct trial *t, const char *what, unsigned n, int *ret)
{
	struct error err = {.code = 77, .text = "of an earlier failure"};
	bool hit;

	failing_begin(what, n, strcmp(what, "memory") == 0 ? ENOMEM : EIO);
	*ret = t->act(&err);
	hit = failing_end();
	cr_assert(*ret == TOKENWARD_OK ||
		      (err.text[0] && err.code == *ret && err.code != 77),
	    "%s %u: %d, %d %s", what, n, *ret, err.code, err.text);
	cr_assert(hit || *ret == TOKENWARD_OK, "%s", err.text);
	t->check(*ret, &err);
	return hit;
}

/* A host may have closed its standard input: 0 is as good as any. */
static void
free_the_first(void)
{
	static bool done;

	if (!done)
		close(0);
	done = true;
}

void
trial_some(const struct trial *t, const char *what)
{
	unsigned n, failed = 0, files;
	long heap;
	size_t secrets;
	int r;

	free_the_first();
	once(t, what, 0, &r); /* it works, and has its things about it */
	files = open_files();
	secrets = secret_in_use();
	heap = failing_live();
	for (n = 1; once(t, what, n, &r); n++) {
		failed += r != TOKENWARD_OK;
		cr_assert_eq(open_files(), files, "%s %u", what, n);
		cr_assert_eq(secret_in_use(), secrets, "%s %u", what, n);
		cr_assert_eq(failing_live(), heap, "%s %u: %ld left", what, n,
		    failing_live() - heap);
	}
	cr_assert(failed > 0, "%s", what);
}

void
trial_all(const struct trial *t)
{
	trial_some(t, "system");
	trial_some(t, "memory");
}

void
trial_is_told(int r, const struct error *err)
{
	cr_assert(
	    r == TOKENWARD_OK || (r == TOKENWARD_FAILED &&
				     (strstr(err->text, "Input/output error") ||
					 strstr(err->text, "random numbers") ||
					 strstr(err->text, "memory"))),
	    "%d: %s", r, err->text);
}
