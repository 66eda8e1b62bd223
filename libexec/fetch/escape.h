/* SPDX-License-Identifier: BSD-2-Clause */
/* What the acts of fetch-escape share. */
#ifndef FETCH_ESCAPE_H
#define FETCH_ESCAPE_H

#include <stdint.h>

struct act {
	const char *name;
	const char *control; /* see escape.c */
	long (*try)(void);   /* < 0: failed, with errno */
};

/* Each table ends with a row without a name. */
extern const struct act file_acts[], kernel_acts[], net_acts[];

extern const char *escape_file, *escape_dir;
extern uint16_t escape_port, escape_other_port;

/* Opens it and reads a byte. */
long read_path(const char *path);

#endif
