/* SPDX-License-Identifier: BSD-2-Clause */
/* Small things about text: lists, maps, cleaning, durations and times. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

struct strlist {
	char **v;
	size_t n;
};

struct strpair {
	char *key;
	char *value;
};

struct strmap { /* keeps the order of insertion */
	struct strpair *v;
	size_t n;
};

/* All copy; false is out of memory. */
bool strlist_add(struct strlist *l, const char *s);
bool strlist_copy(struct strlist *dst, const struct strlist *src);
bool strlist_has(const struct strlist *l, const char *s);
void strlist_free(struct strlist *l);
bool strmap_set(struct strmap *m, const char *key, const char *value);
const char *strmap_get(const struct strmap *m, const char *key); /* or NULL */
bool strmap_copy(struct strmap *dst, const struct strmap *src);
void strmap_free(struct strmap *m);

bool str_equal(const char *a, const char *b); /* NULL equals only NULL */
bool str_prefix(const char *s, const char *prefix);
/* NAME of design: ^[A-Za-z0-9][A-Za-z0-9._+@-]{0,127}$ */
bool str_is_name(const char *s);
/* Visible ASCII without space, at least one byte. */
bool str_is_visible(const char *s, size_t len);
/* Valid UTF-8 (RFC 3629) of len bytes. */
bool str_is_utf8(const char *s, size_t len);
/* Whether str_clean() would change nothing but its length. */
bool str_is_clean(const char *s, size_t len);
/*
 * Foreign text made fit for a terminal or a log: printable ASCII and UTF-8
 * stay; control, bidi and invisible characters become \xNN of their bytes;
 * cut to max bytes with "..." at the end.  Appends to out.
 */
void str_clean(struct buf *out, const char *s, size_t len, size_t max);
/* Bytes -> lower-case hex and back; false on bad input or length. */
void hex_put(struct buf *out, const unsigned char *p, size_t len);
bool hex_get(const char *s, unsigned char *out, size_t len);

/*
 * Durations "90s 15m 72h 30d" (one number, one unit; weeks "2w" too), seconds.
 * Times RFC 3339, "2026-12-31" (start of day UTC), "now", "@EPOCH".
 * False on anything else, negatives and overflow included.
 */
bool duration_parse(const char *s, int64_t *ret_seconds);
bool time_parse(const char *s, int64_t now, int64_t *ret);
/* "2026-12-31T00:00:00Z"; appends. */
void time_put(struct buf *out, int64_t t);
/* "3d 4h", "59m", "12s": two units at most; appends. */
void duration_put(struct buf *out, int64_t seconds);

#endif
