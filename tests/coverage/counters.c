/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linked into every program of a coverage build.  The compiler's counters are
 * written to a file when a program exits: not when it is killed, not by
 * _exit(), and not from behind the fetch helper's fence.  So here they are
 * mapped from a file when a program starts, all its processes count in the
 * same memory, and nothing is left to be written.  In the end each program is
 * started once with COVERAGE_COLLECT=program, and each library preloaded with
 * COVERAGE_COLLECT=library, which writes what gcov reads.
 *
 * The file is named by the build ID and holds the section of counters.ld.
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HIDDEN __attribute__((visibility("hidden")))

extern HIDDEN unsigned char coverage_start[], coverage_end[];
extern HIDDEN const Elf64_Ehdr __ehdr_start;

extern void __gcov_dump(void);
HIDDEN void __wrap___gcov_exit(void);

/* What would write at exit. */
void
__wrap___gcov_exit(void)
{
}

static const Elf64_Phdr *
segments(void)
{
	return (
	    const void *)((const char *)&__ehdr_start + __ehdr_start.e_phoff);
}

/* Hexadecimal, "" when there is none. */
static void
find_id(const Elf64_Phdr *p, char *ret, size_t size)
{
	const char *base = (const char *)&__ehdr_start, *at, *end;
	const Elf64_Nhdr *note;
	Elf64_Word i;

	for (at = base + p->p_vaddr, end = at + p->p_memsz; at < end;
	     at += sizeof(*note) + ((note->n_namesz + 3) & ~3u) +
		   ((note->n_descsz + 3) & ~3u)) {
		note = (const void *)at;
		if (note->n_type != NT_GNU_BUILD_ID || note->n_namesz != 4)
			continue;
		for (i = 0; i < note->n_descsz && 2 * i + 3 < size; i++)
			sprintf(ret + 2 * i, "%02x",
			    (unsigned char)at[sizeof(*note) + 4 + i]);
	}
}

static void
build_id(char *ret, size_t size)
{
	const Elf64_Phdr *p = segments();
	int i;

	ret[0] = '\0';
	for (i = 0; i < __ehdr_start.e_phnum; i++)
		if (p[i].p_type == PT_NOTE && p[i].p_align == 4)
			find_id(p + i, ret, size);
}

static bool
is_program(void)
{
	return getauxval(AT_PHDR) == (unsigned long)segments();
}

/* The first that comes makes it; anybody may count. */
static int
counts(const char *path, off_t size)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (fd >= 0)
			fchmod(fd, 0666);
	}
	if (fd < 0 || ftruncate(fd, size) == 0)
		return fd;
	close(fd);
	return -1;
}

__attribute__((constructor(101))) static void
begin(void)
{
	size_t size = (size_t)(coverage_end - coverage_start);
	const char *whose = getenv("COVERAGE_COLLECT");
	bool collect =
	    whose && strcmp(whose, is_program() ? "program" : "library") == 0;
	char id[2 * 64 + 1], path[PATH_MAX];
	int fd;

	build_id(id, sizeof(id));
	snprintf(path, sizeof(path), "%s/%s", COVERAGE_DIR, id);
	fd = counts(path, (off_t)size);
	if (fd < 0)
		return;
	if (mmap(coverage_start, size, PROT_READ | PROT_WRITE,
		MAP_FIXED | (collect ? MAP_PRIVATE : MAP_SHARED), fd,
		0) == MAP_FAILED)
		abort();
	close(fd);
	if (collect)
		__gcov_dump();
	if (collect && is_program())
		_exit(0);
}
