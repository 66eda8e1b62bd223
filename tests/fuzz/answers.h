/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzzers of answers share. */
#ifndef FUZZ_ANSWERS_H
#define FUZZ_ANSWERS_H

#include "fuzz.h"
#include "provider/provider.h"

/* A shipped provider file, by the line that names it or by its first byte;
   both live on. */
const struct provider *shipped_provider(
    const char *line, const struct buf **ret_text);

/* "STATUS", then headers "name: value", an empty line, a body. */
struct written_answer {
	int status;
	struct strmap headers;
	const char *body;
	size_t len;
};
void answer_read(struct input *in, struct written_answer *ret);
void answer_free(struct written_answer *a);

/* What is true of every reply that provider_answer() makes. */
void answer_check(const struct reply *r);
/* What came of a run without faults, to hold one with faults against: it
   may have got less out of the answer, nothing else. */
struct verdict {
	enum outcome outcome;
	int64_t life;
	char token[64]; /* its beginning */
};
void answer_keep(const struct reply *r, struct verdict *ret);
void answer_compare(const struct verdict *plain, const struct reply *faulty);

#endif
