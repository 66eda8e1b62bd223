/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A growing run of bytes.  Appends do not return errors: a failure sticks in
 * `failed` and is asked once, at the end.  Every byte is wiped when it is
 * given up, and a secret buffer lives in the locked arena (base/secret.h).
 *
 * Data is always followed by a NUL that `len` does not count, so a buffer
 * without inner NULs can be read as a string; an untouched buffer has
 * data == NULL, buf_str() turns that into "".
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	unsigned char *data;
	size_t len;
	size_t cap;
	bool secret;
	bool failed;
};

#define BUF_INIT             \
	{                    \
		.data = NULL \
	}
#define BUF_SECRET_INIT        \
	{                      \
		.secret = true \
	}

/* Wipes and frees; the buffer is empty, usable, and as secret as before. */
void buf_free(struct buf *b);
/* Wipes the content, keeps the memory. */
void buf_clear(struct buf *b);
void buf_put(struct buf *b, const void *data, size_t len);
void buf_put_str(struct buf *b, const char *s);
void buf_put_byte(struct buf *b, unsigned char c);
void buf_put_u16(struct buf *b, uint16_t v); /* big endian, as all below */
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for len more bytes, not yet counted in b->len; NULL on failure. */
unsigned char *buf_room(struct buf *b, size_t len);
/* Replaces the content. */
void buf_set(struct buf *b, const void *data, size_t len);
/* Moves the content of src to dst; src is empty afterwards. */
void buf_move(struct buf *dst, struct buf *src);
const char *buf_str(const struct buf *b);
bool buf_equal(const struct buf *a, const struct buf *b); /* constant time */

uint16_t get_u16(const unsigned char *p);
uint32_t get_u32(const unsigned char *p);
uint64_t get_u64(const unsigned char *p);

#endif
