/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the fuzzers share.  One file per parser of foreign bytes; each is a
 * program of its own under libFuzzer ("make fuzz"), and all are in one,
 * replay, which "make check" runs over their corpora without any fuzzer.
 *
 * The first two bytes of an input say which allocation fails: byte 0 and, as
 * its higher bits, byte 1 without its lowest are the number of the
 * allocation, from 1; 0 is none.  With the lowest bit of byte 1 all after it
 * fail, too.
 *
 * The rest is for the parser.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tokenward/types.h>
#include "base/buf.h"
#include "base/error.h"

#ifdef REPLAY
#define FUZZ(name)                                        \
	int fuzz_##name(const uint8_t *data, size_t len); \
	int fuzz_##name(const uint8_t *data, size_t len)
#else
#define FUZZ(name)                                                   \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len); \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
#endif

/* What must be true whatever comes in. */
#define REQUIRE(condition)                                           \
	do {                                                         \
		if (!(condition))                                    \
			fuzz_broken(__FILE__, __LINE__, #condition); \
	} while (0)
__attribute__((noreturn)) void fuzz_broken(
    const char *file, int line, const char *condition);

/* ---- the input --------------------------------------------------------- */

struct input {
	const uint8_t *at;
	size_t left;
};

/* What is not there is zero. */
uint8_t input_byte(struct input *in);
uint64_t input_u64(struct input *in);
/* At most len bytes; *ret_len says how many there are. */
const uint8_t *input_bytes(struct input *in, size_t len, size_t *ret_len);
/* Up to one of the stops (which may have a NUL in it, by its number n), in
   memory that the harness frees; NULL at the end. */
char *input_until(struct input *in, const char *stops, size_t n);
char *input_line(struct input *in); /* NULL at the end */
char *input_text(struct input *in); /* all that is left, up to a NUL */

/* ---- running ----------------------------------------------------------- */

/*
 * One run over the input, between faults_on() and faults_off() what is to
 * meet failing allocations.  A result of the library.
 */
typedef int (*fuzz_once)(struct input in);
/*
 * Runs it as it is, and again with the faults of the input.  The result may
 * not change but to TOKENWARD_FAILED, and no secret memory may stay.
 * Returns 0, for libFuzzer.
 */
int fuzz_run(fuzz_once once, const uint8_t *data, size_t len);
/* A run of the first kind: nothing fails. */
bool fuzz_is_plain(void);

void faults_on(void);
void faults_off(void);
/* An allocation failed since the run began. */
bool faults_hit(void);

/* A sentence for this code that can be shown to anybody. */
void fuzz_error(const struct error *err, int code);
/* No byte that moves a cursor. */
bool fuzz_is_line(const char *s, size_t len);

/* ---- faults.c, for fuzz.c and replay.c --------------------------------- */

void faults_arm(unsigned at, bool and_after);
void faults_disarm(void);

#endif
