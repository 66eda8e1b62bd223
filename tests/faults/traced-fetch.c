/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands in for the fetch helper and runs the real one under strace: helpers
 * are started without arguments and environment, so what strace is to do
 * stands in the file beside us, ".strace" after our name, a word a line.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORDS 64

int
main(void)
{
	static char path[PATH_MAX], text[8192];
	char *words[WORDS + 1] = {NULL}, *rest = NULL;
	char *none[] = {NULL};
	size_t n = 0;
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 16);
	FILE *f;

	if (len < 0)
		return 125;
	strcpy(path + len, ".strace");
	f = fopen(path, "re");
	if (f == NULL || fread(text, 1, sizeof(text) - 1, f) == 0)
		return 125;
	fclose(f);
	words[n] = strtok_r(text, "\n", &rest);
	while (n < WORDS && words[n] != NULL)
		words[++n] = strtok_r(NULL, "\n", &rest);
	execve(words[0], words, none);
	return 125;
}
