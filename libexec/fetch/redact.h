/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blanking out what must not be shown, however a request or an answer spells
 * it: as it is, with escapes of JSON, of a form or of a URL, in base64 and in
 * hexadecimal.
 */
#ifndef FETCH_REDACT_H
#define FETCH_REDACT_H

#include "base/buf.h"

struct redact {
	struct buf words; /* secret: u32 length, bytes; again and again */
};
#define REDACT_INIT                      \
	{                                \
		.words = BUF_SECRET_INIT \
	}

void redact_free(struct redact *r);
/* The word, its base64 and its hexadecimal; nothing for an empty one. */
void redact_add(struct redact *r, const void *word, size_t len);
/* Each value of a frame list. */
void redact_add_list(struct redact *r, const void *list, size_t len);
/*
 * Appends the text with "<redacted>" for each of the words.  A word that the
 * end of the text cuts off is found by its beginning.
 */
void redact_put(
    const struct redact *r, struct buf *out, const char *s, size_t len);
/* The same for a string in place (freed and made anew); NULL is left. */
void redact_string(const struct redact *r, char **s);

#endif
