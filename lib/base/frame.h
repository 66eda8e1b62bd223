/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one codec: a list of key and value pairs, used for the frames between
 * processes and for the plain text of records.
 *
 *     list  = *( u8 key-length, key, u32 value-length, value )
 *     frame = u32 list-length, list            (numbers are big endian)
 *
 * A key is 1 to 64 bytes of [a-z0-9_.-]; a key may repeat; a value may be a
 * list again.  A list holds at most FRAME_MAX bytes and FRAME_FIELDS pairs.
 */
#ifndef BASE_FRAME_H
#define BASE_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define FRAME_MAX (4u << 20)
#define FRAME_FIELDS 4096u

struct frame_field {
	const char *key; /* not NUL-terminated */
	size_t key_len;
	const unsigned char *value; /* points into the list */
	size_t len;
};

struct frame_reader {
	const unsigned char *at;
	size_t left;
	unsigned fields;
};

/* Writing.  Failures stick in the buffer. */
void frame_put(struct buf *b, const char *key, const void *value, size_t len);
void frame_put_str(struct buf *b, const char *key, const char *s);
void frame_put_num(struct buf *b, const char *key, int64_t v); /* decimal */
/* A nested list: begin, put..., end with what begin returned. */
size_t frame_begin(struct buf *b, const char *key);
void frame_end(struct buf *b, size_t mark);

/* A map as a repeated key, each value the list k, v. */
void frame_put_map(struct buf *b, const char *key, const struct strmap *m);
/* One such value into the map; false on anything else. */
bool frame_get_pair(const struct frame_field *f, struct strmap *m);

/* Reading: 1 a field, 0 the end, -1 malformed. */
void frame_open(struct frame_reader *r, const void *list, size_t len);
int frame_next(struct frame_reader *r, struct frame_field *ret);
/* Whole and within the limits, one level deep. */
bool frame_valid(const void *list, size_t len);
bool frame_key_is(const struct frame_field *f, const char *key);
/* First field of that key in a list; false when absent or malformed. */
bool frame_find(
    const void *list, size_t len, const char *key, struct frame_field *ret);
/* A value as a number; false when it is not a decimal int64. */
bool frame_num(const struct frame_field *f, int64_t *ret);
/* A value as a fresh string (caller frees); NULL with a NUL inside or no
   memory. */
char *frame_dup(const struct frame_field *f);

/*
 * Over a socket.  deadline_ms is on CLOCK_BOOTTIME, see base/clock.h.
 * Sending uses MSG_NOSIGNAL.  Receiving: 1 a frame (its list appended to b),
 * 0 end of file before the first byte, -1 with err.
 */
int frame_send(
    int fd, const struct buf *list, int64_t deadline_ms, struct error *err);
int frame_recv(
    int fd, size_t max, struct buf *b, int64_t deadline_ms, struct error *err);

#endif
