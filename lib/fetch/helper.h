/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A helper program under way: a process of its own with an empty
 * environment, no descriptor but one socket (its standard input), signals as
 * a fresh process has them.  Safe in somebody else's process: no handler, no
 * SIGPIPE, no other child is waited for.
 */
#ifndef FETCH_HELPER_H
#define FETCH_HELPER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/error.h"

struct helper {
	int fd;    /* our end of its socket */
	int pidfd; /* the process */
	int pid;   /* likewise: the leader of its own group */
};
#define HELPER_INIT                   \
	{                             \
		.fd = -1, .pidfd = -1 \
	}

/*
 * Starts dir/name from the very file whose owner and mode were checked:
 * regular, of root or ours, not for others to write, as its directory; for
 * root, with nothing above it that others may rename.
 */
int helper_start(
    const char *dir, const char *name, struct helper *ret, struct error *err);

/* What a program is held to that does not hold itself. */
struct helper_limits {
	uint64_t data;  /* bytes, RLIMIT_DATA */
	unsigned files; /* RLIMIT_NOFILE */
};
/* The same with one argument (or NULL), under limits and without a core. */
int helper_start_limited(const char *dir, const char *name,
    const char *argument, const struct helper_limits *limits,
    struct helper *ret, struct error *err);
/* The checks alone; the program's descriptor (O_PATH), or -1 with err. */
int helper_find(const char *dir, const char *name, struct error *err);
/* Waits for something to read: 1; 0 out of time; -1 it ended in silence. */
int helper_wait(const struct helper *h, int64_t deadline_ms);
/*
 * Ends it: its end of file and a moment to go by itself when gently is set,
 * then SIGKILL for it and for what it started and left in its group.  The
 * text in how, when not NULL, says how it went ("signal 11", "status 1").
 */
void helper_end(struct helper *h, bool gently, struct buf *how);

#endif
