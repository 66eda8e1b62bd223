/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the filter as the kernel takes it: rows of a C table. */
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "filter.h"

#define MOST BPF_MAXINSNS

static size_t export(struct sock_filter *ret)
{
	scmp_filter_ctx ctx = NULL;
	FILE *f = tmpfile();
	size_t n;

	if (filter_make(&ctx) != 0 || !f ||
	    seccomp_export_bpf(ctx, fileno(f)) != 0)
		return 0;
	rewind(f);
	n = fread(ret, sizeof(*ret), MOST, f);
	fclose(f);
	seccomp_release(ctx);
	return n;
}

int
main(void)
{
	static struct sock_filter row[MOST];
	size_t i, n = export(row);

	if (n == 0) {
		fprintf(stderr, "make_filter: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	puts("/* Made by make_filter.c from filter.c. */");
	for (i = 0; i < n; i++)
		printf("{%#x, %u, %u, %#x},\n", row[i].code, row[i].jt,
		    row[i].jf, row[i].k);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
