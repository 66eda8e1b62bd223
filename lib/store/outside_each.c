/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys of all records in a store module, page by page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "store/outside.h"

#define PAGE_MAX 1000u
#define KEYS_MAX 4000000u
#define CURSOR_MAX 4096u

struct page {
	unsigned char index[PAGE_MAX][INDEX_LEN];
	size_t n, all;
	struct buf cursor; /* of the next; empty: there is none */
};

static bool
take_key(const struct frame_field *f, const char *prefix, struct page *p)
{
	char digits[2 * INDEX_LEN + 1];
	size_t skip = strlen(prefix);

	if (p->n == PAGE_MAX || f->len != skip + 2 * INDEX_LEN ||
	    memcmp(f->value, prefix, skip) != 0)
		return false;
	memcpy(digits, f->value + skip, 2 * INDEX_LEN);
	digits[2 * INDEX_LEN] = '\0';
	return !strpbrk(digits, "ABCDEF") &&
	       hex_get(digits, p->index[p->n++], INDEX_LEN);
}

static bool
take_page(const struct buf *reply, const char *prefix, struct page *p)
{
	cleanup_buf struct buf before = BUF_INIT;
	struct frame_reader r;
	struct frame_field f;

	buf_move(&before, &p->cursor);
	p->n = 0;
	frame_open(&r, reply->data, reply->len);
	while (frame_next(&r, &f) == 1) {
		if (frame_key_is(&f, "key") && !take_key(&f, prefix, p))
			return false;
		if (frame_key_is(&f, "cursor"))
			buf_set(&p->cursor, f.value, f.len);
	}
	p->all += p->n;
	/* One that goes round for ever is no end either. */
	return p->cursor.len <= CURSOR_MAX && p->all <= KEYS_MAX &&
	       (p->cursor.len == 0 || !buf_equal(&before, &p->cursor)) &&
	       (p->cursor.len == 0 || p->n > 0);
}

static int
next_page(
    struct records *r, const char *prefix, struct page *p, struct error *err)
{
	cleanup_buf struct buf request = BUF_INIT, reply = BUF_INIT;
	bool good;

	outside_request(r, NULL, &request);
	frame_put_str(&request, "prefix", prefix);
	if (p->cursor.len)
		frame_put(&request, "cursor", p->cursor.data, p->cursor.len);
	if (outside_must(r, "each", &request, &reply, err) != TOKENWARD_OK)
		return err->code;
	good = take_page(&reply, prefix, p);
	if (p->cursor.failed)
		return error_memory(err);
	return good ? TOKENWARD_OK
		    : outside_blame(
			  r, err, "answered with keys that are none of ours");
}

static int
give_page(const struct page *p, files_each_fn fn, void *data)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < p->n; i++)
		r = fn(data, p->index[i]);
	return r;
}

int
outside_each(struct records *r, enum record_kind kind, files_each_fn fn,
    void *data, struct error *err)
{
	struct page *p = calloc(1, sizeof(*p));
	char prefix[32];
	int result;

	if (!p)
		return error_memory(err);
	snprintf(prefix, sizeof(prefix), "%s/", files_folders[kind]);
	do {
		result = next_page(r, prefix, p, err);
		if (result == TOKENWARD_OK)
			result = give_page(p, fn, data);
	} while (result == TOKENWARD_OK && p->cursor.len);
	buf_free(&p->cursor);
	free(p);
	return result;
}
