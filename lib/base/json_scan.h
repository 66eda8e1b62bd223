/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A strict look over JSON before json-c sees it, because json-c keeps the
 * last of duplicate members and clamps huge numbers: UTF-8, one value,
 * nothing after it, no BOM, no NUL in strings, no duplicate members, depth
 * at most JSON_DEPTH, members at most JSON_MEMBERS.
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_DEPTH 32
#define JSON_DIGITS 128 /* bytes of one number */
#define JSON_MEMBERS 4096

struct json_fault {
	unsigned line;    /* of the fault, from 1 */
	const char *what; /* static text, no foreign bytes */
	bool no_memory;   /* nothing was found out */
};

/* 0, or -1 with the fault. */
int json_scan(const char *text, size_t len, struct json_fault *ret);
/*
 * The line on which the member at a JSON Pointer (RFC 6901) stands in a text
 * that json_scan() accepted; 0 when there is none.  For messages.
 */
unsigned json_line(const char *text, size_t len, const char *pointer);

#endif
