/* SPDX-License-Identifier: BSD-2-Clause */
/* Cleanup stands at the declaration: `cleanup_buf struct buf b = BUF_INIT;` */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/buf.h"

static inline void
cleanup_free_p(void *p)
{
	free(*(void **)p);
}

static inline void
cleanup_close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void
cleanup_fclose_p(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define cleanup_free __attribute__((cleanup(cleanup_free_p)))
#define cleanup_close __attribute__((cleanup(cleanup_close_p)))
#define cleanup_fclose __attribute__((cleanup(cleanup_fclose_p)))
#define cleanup_buf __attribute__((cleanup(buf_free)))

/* Gives the value away: the variable no longer owns it. */
#define take_ptr(p)                         \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})
#define take_fd(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

#endif
