/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk over a table of members, both ways. */
#include <errno.h>
#include <stdbool.h>
#include "base/frame.h"
#include "fetch/members.h"

#define TABLE_MAX 64u

static const struct member *
find(const struct member *table, size_t n, const struct frame_field *f)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (frame_key_is(f, table[i].key))
			return &table[i];
	return NULL;
}

static int
refuse(struct error *err, const char *what, const char *key, const char *why)
{
	return error_read(
	    err, TOKENWARD_UNAVAILABLE, "%s: %s: %s", what, key, why);
}

int
members_encode(const struct member *table, size_t n, const char *what,
    const void *object, struct buf *out, struct error *err)
{
	size_t i, start;

	errno = 0;
	for (i = 0; i < n; i++) {
		start = out->len;
		table[i].kind->put(out, &table[i],
		    (const unsigned char *)object + table[i].offset);
		if (out->len - start > FRAME_MAX)
			return refuse(err, what, table[i].key, "too long");
	}
	return out->failed ? error_memory(err) : TOKENWARD_OK;
}

static int
decode_field(const struct member *table, size_t n, const char *what,
    const struct frame_field *f, uint64_t *seen, void *object,
    struct error *err)
{
	const struct member *m = find(table, n, f);
	const char *why;
	uint64_t bit;

	if (!m)
		return refuse(err, what, "a field", "not known");
	bit = UINT64_C(1) << (m - table);
	if ((*seen & bit) && !m->kind->repeats)
		return refuse(err, what, m->key, "said twice");
	*seen |= bit;
	why = m->kind->get(
	    m, f->value, f->len, (unsigned char *)object + m->offset);
	return why ? refuse(err, what, m->key, why) : TOKENWARD_OK;
}

static int
check_required(const struct member *table, size_t n, const char *what,
    uint64_t seen, struct error *err)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (table[i].least > 0 && !(seen & UINT64_C(1) << i))
			return refuse(err, what, table[i].key, "missing");
	return TOKENWARD_OK;
}

int
members_decode(const struct member *table, size_t n, const char *what,
    const void *data, size_t len, void *object, struct error *err)
{
	struct frame_reader reader;
	struct frame_field field;
	uint64_t seen = 0;
	int got, r;

	errno = 0;
	if (n > TABLE_MAX || len > FRAME_MAX)
		return refuse(err, what, "all of it", "too large");
	frame_open(&reader, data, len);
	while ((got = frame_next(&reader, &field)) == 1) {
		r = decode_field(table, n, what, &field, &seen, object, err);
		if (r)
			return r;
	}
	if (got < 0)
		return refuse(err, what, "a field", "cut off or malformed");
	return check_required(table, n, what, seen, err);
}
