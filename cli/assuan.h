/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of the Assuan protocol by which a pinentry program is asked: a
 * line of text for each command, lines for its answer.
 */
#ifndef CLI_ASSUAN_H
#define CLI_ASSUAN_H

#include <stdbool.h>
#include <stddef.h>

struct assuan_io {
	/* Like read(); -1 when there was nothing in time. */
	long (*read)(void *data, bool human, void *bytes, size_t len);
	bool (*write)(void *data, const void *bytes, size_t len);
	void *data;
};

struct assuan_question {
	const char *text;
	const char *terminal; /* for one that has no window; NULL */
	const char *terminal_type;
	int seconds; /* for a person to answer */
};

enum assuan_result {
	ASSUAN_ANSWERED,
	ASSUAN_CANCELLED,
	ASSUAN_NOBODY, /* nobody answered in time */
	ASSUAN_REFUSED,
	ASSUAN_ENDED,
	ASSUAN_LATE,
	ASSUAN_TOO_LONG,
	ASSUAN_NONSENSE,
	ASSUAN_MEMORY,
	ASSUAN_RESULT_MAX
};
extern const char *const assuan_meanings[ASSUAN_RESULT_MAX];

/* The answer lies in answer, of cap bytes, and nowhere else any more; wiped
   where there is none. */
enum assuan_result assuan_ask(const struct assuan_io *io,
    const struct assuan_question *q, char *answer, size_t cap, size_t *ret_len);

#endif
